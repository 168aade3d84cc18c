/* src/cli/export_notes.h -- what is known of each export besides its row: made
 * at build time by src/cli/export_notes. */
#ifndef CLI_EXPORT_NOTES_H
#define CLI_EXPORT_NOTES_H

struct export_note {
    const char *name;
    const char *file;   /* of its routine */
    const char *source; /* of its facts: a page, a header, a fact sheet */
    const char *test;   /* the first file that tries it out */
};

/** In no order; a NULL name ends it. */
extern const struct export_note export_notes[];

#endif
