/* src/image/bzimage.c -- a Linux kernel as it is installed: real-mode setup,
 * whose header says how to boot, and behind it the protected-mode kernel.
 * Source: Linux, The Linux/x86 Boot Protocol, 2.02 to 2.15. */
#include <string.h>

#include "image/build.h"

/* offsets in the file, which are those in the zero page too */
enum {
    SETUP_SECTS = 0x1f1,
    BOOT_FLAG = 0x1fe,
    JUMP = 0x200, /* its second byte: bytes of the header from 202h on */
    SIGNATURE = 0x202,
    VERSION = 0x206,
    LOADFLAGS = 0x211,
    CODE32_START = 0x214,
    INITRD_ADDR_MAX = 0x22c,
    KERNEL_ALIGNMENT = 0x230,
    CMDLINE_SIZE = 0x238,
    PREF_ADDRESS = 0x258,
    INIT_SIZE = 0x260,
    HEADER_END = 0x264, /* of what is looked at */
};
enum { SECTOR = 512, LOADED_HIGH = 1, HIGH = 0x100000, OLDEST = 0x202 };

static bool is_bzimage(const struct build *b)
{
    const uint8_t *s = file_at(b, SIGNATURE, 4), *f = file_at(b, BOOT_FLAG, 2);

    return s && f && memcmp(s, "HdrS", 4) == 0 && get16(f) == 0xaa55;
}

static uint32_t field(const struct build *b, uint32_t offset, uint16_t since,
                      uint32_t otherwise)
{
    const uint8_t *at = file_at(b, offset, 4);

    return at && b->pub.linux_boot.version >= since ? get32(at) : otherwise;
}

static enum hb_status describe(struct build *b)
{
    struct image_linux *l = &b->pub.linux_boot;
    const uint8_t *sects = file_at(b, SETUP_SECTS, 1);
    const uint8_t *jump = file_at(b, JUMP, HEADER_END - JUMP);

    if (!jump)
        return image_bad(b, "the setup header is cut short");
    l->version = get16(file_at(b, VERSION, 2));
    if (l->version < OLDEST)
        return image_bad(b, "boot protocol %u.%02u is too old: 2.02 is needed",
                         l->version >> 8, l->version & 255u);
    if (!(*file_at(b, LOADFLAGS, 1) & LOADED_HIGH))
        return image_bad(b, "a zImage, loaded low; build a bzImage");
    l->setup_bytes = (1u + (*sects ? *sects : 4u)) * SECTOR;
    l->header_end = SIGNATURE + (uint32_t)jump[1];
    l->initrd_most = field(b, INITRD_ADDR_MAX, 0x203, 0x37ffffff);
    l->cmdline_most = field(b, CMDLINE_SIZE, 0x206, 255);
    l->alignment = field(b, KERNEL_ALIGNMENT, 0x205, 0);
    l->runs_at = field(b, PREF_ADDRESS, 0x20a, HIGH);
    l->runs_bytes = field(b, INIT_SIZE, 0x20a, 0);
    return HB_OK;
}

enum hb_status bzimage_parse(struct build *b, bool *loads)
{
    struct image_linux *l = &b->pub.linux_boot;
    enum hb_status status;
    uint32_t bytes, entry;

    if (!is_bzimage(b))
        return HB_OK;
    *loads = true;
    status = describe(b);
    if (status != HB_OK)
        return status;
    if (l->setup_bytes >= b->pub.file_bytes)
        return image_bad(b, "%u bytes of setup, and no kernel behind them",
                         l->setup_bytes);
    bytes = b->pub.file_bytes - l->setup_bytes;
    entry = get32(file_at(b, CODE32_START, 4));
    b->pub.kind = IMAGE_LINUX;
    b->pub.bytes = HIGH + bytes;
    b->pub.has_entry = entry != 0;
    b->pub.entry = entry;
    if (!add_segment(b, "kernel", HIGH, bytes, l->setup_bytes, bytes,
                     SEGMENT_READ | SEGMENT_WRITE | SEGMENT_EXECUTE))
        return image_no_memory(b);
    if (entry && !segment_at(b, entry, 1))
        return image_bad(b, "32-bit entry %#x is not in %#x..%#x", entry, HIGH,
                         b->pub.bytes);
    return segments_check(b);
}
