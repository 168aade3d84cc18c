/* What the kernel and its tests share. */
#ifndef BENCH_H
#define BENCH_H
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

/* A compute kernel: mem = 64+ MiB work area, n = repeat count, arg = size knob.
 */
typedef u32 (*kernel_fn)(u8 *mem, u32 n, u32 arg);

#define COPY_DIST ((16u << 20) + 37 * 4096)

/* name, default arg */
/* clang-format off */
#define KERNELS(X)                                                             \
    X(sieve, 0)                                                                \
    X(crc32, 0)                                                                \
    X(qsort, 1000000)                                                          \
    X(sha256, 0)                                                               \
    X(interp, 0)                                                               \
    X(matmul, 0)                                                               \
    X(fib, 27) X(list, 4096) X(x87, 0) X(sse2, 0) X(movs_cpy, COPY_DIST)       \
        X(stos_set, 0) X(loop_cpy, COPY_DIST) X(loop_set, 0) X(loop_sum, 0)    \
            X(movsb_cpy, COPY_DIST) X(reps_short, 0) X(chase, 64)
/* clang-format on */

#define X(name, a) u32 k_##name(u8 *mem, u32 n, u32 arg);
KERNELS(X)
#undef X
#endif
