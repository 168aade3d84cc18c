/* mm/pagefile.c -- see pagefile.h. Slots are handed out lowest first, so the
 * same requests give the same slots in every run. */
#include "mm/pagefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/vec.h"

struct pagefile {
    uint32_t pages;
    int fd;         /* -1: in memory */
    uint8_t *bytes; /* NULL: in the file */
    bool told;      /* that the host failed us */
};

static struct page_slot *slot_at(const struct mm *mm, uint32_t slot)
{
    return VEC_AT(struct page_slot, &mm->s.slot, slot - 1);
}

/* ---- the host's side --------------------------------------------------------
 */

static enum hb_status open_file(struct pagefile *f, const char *path,
                                struct hb_error *error)
{
    f->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (f->fd < 0)
        return hb_fail(error, HB_NO_FILE,
                       "paging file %s: %s: name a file that does not exist "
                       "yet, where one can be made",
                       path, strerror(errno));
    unlink(path);
    if (ftruncate(f->fd, (off_t)f->pages * PAGE_BYTES) == 0)
        return HB_OK;
    return hb_fail(error, HB_NO_FILE,
                   "paging file %s: no room for %u pages: %s", path, f->pages,
                   strerror(errno));
}

static enum hb_status open_memory(struct pagefile *f, struct hb_error *error)
{
    void *at = mmap(NULL, (size_t)f->pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (at == MAP_FAILED)
        return hb_fail(error, HB_NO_MEMORY,
                       "no memory for a paging file of %u pages", f->pages);
    f->bytes = at;
    return HB_OK;
}

enum hb_status pagefile_open(struct mm *mm, const char *path, uint32_t pages,
                             struct hb_error *error)
{
    struct pagefile *f;
    enum hb_status st;

    if (!pages || pages > PAGEFILE_MOST || mm->file)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "a paging file has 1 to %d pages, not %u", PAGEFILE_MOST,
                       pages);
    f = calloc(1, sizeof *f);
    if (!f)
        return hb_fail(error, HB_NO_MEMORY, "no memory for the paging file");
    f->pages = pages;
    f->fd = -1;
    mm->file = f;
    st = path[0] ? open_file(f, path, error) : open_memory(f, error);
    if (st != HB_OK)
        pagefile_close(mm);
    return st;
}

void pagefile_close(struct mm *mm)
{
    struct pagefile *f = mm->file;

    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    if (f->bytes)
        munmap(f->bytes, (size_t)f->pages * PAGE_BYTES);
    free(f);
    mm->file = NULL;
}

uint32_t pagefile_pages(const struct mm *mm)
{
    return mm->file ? mm->file->pages : 0;
}

/* The first time it is told; the page stays where it is. */
static bool host_failed(const struct mm *mm, const char *what)
{
    char text[128];

    if (mm->file->told)
        return false;
    mm->file->told = true;
    snprintf(text, sizeof text, "the paging file cannot be %s: %s", what,
             strerror(errno));
    EMIT(mm->events, finding, EVENT_STRING("HOST"), EVENT_STRING(text));
    return false;
}

bool pagefile_write(struct mm *mm, uint32_t slot, const uint8_t *bytes)
{
    const struct pagefile *f = mm->file;
    off_t at = (off_t)(slot - 1) * PAGE_BYTES;

    if (!f || !slot || slot > f->pages)
        return false;
    if (!f->bytes)
        return pwrite(f->fd, bytes, PAGE_BYTES, at) == PAGE_BYTES ||
               host_failed(mm, "written");
    memcpy(f->bytes + at, bytes, PAGE_BYTES);
    return true;
}

bool pagefile_read(const struct mm *mm, uint32_t slot, uint8_t *bytes)
{
    const struct pagefile *f = mm->file;
    off_t at = (off_t)(slot - 1) * PAGE_BYTES;

    if (!f || !slot || slot > f->pages)
        return false;
    if (!f->bytes)
        return pread(f->fd, bytes, PAGE_BYTES, at) == PAGE_BYTES ||
               host_failed(mm, "read");
    memcpy(bytes, f->bytes + at, PAGE_BYTES);
    return true;
}

/* ---- slots ------------------------------------------------------------------
 */

uint32_t pagefile_used(const struct mm *mm)
{
    return mm->s.slots_used;
}

bool pagefile_take(struct mm *mm, enum frame_owner owner, uint32_t space,
                   gva_t va, uint32_t *slot)
{
    struct page_slot new = {space, va.v, (uint8_t)owner};
    uint32_t i = mm->s.slot_free; /* none below it is free */

    while (i < mm->s.slot.count && slot_at(mm, i + 1)->va)
        i++;
    if (i >= pagefile_pages(mm) ||
        (i == mm->s.slot.count && !vec_push(&mm->s.slot, sizeof new, &new)))
        return false;
    *slot_at(mm, i + 1) = new;
    mm->s.slot_free = i + 1;
    mm->s.slots_used++;
    *slot = i + 1;
    return true;
}

void pagefile_give(struct mm *mm, uint32_t slot)
{
    if (!slot || slot > mm->s.slot.count || !slot_at(mm, slot)->va)
        return;
    *slot_at(mm, slot) = (struct page_slot){0};
    mm->s.slots_used--;
    if (slot - 1 < mm->s.slot_free)
        mm->s.slot_free = slot - 1;
}

bool pagefile_holds(const struct mm *mm, uint32_t slot, uint32_t space,
                    gva_t va)
{
    return slot && slot <= mm->s.slot.count && va.v &&
           slot_at(mm, slot)->space == space && slot_at(mm, slot)->va == va.v;
}

uint32_t pagefile_sweep(struct mm *mm, uint32_t space, gva_t va, uint32_t pages)
{
    uint32_t given = 0;

    for (uint32_t i = 1; i <= mm->s.slot.count; i++) {
        const struct page_slot *s = slot_at(mm, i);

        if (s->va && s->space == space && s->va >= va.v &&
            (s->va - va.v) >> PAGE_SHIFT < pages) {
            pagefile_give(mm, i);
            given++;
        }
    }
    return given;
}

/* ---- saves ------------------------------------------------------------------
 */

bool pagefile_check(const struct mm *mm)
{
    uint32_t used = 0;

    for (uint32_t i = 1; i <= mm->s.slot.count; i++)
        used += slot_at(mm, i)->va != 0;
    return mm->s.slot.count <= pagefile_pages(mm) && used == mm->s.slots_used &&
           mm->s.slot_free <= mm->s.slot.count;
}

void pagefile_save(const struct mm *mm, struct saver *s)
{
    uint8_t bytes[PAGE_BYTES];

    for (uint32_t i = 1; i <= mm->s.slot.count; i++) {
        if (!slot_at(mm, i)->va)
            continue;
        if (!pagefile_read(mm, i, bytes))
            s->failed = true;
        save_bytes(s, bytes, sizeof bytes);
    }
}

bool pagefile_load(struct mm *mm, struct loader *l)
{
    uint8_t bytes[PAGE_BYTES];

    for (uint32_t i = 1; i <= mm->s.slot.count; i++)
        if (slot_at(mm, i)->va && (!loader_bytes(l, bytes, sizeof bytes) ||
                                   !pagefile_write(mm, i, bytes)))
            return false;
    return true;
}
