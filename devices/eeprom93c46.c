/* devices/eeprom93c46.c -- see eeprom93c46.h. A command is a start bit, two
 * bits of opcode, six of address; writes then take 16 of data. They are done
 * when the select pin falls; the ready bit is there at once. */
#include "eeprom93c46.h"

enum { OP_EXTENDED, OP_WRITE, OP_READ, OP_ERASE };
enum { EXT_DISABLE, EXT_WRITE_ALL, EXT_ERASE_ALL, EXT_ENABLE };
enum { COMMAND_BITS = 1 + 2 + 6, DATA_BITS = 16 };

static unsigned opcode(const struct eeprom *e)
{
    return e->command >> 6;
}

static unsigned address(const struct eeprom *e)
{
    return e->command & (EEPROM_WORDS - 1);
}

static unsigned extended(const struct eeprom *e)
{
    return e->command >> 4 & 3;
}

static void command_in(struct eeprom *e)
{
    e->command = (uint8_t)e->shift;
    e->shift = 0;
    if (opcode(e) == OP_READ) {
        e->shift = e->word[address(e)];
        e->left = DATA_BITS;
        e->out = false; /* a zero comes before the data */
    } else if (opcode(e) == OP_EXTENDED && extended(e) == EXT_ENABLE) {
        e->write_enabled = true;
    } else if (opcode(e) == OP_EXTENDED && extended(e) == EXT_DISABLE) {
        e->write_enabled = false;
    }
}

static void rising(struct eeprom *e, bool in)
{
    if (e->bits >= COMMAND_BITS && opcode(e) == OP_READ) {
        if (!e->left) { /* reading goes on with the next word */
            e->command = (uint8_t)(OP_READ << 6 | ((address(e) + 1) & 63));
            e->shift = e->word[address(e)];
            e->left = DATA_BITS;
        }
        e->out = e->shift >> 15;
        e->shift = (uint16_t)(e->shift << 1);
        e->left--;
        return;
    }
    if ((!e->bits && !in) || e->bits == COMMAND_BITS + DATA_BITS)
        return;
    e->shift = (uint16_t)(e->shift << 1 | in);
    if (++e->bits == COMMAND_BITS)
        command_in(e);
}

static void write_word(struct eeprom *e, unsigned at, unsigned last,
                       uint16_t value)
{
    for (; e->write_enabled && at <= last; at++)
        e->word[at] = value;
}

/* The select pin fell: what was asked for is carried out. */
static void carry_out(struct eeprom *e)
{
    bool data = e->bits == COMMAND_BITS + DATA_BITS;

    if (e->bits < COMMAND_BITS)
        return;
    if (opcode(e) == OP_WRITE && data)
        write_word(e, address(e), address(e), e->shift);
    else if (opcode(e) == OP_ERASE)
        write_word(e, address(e), address(e), 0xffff);
    else if (opcode(e) == OP_EXTENDED && extended(e) == EXT_WRITE_ALL && data)
        write_word(e, 0, EEPROM_WORDS - 1, e->shift);
    else if (opcode(e) == OP_EXTENDED && extended(e) == EXT_ERASE_ALL)
        write_word(e, 0, EEPROM_WORDS - 1, 0xffff);
}

void eeprom_pins(struct eeprom *e, bool select, bool clock, bool in)
{
    if (e->select && !select) {
        carry_out(e);
        e->bits = e->left = 0;
        e->shift = 0;
        e->out = true; /* ready */
    } else if (select && clock && !e->clock) {
        rising(e, in);
    }
    e->select = select;
    e->clock = clock;
}

const struct state_row eeprom_rows[] = {
    STATE_INTS(struct eeprom, word),         STATE_INT(struct eeprom, shift),
    STATE_INT(struct eeprom, bits),          STATE_INT(struct eeprom, left),
    STATE_INT(struct eeprom, command),       STATE_INT(struct eeprom, select),
    STATE_INT(struct eeprom, clock),         STATE_INT(struct eeprom, out),
    STATE_INT(struct eeprom, write_enabled), STATE_END,
};
