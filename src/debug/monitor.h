/* src/debug/monitor.h -- what the files of the monitor share. */
#ifndef DEBUG_MONITOR_H
#define DEBUG_MONITOR_H

#include "debug/debugger.h"
#include "halbox/inspect.h"
#include "halbox/monitor.h"

enum { ASK_WORDS = 32, ASK_TEXT = 1024, TRACES = 8 };

/** A glob of `trace`. */
struct trace {
    struct debug *d;
    char glob[64]; /* "": free */
};

/** What the monitor keeps between commands. */
struct monitor {
    const struct lanes *lanes; /* borrowed, or NULL                          */
    struct debug_order order;  /* to be given again,                         */
    uint64_t left;             /* so many times                              */
    struct trace trace[TRACES];
};
/** monitor_of() - that of @d, made when it is first needed; NULL: no memory. */
struct monitor *monitor_of(struct debug *d);

/** A command being done. */
struct ask {
    struct debug *d;
    struct machine *m;
    const struct symbols *symbols;
    debug_print_fn *print;
    void *context;
    struct hb_error *error;
    bool json;        /* lists as JSON lines                                 */
    const char *rest; /* the line behind the command's name                  */
    unsigned count;
    const char *word[ASK_WORDS];
};

typedef enum hb_status command_fn(struct ask *a);

/** What a command's arguments complete to. */
enum complete_kind {
    COMPLETE_NOTHING,
    COMPLETE_COMMAND,
    COMPLETE_STEP,
    COMPLETE_CODE,
    COMPLETE_DEVICE,
    COMPLETE_REGISTER,
};

struct command {
    const char *name, *brief, *arguments, *help;
    command_fn *run;
    unsigned least, most; /* words */
    enum complete_kind complete;
    bool list;  /* has a form as JSON */
    bool going; /* gives an order: not while the machine runs */
};
extern const struct command monitor_command[];
extern const unsigned monitor_commands;
/** monitor_find() - by name, short form, or the beginning of one name alone. */
const struct command *monitor_find(const char *word);

/* ---- answers: monitor_table.c -------------------------------------------- */

/** monitor_plain() - have bytes of @text that are no ASCII text be '?'. */
void monitor_plain(char *text);
/** say() - one line, made plain. */
void say(struct ask *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

enum { TABLE_COLUMNS = 12 };
/** A list: rows of cells, printed aligned, or as JSON, when it is over. */
struct table {
    struct ask *a;
    unsigned columns;
    char names[256];
    struct {
        const char *name;
        char kind; /* s text, u decimal, x hexadecimal */
    } column[TABLE_COLUMNS];
    struct vec cell; /* of struct cell */
};
/** table_begin() - columns as "name:kind name:kind". table_number() and
 *  table_text() - the next cell. table_end() - prints and frees. */
void table_begin(struct table *t, struct ask *a, const char *columns);
void table_number(struct table *t, uint64_t value);
void table_text(struct table *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum hb_status table_end(struct table *t);

/* ---- words: monitor_words.c ---------------------------------------------- */

/** Each is HB_OK, or fails with its line. ask_address() - a number, a register
 *  ("esp+8"), or a name or line of the code. */
enum hb_status ask_number(struct ask *a, unsigned i, uint64_t *value);
enum hb_status ask_address(struct ask *a, unsigned i, gva_t *at);
/** ask_space() - word @i as a process's number; none: what the CPU sees. */
enum hb_status ask_space(struct ask *a, unsigned i, uint32_t *space);
/** ask_device() - word @i as the name of a device; none: NULL. */
enum hb_status ask_device(struct ask *a, unsigned i, const char **device);
/** ask_bytes() - the words from @i on as bytes: "90 90", "9090". */
enum hb_status ask_bytes(struct ask *a, unsigned i, uint8_t *bytes,
                         uint32_t room, uint32_t *count);

/** ask_code() - "edu!EduStart+0x12 (edu.c:120)" into @out. */
void ask_code(const struct symbols *symbols, const struct machine *m, gva_t at,
              char *out, size_t room);

/* ---- the commands, by file ----------------------------------------------- */

command_fn command_help, command_go, command_step, command_back, command_over,
    command_next, command_out, command_to, command_pause, command_quit;
command_fn command_where, command_bt, command_regs, command_dis, command_list,
    command_symbol;
command_fn command_mem, command_set, command_pte, command_logical;
command_fn command_mdl, command_mapregs, command_adapters, command_pages,
    command_dma, command_transfers, command_findings;
command_fn command_irqs, command_interrupts, command_dpcs, command_timers,
    command_channels, command_pci, command_peek, command_poke, command_fields;
command_fn command_irps, command_stack, command_threads, command_images,
    command_devices, command_inputs, command_processes;
command_fn command_break, command_breaks, command_delete, command_enable,
    command_disable, command_ignore, command_trace, command_save;

/** monitor_trace_end() - take all traces off. */
void monitor_trace_end(struct debug *d);

#endif
