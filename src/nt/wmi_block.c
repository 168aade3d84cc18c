/* src/nt/wmi_block.c -- consumers of WMI data in the kernel: IoWMIOpenBlock,
 * IoWMIQueryAllData, IoWMISetNotificationCallback; and events:
 * IoWMIWriteEvent. Source: WDK reference pages; wmistr.h. */
#include <string.h>

#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/wmi.h"

enum { WMIGUID_QUERY = 1, WMIGUID_NOTIFICATION = 4, FLAG_EXPENSIVE = 1 };
enum { EVENT_MOST = 65536, ROOM_MOST = 1 << 20 };
#define STATUS_WMI_GUID_NOT_FOUND 0xC0000295u

static struct nt_wmi_block *block_at(const struct nt *nt, uint32_t i)
{
    return VEC_AT(struct nt_wmi_block, &nt->s.wmi_blocks, i);
}

/* Blocks whose objects have gone. */
static void sweep(struct nt *nt)
{
    for (uint32_t i = nt->s.wmi_blocks.count; i-- > 0;) {
        const struct nt_object *o = ob_at(nt, block_at(nt, i)->object);

        if (!o || o->type != TYPE_WMI || o->body != block_at(nt, i)->body)
            vec_remove(&nt->s.wmi_blocks, sizeof(struct nt_wmi_block), i);
    }
}

struct nt_wmi_block *wmi_block(const struct nt *nt, uint32_t body)
{
    const struct nt_object *o = ob_at(nt, ob_find(nt, body));

    if (!o || o->type != TYPE_WMI)
        return NULL;
    for (uint32_t i = 0; i < nt->s.wmi_blocks.count; i++)
        if (block_at(nt, i)->body == body)
            return block_at(nt, i);
    return NULL;
}

/* ---- opening
 * ---------------------------------------------------------------------
 */

enum { W_NEXT = W_OWN, W_BODY, W_TOTAL, W_FAILED };

static uint32_t make_block(struct nt *nt, const uint8_t guid[16],
                           uint32_t access)
{
    struct nt_wmi_block b = {.access = access};

    sweep(nt);
    b.object = ob_create(nt, TYPE_WMI, 0);
    if (b.object == 0)
        return 0;
    b.body = ob_body(nt, b.object);
    memcpy(b.guid, guid, sizeof b.guid);
    b.sequence = ++nt->s.callback_sequence;
    if (!nt_push(&nt->s.wmi_blocks, sizeof b, &b)) {
        ob_destroy(nt, b.object);
        return 0;
    }
    return b.body;
}

/* What a provider is told of a consumer; false: nothing. */
static bool minor_of(uint32_t access, uint32_t flags, uint8_t *minor)
{
    *minor =
        access & WMIGUID_NOTIFICATION ? MN_ENABLE_EVENTS : MN_ENABLE_COLLECTION;
    return access & WMIGUID_NOTIFICATION ||
           (access & WMIGUID_QUERY && flags & FLAG_EXPENSIVE);
}

/* A WNODE_HEADER of the block in pool of @bytes. */
static uint32_t make_wnode(struct nt *nt, const uint8_t guid[16],
                           uint32_t device, uint32_t bytes, uint32_t flags)
{
    uint32_t at = nt_pool(nt, bytes, TAG('W', 'm', 'i', 'N'));
    uint64_t now = ke_system_time(nt->w.ke);

    if (at == 0)
        return 0;
    nt_put32(nt, at + WNODE_SIZE, bytes);
    nt_put32(nt, at + WNODE_PROVIDER, device);
    nt_put(nt, at + WNODE_TIME, &now, sizeof now);
    nt_put(nt, at + WNODE_GUID, guid, 16);
    nt_put32(nt, at + WNODE_FLAGS, flags);
    return at;
}

/* The next provider is told; false: that was the last. */
static bool tell_next(struct call *c, const uint8_t guid[16])
{
    struct nt *nt = nt_of(c);
    uint32_t access = call_u32(c, 1), device, flags;
    uint8_t minor;

    while ((device = wmi_provider(nt, guid, &c->w[W_NEXT], &flags))) {
        if (!minor_of(access, flags, &minor))
            continue;
        c->w[W_BUFFER] = make_wnode(nt, guid, device, WNODE_LEAST, 0);
        if (c->w[W_BUFFER] &&
            wmi_send(c, minor, device, c->w[W_BUFFER] + WNODE_GUID,
                     c->w[W_BUFFER], WNODE_LEAST, 1))
            return true;
        nt_pool_free(nt, c->w[W_BUFFER]);
    }
    return false;
}

/* NTSTATUS IoWMIOpenBlock(*Guid, Access, **Block): of a GUID that somebody
 * provides; whoever does hears of who wants events, or data that is expensive
 * to collect. The caller dereferences the block at the end. */
void thunk_IoWMIOpenBlock(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t status, information, i = 0, flags;
    uint8_t guid[16];

    if (c->state && !wmi_back(c, 1, &status, &information))
        return;
    if (c->state)
        nt_pool_free(nt, c->w[W_BUFFER]);
    load(c, call_va(c, 0), guid, sizeof guid);
    if (!call_ok(c))
        return;
    if (c->state == 0) {
        if (wmi_provider(nt, guid, &i, &flags) == 0) {
            call_return(c, STATUS_WMI_GUID_NOT_FOUND);
            return;
        }
        c->w[W_BODY] = make_block(nt, guid, call_u32(c, 1));
        if (c->w[W_BODY] == 0) {
            call_return(c, STATUS_INSUFFICIENT_RESOURCES);
            return;
        }
    }
    if (tell_next(c, guid))
        return;
    store_u32(c, call_va(c, 2), c->w[W_BODY]);
    call_return(c, STATUS_SUCCESS);
}

/* ---- querying
 * --------------------------------------------------------------------
 */

static uint32_t room(struct call *c)
{
    uint32_t bytes = call_u32(c, 2) ? load_u32(c, call_va(c, 1)) : 0;

    return bytes > ROOM_MOST ? ROOM_MOST : bytes;
}

static bool ask_next(struct call *c, const struct nt_wmi_block *b)
{
    struct nt *nt = nt_of(c);
    uint32_t bytes = room(c), device, flags;

    if (bytes < WNODE_LEAST)
        bytes = WNODE_LEAST;
    while ((device = wmi_provider(nt, b->guid, &c->w[W_NEXT], &flags))) {
        c->w[W_BUFFER] =
            make_wnode(nt, b->guid, device, bytes, WNODE_FLAG_ALL_DATA);
        if (c->w[W_BUFFER] &&
            wmi_send(c, MN_QUERY_ALL_DATA, device, c->w[W_BUFFER] + WNODE_GUID,
                     c->w[W_BUFFER], bytes, 1))
            return true;
        nt_pool_free(nt, c->w[W_BUFFER]);
        c->w[W_FAILED] = STATUS_INSUFFICIENT_RESOURCES;
    }
    return false;
}

/* A provider's node goes behind those of the others; all that it did not fit
 * into is counted. */
static void take_node(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t node = c->w[W_BUFFER], total = c->w[W_TOTAL], most = room(c);
    uint32_t bytes = nt_get32(nt, node + WNODE_SIZE), out = call_u32(c, 2);
    bool small = nt_get32(nt, node + WNODE_FLAGS) & WNODE_FLAG_TOO_SMALL;
    uint8_t piece[256];

    if (small)
        bytes = nt_get32(nt, node + WNODE_SIZE_NEEDED);
    if (bytes > ROOM_MOST)
        bytes = ROOM_MOST;
    c->w[W_TOTAL] = (total + bytes + 7) & ~7u;
    if (small || bytes > most || total > most - bytes) {
        c->w[W_FAILED] = STATUS_BUFFER_TOO_SMALL;
        return;
    }
    for (uint32_t at = 0; at < bytes; at += sizeof piece) {
        uint32_t n = bytes - at < sizeof piece ? bytes - at : sizeof piece;

        ke_read(nt->w.ke, gva_of(node + at), piece, n);
        store(c, gva_of(out + total + at), piece, n);
    }
    store_u32(c, gva_of(out + total + WNODE_LINKAGE), 0);
}

/* The node before the one at @total leads to it. */
static void link_nodes(struct call *c)
{
    uint32_t out = call_u32(c, 2), at = 0, next;

    while (at + WNODE_BYTES <= c->w[W_TOTAL] && call_ok(c)) {
        next = (at + load_u32(c, gva_of(out + at + WNODE_SIZE)) + 7) & ~7u;
        if (next <= at || next >= c->w[W_TOTAL])
            return;
        store_u32(c, gva_of(out + at + WNODE_LINKAGE), next - at);
        at = next;
    }
}

/* NTSTATUS IoWMIQueryAllData(Block, *Bytes, Out): a WNODE_ALL_DATA of each
 * provider, linked; too little room: STATUS_BUFFER_TOO_SMALL and how much it
 * takes. */
void thunk_IoWMIQueryAllData(struct call *c)
{
    struct nt *nt = nt_of(c);
    const struct nt_wmi_block *b = wmi_block(nt, call_u32(c, 0));
    uint32_t status, information;

    if (b == NULL || !(b->access & WMIGUID_QUERY)) {
        call_return(c, b ? STATUS_ACCESS_DENIED : STATUS_INVALID_HANDLE);
        return;
    }
    if (c->state) {
        if (!wmi_back(c, 1, &status, &information))
            return;
        if (nt_success(status))
            take_node(c);
        else if (!c->w[W_FAILED])
            c->w[W_FAILED] = status;
        nt_pool_free(nt, c->w[W_BUFFER]);
    }
    if (!call_ok(c) || ask_next(c, b))
        return;
    status = c->w[W_FAILED];
    if (c->w[W_TOTAL] && status != STATUS_BUFFER_TOO_SMALL)
        status = STATUS_SUCCESS;
    else if (c->w[W_TOTAL] == 0 && status == 0)
        status = STATUS_WMI_GUID_NOT_FOUND;
    if (status == STATUS_SUCCESS)
        link_nodes(c);
    store_u32(c, call_va(c, 1), c->w[W_TOTAL]);
    call_return(c, status);
}

/* ---- events
 * ----------------------------------------------------------------------
 */

/* NTSTATUS IoWMISetNotificationCallback(Block, Callback, Context). */
void thunk_IoWMISetNotificationCallback(struct call *c)
{
    struct nt_wmi_block *b = wmi_block(nt_of(c), call_u32(c, 0));

    if (b == NULL || !(b->access & WMIGUID_NOTIFICATION)) {
        call_return(c, b ? STATUS_ACCESS_DENIED : STATUS_INVALID_HANDLE);
        return;
    }
    b->routine = call_u32(c, 1);
    b->context = call_u32(c, 2);
    call_return(c, STATUS_SUCCESS);
}

/* NTSTATUS IoWMIWriteEvent(Wnode): pool that is freed here once all consumers
 * have been called; the caller's own if it fails. */
void thunk_IoWMIWriteEvent(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t node = call_u32(c, 0);
    uint32_t bytes = load_u32(c, gva_of(node + WNODE_SIZE));
    uint32_t flags = load_u32(c, gva_of(node + WNODE_FLAGS));

    if (!call_ok(c))
        return;
    if (bytes < WNODE_BYTES ||
        !(flags & (WNODE_FLAG_EVENT_ITEM | WNODE_FLAG_EVENT_REFERENCE)))
        call_return(c, STATUS_INVALID_PARAMETER);
    else if (bytes > EVENT_MOST)
        call_return(c, STATUS_BUFFER_OVERFLOW);
    else
        call_return(c,
                    ke_queue_work(nt->w.ke, call_stub(c, "NtpWmiEvent"), node)
                        ? STATUS_SUCCESS
                        : STATUS_INSUFFICIENT_RESOURCES);
}

/* A worker's routine: each consumer's callback (Wnode, Context). */
void thunk_NtpWmiEvent(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t node = call_u32(c, 0);
    uint8_t guid[16] = {0};

    if (c->state == 0)
        c->w[W_NEXT] = 0;
    ke_read(nt->w.ke, gva_of(node + WNODE_GUID), guid, sizeof guid);
    sweep(nt);
    for (uint32_t i = 0; i < nt->s.wmi_blocks.count; i++) {
        const struct nt_wmi_block *b = block_at(nt, i);

        if (b->sequence <= c->w[W_NEXT] || !b->routine ||
            memcmp(b->guid, guid, sizeof guid) != 0)
            continue;
        c->w[W_NEXT] = b->sequence;
        call_guest(c, gva_of(b->routine), 2,
                   (const uint32_t[]){node, b->context}, 1);
        return;
    }
    nt_pool_free(nt, node);
    call_return(c, 0);
}
