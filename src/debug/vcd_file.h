/* src/debug/vcd_file.h -- the dump itself: wires with names and widths, values
 * that change at a time, now or later, written in the order of time. */
#ifndef DEBUG_VCD_FILE_H
#define DEBUG_VCD_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/vec.h"
#include "halbox/status.h"

enum { VCD_NAME = 48 };

/** A wire and the value that was written last. */
struct vcd_wire {
    char name[VCD_NAME];
    unsigned bits;
    bool known; /* else x */
    uint64_t value;
};

struct vcd_file {
    FILE *file;
    struct vec wire;   /* of struct vcd_wire                                */
    struct vec change; /* of struct vcd_change: a heap, the next one first  */
    uint64_t now;      /* ns that were written                              */
    uint64_t changes;  /* ever: of one time, first come, first written      */
    bool begun;        /* the header is over                                */
    bool lost;         /* the host had no memory for a change               */
};

/** vcd_file_begin() - the header's first lines. HB_NO_FILE. */
enum hb_status vcd_file_begin(struct vcd_file *f, const char *path,
                              struct hb_error *error);
/** vcd_scope()/vcd_upscope() - what is declared between lies in a module.
 *  vcd_wire() - a wire of @bits; returns its number. */
void vcd_scope(struct vcd_file *f, const char *name);
void vcd_upscope(struct vcd_file *f);
unsigned vcd_wire(struct vcd_file *f, const char *name, unsigned bits);
/** vcd_first() - the value at time @ns, where the dump begins; others are x. */
void vcd_first(struct vcd_file *f, unsigned wire, uint64_t value);
/** vcd_values() - the header is over, values follow from @ns on. */
void vcd_values(struct vcd_file *f, uint64_t ns);
/** vcd_set()/vcd_unknown() - @wire changes at @ns, not before what is written.
 */
void vcd_set(struct vcd_file *f, uint64_t ns, unsigned wire, uint64_t value);
void vcd_unknown(struct vcd_file *f, uint64_t ns, unsigned wire);
/** vcd_reach() - nothing will come before @ns: write what lies before. */
void vcd_reach(struct vcd_file *f, uint64_t ns);
/** vcd_file_end() - write all, and that the dump lasts to @ns at least. False:
 *  not all of it could be written. */
bool vcd_file_end(struct vcd_file *f, uint64_t ns);

#endif
