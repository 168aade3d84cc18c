/* src/cpu/mem_wide.c -- accesses of more than four bytes, as the FPU, MMX and
 * SSE make them: checked as one, in pieces where the page is no RAM. */
#include <string.h>

#include "cpu/private.h"

/* Host memory for all of it, or NULL. */
static uint8_t *direct(struct cpu *cpu, uint32_t at, uint32_t bytes,
                       unsigned access)
{
    const struct tlb_entry *e = tlb_entry(&cpu->tlb, gva_of(at));

    if ((e->fast & fast_need(cpu, access, cpu_user(cpu))) &&
        (at & PAGE_MASK) + bytes <= PAGE_BYTES)
        return e->host + (at & PAGE_MASK);
    return NULL;
}

/* Table 6-7: doubles and extended reals lie on multiples of 8. */
static void align8(struct cpu *cpu, unsigned seg, uint32_t offset)
{
    check_alignment(cpu, cpu->s.seg[seg].base + offset, 8);
}

/* The widest piece that lies inside an aligned dword. */
static unsigned piece(uint32_t at, uint32_t left)
{
    if (!(at & 3) && left >= 4)
        return 4;
    return !(at & 1) && left >= 2 ? 2 : 1;
}

static void read_pieces(struct cpu *cpu, uint32_t at, uint8_t *to,
                        uint32_t bytes)
{
    bool user = cpu_user(cpu);

    for (uint32_t n; bytes; bytes -= n, at += n, to += n) {
        uint32_t v;

        n = piece(at, bytes);
        v = n == 4   ? mem_read32(cpu, at, user)
            : n == 2 ? mem_read16(cpu, at, user)
                     : mem_read8(cpu, at, user);
        memcpy(to, &v, n);
    }
}

static void write_pieces(struct cpu *cpu, uint32_t at, const uint8_t *from,
                         uint32_t bytes)
{
    bool user = cpu_user(cpu);

    for (uint32_t n; bytes; bytes -= n, at += n, from += n) {
        uint32_t v = 0;

        n = piece(at, bytes);
        memcpy(&v, from, n);
        if (n == 4)
            mem_write32(cpu, at, v, user);
        else if (n == 2)
            mem_write16(cpu, at, (uint16_t)v, user);
        else
            mem_write8(cpu, at, (uint8_t)v, user);
    }
}

/* Watches are told of the whole. */
static void read_watched(struct cpu *cpu, uint32_t at, uint8_t *to,
                         uint32_t bytes)
{
    cpu->p->piecewise = true;
    read_pieces(cpu, at, to, bytes);
    cpu->p->piecewise = false;
    watch_read(cpu, at, to, bytes);
}

static __attribute__((noinline)) void
write_watched(struct cpu *cpu, uint32_t at, const uint8_t *from, uint32_t bytes)
{
    struct watch_access a;
    bool watched = watch_write(cpu, &a, at, bytes);

    cpu->p->piecewise = true;
    write_pieces(cpu, at, from, bytes);
    cpu->p->piecewise = false;
    if (watched)
        watch_written(cpu, &a, from);
}

void seg_read_block(struct cpu *cpu, unsigned seg, uint32_t offset, void *to,
                    uint32_t bytes)
{
    uint32_t at = seg_linear(cpu, seg, offset, bytes, false);
    const uint8_t *host = direct(cpu, at, bytes, MEM_READ);

    if (host)
        memcpy(to, host, bytes);
    else if (watch_listens(cpu))
        read_watched(cpu, at, to, bytes);
    else
        read_pieces(cpu, at, to, bytes);
}

void seg_write_block(struct cpu *cpu, unsigned seg, uint32_t offset,
                     const void *from, uint32_t bytes)
{
    uint32_t at = seg_linear(cpu, seg, offset, bytes, true);
    uint8_t *host = direct(cpu, at, bytes, MEM_WRITE);

    if (host) {
        memcpy(host, from, bytes);
        return;
    }
    mem_probe(cpu, at, bytes, cpu_user(cpu));
    if (watch_listens(cpu))
        write_watched(cpu, at, from, bytes);
    else
        write_pieces(cpu, at, from, bytes);
}

uint64_t seg_read64(struct cpu *cpu, unsigned seg, uint32_t offset)
{
    uint64_t v;

    align8(cpu, seg, offset);
    seg_read_block(cpu, seg, offset, &v, sizeof v);
    return v;
}

void seg_write64(struct cpu *cpu, unsigned seg, uint32_t offset, uint64_t v)
{
    align8(cpu, seg, offset);
    seg_write_block(cpu, seg, offset, &v, sizeof v);
}

void fpu_pack80(struct x80 v, uint8_t to[10])
{
    memcpy(to, &v.m, 8);
    memcpy(to + 8, &v.se, 2);
}

struct x80 fpu_unpack80(const uint8_t from[10])
{
    struct x80 v;

    memcpy(&v.m, from, 8);
    memcpy(&v.se, from + 8, 2);
    return v;
}

struct x80 seg_read80(struct cpu *cpu, unsigned seg, uint32_t offset)
{
    uint8_t image[10];

    align8(cpu, seg, offset);
    seg_read_block(cpu, seg, offset, image, sizeof image);
    return fpu_unpack80(image);
}

void seg_write80(struct cpu *cpu, unsigned seg, uint32_t offset, struct x80 v)
{
    uint8_t image[10];

    align8(cpu, seg, offset);
    fpu_pack80(v, image);
    seg_write_block(cpu, seg, offset, image, sizeof image);
}
