/* src/nt/description.c -- the hardware description in the registry, as NT's
 * detection leaves it, and IoQueryDeviceDescription over it. Source: NT 4 DDK,
 * IoQueryDeviceDescription; CONFIGURATION_TYPE and INTERFACE_TYPE of the DDK.
 *   System\<adapter>\<bus>\<controller>\<n>\<peripheral>\<n> */
#include "nt/description.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/exports.h"
#include "nt/guest.h"

#define ROOT "\\Registry\\Machine\\Hardware\\Description\\System"

enum { BUS, CONTROLLER, PERIPHERAL, LEVELS };
enum { IDENTIFIER, CONFIGURATION_DATA, COMPONENT, INFORMATIONS };
enum { PATH_UNITS = 192, NUMBERS_MOST = 256, VALUE_FIXED = 20 };

/** Keys of CONFIGURATION_TYPE, by number. */
static const char *const class_name[] = {
    "System",
    "CentralProcessor",
    "FloatingPointProcessor",
    "PrimaryIcache",
    "PrimaryDcache",
    "SecondaryIcache",
    "SecondaryDcache",
    "SecondaryCache",
    "EisaAdapter",
    "TcAdapter",
    "ScsiAdapter",
    "DtiAdapter",
    "MultifunctionAdapter",
    "DiskController",
    "TapeController",
    "CdRomController",
    "WormController",
    "SerialController",
    "NetworkController",
    "DisplayController",
    "ParallelController",
    "PointerController",
    "KeyboardController",
    "AudioController",
    "OtherController",
    "DiskPeripheral",
    "FloppyDiskPeripheral",
    "TapePeripheral",
    "ModemPeripheral",
    "MonitorPeripheral",
    "PrinterPeripheral",
    "PointerPeripheral",
    "KeyboardPeripheral",
    "TerminalPeripheral",
    "OtherPeripheral",
    "LinePeripheral",
    "NetworkPeripheral",
};
enum { CLASSES = sizeof class_name / sizeof class_name[0] };
enum { EISA_ADAPTER = 8, TC_ADAPTER = 9, MULTIFUNCTION_ADAPTER = 12 };

static uint32_t find(const struct registry *r, const char *path)
{
    uint16_t wide[PATH_UNITS];
    unsigned n = 0;

    for (; path[n] && n < PATH_UNITS; n++)
        wide[n] = (uint8_t)path[n];
    return hive_find(r, REGISTRY_ROOT, wide, n);
}

static const struct registry_value *value(const struct registry *r,
                                          uint32_t key, unsigned which)
{
    static const char *const name[INFORMATIONS] = {
        "Identifier", "Configuration Data", "Component Information"};
    uint16_t wide[32];
    unsigned n = 0;

    for (; name[which][n]; n++)
        wide[n] = (uint8_t)name[which][n];
    return hive_value(r, key, wide, n);
}

/* ---- what every machine has: a PCI and an ISA bus ------------------------ */

bool description_init(struct registry *r)
{
    static const struct {
        const char *name;
        uint8_t interface;
    } bus[] = {{"PCI", NT_PCI}, {"ISA", NT_ISA}};
    /* CM_FULL_RESOURCE_DESCRIPTOR without resources */
    uint8_t full[CM_FULL_PartialResourceList + CM_PARTIAL_PartialDescriptors] =
        {0};
    static const uint16_t data[] = {'C', 'o', 'n', 'f', 'i', 'g',
                                    'u', 'r', 'a', 't', 'i', 'o',
                                    'n', ' ', 'D', 'a', 't', 'a'};
    char path[PATH_UNITS];

    for (unsigned i = 0; i < sizeof bus / sizeof bus[0]; i++) {
        uint32_t key;

        snprintf(path, sizeof path, "%s\\%s\\%u", ROOT,
                 class_name[MULTIFUNCTION_ADAPTER], i);
        key = hive_make_text(r, path);
        full[CM_FULL_InterfaceType] = bus[i].interface;
        if (!key || !hive_set_text(r, key, "Identifier", bus[i].name) ||
            !hive_set(r, key, data, sizeof data / sizeof data[0],
                      REG_FULL_RESOURCE_DESCRIPTOR, full, sizeof full))
            return false;
    }
    return true;
}

/* ---- matches ------------------------------------------------------------- */

/** What is asked for; NULL pointers ask for any. */
struct query {
    bool any[LEVELS];        /* any instance */
    uint32_t number[LEVELS]; /* of bus, controller, peripheral */
    uint32_t class[LEVELS];  /* 0: the level is not asked for */
    bool any_bus_type;
    uint32_t bus_type;
};

/** One that fits. */
struct match {
    char path[PATH_UNITS];
    uint32_t bus_type, key[LEVELS], number[LEVELS];
};

/* Instances of @q's levels from @level on below @m: true when match number
 * *@skip is among them, else *@skip is less by those that are. */
static bool below(const struct registry *r, const struct query *q,
                  unsigned level, uint32_t *skip, struct match *m)
{
    size_t length = strlen(m->path);

    if (level == LEVELS || q->class[level] == 0)
        return (*skip)-- == 0;
    for (uint32_t n = 0; n < NUMBERS_MOST; n++) {
        if (!q->any[level])
            n = q->number[level];
        snprintf(m->path + length, sizeof m->path - length, "\\%s\\%u",
                 class_name[q->class[level]], n);
        m->key[level] = find(r, m->path);
        m->number[level] = n;
        if (m->key[level] && below(r, q, level + 1, skip, m))
            return true;
        if (!m->key[level] || !q->any[level])
            break;
    }
    m->path[length] = 0;
    return false;
}

/* The bus that key @m->key[BUS] describes: is it one that is asked for? */
static bool bus_fits(const struct registry *r, const struct query *q,
                     struct match *m)
{
    const struct registry_value *v = value(r, m->key[BUS], CONFIGURATION_DATA);
    uint32_t word[2];

    if (!v || v->bytes < sizeof word)
        return false;
    memcpy(word, hive_data(r, v), sizeof word);
    m->bus_type = word[0];
    m->number[BUS] = word[1];
    return (q->any_bus_type || q->bus_type == word[0]) &&
           (q->any[BUS] || q->number[BUS] == word[1]);
}

/* Match number @skip of @q. */
static bool match_at(const struct registry *r, const struct query *q,
                     uint32_t skip, struct match *m)
{
    static const uint8_t adapter[] = {EISA_ADAPTER, TC_ADAPTER,
                                      MULTIFUNCTION_ADAPTER};

    memset(m, 0, sizeof *m);
    for (unsigned a = 0; a < sizeof adapter; a++)
        for (uint32_t n = 0; n < NUMBERS_MOST; n++) {
            snprintf(m->path, sizeof m->path, "%s\\%s\\%u", ROOT,
                     class_name[adapter[a]], n);
            m->key[BUS] = find(r, m->path);
            if (!m->key[BUS])
                break;
            if (bus_fits(r, q, m) && below(r, q, CONTROLLER, &skip, m))
                return true;
        }
    return false;
}

/* ---- what the callout gets ------------------------------------------------
 * One block of pool: UNICODE_STRING, for each level three pointers to
 * KEY_VALUE_FULL_INFORMATION, the path, the information. */

enum { SETS_AT = USTR_BYTES, PATH_AT = SETS_AT + 4 * INFORMATIONS * LEVELS };

/* Bytes of @v as KEY_VALUE_FULL_INFORMATION, the data aligned. */
static uint32_t full_bytes(const struct registry_value *v, uint32_t *data_at)
{
    *data_at = (VALUE_FIXED + 2u * v->name_count + 3) & ~3u;
    return (*data_at + v->bytes + 7) & ~7u;
}

/* Walks all values; @to: where they go, 0 to count alone. Bytes. */
static uint32_t put_values(struct nt *nt, const struct match *m, uint32_t block,
                           uint32_t at)
{
    const struct registry *r = &nt->s.registry;

    for (unsigned i = 0; i < LEVELS * INFORMATIONS; i++) {
        uint32_t key = m->key[i / INFORMATIONS], data_at, bytes;
        const struct registry_value *v =
            key ? value(r, key, i % INFORMATIONS) : NULL;

        if (!v)
            continue;
        bytes = full_bytes(v, &data_at);
        if (block) {
            uint32_t to = block + at;
            uint32_t head[5] = {0, v->type, data_at, v->bytes,
                                2u * v->name_count};

            nt_put32(nt, block + SETS_AT + 4 * i, to);
            nt_put(nt, to, head, sizeof head);
            nt_put(nt, to + VALUE_FIXED, v->name, 2u * v->name_count);
            nt_put(nt, to + data_at, hive_data(r, v), v->bytes);
        }
        at += bytes;
    }
    return at;
}

/* The block, 0: no pool. */
static uint32_t make_block(struct nt *nt, const struct match *m)
{
    uint32_t units = (uint32_t)strlen(m->path);
    uint32_t values_at = (PATH_AT + 2 * units + 2 + 7) & ~7u;
    uint32_t block =
        nt_pool(nt, put_values(nt, m, 0, values_at), TAG('I', 'o', 'Q', 'D'));

    if (block == 0)
        return 0;
    nt_put16(nt, block + USTR_Length, (uint16_t)(2 * units));
    nt_put16(nt, block + USTR_MaximumLength, (uint16_t)(2 * units + 2));
    nt_put32(nt, block + USTR_Buffer, block + PATH_AT);
    for (uint32_t i = 0; i < units; i++)
        nt_put16(nt, block + PATH_AT + 2 * i, (uint8_t)m->path[i]);
    put_values(nt, m, block, values_at);
    return block;
}

/* ---- the routine ----------------------------------------------------------
 * NTSTATUS IoQueryDeviceDescription(*BusType, *BusNumber, *ControllerType,
 * *ControllerNumber, *PeripheralType, *PeripheralNumber, Callout, Context). */

enum { W_REPORTED, W_BLOCK };

/* *argument @i; true: it is NULL. */
static bool optional(struct call *c, unsigned i, uint32_t *out)
{
    *out = call_u32(c, i) ? load_u32(c, call_va(c, i)) : 0;
    return call_u32(c, i) == 0;
}

static bool load_query(struct call *c, struct query *q)
{
    q->any_bus_type = optional(c, 0, &q->bus_type);
    for (unsigned i = 0; i < LEVELS; i++) {
        q->any[i] = optional(c, 2 * i + 1, &q->number[i]);
        q->class[i] = 0;
        if (i != BUS)
            optional(c, 2 * i, &q->class[i]);
    }
    return call_ok(c) && q->class[CONTROLLER] < CLASSES &&
           q->class[PERIPHERAL] < CLASSES;
}

static void call_out(struct call *c, const struct query *q,
                     const struct match *m, uint32_t block)
{
    const uint32_t set = 4 * INFORMATIONS;
    uint32_t args[11] = {call_u32(c, 7), block, m->bus_type, m->number[BUS],
                         block + SETS_AT};

    for (unsigned level = CONTROLLER; level < LEVELS && m->key[level];
         level++) {
        args[2 + 3 * level] = q->class[level];
        args[3 + 3 * level] = m->number[level];
        args[4 + 3 * level] = block + SETS_AT + set * level;
    }
    call_guest(c, call_va(c, 6), 11, args, 1);
}

void thunk_IoQueryDeviceDescription(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct query q;
    struct match m;

    if (c->state != 0) {
        nt_pool_free(nt, c->w[W_BLOCK]);
        if (!nt_success(c->eax)) {
            call_return(c, c->eax);
            return;
        }
    }
    if (!load_query(c, &q)) {
        if (call_ok(c))
            call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    if (!match_at(&nt->s.registry, &q, c->w[W_REPORTED], &m)) {
        call_return(c, c->w[W_REPORTED] ? STATUS_SUCCESS
                                        : STATUS_OBJECT_NAME_NOT_FOUND);
        return;
    }
    c->w[W_REPORTED]++;
    c->w[W_BLOCK] = make_block(nt, &m);
    if (c->w[W_BLOCK])
        call_out(c, &q, &m, c->w[W_BLOCK]);
    else
        call_return(c, STATUS_INSUFFICIENT_RESOURCES);
}
