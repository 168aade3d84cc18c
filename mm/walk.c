/* mm/walk.c -- the page walk, read only: no TLB, no exception, no cpu. 32-bit
 * and PAE are two formats and so two functions.
 * Source: SDM vol. 3A, 4.3 (32-bit), 4.4 (PAE), 4.6 (rights), 4.7 (errors). */
#include "mm/walk.h"

static uint64_t bits(unsigned high, unsigned low)
{
    return low > high ? 0
                      : (~(uint64_t)0 >> (63 - high)) & (~(uint64_t)0 << low);
}

/* SDM 4.7: I/D only where execute-disable exists. */
static bool walk_fault(const struct walk_in *in, uint32_t why,
                       struct walk_out *out)
{
    out->error = why | (in->write ? PF_W : 0u) | (in->user ? PF_U : 0u) |
                 (in->fetch && in->pae && in->nx ? PF_I : 0u);
    return false;
}

/* SDM 4.6.1. @rights: RW and US of all levels together, NX of any. */
static bool walk_allows(const struct walk_in *in, uint64_t rights)
{
    if (in->user && !(rights & PTE_US))
        return false;
    if (in->write && !(rights & PTE_RW) && (in->user || in->wp))
        return false;
    return !(in->fetch && rights & PTE_NX);
}

static bool walk_leaf(const struct walk_in *in, gva_t va, uint64_t rights,
                      unsigned shift, uint64_t frame, struct walk_out *out)
{
    uint64_t leaf = out->entry[out->leaf];
    uint32_t offset = va.v & ((1u << shift) - 1);

    if (!walk_allows(in, rights))
        return walk_fault(in, PF_P, out);
    out->pa = gpa_of(frame | offset);
    out->page_bytes = 1u << shift;
    out->rights = rights;
    out->global = in->pge && leaf & PTE_G;
    out->dirty = leaf & PTE_D;
    out->error = 0;
    return true;
}

static unsigned pse_bits(const struct walk_in *in)
{
    return in->physical_bits < 40 ? in->physical_bits : 40;
}

/* SDM table 4-4: bits 31:22 are 31:22; 20:13 as many of 39:32 as there are. */
static uint64_t pse_frame(const struct walk_in *in, uint32_t pde)
{
    uint64_t high = (pde & bits(20, 13)) << 19;

    return (pde & 0xffc00000) | (high & bits(pse_bits(in) - 1, 32));
}

static bool walk32(const struct ram *ram, const struct walk_in *in, gva_t va,
                   struct walk_out *out)
{
    gpa_t table = gpa_of(in->cr3.v & 0xfffff000);
    uint32_t rights = PTE_RW | PTE_US, e;
    unsigned shift = 22;

    out->entry_bytes = 4;
    for (out->leaf = 0;; out->leaf++, shift -= 10) {
        out->slot[out->leaf] = gpa_add(table, 4 * ((va.v >> shift) & 0x3ff));
        out->entry[out->leaf] = e = ram_read32(ram, out->slot[out->leaf]);
        if (!(e & PTE_P))
            return walk_fault(in, 0, out);
        rights &= e;
        if (shift == 12)
            return walk_leaf(in, va, rights, shift, e & 0xfffff000, out);
        if (in->pse && (e & PTE_PS)) {
            if (e & bits(21, pse_bits(in) - 19))
                return walk_fault(in, PF_P | PF_RSVD, out);
            return walk_leaf(in, va, rights, shift, pse_frame(in, e), out);
        }
        table = gpa_of(e & 0xfffff000);
    }
}

/* SDM tables 4-9 to 4-11: what must be clear in an entry at @shift. */
static uint64_t pae_reserved(const struct walk_in *in, uint64_t e,
                             unsigned shift)
{
    uint64_t reserved = bits(62, in->physical_bits);

    if (!in->nx)
        reserved |= PTE_NX;
    if (shift == 21 && e & PTE_PS)
        reserved |= bits(20, 13);
    return reserved;
}

static bool walk_pae(const struct ram *ram, const struct walk_in *in, gva_t va,
                     struct walk_out *out)
{
    unsigned top = va.v >> 30, shift = 21;
    uint64_t rights = PTE_RW | PTE_US, nx = 0, e = in->pdpte[top];
    uint64_t frames = bits(in->physical_bits - 1u, 12);

    out->entry_bytes = 8;
    out->slot[0] = gpa_of((in->cr3.v & 0xffffffe0) + 8 * top);
    out->entry[0] = e;
    out->leaf = 0;
    if (!(e & PTE_P))
        return walk_fault(in, 0, out);
    for (out->leaf = 1;; out->leaf++, shift -= 9) {
        out->slot[out->leaf] =
            gpa_of((e & frames) + 8 * ((va.v >> shift) & 0x1ff));
        out->entry[out->leaf] = e = ram_read64(ram, out->slot[out->leaf]);
        if (!(e & PTE_P))
            return walk_fault(in, 0, out);
        if (e & pae_reserved(in, e, shift))
            return walk_fault(in, PF_P | PF_RSVD, out);
        rights &= e;
        nx |= e & PTE_NX;
        if (shift == 12 || e & PTE_PS)
            return walk_leaf(in, va, rights | nx, shift,
                             e & frames & ~(uint64_t)((1u << shift) - 1), out);
    }
}

bool walk(const struct ram *ram, const struct walk_in *in, gva_t va,
          struct walk_out *out)
{
    if (in->paging)
        return in->pae ? walk_pae(ram, in, va, out) : walk32(ram, in, va, out);
    *out = (struct walk_out){.pa = gpa_of(va.v),
                             .page_bytes = PAGE_BYTES,
                             .rights = PTE_RW | PTE_US,
                             .dirty = true};
    return true;
}

static void set_bits(struct ram *ram, const struct walk_out *out,
                     unsigned level, uint64_t set)
{
    uint64_t e = out->entry[level];

    if ((e & set) == set)
        return;
    if (out->entry_bytes == 4)
        ram_write32(ram, out->slot[level], (uint32_t)(e | set));
    else
        ram_write64(ram, out->slot[level], e | set);
}

void walk_touch(struct ram *ram, const struct walk_out *out, bool write)
{
    unsigned first = out->entry_bytes == 8; /* a PDPTE has no accessed bit */

    if (!out->entry_bytes)
        return; /* paging was off */
    for (unsigned level = first; level < out->leaf; level++)
        set_bits(ram, out, level, PTE_A);
    set_bits(ram, out, out->leaf, PTE_A | (write ? PTE_D : 0u));
}

/* SDM 4.4.1: a present PDPTE with a reserved bit set is #GP, at the load. */
bool walk_load_pdptes(const struct ram *ram, struct walk_in *in)
{
    uint64_t reserved = bits(63, in->physical_bits) | bits(8, 5) | bits(2, 1);
    uint64_t e[4];

    for (unsigned i = 0; i < 4; i++) {
        e[i] = ram_read64(ram, gpa_of((in->cr3.v & 0xffffffe0) + 8 * i));
        if (e[i] & PTE_P && e[i] & reserved)
            return false;
    }
    memcpy(in->pdpte, e, sizeof e);
    return true;
}
