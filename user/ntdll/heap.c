/* user/ntdll/heap.c -- heaps: arenas of pages cut into blocks, first fit, holes
 * joined on the way. Source: Platform SDK, "Heap Functions". */
#include "ntdll/ntdll.h"

enum {
    ARENA_BYTES = 0x10000,
    BLOCK_USED = 1,
    ALIGNMENT = 8,
    HEADER_BYTES = 8,
};

/** A block: its bytes with this header, a multiple of 8; bit 0: used. */
struct block {
    ULONG size;
    ULONG asked; /* what its owner may use */
};

struct arena {
    struct arena *next;
    ULONG bytes; /* of blocks behind this header */
    ULONG pad[2];
};

struct heap {
    RTL_CRITICAL_SECTION lock;
    struct arena *arena;
};

static struct block *first(struct arena *a)
{
    return (struct block *)(a + 1);
}

static BYTE *end_of(struct arena *a)
{
    return (BYTE *)(a + 1) + a->bytes;
}

static ULONG size_of(const struct block *b)
{
    return b->size & ~(ULONG)BLOCK_USED;
}

static struct block *after(struct block *b)
{
    return (struct block *)((BYTE *)b + size_of(b));
}

static void *pages(ULONG bytes)
{
    void *at = NULL;

    if (NtAllocateVirtualMemory(NT_CURRENT_PROCESS, &at, 0, &bytes,
                                MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE) < 0)
        return NULL;
    return at;
}

static struct arena *grow(struct heap *h, ULONG block)
{
    ULONG bytes = block + sizeof(struct arena);
    struct arena *a;

    bytes = bytes < ARENA_BYTES ? ARENA_BYTES : (bytes + 0xfff) & ~0xfffu;
    a = bytes >= block ? pages(bytes) : NULL;
    if (!a)
        return NULL;
    a->bytes = bytes - sizeof *a;
    first(a)->size = a->bytes;
    a->next = h->arena;
    h->arena = a;
    return a;
}

/* A hole of at least @size bytes; holes met are joined with those behind. */
static struct block *find_hole(struct arena *a, ULONG size)
{
    struct block *b = first(a);

    for (; (BYTE *)b < end_of(a); b = after(b)) {
        if (b->size & BLOCK_USED)
            continue;
        while ((BYTE *)after(b) < end_of(a) && !(after(b)->size & BLOCK_USED))
            b->size += after(b)->size;
        if (b->size >= size)
            return b;
    }
    return NULL;
}

static void take(struct block *b, ULONG size, ULONG asked)
{
    ULONG rest = b->size - size;

    if (rest >= 2 * HEADER_BYTES) {
        b->size = size;
        after(b)->size = rest;
    }
    b->size |= BLOCK_USED;
    b->asked = asked;
}

static void fill(void *at, int byte, ULONG bytes)
{
    BYTE *p = at;

    while (bytes--)
        *p++ = (BYTE)byte;
}

PVOID NTAPI RtlAllocateHeap(HANDLE heap, ULONG flags, ULONG bytes)
{
    struct heap *h = heap;
    ULONG size = (bytes + HEADER_BYTES + ALIGNMENT - 1) & ~(ALIGNMENT - 1u);
    struct block *b = NULL;

    if (bytes > 0x7fffffff)
        return NULL;
    if (size < 2 * HEADER_BYTES)
        size = 2 * HEADER_BYTES;
    RtlEnterCriticalSection(&h->lock);
    for (struct arena *a = h->arena; a && !b; a = a->next)
        b = find_hole(a, size);
    if (!b && grow(h, size))
        b = first(h->arena);
    if (b)
        take(b, size, bytes);
    RtlLeaveCriticalSection(&h->lock);
    if (b && flags & HEAP_ZERO_MEMORY)
        fill(b + 1, 0, bytes);
    return b ? b + 1 : NULL;
}

BOOLEAN NTAPI RtlFreeHeap(HANDLE heap, ULONG flags, PVOID at)
{
    struct heap *h = heap;
    struct block *b = (struct block *)at - 1;

    (void)flags;
    if (!at)
        return TRUE;
    RtlEnterCriticalSection(&h->lock);
    b->size &= ~(ULONG)BLOCK_USED;
    RtlLeaveCriticalSection(&h->lock);
    return TRUE;
}

ULONG NTAPI RtlSizeHeap(HANDLE heap, ULONG flags, PVOID at)
{
    (void)heap;
    (void)flags;
    return ((struct block *)at - 1)->asked;
}

PVOID NTAPI RtlReAllocateHeap(HANDLE heap, ULONG flags, PVOID at, ULONG bytes)
{
    ULONG old = at ? RtlSizeHeap(heap, 0, at) : 0;
    BYTE *to = RtlAllocateHeap(heap, flags, bytes);

    if (!to)
        return NULL;
    for (ULONG i = 0; i < old && i < bytes; i++)
        to[i] = ((BYTE *)at)[i];
    RtlFreeHeap(heap, 0, at);
    return to;
}

PVOID NTAPI RtlCreateHeap(ULONG flags, PVOID base, SIZE_T reserve,
                          SIZE_T commit, PVOID lock,
                          PRTL_HEAP_PARAMETERS parameters)
{
    struct arena *a = pages(ARENA_BYTES);
    struct heap *h;
    struct block *b;

    (void)flags;
    (void)base;
    (void)reserve;
    (void)commit;
    (void)lock;
    (void)parameters;
    if (!a)
        return NULL;
    a->bytes = ARENA_BYTES - sizeof *a;
    b = first(a);
    b->size = a->bytes;
    take(b, (HEADER_BYTES + sizeof *h + 7) & ~7u, sizeof *h);
    h = (struct heap *)(b + 1);
    RtlInitializeCriticalSection(&h->lock);
    h->arena = a;
    return h;
}

/* NULL: done. The heap itself lies in its last arena. */
PVOID NTAPI RtlDestroyHeap(HANDLE heap)
{
    struct heap *h = heap;
    struct arena *a = h->arena, *next;

    RtlDeleteCriticalSection(&h->lock);
    for (; a; a = next) {
        void *at = a;
        ULONG none = 0;

        next = a->next;
        NtFreeVirtualMemory(NT_CURRENT_PROCESS, &at, &none, MEM_RELEASE);
    }
    return NULL;
}
