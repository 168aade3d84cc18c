/* images/extest/range.c -- range lists. */
#include "extest.h"

/* In no header of the DDK. */
typedef struct {
    ULONGLONG Start, End;
    PVOID UserData, Owner;
    UCHAR Attributes, Flags;
} RTL_RANGE, *PRTL_RANGE;
typedef struct {
    LIST_ENTRY ListHead;
    ULONG Flags, Count, Stamp;
} RTL_RANGE_LIST, *PRTL_RANGE_LIST;
typedef struct {
    PLIST_ENTRY RangeListHead, MergedHead;
    PVOID Current;
    ULONG Stamp;
} RANGE_LIST_ITERATOR;
typedef BOOLEAN(NTAPI *PRANGE_CALLBACK)(PVOID Context, PRTL_RANGE Range);

NTSYSAPI void NTAPI RtlInitializeRangeList(PRTL_RANGE_LIST List);
NTSYSAPI void NTAPI RtlFreeRangeList(PRTL_RANGE_LIST List);
NTSYSAPI NTSTATUS NTAPI RtlAddRange(PRTL_RANGE_LIST, ULONGLONG Start,
                                    ULONGLONG End, UCHAR Attributes,
                                    ULONG Flags, PVOID UserData, PVOID Owner);
NTSYSAPI NTSTATUS NTAPI RtlDeleteRange(PRTL_RANGE_LIST, ULONGLONG Start,
                                       ULONGLONG End, PVOID Owner);
NTSYSAPI NTSTATUS NTAPI RtlDeleteOwnersRanges(PRTL_RANGE_LIST, PVOID Owner);
NTSYSAPI NTSTATUS NTAPI RtlCopyRangeList(PRTL_RANGE_LIST, PRTL_RANGE_LIST);
NTSYSAPI NTSTATUS NTAPI RtlMergeRangeLists(PRTL_RANGE_LIST, PRTL_RANGE_LIST,
                                           PRTL_RANGE_LIST, ULONG Flags);
NTSYSAPI NTSTATUS NTAPI RtlInvertRangeList(PRTL_RANGE_LIST, PRTL_RANGE_LIST);
NTSYSAPI NTSTATUS NTAPI RtlGetFirstRange(PRTL_RANGE_LIST, RANGE_LIST_ITERATOR *,
                                         PRTL_RANGE *);
NTSYSAPI NTSTATUS NTAPI RtlGetLastRange(PRTL_RANGE_LIST, RANGE_LIST_ITERATOR *,
                                        PRTL_RANGE *);
NTSYSAPI NTSTATUS NTAPI RtlGetNextRange(RANGE_LIST_ITERATOR *, PRTL_RANGE *,
                                        BOOLEAN Forwards);
NTSYSAPI NTSTATUS NTAPI RtlIsRangeAvailable(PRTL_RANGE_LIST, ULONGLONG Start,
                                            ULONGLONG End, ULONG Flags,
                                            UCHAR Mask, PVOID Context,
                                            PRANGE_CALLBACK, PBOOLEAN);
NTSYSAPI NTSTATUS NTAPI RtlFindRange(PRTL_RANGE_LIST, ULONGLONG Minimum,
                                     ULONGLONG Maximum, ULONG Length,
                                     ULONG Alignment, ULONG Flags, UCHAR Mask,
                                     PVOID Context, PRANGE_CALLBACK,
                                     PULONGLONG Start);

#define CONFLICT  ((NTSTATUS)0xC0000282)
#define NOT_FOUND ((NTSTATUS)0xC000028C)
#define ME        ((PVOID)0x1000)
#define YOU       ((PVOID)0x2000)
enum { IF_CONFLICT = 1, SHARED = 2 };
enum { SHARED_OK = 1, NULL_CONFLICT_OK = 2 };

static RTL_RANGE_LIST List, Other, Result;

static NTSTATUS Add(ULONGLONG Start, ULONGLONG End, ULONG Flags, PVOID Owner)
{
    return RtlAddRange(&List, Start, End, 1, Flags, (PVOID)0x77, Owner);
}

/* The list holds exactly these @Count pairs, both ways. */
static BOOLEAN Holds(PRTL_RANGE_LIST Ranges, ULONG Count, const ULONGLONG *Pair)
{
    RANGE_LIST_ITERATOR at;
    PRTL_RANGE range = NULL;
    NTSTATUS status;
    ULONG i, way;

    for (way = 0; way < 2; way++) {
        status = way ? RtlGetLastRange(Ranges, &at, &range)
                     : RtlGetFirstRange(Ranges, &at, &range);
        for (i = 0; i < Count; i++) {
            ULONG n = way ? Count - 1 - i : i;

            if (status != STATUS_SUCCESS || range->Start != Pair[2 * n] ||
                range->End != Pair[2 * n + 1])
                return FALSE;
            status = RtlGetNextRange(&at, &range, !way);
        }
        if (status != STATUS_NO_MORE_ENTRIES || range != NULL)
            return FALSE;
    }
    return Ranges->Count == Count;
}
#define HOLDS(list, ...)                                                       \
    Holds((list), sizeof((ULONGLONG[]){__VA_ARGS__}) / 16,                     \
          (ULONGLONG[]){__VA_ARGS__})

static void Fill(void)
{
    RANGE_LIST_ITERATOR at;
    PRTL_RANGE range;

    RtlInitializeRangeList(&List);
    CHECK(RtlGetFirstRange(&List, &at, &range) == STATUS_NO_MORE_ENTRIES);
    CHECK(Add(0x300, 0x30f, 0, ME) == STATUS_SUCCESS);
    CHECK(Add(0x100, 0x1ff, SHARED, YOU) == STATUS_SUCCESS);
    CHECK(Add(0x400000000, 0x4ffffffff, 0, NULL) == STATUS_SUCCESS);
    CHECK(Add(0x30f, 0x310, 0, YOU) == CONFLICT);
    CHECK(Add(0x180, 0x27f, 0, ME) == CONFLICT); /* both must be shared */
    CHECK(Add(0x180, 0x27f, SHARED, ME) == STATUS_SUCCESS);
    CHECK(Add(5, 4, 0, ME) == STATUS_INVALID_PARAMETER);
    CHECK(HOLDS(&List, 0x100, 0x1ff, 0x180, 0x27f, 0x300, 0x30f, 0x400000000,
                0x4ffffffff));
    CHECK(RtlGetFirstRange(&List, &at, &range) == STATUS_SUCCESS);
    CHECK(range->UserData == (PVOID)0x77 && range->Owner == YOU);
    CHECK(range->Attributes == 1 && range->Flags == 1);
    CHECK(Add(0x308, 0x308, IF_CONFLICT, YOU) == STATUS_SUCCESS);
    CHECK(RtlGetNextRange(&at, &range, TRUE) == STATUS_INVALID_PARAMETER);
    CHECK(RtlDeleteRange(&List, 0x308, 0x308, ME) == NOT_FOUND);
    CHECK(RtlDeleteRange(&List, 0x308, 0x308, YOU) == STATUS_SUCCESS);
}

static BOOLEAN NTAPI Mine(PVOID Context, PRTL_RANGE Range)
{
    ++*(ULONG *)Context;
    return Range->Owner == ME;
}

static BOOLEAN Free(ULONGLONG Start, ULONGLONG End, ULONG Flags, UCHAR Mask,
                    ULONG *Calls)
{
    BOOLEAN available = 2;

    CHECK(RtlIsRangeAvailable(&List, Start, End, Flags, Mask, Calls,
                              Calls ? Mine : NULL,
                              &available) == STATUS_SUCCESS);
    CHECK(available < 2);
    return available;
}

static void Ask(void)
{
    ULONG calls = 0;

    CHECK(Free(0x280, 0x2ff, 0, 0, NULL));
    CHECK(!Free(0x280, 0x300, 0, 0, NULL));
    CHECK(!Free(0x150, 0x150, 0, 0, NULL));
    CHECK(Free(0x150, 0x150, SHARED_OK, 0, NULL));
    CHECK(Free(0x150, 0x150, 0, 1, NULL)); /* its attribute does not count */
    CHECK(!Free(0x400000000, 0x400000001, 0, 2, NULL));
    CHECK(Free(0x400000000, 0x400000001, NULL_CONFLICT_OK, 0, NULL));
    CHECK(Free(0x200, 0x3ff, 0, 0, &calls) && calls == 2); /* both are mine */
    CHECK(!Free(0x100, 0x3ff, 0, 0, &calls) && calls == 3);
}

static NTSTATUS Find(ULONGLONG Least, ULONGLONG Most, ULONG Length, ULONG Align,
                     ULONG *Calls, ULONGLONG *Start)
{
    return RtlFindRange(&List, Least, Most, Length, Align, 0, 0, Calls,
                        Calls ? Mine : NULL, Start);
}

static void Search(void)
{
    ULONGLONG at = 0;
    ULONG calls = 0;

    CHECK(Find(0, 0x3ff, 0x10, 0x10, NULL, &at) == STATUS_SUCCESS);
    CHECK(at == 0x3f0); /* the highest first */
    CHECK(Find(0, 0x317, 0x10, 0x10, NULL, &at) == STATUS_SUCCESS);
    CHECK(at == 0x2f0);
    CHECK(Find(0, 0x30f, 0x100, 0x100, NULL, &at) == STATUS_SUCCESS);
    CHECK(at == 0);
    CHECK(Find(1, 0x30f, 0x100, 0x100, NULL, &at) == STATUS_UNSUCCESSFUL);
    CHECK(Find(1, 0x30f, 0x100, 0x100, &calls, &at) == STATUS_SUCCESS);
    CHECK(at == 0x200 && calls == 1);
    CHECK(Find(0x10, 0xf, 1, 1, NULL, &at) == STATUS_INVALID_PARAMETER);
    CHECK(Find(0, 0xf, 0x11, 1, NULL, &at) == STATUS_INVALID_PARAMETER);
    CHECK(Find(0, 0xf, 0, 1, NULL, &at) == STATUS_INVALID_PARAMETER);
    CHECK(Find(0, 0xf, 1, 0, NULL, &at) == STATUS_INVALID_PARAMETER);
}

static void Whole(void)
{
    RtlInitializeRangeList(&Other);
    RtlInitializeRangeList(&Result);
    CHECK(RtlCopyRangeList(&Other, &List) == STATUS_SUCCESS);
    CHECK(Other.Count == List.Count);
    CHECK(RtlCopyRangeList(&Other, &List) == STATUS_INVALID_PARAMETER);
    CHECK(RtlDeleteOwnersRanges(&List, ME) == STATUS_SUCCESS);
    CHECK(HOLDS(&List, 0x100, 0x1ff, 0x400000000, 0x4ffffffff));
    CHECK(RtlMergeRangeLists(&Result, &List, &Other, 0) == CONFLICT);
    RtlFreeRangeList(&Result);
    CHECK(RtlMergeRangeLists(&Result, &List, &Other, IF_CONFLICT) ==
          STATUS_SUCCESS);
    CHECK(Result.Count == 6);
    RtlFreeRangeList(&Result);
    CHECK(Result.Count == 0);
    CHECK(RtlInvertRangeList(&Result, &Other) == STATUS_SUCCESS);
    CHECK(HOLDS(&Result, 0, 0xff, 0x280, 0x2ff, 0x310, 0x3ffffffff, 0x500000000,
                ~0ull));
    RtlFreeRangeList(&Other);
    CHECK(RtlInvertRangeList(&Other, &Result) == STATUS_SUCCESS);
    CHECK(HOLDS(&Other, 0x100, 0x27f, 0x300, 0x30f, 0x400000000, 0x4ffffffff));
    RtlFreeRangeList(&Other);
    RtlFreeRangeList(&Result);
    RtlFreeRangeList(&List);
}

void Ranges(PDEVICE_OBJECT Device)
{
    (void)Device;
    Fill();
    Ask();
    Search();
    Whole();
}
