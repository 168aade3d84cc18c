/* src/panels/session.cpp -- see session.hpp. */
#include "panels/session.hpp"

#include <SDL.h>

#include <cstdio>

namespace hb
{

namespace
{

enum { SAID_MOST = 1000 };
using What = Command::What;

} // namespace

/* Shift goes the other way; out has Shift+F11 as everywhere else. */
const Command commands[] = {
    {"continue", "F5", "run to the next breakpoint", SDLK_F5, 0, What::Order,
     DEBUG_GO, false, 0},
    {"back", "Shift+F5", "run back to the breakpoint before", SDLK_F5,
     COMMAND_SHIFT, What::Order, DEBUG_GO, true, 0},
    {"pause", "F6", "stop at the next boundary", SDLK_F6, 0, What::Pause,
     DEBUG_GO, false, 0},
    {"dma step", "F8", "move DMA on by the step that is chosen", SDLK_F8, 0,
     What::DmaStep, DEBUG_STEP, false, 0},
    {"dma step back", "Shift+F8", "the same back", SDLK_F8, COMMAND_SHIFT,
     What::DmaStep, DEBUG_STEP, true, 0},
    {"dma mode", "F7", "choose byte, burst, page or transfer", SDLK_F7, 0,
     What::Mode, DEBUG_STEP, false, 0},
    {"breakpoint", "F9", "at the chosen instruction, on or off", SDLK_F9, 0,
     What::Breakpoint, DEBUG_GO, false, 0},
    {"over", "F10", "next line, calls as one", SDLK_F10, 0, What::LineStep,
     DEBUG_STEP, false, DEBUG_OVER_LINE},
    {"over back", "Shift+F10", "line before, calls as one", SDLK_F10,
     COMMAND_SHIFT, What::LineStep, DEBUG_STEP, true, DEBUG_OVER_LINE},
    {"into", "F11", "next line, into calls", SDLK_F11, 0, What::LineStep,
     DEBUG_STEP, false, DEBUG_LINE},
    {"out", "Shift+F11", "until the function has returned", SDLK_F11,
     COMMAND_SHIFT, What::Order, DEBUG_STEP, false, DEBUG_OUT},
    {"instruction", "Ctrl+F11", "one instruction", SDLK_F11, COMMAND_CTRL,
     What::Order, DEBUG_STEP, false, DEBUG_INSTRUCTION},
    {"instruction back", "Ctrl+Shift+F11", "one instruction back", SDLK_F11,
     COMMAND_CTRL | COMMAND_SHIFT, What::Order, DEBUG_STEP, true,
     DEBUG_INSTRUCTION},
    {"next irq", "F2", "to the next interrupt", SDLK_F2, 0, What::Order,
     DEBUG_STEP, false, DEBUG_IRQ},
    {"irq before", "Shift+F2", "back to the interrupt before", SDLK_F2,
     COMMAND_SHIFT, What::Order, DEBUG_STEP, true, DEBUG_IRQ},
    {"next irp", "F3", "to where an IRP goes to a driver", SDLK_F3, 0,
     What::Order, DEBUG_STEP, false, DEBUG_IRP},
    {"irp before", "Shift+F3", "back to the IRP before", SDLK_F3, COMMAND_SHIFT,
     What::Order, DEBUG_STEP, true, DEBUG_IRP},
    {"next driver call", "F4", "to where the kernel calls a driver", SDLK_F4, 0,
     What::Order, DEBUG_STEP, false, DEBUG_DRIVER_CALL},
    {"driver call before", "Shift+F4", "the same back", SDLK_F4, COMMAND_SHIFT,
     What::Order, DEBUG_STEP, true, DEBUG_DRIVER_CALL},
    {"larger", "Ctrl++", "larger text", SDLK_EQUALS, COMMAND_CTRL, What::Scale,
     DEBUG_GO, false, 1},
    {"smaller", "Ctrl+-", "smaller text", SDLK_MINUS, COMMAND_CTRL, What::Scale,
     DEBUG_GO, false, -1},
    {"normal size", "Ctrl+0", "text as it was", SDLK_0, COMMAND_CTRL,
     What::Scale, DEBUG_GO, false, 0},
    {"palette", "Ctrl+P", "find a command, a panel or a layout by name", SDLK_p,
     COMMAND_CTRL, What::Palette, DEBUG_GO, false, 0},
    {"quit", "Ctrl+Q", "end the run", SDLK_q, COMMAND_CTRL, What::Quit,
     DEBUG_QUIT, false, 0},
};
const unsigned command_count = sizeof commands / sizeof commands[0];

void Session::say(const char *line)
{
    said.emplace_back(line);
    said_count++;
    if (said.size() > SAID_MOST)
        said.pop_front();
}

void Session::order(const struct debug_order &order)
{
    struct hb_error error;

    if (!d || !stands)
        return;
    if (debug_order(d, &order, &error) == HB_OK)
        ordered = true;
    else
        say(error.text);
}

/* Where the code has source lines, a step is a line. */
enum debug_step Session::by_line(enum debug_step line,
                                 enum debug_step code) const
{
    struct source_line here;
    struct machine *m = debug_machine(d);

    return symbols_line(debug_symbols(d), m, code_at(m), &here) ? line : code;
}

void Session::run(const Command &command)
{
    struct debug_order o = {};

    if (!d)
        return;
    o.kind = command.order;
    o.back = command.back;
    o.step = static_cast<enum debug_step>(command.argument);
    switch (command.what) {
    case What::DmaStep:
        o.step = dma;
        break;
    case What::LineStep:
        o.step = o.step == DEBUG_LINE
                     ? by_line(DEBUG_LINE, DEBUG_INSTRUCTION)
                     : by_line(DEBUG_OVER_LINE, DEBUG_OVER_INSTRUCTION);
        break;
    case What::Pause:
        if (!stands)
            debug_pause(d);
        return;
    case What::Mode:
        dma = dma == DEBUG_TRANSFER ? DEBUG_BYTE
                                    : static_cast<enum debug_step>(dma + 1);
        return;
    case What::Quit:
        if (!stands)
            debug_pause(d);
        break;
    case What::Order:
        break;
    default:
        return;
    }
    order(o);
}

void Session::changed()
{
    if (d)
        debug_changed(d);
}

bool Session::breakpoint_at(gva_t at, int *id) const
{
    struct debug_break b;

    for (unsigned i = 0; d && debug_break_at(d, i, id, &b); i++)
        if (b.kind == DEBUG_BREAK_CODE && b.code.v == at.v)
            return true;
    return false;
}

void Session::toggle_breakpoint(gva_t at)
{
    struct debug_break b = {};
    struct hb_error error;
    int id;

    if (!d)
        return;
    if (breakpoint_at(at, &id)) {
        debug_break_remove(d, id);
        return;
    }
    b.kind = DEBUG_BREAK_CODE;
    b.code = at;
    std::snprintf(b.text, sizeof b.text, "0x%08x", at.v);
    if (!debug_break_add(d, &b, &error))
        say(error.text);
}

} // namespace hb
