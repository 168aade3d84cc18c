/* mm/pte_form.c -- invalid entries, read and made. The low twelve bits are the
 * same in both formats; page-file offsets and prototype addresses move to the
 * high half with PAE. */
#include "mm/pte_form.h"

enum {
    CODE_SHIFT = 5,
    CODE_MASK = 0x1f,
    FILE_SHIFT = 1,
    FILE_MASK = 0xf,
    ENTRY_WRITE = 1 << 1, /* of a transition entry */
    ENTRY_OWNER = 1 << 2,
    PROTO_CODE_SHIFT = 11, /* PAE */
};

unsigned pte_rights(uint32_t code)
{
    static const uint8_t base[8] = {[1] = MM_R,
                                    [2] = MM_X,
                                    [3] = MM_X,
                                    [4] = MM_W,
                                    [5] = MM_W | MM_COPY,
                                    [6] = MM_W | MM_X,
                                    [7] = MM_W | MM_X | MM_COPY};

    return base[code & 7] | (code & CODE_GUARD ? MM_GUARD : 0u);
}

uint32_t pte_code(unsigned rights)
{
    uint32_t code = rights & MM_COPY ? CODE_COPY
                    : rights & MM_W  ? CODE_WRITE
                                     : CODE_READ;

    if (rights & MM_NOACCESS)
        return CODE_NO_ACCESS;
    if (rights & MM_X)
        code += 2;
    return code | (rights & MM_GUARD ? CODE_GUARD : 0);
}

/* Where the entry of a prototype lies: seven bits from 1, 21 from 11. */
static uint32_t proto_offset32(uint32_t e)
{
    return (e >> 11 << 9) + ((e & 0xfe) << 1);
}

static struct pte_form decode_proto(bool pae, uint64_t e)
{
    struct pte_form f = {.kind = PTE_PROTO};

    if (pae) {
        f.code = (uint32_t)(e >> PROTO_CODE_SHIFT) & CODE_MASK;
        f.prototype = (uint32_t)(e >> 32);
    } else {
        f.code = e & 1u << 8 ? CODE_READ : 0;
        f.prototype = proto_offset32((uint32_t)e);
    }
    return f;
}

struct pte_form pte_decode(const struct mm *mm, uint64_t e)
{
    bool pae = mm->s.settings.pae;
    struct pte_form f = {.code = (uint32_t)(e >> CODE_SHIFT) & CODE_MASK,
                         .pfn = (uint32_t)((e & PTE_FRAME_MASK) >> PAGE_SHIFT)};

    if (!e)
        return (struct pte_form){.kind = PTE_ZERO};
    if (e & PTE_P) {
        f.kind = PTE_VALID;
        f.code = 0;
        return f;
    }
    if (e & PTE_PROTOTYPE)
        return decode_proto(pae, e);
    if (e & PTE_TRANSITION) {
        f.kind = PTE_TRANSITIONAL;
        return f;
    }
    f.pfn = 0;
    f.file = (uint32_t)(e >> FILE_SHIFT) & FILE_MASK;
    f.slot = (uint32_t)(pae ? e >> 32 : e >> PAGE_SHIFT);
    f.kind = f.slot ? PTE_PAGE_FILE : f.code ? PTE_DEMAND_ZERO : PTE_UNKNOWN;
    return f;
}

unsigned pte_entry_rights(const struct mm *mm, gva_t va, uint64_t e)
{
    unsigned user = va.v < MM_SYSTEM_START ? MM_USER : 0, rights = user;

    if (!(e & PTE_P))
        return pte_rights(pte_decode(mm, e).code) | user;
    if (e & PTE_RW)
        rights |= MM_W;
    if (e & PTE_COW)
        rights |= MM_W | MM_COPY;
    if (!(e & PTE_NX) && mm->s.settings.nx)
        rights |= MM_X;
    return rights;
}

uint64_t pte_demand_zero(unsigned rights)
{
    return (uint64_t)pte_code(rights) << CODE_SHIFT;
}

uint64_t pte_decommitted(void)
{
    return (uint64_t)CODE_GUARD << CODE_SHIFT;
}

uint64_t pte_transition(gpa_t pa, unsigned rights)
{
    return (pa.v & PTE_FRAME_MASK) | PTE_TRANSITION |
           (uint64_t)pte_code(rights) << CODE_SHIFT |
           (rights & MM_W && !(rights & MM_COPY) ? ENTRY_WRITE : 0u) |
           (rights & MM_USER ? ENTRY_OWNER : 0u);
}

uint64_t pte_page_file(const struct mm *mm, uint32_t slot, unsigned rights)
{
    return (uint64_t)pte_code(rights) << CODE_SHIFT |
           (uint64_t)slot << (mm->s.settings.pae ? 32 : PAGE_SHIFT);
}
