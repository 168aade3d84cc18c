/* src/nt/disk_layout.h -- DRIVE_LAYOUT_INFORMATION_EX and its entries; the
 * steps in which a GPT is written. Source: WDK ntdddisk.h. */
#ifndef NT_DISK_LAYOUT_H
#define NT_DISK_LAYOUT_H

#include "nt/disk.h"

enum { STYLE_MBR, STYLE_GPT, STYLE_RAW };
enum { /* DRIVE_LAYOUT_INFORMATION_EX */
       LAYOUT_STYLE = 0,
       LAYOUT_COUNT = 4,
       LAYOUT_SIGNATURE = 8,
       LAYOUT_DISK_ID = 8,
       LAYOUT_USABLE = 0x18,
       LAYOUT_USABLE_BYTES = 0x20,
       LAYOUT_MAX_COUNT = 0x28,
       LAYOUT_ENTRIES = 0x30,
};
enum { /* PARTITION_INFORMATION_EX */
       PART_STYLE = 0,
       PART_START = 8,
       PART_BYTES = 0x10,
       PART_NUMBER = 0x18,
       PART_REWRITE = 0x1c,
       PART_TYPE = 0x20,
       PART_ACTIVE = 0x21,
       PART_RECOGNIZED = 0x22,
       PART_HIDDEN = 0x24,
       PART_GPT = 0x20, /* type, id, attributes, name */
       PART_SIZE = 0x90,
};
enum { /* a GPT's entry */
       GPT_FIRST = 0x20,
       GPT_LAST = 0x28,
       GPT_ATTRIBUTES = 0x30,
       GPT_GUIDS_BYTES = 0x20,
       GPT_REST_BYTES = 0x50, /* attributes and name */
};
enum { TABLES_MOST = 128 }; /* of an MBR's chain */

/** gpt_write() - the table at DISK_TABLE and @h, a primary header, to both
 *  ends of the disk; gpt_write_on() in its steps. */
enum { STEP_GPT = 100 };
void gpt_write(struct call *c, const struct gpt_header *h);
void gpt_write_on(struct call *c, uint32_t status);

#endif
