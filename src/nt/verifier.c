/* src/nt/verifier.c -- drivers that ask the verifier, or tell it of another's
 * mistake. Source: ntddk.h of the WDK (VfFailDeviceNode and its kind); the
 * verifier's checks are the machine's `checks`. */
#include "nt/exports.h"
#include "nt/guest.h"

enum { VFOBJTYPE_DRIVER, VFOBJTYPE_DEVICE, VFOBJTYPE_SYSTEM_BIOS };
enum { VFFAILURE_FAIL_IN_FIELD };
enum { TEXT_MOST = 160 };

static bool verifying(const struct call *c)
{
    return nt_of(c)->w.mm->s.settings.checks;
}

/* BOOLEAN VfIsVerificationEnabled(ObjectType, Object): all drivers and devices
 * are watched or none; the firmware never. */
void thunk_VfIsVerificationEnabled(struct call *c)
{
    call_return(c, verifying(c) && call_u32(c, 0) <= VFOBJTYPE_DEVICE);
}

/* What @who fails of: slots from @at on are BugCheckMajorCode, MinorCode,
 * FailureClass, *AssertionControl, Message, ParameterFormat and the values it
 * describes, of which a bugcheck shows three. */
static void fail(struct call *c, unsigned at, uint32_t who)
{
    uint32_t message = call_u32(c, at + 4), format = call_u32(c, at + 5);
    char text[TEXT_MOST] = "";
    unsigned values = 0;

    if (!verifying(c)) {
        call_return(c, 0);
        return;
    }
    for (uint32_t i = 0; message && i + 1 < sizeof text && call_ok(c); i++) {
        uint8_t byte = load_u8(c, gva_of(message + i));

        if (byte == 0)
            break;
        text[i] = byte >= 0x20 && byte < 0x7f ? (char)byte : ' ';
    }
    for (uint32_t i = 0; format && i < TEXT_MOST && call_ok(c); i++) {
        uint8_t byte = load_u8(c, gva_of(format + i));

        if (byte == 0)
            break;
        values += byte == '%' && values < 3;
    }
    if (!call_ok(c))
        return;
    if (call_u32(c, at + 2) == VFFAILURE_FAIL_IN_FIELD)
        call_bugcheck(c, call_u32(c, at), call_u32(c, at + 1),
                      values > 0 ? call_u32(c, at + 6) : 0,
                      values > 1 ? call_u32(c, at + 7) : 0,
                      values > 2 ? call_u32(c, at + 8) : 0);
    else
        call_finding(c, "verifier", "%08X fails %X/%X: %s", who,
                     call_u32(c, at), call_u32(c, at + 1), text);
    if (call_u32(c, at + 2) != VFFAILURE_FAIL_IN_FIELD)
        call_return(c, 0);
}

/* VOID VfFailDeviceNode(PhysicalDeviceObject, ...). */
void thunk_VfFailDeviceNode(struct call *c)
{
    fail(c, 1, call_u32(c, 0));
}

/* VOID VfFailDriver(...). */
void thunk_VfFailDriver(struct call *c)
{
    fail(c, 0, 0);
}

/* VOID VfFailSystemBIOS(...): this machine's, which is not watched. */
void thunk_VfFailSystemBIOS(struct call *c)
{
    call_return(c, 0);
}
