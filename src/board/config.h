/* src/board/config.h -- descriptions, inside the board. */
#ifndef BOARD_CONFIG_H
#define BOARD_CONFIG_H

#include "halbox/machine.h"
#include "halbox/state.h"
#include "mm/ram.h"

/** config_number() - "17", "0x100", "64M". */
bool config_number(const char *text, uint64_t *value);
/** config_medium_kind() - enum media_kind that @key names, MEDIA_NONE: none. */
uint32_t config_medium_kind(const char *key);
/** config_medium_key() - the reverse. */
const char *config_medium_key(uint32_t kind);
/** config_medium_parse() - "FILE[,cow=on][,to=DEVICE][,drive=N]" of a drive
 *  whose kind is set. */
enum hb_status config_medium_parse(const char *text, struct machine_medium *d,
                                   struct hb_error *error);
/** config_medium() - add the drive that @text describes. */
enum hb_status config_medium(struct machine_config *c, const char *key,
                             const char *text, struct hb_error *error);
/** config_check_media() - as config_check(), of the drives. */
enum hb_status config_check_media(const struct machine_config *c,
                                  struct hb_error *error);
/** config_boot() - what a BIOS boots from, "acd". */
enum hb_status config_boot(struct machine_config *c, const char *text,
                           struct hb_error *error);
/** config_file() - the name of a host's file, into @out. */
enum hb_status config_file(char out[MACHINE_FILE], const char *key,
                           const char *name, struct hb_error *error);
/** config_check() - every setting in its range (it may come from a file). */
enum hb_status config_check(const struct machine_config *c,
                            struct hb_error *error);
/** config_ram() - where RAM lies. Returns how many ranges. */
unsigned config_ram(const struct machine_config *c,
                    struct ram_range range[RAM_RANGES]);

extern const struct state_row config_rows[], config_medium_rows[];
enum { CONFIG_VERSION = 9 };

#endif
