/* src/debug/monitor_look.c -- where the machine stands: the place, registers,
 * code, source, callers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/monitor.h"

enum { CODE_TEXT = SYMBOL_NAME + 128, FRAMES = 64 };

int debug_where(const struct debug *d, char *out, size_t room)
{
    const struct machine_position at = machine_position(d->m);
    char code[CODE_TEXT] = "";

    ask_code(d->symbols, d->m, code_at(d->m), code, sizeof code);
    return snprintf(out, room, "tick %llu.%llu.%u  0x%08x%s%s",
                    (unsigned long long)at.tick, (unsigned long long)at.served,
                    at.moved, code_at(d->m).v, code[0] ? "  " : "", code);
}

enum hb_status command_where(struct ask *a)
{
    const struct debug_stop *stop = debug_stopped(a->d);
    const struct machine_position at = machine_position(a->m);
    const struct debug_place present = debug_present(a->d);
    char code[CODE_TEXT] = "";

    ask_code(a->symbols, a->m, code_at(a->m), code, sizeof code);
    say(a, "stop    %s%s%s%s", debug_reason_name(stop->reason),
        stop->text[0] ? ": " : "", stop->text,
        stop->past ? " (in the past)" : "");
    say(a, "place   tick %llu, %llu served there, %u bytes of the tenure moved",
        (unsigned long long)at.tick, (unsigned long long)at.served, at.moved);
    say(a, "time    %llu ns; the run has come to tick %llu",
        (unsigned long long)machine_now_ns(a->m),
        (unsigned long long)present.at.tick);
    say(a, "code    0x%08x %s", code_at(a->m).v, code);
    say(a, "thread  %u, IRQL %u", inspect_thread(a->m), inspect_irql(a->m));
    return HB_OK;
}

/* ---- callers ------------------------------------------------------------- */

static enum hb_status start_of(struct ask *a, struct backtrace_start *start)
{
    struct inspect_thread thread;
    uint64_t number;

    *start = backtrace_start_cpu(a->m);
    if (!a->count)
        return HB_OK;
    if (ask_number(a, 0, &number) != HB_OK)
        return a->error->status;
    for (unsigned i = 0; inspect_thread_at(a->m, i, &thread); i++)
        if (thread.number == number && backtrace_start_thread(a->m, i, start))
            return HB_OK;
    return hb_fail(a->error, HB_NOT_FOUND,
                   "there is no thread %s: see `threads`", a->word[0]);
}

enum hb_status command_bt(struct ask *a)
{
    struct backtrace_frame *frame = calloc(FRAMES, sizeof *frame);
    struct backtrace_start start;
    struct source_line line;
    struct table t;
    unsigned n;

    if (!frame)
        return hb_fail(a->error, HB_NO_MEMORY, "no memory for frames");
    if (start_of(a, &start) != HB_OK) {
        free(frame);
        return a->error->status;
    }
    n = backtrace(a->symbols, a->m, &start, frame, FRAMES);
    table_begin(&t, a, "frame:u at:x cfa:x by:s name:s line:s");
    for (unsigned i = 0; i < n; i++) {
        const char *slash;

        table_number(&t, i);
        table_number(&t, frame[i].eip.v);
        table_number(&t, frame[i].cfa.v);
        table_text(&t, "%s", frame[i].how);
        table_text(&t, "%s", frame[i].text[0] ? frame[i].text : "?");
        if (backtrace_line(a->symbols, a->m, &frame[i], &line)) {
            slash = strrchr(line.path, '/');
            table_text(&t, "%s:%u", slash ? slash + 1 : line.path, line.line);
        } else {
            table_text(&t, "%s", "");
        }
    }
    free(frame);
    return table_end(&t);
}

/* ---- registers ----------------------------------------------------------- */

static void flags_text(uint32_t eflags, char *out, size_t room)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } flags[] = {{1 << 0, "CF"},  {1 << 2, "PF"},  {1 << 4, "AF"},
                 {1 << 6, "ZF"},  {1 << 7, "SF"},  {1 << 8, "TF"},
                 {1 << 9, "IF"},  {1 << 10, "DF"}, {1 << 11, "OF"},
                 {1 << 14, "NT"}, {1 << 16, "RF"}, {1 << 17, "VM"}};
    size_t n = 0;

    *out = 0;
    for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++)
        if (eflags & flags[i].bit && n + 4 < room)
            n += (size_t)snprintf(out + n, room - n, " %s", flags[i].name);
}

/* Those whose names begin so. */
static enum hb_status some_registers(struct ask *a, const char *name)
{
    struct inspect_cpu_register reg;
    bool any = false;

    for (unsigned i = 0; inspect_cpu_register_at(a->m, i, &reg); i++) {
        char hex[2 * sizeof reg.value + 1] = "";

        if (strncmp(reg.name, name, strlen(name)) != 0)
            continue;
        for (uint32_t b = 0; b < reg.bytes && b < sizeof reg.value; b++)
            snprintf(hex + 2 * b, 3, "%02x", reg.value[reg.bytes - 1 - b]);
        say(a, "%-9s %s", reg.name, hex);
        any = true;
    }
    return any ? HB_OK
               : hb_fail(a->error, HB_NOT_FOUND,
                         "no register begins with '%s': eax, cr0, st0, xmm0, "
                         "gdt.base ...",
                         name);
}

enum hb_status command_regs(struct ask *a)
{
    static const char *const segment[] = {"es", "cs", "ss", "ds", "fs", "gs"};
    struct inspect_cpu cpu;
    char flags[64];

    if (a->count)
        return some_registers(a, a->word[0]);
    inspect_cpu(a->m, &cpu);
    flags_text(cpu.eflags, flags, sizeof flags);
    say(a, "eax %08x  ebx %08x  ecx %08x  edx %08x", cpu.reg[0], cpu.reg[3],
        cpu.reg[1], cpu.reg[2]);
    say(a, "esi %08x  edi %08x  ebp %08x  esp %08x", cpu.reg[6], cpu.reg[7],
        cpu.reg[5], cpu.reg[4]);
    say(a, "eip %08x  eflags %08x%s  cpl %u%s", cpu.eip, cpu.eflags, flags,
        cpu.cpl, cpu.halted ? "  halted" : "");
    for (unsigned i = 0; i < 6; i++)
        say(a, "%s  %04x  base %08x  limit %08x  access %04x", segment[i],
            cpu.segment[i].selector, cpu.segment[i].base, cpu.segment[i].limit,
            cpu.segment[i].access);
    say(a, "tr  %04x  base %08x  ldt %04x  gdt %08x,%04x  idt %08x,%04x",
        cpu.tr.selector, cpu.tr.base, cpu.ldtr.selector, cpu.gdt_base,
        cpu.gdt_limit, cpu.idt_base, cpu.idt_limit);
    say(a, "cr0 %08x  cr2 %08x  cr3 %08x  cr4 %08x", cpu.cr0, cpu.cr2, cpu.cr3,
        cpu.cr4);
    say(a, "dr0 %08x  dr1 %08x  dr2 %08x  dr3 %08x  dr6 %08x  dr7 %08x",
        cpu.dr[0], cpu.dr[1], cpu.dr[2], cpu.dr[3], cpu.dr[6], cpu.dr[7]);
    return HB_OK;
}

/* ---- code ---------------------------------------------------------------- */

static void bytes_text(const struct instruction *i, char out[48])
{
    size_t n = 0;

    *out = 0;
    for (unsigned b = 0; i->readable && b < i->length; b++)
        n += (size_t)snprintf(out + n, 48 - n, "%02x", i->bytes[b]);
}

enum hb_status command_dis(struct ask *a)
{
    enum { MOST = 256 };
    gva_t now = code_at(a->m), at = now;
    struct instruction in;
    char name[CODE_TEXT], bytes[48];
    uint64_t count = 12;
    struct table t;

    if ((a->count > 0 && ask_address(a, 0, &at) != HB_OK) ||
        (a->count > 1 && ask_number(a, 1, &count) != HB_OK))
        return a->error->status;
    table_begin(&t, a, "now:s at:x name:s bytes:s instruction:s");
    for (uint64_t i = 0; i < count && i < MOST; i++) {
        disassemble(a->symbols, a->m, code_view_cpu(a->m), at, &in);
        name[0] = 0;
        ask_code(a->symbols, a->m, at, name, sizeof name);
        bytes_text(&in, bytes);
        table_text(&t, "%s", at.v == now.v ? ">" : "");
        table_number(&t, at.v);
        table_text(&t, "%s", name);
        table_text(&t, "%s", bytes);
        table_text(&t, "%s", in.text);
        at = gva_add(at, in.length ? in.length : 1);
    }
    return table_end(&t);
}

static void list_file(struct ask *a, FILE *file, uint32_t line)
{
    enum { ROUND = 6 };
    char text[256];

    for (uint32_t n = 1; n <= line + ROUND && fgets(text, sizeof text, file);) {
        bool whole = strchr(text, '\n') != NULL;

        text[strcspn(text, "\r\n")] = 0;
        for (char *tab = text; (tab = strchr(tab, '\t')) != NULL;)
            *tab = ' ';
        if (n + ROUND > line)
            say(a, "%c %5u  %s", n == line ? '>' : ' ', n, text);
        while (!whole && fgets(text, sizeof text, file))
            whole = strchr(text, '\n') != NULL;
        n++;
    }
}

enum hb_status command_list(struct ask *a)
{
    gva_t at = code_at(a->m);
    struct source_line line;
    FILE *file;

    if (a->count && ask_address(a, 0, &at) != HB_OK)
        return a->error->status;
    if (!symbols_line(a->symbols, a->m, at, &line))
        return hb_fail(a->error, HB_NOT_FOUND,
                       "0x%08x has no source line: `dis` shows its "
                       "instructions, `bt` who called it",
                       at.v);
    say(a, "%s:%u", line.path, line.line);
    file = fopen(line.path, "r");
    if (!file)
        return hb_fail(a->error, HB_NO_FILE,
                       "%.300s cannot be read: run halbox where that path "
                       "leads to the file",
                       line.path);
    list_file(a, file, line.line);
    fclose(file);
    return HB_OK;
}

enum hb_status command_symbol(struct ask *a)
{
    char name[CODE_TEXT] = "";
    gva_t at;

    if (ask_address(a, 0, &at) != HB_OK)
        return a->error->status;
    ask_code(a->symbols, a->m, at, name, sizeof name);
    say(a, "0x%08x  %s", at.v, name[0] ? name : "no image is there");
    return HB_OK;
}
