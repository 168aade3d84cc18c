/* src/nt/version.c -- which Windows this is, as KUSER_SHARED_DATA says. Source:
 * WDK RtlGetVersion, RtlVerifyVersionInfo, VerSetConditionMask;
 * OSVERSIONINFOEXW. */
#include "nt/exports.h"
#include "nt/guest.h"

enum { /* OSVERSIONINFOEXW */
       VER_SIZE = 0,
       VER_MAJOR = 4,
       VER_MINOR = 8,
       VER_BUILD = 0xc,
       VER_PLATFORM = 0x10,
       VER_CSD = 0x14,
       VER_SP_MAJOR = 0x114,
       VER_SP_MINOR = 0x116,
       VER_SUITE = 0x118,
       VER_PRODUCT = 0x11a,
       VER_BYTES = 0x114,
       VER_EX_BYTES = 0x11c,
};
enum { PLATFORM_NT = 2, PRODUCT_WORKSTATION = 1 };
enum { SHARED_MAJOR = 0x26c, SHARED_MINOR = 0x270, SHARED_FEATURES = 0x274 };
#define SHARED_DATA              0xffdf0000u
#define STATUS_REVISION_MISMATCH 0xC0000059u

/** Bits of RtlVerifyVersionInfo's TypeMask, in the order of their conditions.
 */
enum {
    TYPE_MINOR,
    TYPE_MAJOR,
    TYPE_BUILD,
    TYPE_PLATFORM,
    TYPE_SP_MINOR,
    TYPE_SP_MAJOR,
    TYPE_SUITE,
    TYPE_PRODUCT,
    TYPES
};
enum { EQUAL = 1, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL, AND, OR };

/* Without the top bits, which tell a free build from a checked one. */
static uint32_t build_number(struct call *c)
{
    return load_u16(c, call_stub(c, "NtBuildNumber"));
}

/* NTSTATUS RtlGetVersion(VersionInformation). */
void thunk_RtlGetVersion(struct call *c)
{
    gva_t at = call_va(c, 0);
    uint32_t size = load_u32(c, at);

    if (call_ok(c) && size < VER_BYTES) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    store_u32(c, gva_add(at, VER_MAJOR),
              load_u32(c, gva_of(SHARED_DATA + SHARED_MAJOR)));
    store_u32(c, gva_add(at, VER_MINOR),
              load_u32(c, gva_of(SHARED_DATA + SHARED_MINOR)));
    store_u32(c, gva_add(at, VER_BUILD), build_number(c));
    store_u32(c, gva_add(at, VER_PLATFORM), PLATFORM_NT);
    store_u16(c, gva_add(at, VER_CSD), 0);
    if (size >= VER_EX_BYTES) {
        store_u64(c, gva_add(at, VER_SP_MAJOR), 0);
        store_u8(c, gva_add(at, VER_PRODUCT), PRODUCT_WORKSTATION);
    }
    if (call_ok(c))
        call_return(c, STATUS_SUCCESS);
}

/* BOOLEAN PsGetVersion(*Major, *Minor, *Build, CSDVersion): true on a checked
 * build. */
void thunk_PsGetVersion(struct call *c)
{
    uint32_t version[3] = {load_u32(c, gva_of(SHARED_DATA + SHARED_MAJOR)),
                           load_u32(c, gva_of(SHARED_DATA + SHARED_MINOR)),
                           build_number(c)};

    for (unsigned i = 0; i < 3; i++)
        if (call_u32(c, i))
            store_u32(c, call_va(c, i), version[i]);
    if (call_u32(c, 3)) /* no service pack: an empty string */
        store_zero(c, call_va(c, 3), USTR_BYTES);
    if (call_ok(c))
        call_return(c, false);
}

/* ULONGLONG VerSetConditionMask(Mask, TypeMask, Condition): three bits for each
 * type, at three times its number. */
void thunk_VerSetConditionMask(struct call *c)
{
    uint64_t mask = call_u64(c, 0), condition = call_u8(c, 3) & 7u;
    uint32_t types = call_u32(c, 2);

    for (unsigned type = TYPES; types && type-- > 0;)
        if (types >> type & 1) { /* the highest bit decides */
            mask |= condition << 3 * type;
            break;
        }
    call_return64(c, mask);
}

static bool holds(uint32_t ours, uint32_t asked, unsigned condition)
{
    switch (condition) {
    case EQUAL:
        return ours == asked;
    case GREATER:
        return ours > asked;
    case GREATER_EQUAL:
        return ours >= asked;
    case LESS:
        return ours < asked;
    case LESS_EQUAL:
        return ours <= asked;
    case AND:
        return (ours & asked) == asked;
    case OR:
        return ours & asked;
    default:
        return false;
    }
}

/* Version parts compare as one number, major first, by the condition of the
 * first that differs. */
static bool version_holds(const uint32_t ours[5], const uint32_t asked[5],
                          uint32_t types, uint64_t mask)
{
    static const uint8_t order[5] = {TYPE_MAJOR, TYPE_MINOR, TYPE_BUILD,
                                     TYPE_SP_MAJOR, TYPE_SP_MINOR};
    unsigned condition = EQUAL;
    bool any = false, good = true;

    for (unsigned i = 0; i < 5; i++) {
        if (!(types >> order[i] & 1))
            continue;
        if (!any)
            condition = mask >> 3 * order[i] & 7;
        any = true;
        good = holds(ours[i], asked[i], condition);
        if (ours[i] != asked[i])
            return good;
    }
    return good;
}

/* NTSTATUS RtlVerifyVersionInfo(VersionInfo, TypeMask, ConditionMask). */
void thunk_RtlVerifyVersionInfo(struct call *c)
{
    gva_t at = call_va(c, 0);
    uint32_t types = call_u32(c, 1);
    uint64_t mask = call_u64(c, 2);
    uint32_t ours[5] = {load_u32(c, gva_of(SHARED_DATA + SHARED_MAJOR)),
                        load_u32(c, gva_of(SHARED_DATA + SHARED_MINOR)),
                        build_number(c), 0, 0};
    uint32_t asked[5] = {load_u32(c, gva_add(at, VER_MAJOR)),
                         load_u32(c, gva_add(at, VER_MINOR)),
                         load_u32(c, gva_add(at, VER_BUILD)),
                         load_u16(c, gva_add(at, VER_SP_MAJOR)),
                         load_u16(c, gva_add(at, VER_SP_MINOR))};
    bool good;

    if (!call_ok(c))
        return;
    if (!types) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    good = version_holds(ours, asked, types, mask);
    if (types >> TYPE_PLATFORM & 1)
        good =
            good && holds(PLATFORM_NT, load_u32(c, gva_add(at, VER_PLATFORM)),
                          mask >> 3 * TYPE_PLATFORM & 7);
    if (types >> TYPE_SUITE & 1)
        good = good && holds(0, load_u16(c, gva_add(at, VER_SUITE)),
                             mask >> 3 * TYPE_SUITE & 7);
    if (types >> TYPE_PRODUCT & 1)
        good = good &&
               holds(PRODUCT_WORKSTATION, load_u8(c, gva_add(at, VER_PRODUCT)),
                     mask >> 3 * TYPE_PRODUCT & 7);
    if (call_ok(c))
        call_return(c, good ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH);
}

/* BOOLEAN ExIsProcessorFeaturePresent(Feature). */
void thunk_ExIsProcessorFeaturePresent(struct call *c)
{
    uint32_t feature = call_u32(c, 0);
    uint8_t present =
        feature < 64
            ? load_u8(c, gva_of(SHARED_DATA + SHARED_FEATURES + feature))
            : 0;

    if (call_ok(c))
        call_return(c, present);
}
