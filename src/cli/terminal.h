/* src/cli/terminal.h -- standard input as the far end of the first serial line.
 * A terminal is put into raw mode, and back; Ctrl-A X quits, Ctrl-A Ctrl-A is
 * one Ctrl-A. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <termios.h>

#include "cli/live.h"

enum { TERMINAL_ROOM = 256 };

struct terminal {
    struct machine *m;
    bool raw;             /* it is a terminal, and in raw mode          */
    bool escape;          /* Ctrl-A was typed                           */
    bool quit, over;      /* Ctrl-A X; nothing more will come           */
    struct termios saved; /* as it was                                  */
    unsigned char byte[TERMINAL_ROOM]; /* read, and not yet taken        */
    unsigned first, count;
};

/** terminal_begin() - a source of @live: when standard input is a terminal, or
 *  @asked for anyhow. terminal_end() - the terminal as it was. */
void terminal_begin(struct terminal *t, struct live *live, bool asked);
void terminal_end(struct terminal *t);

#endif
