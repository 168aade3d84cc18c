/* Compute kernels. No libc and no privileged instructions: plain code as a
 * compiler makes it. */
#include "bench.h"

static u32 lcg(u32 *s)
{
    return *s = *s * 1664525u + 1013904223u;
}

/* Sieve of Eratosthenes over 1 Mi candidates, byte flags. */
u32 k_sieve(u8 *m, u32 n, u32 arg)
{
    u32 count = 0, N = 1u << 20;
    (void)arg;
    while (n--) {
        count = 0;
        for (u32 i = 0; i < N; i++)
            m[i] = 1;
        for (u32 i = 2; i * i < N; i++)
            if (m[i])
                for (u32 j = i * i; j < N; j += i)
                    m[j] = 0;
        for (u32 i = 2; i < N; i++)
            count += m[i];
    }
    return count;
}

/* Table-driven CRC-32 of 1 MiB. */
u32 k_crc32(u8 *m, u32 n, u32 arg)
{
    u32 *tab = (u32 *)m, seed = 1, crc = 0;
    u8 *buf = m + 4096;
    (void)arg;
    for (u32 i = 0; i < 256; i++) {
        u32 c = i;
        for (int k = 0; k < 8; k++)
            c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
        tab[i] = c;
    }
    for (u32 i = 0; i < 1u << 20; i++)
        buf[i] = lcg(&seed) >> 24;
    while (n--) {
        u32 c = ~crc;
        for (u32 i = 0; i < 1u << 20; i++)
            c = tab[(c ^ buf[i]) & 0xff] ^ (c >> 8);
        crc = ~c;
    }
    return crc;
}

/* Recursive quicksort of arg ints, insertion sort below 12. */
static void qs(int *a, int lo, int hi)
{
    while (hi - lo > 12) {
        int p = a[lo + (hi - lo) / 2], i = lo, j = hi;
        while (i <= j) {
            while (a[i] < p)
                i++;
            while (a[j] > p)
                j--;
            if (i <= j) {
                int t = a[i];
                a[i] = a[j];
                a[j] = t;
                i++;
                j--;
            }
        }
        if (j - lo < hi - i) {
            qs(a, lo, j);
            lo = i;
        } else {
            qs(a, i, hi);
            hi = j;
        }
    }
    for (int i = lo + 1; i <= hi; i++) {
        int v = a[i], j = i - 1;
        while (j >= lo && a[j] > v) {
            a[j + 1] = a[j];
            j--;
        }
        a[j + 1] = v;
    }
}

u32 k_qsort(u8 *m, u32 n, u32 arg)
{
    int *a = (int *)m;
    u32 sum = 0, seed = 42;
    while (n--) {
        for (u32 i = 0; i < arg; i++)
            a[i] = (int)lcg(&seed);
        qs(a, 0, (int)arg - 1);
        for (u32 i = 0; i < arg; i += 997)
            sum = sum * 31 + (u32)a[i];
    }
    return sum;
}

/* SHA-256 compression over 1 MiB (no padding: a checksum, not a digest). */
static const u32 K256[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
#define ROR(x, r) ((x) >> (r) | (x) << (32 - (r)))

u32 k_sha256(u8 *m, u32 n, u32 arg)
{
    u32 h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    u32 seed = 7, w[64];
    (void)arg;
    for (u32 i = 0; i < 1u << 20; i++)
        m[i] = lcg(&seed) >> 24;
    while (n--)
        for (u32 off = 0; off < 1u << 20; off += 64) {
            u32 s[8];
            for (int i = 0; i < 16; i++) {
                u32 v = *(u32 *)(m + off + 4 * i);
                w[i] = __builtin_bswap32(v);
            }
            for (int i = 16; i < 64; i++) {
                u32 a = w[i - 15], b = w[i - 2];
                w[i] = w[i - 16] + w[i - 7] +
                       (ROR(a, 7) ^ ROR(a, 18) ^ a >> 3) +
                       (ROR(b, 17) ^ ROR(b, 19) ^ b >> 10);
            }
            for (int i = 0; i < 8; i++)
                s[i] = h[i];
            for (int i = 0; i < 64; i++) {
                u32 e = s[4], a = s[0];
                u32 t1 = s[7] + (ROR(e, 6) ^ ROR(e, 11) ^ ROR(e, 25)) +
                         ((e & s[5]) ^ (~e & s[6])) + K256[i] + w[i];
                u32 t2 = (ROR(a, 2) ^ ROR(a, 13) ^ ROR(a, 22)) +
                         ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
                s[7] = s[6];
                s[6] = s[5];
                s[5] = s[4];
                s[4] = s[3] + t1;
                s[3] = s[2];
                s[2] = s[1];
                s[1] = s[0];
                s[0] = t1 + t2;
            }
            for (int i = 0; i < 8; i++)
                h[i] += s[i];
        }
    return h[0] ^ h[7];
}

/* Direct-threaded bytecode interpreter; data-dependent branches. */
enum {
    OP_LI,
    OP_ADD,
    OP_SUB,
    OP_XOR,
    OP_AND,
    OP_SHL,
    OP_SHR,
    OP_MUL,
    OP_LD,
    OP_ST,
    OP_JNZ,
    OP_JODD,
    OP_DEC,
    OP_HALT
};
#define I(op, a, b, c)                                                         \
    ((u32)(op) | (u32)(a) << 8 | (u32)(b) << 16 | (u32)(c) << 24)

u32 k_interp(u8 *m, u32 n, u32 arg)
{
    static const void *const tab[] = {&&li,  &&add,  &&sub, &&xor, &&and,
                                      &&shl, &&shr,  &&mul, &&ld,  &&st,
                                      &&jnz, &&jodd, &&dec, &&halt};
    /* r0 loop count, r1 x, r2 tmp, r3 acc, r4 const 1, r5 mask */
    static const u32 prog[] = {
        /* 0*/ I(OP_LI, 4, 1, 0),    I(OP_LI, 5, 255, 0),
        /* 2*/ I(OP_SHL, 2, 1, 13),  I(OP_XOR, 1, 1, 2),
        /* 4*/ I(OP_SHR, 2, 1, 17),  I(OP_XOR, 1, 1, 2),
        /* 6*/ I(OP_SHL, 2, 1, 5),   I(OP_XOR, 1, 1, 2),
        /* 8*/ I(OP_JODD, 1, 12, 0),
        /* 9*/ I(OP_ADD, 3, 3, 1),   I(OP_AND, 2, 1, 5),
        I(OP_JNZ, 4, 15, 0),
        /*12*/ I(OP_SUB, 3, 3, 1),   I(OP_MUL, 2, 1, 3),
        I(OP_AND, 2, 2, 5),
        /*15*/ I(OP_LD, 6, 2, 0),    I(OP_ADD, 6, 6, 3),
        I(OP_ST, 6, 2, 0),
        /*18*/ I(OP_DEC, 0, 0, 0),   I(OP_JNZ, 0, 2, 0),
        I(OP_HALT, 0, 0, 0)};
    u32 *code = (u32 *)m, *data = (u32 *)(m + 4096), r[8] = {0};
    u32 i, pc = 0;
    (void)arg;
    for (i = 0; i < sizeof prog / sizeof *prog; i++)
        code[i] = prog[i];
    for (i = 0; i < 256; i++)
        data[i] = i;
    r[0] = n * 100000u;
    r[1] = 2463534242u;
#define A (i >> 8 & 7)
#define B (i >> 16 & 255)
#define C (i >> 24)
#define NEXT                                                                   \
    do {                                                                       \
        i = code[pc++];                                                        \
        goto *tab[i & 15];                                                     \
    } while (0)
    NEXT;
li:
    r[A] = B;
    NEXT;
add:
    r[A] = r[B & 7] + r[C & 7];
    NEXT;
sub:
    r[A] = r[B & 7] - r[C & 7];
    NEXT;
    xor : r[A] = r[B & 7] ^ r[C & 7];
    NEXT;
    and : r[A] = r[B & 7] & r[C & 7];
    NEXT;
shl:
    r[A] = r[B & 7] << (C & 31);
    NEXT;
shr:
    r[A] = r[B & 7] >> (C & 31);
    NEXT;
mul:
    r[A] = r[B & 7] * r[C & 7];
    NEXT;
ld:
    r[A] = data[r[B & 7] & 255];
    NEXT;
st:
    data[r[B & 7] & 255] = r[A];
    NEXT;
jnz:
    if (r[A])
        pc = B;
    NEXT;
jodd:
    if (r[A] & 1)
        pc = B;
    NEXT;
dec:
    r[A]--;
    NEXT;
halt:
    return r[3] ^ r[6];
}
#undef I
#undef A
#undef B
#undef C

/* Integer matrix multiply 128x128. */
u32 k_matmul(u8 *m, u32 n, u32 arg)
{
    enum { D = 128 };
    u32 *a = (u32 *)m, *b = a + D * D, *c = b + D * D, s = 0;
    (void)arg;
    for (u32 i = 0; i < D * D; i++) {
        a[i] = i * 7;
        b[i] = i ^ 0x55;
    }
    while (n--) {
        for (u32 i = 0; i < D; i++)
            for (u32 j = 0; j < D; j++) {
                u32 t = 0;
                for (u32 k = 0; k < D; k++)
                    t += a[i * D + k] * b[k * D + j];
                c[i * D + j] = t;
            }
        s = s * 3 + c[n % (D * D)];
        a[n % (D * D)] ^= s;
    }
    return s;
}

/* Recursive Fibonacci: calls, returns, stack traffic. */
__attribute__((noinline, optimize("no-inline,no-optimize-sibling-calls,no-tree-"
                                  "tail-merge,no-tree-pre"))) static u32
fib(u32 x)
{
    if (x < 2)
        return x;
    u32 a = fib(x - 1);
    __asm__ volatile("" : "+r"(a));
    return a + fib(x - 2);
}

u32 k_fib(u8 *m, u32 n, u32 arg)
{
    u32 s = 0;
    (void)m;
    while (n--)
        s += fib(arg);
    return s;
}

/* Linked-list walk of arg 16-byte nodes in cache, with compare and update. */
u32 k_list(u8 *m, u32 n, u32 arg)
{
    struct node {
        struct node *next;
        u32 key, val, pad;
    } *v = (void *)m, *p;
    u32 s = 0, step = 1237;
    for (u32 i = 0, j = 0; i < arg; i++) {
        u32 k = (j + step) % arg;
        v[j].next = &v[k];
        v[j].key = i * 2654435761u;
        v[j].val = 0;
        j = k;
    }
    p = v;
    for (u32 i = 0; i < n * 4096u; i++, p = p->next)
        if ((p->key ^ s) & 4) {
            p->val += i;
            s += p->key;
        } else
            s ^= p->val;
    return s;
}

/* Copies and fills over 16 MiB; arg is the distance from source to target. A
 * power of two makes both sides fall on the same slot of a direct-mapped TLB.
 */
#define MB16 (16u << 20)
u32 k_movs_cpy(u8 *m, u32 n, u32 arg)
{
    m[5] = 9;
    while (n--) {
        void *d = m + arg, *s = m;
        u32 c = MB16 / 4;
        __asm__ volatile("rep movsl" : "+D"(d), "+S"(s), "+c"(c)::"memory");
    }
    return m[arg + 5];
}
u32 k_movsb_cpy(u8 *m, u32 n, u32 arg)
{
    m[5] = 9;
    while (n--) {
        void *d = m + arg, *s = m;
        u32 c = MB16;
        __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(c)::"memory");
    }
    return m[arg + 5];
}
u32 k_stos_set(u8 *m, u32 n, u32 arg)
{
    (void)arg;
    while (n--) {
        void *d = m;
        u32 c = MB16 / 4;
        __asm__ volatile("rep stosl" : "+D"(d), "+c"(c) : "a"(n) : "memory");
    }
    return *(u32 *)(m + 64);
}
u32 k_loop_cpy(u8 *m, u32 n, u32 arg)
{
    u32 *s = (u32 *)m, *d = (u32 *)(m + arg);
    s[3] = 77;
    while (n--) {
        for (u32 i = 0; i < MB16 / 4; i++)
            d[i] = s[i];
        __asm__ volatile("" ::: "memory");
    }
    return d[3];
}
u32 k_loop_set(u8 *m, u32 n, u32 arg)
{
    u32 *d = (u32 *)m;
    (void)arg;
    while (n--) {
        for (u32 i = 0; i < MB16 / 4; i++)
            d[i] = n;
        __asm__ volatile("" ::: "memory");
    }
    return d[3];
}
u32 k_loop_sum(u8 *m, u32 n, u32 arg)
{
    u32 *d = (u32 *)m, s = 0;
    (void)arg;
    for (u32 i = 0; i < MB16 / 4; i++)
        d[i] = i;
    while (n--) {
        for (u32 i = 0; i < MB16 / 4; i++)
            s += d[i];
        __asm__ volatile("" : "+r"(s)::"memory");
    }
    return s;
}
/* Many short string operations, 4..64 bytes, unaligned. n x 1000 pairs. */
u32 k_reps_short(u8 *m, u32 n, u32 arg)
{
    u32 seed = 3;
    (void)arg;
    for (u32 i = 0; i < n * 1000u; i++) {
        u32 r = lcg(&seed), len = 4 + (r >> 26), c = len, off = r >> 12 & 0xfff;
        void *d = m + 65536 + off, *s = m + off;
        __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(c)::"memory");
        d = m + off;
        c = len / 4;
        __asm__ volatile("rep stosl" : "+D"(d), "+c"(c) : "a"(r) : "memory");
    }
    return m[65536 + 100];
}

/* Pointer chase: one access per 4 KiB page over arg pages, n x 100000 hops. */
u32 k_chase(u8 *m, u32 n, u32 arg)
{
    u32 seed = 99;
    u32 *perm = (u32 *)(m + (64u << 20)); /* scratch above the pages */
    for (u32 i = 0; i < arg; i++)
        perm[i] = i;
    for (u32 i = arg - 1; i > 0; i--) {
        u32 j = lcg(&seed) % (i + 1), t = perm[i];
        perm[i] = perm[j];
        perm[j] = t;
    }
#define SLOT(k) (m + perm[k] * 4096u + (perm[k] * 64u & 4095u))
    for (u32 i = 0; i < arg; i++)
        *(u8 **)SLOT(i) = SLOT(i + 1 == arg ? 0 : i + 1);
    u8 *p = SLOT(0);
    for (u32 i = 0; i < n * 100000u; i++)
        p = *(u8 **)p;
    return (u32)(p - m);
}
