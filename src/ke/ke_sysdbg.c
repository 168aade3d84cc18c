/* src/ke/ke_sysdbg.c -- KdSystemDebugControl: memory, ports and buses for a
 * debugger that runs on the machine itself. It serves without a kernel debugger
 * too, as local debuggers of XP and 2003 need it to; what is about such a
 * debugger does not. Source: ntddk of NT 5.2, SYSDBG_COMMAND and its
 * structures. */
#include "ke/private.h"

enum sysdbg {
    SYSDBG_BREAK_POINT = 6,
    SYSDBG_QUERY_VERSION = 7,
    SYSDBG_READ_VIRTUAL = 8,
    SYSDBG_WRITE_VIRTUAL = 9,
    SYSDBG_READ_PHYSICAL = 10,
    SYSDBG_WRITE_PHYSICAL = 11,
    SYSDBG_READ_IO_SPACE = 14,
    SYSDBG_WRITE_IO_SPACE = 15,
    SYSDBG_READ_BUS_DATA = 18,
    SYSDBG_WRITE_BUS_DATA = 19,
    SYSDBG_ENABLE_DEBUGGER = 21,
    SYSDBG_DISABLE_DEBUGGER = 22,
};
enum {
    VIRTUAL_BYTES = 12,  /* Address, Buffer, Request */
    PHYSICAL_BYTES = 16, /* Address (64 bits), Buffer, Request */
    IO_SPACE_BYTES = 32, /* Address (64 bits), Buffer, Request, ... */
    BUS_DATA_BYTES = 24, /* Address, Buffer, Request, Type, Bus, Slot */
    VERSION_BYTES = 40,  /* DBGKD_GET_VERSION64 */
    PIECE = 256,
    FREE_BUILD_MAJOR = 0xf,
    MACHINE_I386 = 0x14c,
};
#define STATUS_DEBUGGER_INACTIVE  0xc0000354u
#define STATUS_INVALID_INFO_CLASS 0xc0000003u
#define STATUS_LENGTH_MISMATCH    0xc0000004u
#define STATUS_NO_SUCCESS         0xc0000001u
#define STATUS_BAD_PARAMETER      0xc000000du

/* (Command, InputBuffer, InputLength, OutputBuffer, OutputLength,
 * *ReturnLength, PreviousMode) */
enum { A_COMMAND, A_IN, A_IN_BYTES, A_OUT, A_OUT_BYTES, A_RETURN };

static uint32_t in_word(struct call *c, uint32_t offset)
{
    return load_u32(c, gva_add(call_va(c, A_IN), offset));
}

static void end(struct call *c, uint32_t status, uint32_t moved)
{
    if (call_u32(c, A_RETURN))
        store_u32(c, call_va(c, A_RETURN), moved);
    call_return(c, status);
}

/* One piece of memory from or to its place; false: nothing is there. */
static bool move_piece(struct call *c, uint64_t at, bool physical, bool write,
                       uint8_t *bytes, uint32_t n)
{
    if (physical)
        return write ? ram_write(c->ke->ram, gpa_of(at), bytes, n)
                     : ram_read(c->ke->ram, gpa_of(at), bytes, n);
    return write ? ke_write(c->ke, gva_of((uint32_t)at), bytes, n)
                 : ke_read(c->ke, gva_of((uint32_t)at), bytes, n);
}

static void move_memory(struct call *c, bool physical, bool write)
{
    uint64_t at =
        in_word(c, 0) | (physical ? (uint64_t)in_word(c, 4) << 32 : 0);
    uint32_t buffer = in_word(c, physical ? 8 : 4), moved = 0;
    uint32_t request = in_word(c, physical ? 12 : 8);
    uint8_t piece[PIECE];
    bool there = true;

    while (there && call_ok(c) && moved < request) {
        uint32_t n = PIECE - (uint32_t)((at + moved) % PIECE);

        if (n > request - moved)
            n = request - moved;
        if (write)
            load(c, gva_of(buffer + moved), piece, n);
        there =
            call_ok(c) && move_piece(c, at + moved, physical, write, piece, n);
        if (there && !write)
            store(c, gva_of(buffer + moved), piece, n);
        moved += there ? n : 0;
    }
    end(c, there ? STATUS_SUCCESS : STATUS_NO_SUCCESS, moved);
}

/* One access of 1, 2 or 4 bytes by the HAL's own routine. */
static void move_port(struct call *c, bool write)
{
    static const char *const stub[2][5] = {{[1] = "READ_PORT_UCHAR",
                                            [2] = "READ_PORT_USHORT",
                                            [4] = "READ_PORT_ULONG"},
                                           {[1] = "WRITE_PORT_UCHAR",
                                            [2] = "WRITE_PORT_USHORT",
                                            [4] = "WRITE_PORT_ULONG"}};
    uint32_t buffer = in_word(c, 8), size = in_word(c, 12);
    uint32_t args[2] = {in_word(c, 0)};

    if (!call_ok(c))
        return;
    if (c->state == 1) {
        if (!write)
            store(c, gva_of(buffer), &c->eax, size);
        end(c, STATUS_SUCCESS, size);
    } else if (size > 4 || !stub[write][size]) {
        end(c, STATUS_BAD_PARAMETER, 0);
    } else {
        if (write)
            load(c, gva_of(buffer), &args[1], size);
        if (call_ok(c))
            call_guest(c, ke_stub(c->ke, stub[write][size]), 1 + write, args,
                       1);
    }
}

static void move_bus_data(struct call *c, bool write)
{
    const uint32_t args[6] = {in_word(c, 12), in_word(c, 16), in_word(c, 20),
                              in_word(c, 4),  in_word(c, 0),  in_word(c, 8)};

    if (!call_ok(c))
        return;
    if (c->state == 1)
        end(c, c->eax ? STATUS_SUCCESS : STATUS_NO_SUCCESS, c->eax);
    else
        call_guest(c,
                   ke_stub(c->ke, write ? "HalSetBusDataByOffset"
                                        : "HalGetBusDataByOffset"),
                   6, args, 1);
}

static void version(struct call *c)
{
    uint32_t build = ke_read_u32(c->ke, ke_stub(c->ke, "NtBuildNumber"));
    uint16_t words[VERSION_BYTES / 2] = {FREE_BUILD_MAJOR, (uint16_t)build,
                                         6 /* protocol */, 0, MACHINE_I386};
    uint64_t base = (uint64_t)(int32_t)MM_NT_IMAGE; /* sign-extended */

    for (unsigned i = 0; i < 4; i++)
        words[8 + i] = (uint16_t)(base >> 16 * i);
    store(c, call_va(c, A_OUT), words, sizeof words);
    end(c, STATUS_SUCCESS, sizeof words);
}

/** What each command's buffer must be exactly; 0: it takes none. */
static const struct {
    uint8_t in, out;
} buffer_bytes[] = {
    [SYSDBG_BREAK_POINT] = {0, 0},
    [SYSDBG_QUERY_VERSION] = {0, VERSION_BYTES},
    [SYSDBG_READ_VIRTUAL] = {VIRTUAL_BYTES, 0},
    [SYSDBG_WRITE_VIRTUAL] = {VIRTUAL_BYTES, 0},
    [SYSDBG_READ_PHYSICAL] = {PHYSICAL_BYTES, 0},
    [SYSDBG_WRITE_PHYSICAL] = {PHYSICAL_BYTES, 0},
    [SYSDBG_READ_IO_SPACE] = {IO_SPACE_BYTES, 0},
    [SYSDBG_WRITE_IO_SPACE] = {IO_SPACE_BYTES, 0},
    [SYSDBG_READ_BUS_DATA] = {BUS_DATA_BYTES, 0},
    [SYSDBG_WRITE_BUS_DATA] = {BUS_DATA_BYTES, 0},
    [SYSDBG_DISABLE_DEBUGGER] = {0, 0},
};

void thunk_KdSystemDebugControl(struct call *c)
{
    uint32_t command = call_u32(c, A_COMMAND);

    if (command < sizeof buffer_bytes / sizeof buffer_bytes[0] &&
        ((buffer_bytes[command].in &&
          call_u32(c, A_IN_BYTES) != buffer_bytes[command].in) ||
         (buffer_bytes[command].out &&
          call_u32(c, A_OUT_BYTES) != buffer_bytes[command].out))) {
        end(c, STATUS_LENGTH_MISMATCH, 0);
        return;
    }
    switch (command) {
    case SYSDBG_BREAK_POINT:
        end(c, STATUS_NO_SUCCESS, 0);
        break;
    case SYSDBG_ENABLE_DEBUGGER:
    case SYSDBG_DISABLE_DEBUGGER:
        end(c, STATUS_DEBUGGER_INACTIVE, 0);
        break;
    case SYSDBG_QUERY_VERSION:
        version(c);
        break;
    case SYSDBG_READ_VIRTUAL:
    case SYSDBG_WRITE_VIRTUAL:
        move_memory(c, false, command == SYSDBG_WRITE_VIRTUAL);
        break;
    case SYSDBG_READ_PHYSICAL:
    case SYSDBG_WRITE_PHYSICAL:
        move_memory(c, true, command == SYSDBG_WRITE_PHYSICAL);
        break;
    case SYSDBG_READ_IO_SPACE:
    case SYSDBG_WRITE_IO_SPACE:
        move_port(c, command == SYSDBG_WRITE_IO_SPACE);
        break;
    case SYSDBG_READ_BUS_DATA:
    case SYSDBG_WRITE_BUS_DATA:
        move_bus_data(c, command == SYSDBG_WRITE_BUS_DATA);
        break;
    default:
        end(c, STATUS_INVALID_INFO_CLASS, 0);
        break;
    }
}
