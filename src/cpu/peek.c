/* src/cpu/peek.c -- looking at guest memory without leaving a trace: walks
 * alone, no TLB, no accessed bits, no devices. */
#include <string.h>

#include "cpu/private.h"

void cpu_walk_in(const struct cpu *cpu, struct walk_in *in)
{
    *in = (struct walk_in){
        .cr3 = gpa_of(cpu->s.cr3),
        .paging = cpu->s.cr0 & CR0_PG,
        .pae = cpu->s.cr4 & CR4_PAE,
        .pse = cpu->s.cr4 & CR4_PSE,
        .pge = cpu->s.cr4 & CR4_PGE,
        .nx = cpu->s.efer_nxe,
        .wp = cpu->s.cr0 & CR0_WP,
        .physical_bits = cpu->physical_bits,
    };
    memcpy(in->pdpte, cpu->s.pdpte, sizeof in->pdpte);
}

bool cpu_translate(const struct cpu *cpu, gva_t at, struct walk_out *out)
{
    struct walk_in in;

    cpu_walk_in(cpu, &in);
    if (!walk(cpu->ram, &in, at, out))
        return false;
    out->pa.v = bus_address(cpu, out->pa.v);
    return true;
}

/* All pages must be RAM before a byte moves. */
static bool walk_all(const struct cpu *cpu, gva_t at, uint32_t bytes)
{
    struct walk_out out;

    for (uint32_t i = 0; i < bytes;) {
        uint32_t n = PAGE_BYTES - ((at.v + i) & PAGE_MASK);

        if (!cpu_translate(cpu, gva_add(at, i), &out) ||
            !ram_is(cpu->ram, out.pa, 1))
            return false;
        if (n >= bytes - i)
            break;
        i += n;
    }
    return true;
}

bool cpu_peek(const struct cpu *cpu, gva_t at, void *to, uint32_t bytes)
{
    struct walk_out out;

    if (!walk_all(cpu, at, bytes))
        return false;
    for (uint32_t done = 0; done < bytes;) {
        uint32_t n = PAGE_BYTES - ((at.v + done) & PAGE_MASK);

        n = n < bytes - done ? n : bytes - done;
        cpu_translate(cpu, gva_add(at, done), &out);
        ram_read(cpu->ram, out.pa, (uint8_t *)to + done, n);
        done += n;
    }
    return true;
}

bool cpu_poke(struct cpu *cpu, gva_t at, const void *from, uint32_t bytes)
{
    struct walk_out out;

    if (!walk_all(cpu, at, bytes))
        return false;
    for (uint32_t done = 0; done < bytes;) {
        uint32_t n = PAGE_BYTES - ((at.v + done) & PAGE_MASK);

        n = n < bytes - done ? n : bytes - done;
        cpu_translate(cpu, gva_add(at, done), &out);
        ram_write(cpu->ram, out.pa, (const uint8_t *)from + done, n);
        done += n;
    }
    return true;
}
