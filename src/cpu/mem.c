/* src/cpu/mem.c -- linear and segmented accesses of instructions, and the exact
 * accesses that host code makes. Source: SDM vol. 3A 4.6-4.10 (paging), 5.3-5.5
 * (limits, types). */
#include <string.h>

#include "cpu/private.h"

static unsigned need_of(unsigned access, bool user)
{
    return user ? access << TLB_USER : access;
}

/* The entry that allows the access, walked for and filled if it must be. Host
 * pages of adapter RAM are entered like RAM's but for writes. */
static struct tlb_entry *translate(struct cpu *cpu, uint32_t at,
                                   unsigned access, bool user)
{
    struct tlb_entry *e = tlb_entry(&cpu->tlb, gva_of(at));
    struct walk_in in;
    struct walk_out out;

    if (e->allow & need_of(access, user)) {
        if (access == MEM_WRITE && !(e->fast & need_of(access, user)))
            tlb_open_write(cpu->ram, e);
        return e;
    }
    cpu_walk_in(cpu, &in);
    in.user = user;
    in.write = access == MEM_WRITE;
    in.fetch = access == MEM_FETCH;
    if (!walk(cpu->ram, &in, gva_of(at), &out)) {
        tlb_flush_page(&cpu->tlb, gva_of(at)); /* SDM 4.10.4.1 */
        cpu->p->pf_address = at;
        cpu_fault(cpu, EXC_PF, out.error);
    }
    if (in.paging)
        walk_touch(cpu->ram, &out, in.write);
    out.pa.v = bus_address(cpu, out.pa.v);
    e = tlb_fill(&cpu->tlb, cpu->ram, gva_of(at), &in, &out);
    if (cpu->p->watched && slow_of(cpu, at, e->frame))
        tlb_slow(&cpu->tlb, gva_of(at), slow_of(cpu, at, e->frame));
    return e;
}

gpa_t code_physical(struct cpu *cpu, uint32_t at)
{
    return gpa_of(translate(cpu, at, MEM_FETCH, cpu_user(cpu))->frame |
                  (at & PAGE_MASK));
}

static gpa_t physical(const struct tlb_entry *e, uint32_t at)
{
    return gpa_of(e->frame | (at & PAGE_MASK));
}

/* One access that lies inside a page; devices are reached in aligned pieces.
 * Writes to RAM that does not answer reads come here too. */
static uint32_t device_read(struct cpu *cpu, gpa_t at, unsigned bytes)
{
    uint32_t v = 0;

    if ((at.v & 3) + bytes <= 4)
        return bus_load(cpu->bus, at, bytes);
    for (unsigned i = 0; i < bytes; i++)
        v |= (bus_load(cpu->bus, gpa_add(at, i), 1) & 255) << 8 * i;
    return v;
}

static void device_write(struct cpu *cpu, gpa_t at, unsigned bytes, uint32_t v)
{
    if (ram_writes(cpu->ram, at, bytes)) {
        ram_mark(cpu->ram, at, bytes);
        memcpy(cpu->ram->base + at.v, &v, bytes);
        return;
    }
    if ((at.v & 3) + bytes <= 4) {
        bus_store(cpu->bus, at, bytes, v);
        look_at_map(cpu);
        return;
    }
    for (unsigned i = 0; i < bytes; i++)
        bus_store(cpu->bus, gpa_add(at, i), 1, v >> 8 * i & 255);
    look_at_map(cpu);
}

/* Where an access that leaves its page goes on: what CR2 says of a fault. */
static uint32_t next_page(uint32_t at)
{
    return (at | PAGE_MASK) + 1;
}

/* What the fast way leaves to be asked: alignment (6.15, #AC), breakpoints. */
static void check_data(struct cpu *cpu, uint32_t at, unsigned bytes, bool user,
                       bool write)
{
    if (user && cpu->p->user_shift != TLB_USER && at & (bytes - 1))
        cpu_fault(cpu, EXC_AC, 0);
    if (cpu->p->watched & WATCHED_BY_GUEST)
        debug_data(cpu, at, bytes, write);
}

static uint32_t load(struct cpu *cpu, uint32_t at, unsigned bytes, bool user,
                     unsigned access)
{
    struct tlb_entry *e;
    uint32_t v = 0;

    if ((at & PAGE_MASK) + bytes > PAGE_BYTES) {
        translate(cpu, at, access, user);
        translate(cpu, next_page(at), access, user);
        for (unsigned i = 0; i < bytes; i++)
            v |= load(cpu, at + i, 1, user, access) << 8 * i;
        return v;
    }
    e = translate(cpu, at, access, user);
    if (e->host) {
        memcpy(&v, e->host + (at & PAGE_MASK), bytes);
        return v;
    }
    return device_read(cpu, physical(e, at), bytes);
}

static uint32_t read_slow(struct cpu *cpu, uint32_t at, unsigned bytes,
                          bool user, unsigned access)
{
    uint32_t v;

    if (access == MEM_FETCH)
        return load(cpu, at, bytes, user, access);
    check_data(cpu, at, bytes, user, false);
    v = load(cpu, at, bytes, user, access);
    if (watch_listens(cpu))
        watch_read(cpu, at, &v, bytes);
    return v;
}

static void store(struct cpu *cpu, uint32_t at, unsigned bytes, uint32_t v,
                  bool user)
{
    struct tlb_entry *e;

    if ((at & PAGE_MASK) + bytes > PAGE_BYTES) {
        translate(cpu, at, MEM_WRITE, user); /* both pages before any byte */
        translate(cpu, next_page(at), MEM_WRITE, user);
        for (unsigned i = 0; i < bytes; i++)
            store(cpu, at + i, 1, v >> 8 * i, user);
        return;
    }
    e = translate(cpu, at, MEM_WRITE, user);
    if (e->host && ram_writes(cpu->ram, physical(e, at), bytes)) {
        ram_mark(cpu->ram, physical(e, at), bytes);
        memcpy(e->host + (at & PAGE_MASK), &v, bytes);
    } else {
        device_write(cpu, physical(e, at), bytes, v & mask_of(8 * bytes));
    }
}

static __attribute__((noinline)) void store_watched(struct cpu *cpu,
                                                    uint32_t at, unsigned bytes,
                                                    uint32_t v, bool user)
{
    struct watch_access a;
    bool watched;

    mem_probe(cpu, at, bytes, user);
    watched = watch_write(cpu, &a, at, bytes);
    store(cpu, at, bytes, v, user);
    if (watched)
        watch_written(cpu, &a, &v);
}

static void write_slow(struct cpu *cpu, uint32_t at, unsigned bytes, uint32_t v,
                       bool user)
{
    check_data(cpu, at, bytes, user, true);
    if (watch_listens(cpu))
        store_watched(cpu, at, bytes, v, user);
    else
        store(cpu, at, bytes, v, user);
}

static inline uint32_t read_fast(struct cpu *cpu, uint32_t at, unsigned bytes,
                                 bool user, unsigned access)
{
    const struct tlb_entry *e = tlb_entry(&cpu->tlb, gva_of(at));
    uint32_t v = 0;

    if ((e->fast & fast_need(cpu, access, user)) &&
        (at & PAGE_MASK) + bytes <= PAGE_BYTES) {
        memcpy(&v, e->host + (at & PAGE_MASK), bytes);
        return v;
    }
    return read_slow(cpu, at, bytes, user, access);
}

static inline void write_fast(struct cpu *cpu, uint32_t at, unsigned bytes,
                              uint32_t v, bool user)
{
    const struct tlb_entry *e = tlb_entry(&cpu->tlb, gva_of(at));

    if ((e->fast & fast_need(cpu, MEM_WRITE, user)) &&
        (at & PAGE_MASK) + bytes <= PAGE_BYTES)
        memcpy(e->host + (at & PAGE_MASK), &v, bytes);
    else
        write_slow(cpu, at, bytes, v, user);
}

uint8_t mem_read8(struct cpu *cpu, uint32_t at, bool user)
{
    return (uint8_t)read_fast(cpu, at, 1, user, MEM_READ);
}

uint16_t mem_read16(struct cpu *cpu, uint32_t at, bool user)
{
    return (uint16_t)read_fast(cpu, at, 2, user, MEM_READ);
}

uint32_t mem_read32(struct cpu *cpu, uint32_t at, bool user)
{
    return read_fast(cpu, at, 4, user, MEM_READ);
}

void mem_write8(struct cpu *cpu, uint32_t at, uint8_t v, bool user)
{
    write_fast(cpu, at, 1, v, user);
}

void mem_write16(struct cpu *cpu, uint32_t at, uint16_t v, bool user)
{
    write_fast(cpu, at, 2, v, user);
}

void mem_write32(struct cpu *cpu, uint32_t at, uint32_t v, bool user)
{
    write_fast(cpu, at, 4, v, user);
}

uint8_t mem_fetch8(struct cpu *cpu, uint32_t at)
{
    return (uint8_t)read_fast(cpu, at, 1, cpu_user(cpu), MEM_FETCH);
}

void mem_probe(struct cpu *cpu, uint32_t at, uint32_t bytes, bool user)
{
    uint32_t last = at + bytes - 1;

    translate(cpu, at, MEM_WRITE, user);
    if ((at ^ last) & ~(uint32_t)PAGE_MASK)
        translate(cpu, next_page(at), MEM_WRITE, user);
}

/* ---- segmented ------------------------------------------------------------
 */

static _Noreturn void limit_fault(struct cpu *cpu, unsigned seg)
{
    cpu_fault(cpu, seg == SS ? EXC_SS : EXC_GP, 0);
}

/* SDM 5.3: expand-down segments hold what lies above the limit. */
static bool inside(const struct cpu_segment *s, uint32_t offset, uint32_t bytes)
{
    uint32_t last = offset + bytes - 1;
    bool down = !(s->access & SEG_CODE) && (s->access & SEG_DOWN);

    if (last < offset) /* wraps: only a whole 4 GiB segment would allow it */
        return false;
    if (!down)
        return last <= s->limit;
    return offset > s->limit &&
           last <= (s->access & SEG_DB ? UINT32_MAX : 0xffff);
}

uint32_t seg_linear(struct cpu *cpu, unsigned seg, uint32_t offset,
                    uint32_t bytes, bool write)
{
    enum { FLAT = SEG_P | SEG_S | SEG_WRITABLE, ODD = SEG_CODE | SEG_DOWN };
    const struct cpu_segment *s = &cpu->s.seg[seg];
    unsigned access = s->access;

    if ((access & (FLAT | ODD)) == FLAT && s->limit == UINT32_MAX &&
        offset <= UINT32_MAX - (bytes - 1))
        return s->base + offset; /* nothing below could object */
    if (!real_mode(cpu) && !v86_mode(cpu)) {
        if (!(access & SEG_P)) /* a null selector */
            limit_fault(cpu, seg);
        if (write ? (access & SEG_CODE) || !(access & SEG_WRITABLE)
                  : (access & SEG_CODE) && !(access & SEG_READABLE))
            cpu_fault(cpu, seg == SS ? EXC_SS : EXC_GP, 0);
    }
    if (!inside(s, offset, bytes))
        limit_fault(cpu, seg);
    return s->base + offset;
}

uint32_t seg_read(struct cpu *cpu, unsigned seg, uint32_t offset,
                  unsigned bytes)
{
    uint32_t at = seg_linear(cpu, seg, offset, bytes, false);

    return read_fast(cpu, at, bytes, cpu_user(cpu), MEM_READ);
}

uint32_t seg_modify(struct cpu *cpu, unsigned seg, uint32_t offset,
                    unsigned bytes)
{
    uint32_t at = seg_linear(cpu, seg, offset, bytes, true);

    mem_probe(cpu, at, bytes, cpu_user(cpu));
    return read_fast(cpu, at, bytes, cpu_user(cpu), MEM_READ);
}

void seg_write(struct cpu *cpu, unsigned seg, uint32_t offset, unsigned bytes,
               uint32_t v)
{
    uint32_t at = seg_linear(cpu, seg, offset, bytes, true);

    write_fast(cpu, at, bytes, v, cpu_user(cpu));
}

/* ---- stack ----------------------------------------------------------------
 */

uint32_t stack_mask(const struct cpu *cpu)
{
    return cpu->s.seg[SS].access & SEG_DB ? UINT32_MAX : 0xffff;
}

void set_esp(struct cpu *cpu, uint32_t v)
{
    uint32_t mask = stack_mask(cpu);

    cpu->s.reg[ESP] = (cpu->s.reg[ESP] & ~mask) | (v & mask);
}

void push(struct cpu *cpu, unsigned bytes, uint32_t v)
{
    uint32_t at = (cpu->s.reg[ESP] - bytes) & stack_mask(cpu);

    seg_write(cpu, SS, at, bytes, v);
    set_esp(cpu, at);
}

uint32_t pop(struct cpu *cpu, unsigned bytes)
{
    uint32_t at = cpu->s.reg[ESP] & stack_mask(cpu);
    uint32_t v = seg_read(cpu, SS, at, bytes);

    set_esp(cpu, at + bytes);
    return v;
}

void look_at_map(struct cpu *cpu)
{
    if (cpu->p->map_seen == bus_map_changes(cpu->bus))
        return;
    cpu->p->map_seen = bus_map_changes(cpu->bus);
    tlb_remap(&cpu->tlb, cpu->ram);
}

/* ---- from host code --------------------------------------------------------
 */

/* A piece of at most @n bytes inside the page of @e: of a device by the widest
 * aligned cycle. */
static uint32_t piece_at(const struct cpu *cpu, const struct tlb_entry *e,
                         uint32_t at, uint32_t n, bool write)
{
    if (e->host && (!write || ram_writes(cpu->ram, physical(e, at), n)))
        return n;
    return !(at & 3) && n >= 4 ? 4 : !(at & 1) && n >= 2 ? 2 : 1;
}

static void load_piece(struct cpu *cpu, const struct tlb_entry *e, uint32_t at,
                       uint8_t *to, uint32_t n)
{
    if (e->host) {
        memcpy(to, e->host + (at & PAGE_MASK), n);
    } else {
        uint32_t v = device_read(cpu, physical(e, at), n);

        memcpy(to, &v, n);
    }
    if (watch_listens(cpu))
        watch_read(cpu, at, to, n);
}

static void store_piece(struct cpu *cpu, const struct tlb_entry *e, uint32_t at,
                        const uint8_t *from, uint32_t n)
{
    uint32_t v = 0;

    if (e->host && ram_writes(cpu->ram, physical(e, at), n)) {
        ram_mark(cpu->ram, physical(e, at), n);
        memcpy(e->host + (at & PAGE_MASK), from, n);
        return;
    }
    memcpy(&v, from, n);
    device_write(cpu, physical(e, at), n, v);
}

static __attribute__((noinline)) void
store_piece_watched(struct cpu *cpu, const struct tlb_entry *e, uint32_t at,
                    const uint8_t *from, uint32_t n)
{
    struct watch_access a;
    bool watched = watch_write(cpu, &a, at, n);

    store_piece(cpu, e, at, from, n);
    if (watched)
        watch_written(cpu, &a, from);
}

/* Moves @bytes page by page; what a fault says goes to @fault. */
static bool host_access(struct cpu *cpu, uint32_t at, uint8_t *to,
                        const uint8_t *from, uint32_t bytes, bool user,
                        struct cpu_fault *fault)
{
    struct cpu_private *p = cpu->p;
    volatile uint32_t done = 0;

    *fault = (struct cpu_fault){0};
    if (sigsetjmp(p->fault, 0)) {
        *fault = (struct cpu_fault){.faulted = true,
                                    .vector = p->vector,
                                    .error = p->error,
                                    .address = gva_of(p->pf_address)};
        return false;
    }
    for (uint32_t i = 0; from && i < bytes;) { /* a store probes all first */
        uint32_t n = PAGE_BYTES - ((at + i) & PAGE_MASK);

        translate(cpu, at + i, MEM_WRITE, user);
        if (n >= bytes - i)
            break;
        i += n;
    }
    while (done < bytes) {
        uint32_t here = at + done, n = PAGE_BYTES - (here & PAGE_MASK);
        struct tlb_entry *e =
            translate(cpu, here, from ? MEM_WRITE : MEM_READ, user);

        n = piece_at(cpu, e, here, n < bytes - done ? n : bytes - done, from);
        if (!from)
            load_piece(cpu, e, here, to + done, n);
        else if (watch_listens(cpu))
            store_piece_watched(cpu, e, here, from + done, n);
        else
            store_piece(cpu, e, here, from + done, n);
        done += n;
    }
    return true;
}

bool cpu_load(struct cpu *cpu, gva_t at, void *to, uint32_t bytes, bool user,
              struct cpu_fault *fault)
{
    return host_access(cpu, at.v, to, NULL, bytes, user, fault);
}

bool cpu_store(struct cpu *cpu, gva_t at, const void *from, uint32_t bytes,
               bool user, struct cpu_fault *fault)
{
    return host_access(cpu, at.v, NULL, from, bytes, user, fault);
}
