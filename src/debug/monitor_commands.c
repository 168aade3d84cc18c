/* src/debug/monitor_commands.c -- the commands: one row each. What `help` says
 * and docs/monitor.md shows is this table. */
#include "debug/monitor.h"

/* clang-format off */
const struct command monitor_command[] = {
    {"help", "h", "[COMMAND]", "what there is", .run = command_help, .most = 1, .complete = COMPLETE_COMMAND, .list = true},

    {"go", "g", "[TICK]", "on to a breakpoint, or to a tick", .run = command_go, .most = 1, .going = true},
    {"continue", "c", "", "as go", .run = command_go, .going = true},
    {"step", "s", "[KIND] [COUNT] [DEVICE]", "on by a step; no KIND: a source line, without lines an instruction", .run = command_step, .most = 3, .complete = COMPLETE_STEP, .going = true},
    {"over", "o", "[COUNT]", "one instruction, calls and repeats as one", .run = command_over, .most = 1, .going = true},
    {"next", "n", "[COUNT]", "to another source line, calls as one", .run = command_next, .most = 1, .going = true},
    {"out", "u", "", "until the function has returned", .run = command_out, .going = true},
    {"back", "", "[KIND] [COUNT] [DEVICE]", "the same steps back; `back go`: to the breakpoint before", .run = command_back, .most = 3, .complete = COMPLETE_STEP, .going = true},
    {"to", "", "TICK|begin|end", "to a place of the run, back or on", .run = command_to, .least = 1, .most = 1, .going = true},
    {"pause", "", "", "have a running machine stand", .run = command_pause},
    {"quit", "q", "", "the run ends here", .run = command_quit},

    {"where", "w", "", "place, reason of the stop, IRQL, thread, source line", .run = command_where},
    {"bt", "k", "[THREAD]", "who called whom; of another thread by its number", .run = command_bt, .most = 1, .list = true},
    {"regs", "r", "[NAME]", "registers of the CPU; those whose names begin so", .run = command_regs, .most = 1, .complete = COMPLETE_REGISTER},
    {"dis", "d", "[ADDRESS] [COUNT]", "instructions", .run = command_dis, .most = 2, .complete = COMPLETE_CODE, .list = true},
    {"list", "l", "[ADDRESS]", "source lines", .run = command_list, .most = 1, .complete = COMPLETE_CODE},
    {"symbol", "", "ADDRESS|NAME", "the name of an address, the address of a name", .run = command_symbol, .least = 1, .most = 1, .complete = COMPLETE_CODE},

    {"mem", "m", "v|p|l ADDRESS [BYTES] [PROCESS|DEVICE]", "bytes of a space: virtual (of a process), physical, logical (of a device)", .run = command_mem, .least = 2, .most = 4, .complete = COMPLETE_CODE},
    {"set", "", "v|p|l ADDRESS BYTES | REGISTER VALUE", "change memory or a register: an input, in the log", .run = command_set, .least = 2, .most = ASK_WORDS, .complete = COMPLETE_REGISTER},
    {"pte", "", "ADDRESS [PROCESS]", "the page walk of a virtual address", .run = command_pte, .least = 1, .most = 2, .complete = COMPLETE_CODE},
    {"logical", "", "ADDRESS [DEVICE] [read|write]", "where DMA to a logical address leads", .run = command_logical, .least = 1, .most = 3, .complete = COMPLETE_DEVICE},

    {"dma", "", "", "who has the bus, posted operations", .run = command_dma, .list = true},
    {"transfers", "", "[COUNT]", "DMA transfers so far, the last ones", .run = command_transfers, .most = 1, .list = true},
    {"pages", "", "", "pages that are mapped for DMA, in each space", .run = command_pages, .list = true},
    {"mapregs", "", "", "valid map registers", .run = command_mapregs, .list = true},
    {"adapters", "", "", "adapter objects", .run = command_adapters, .list = true},
    {"mdl", "", "[ADDRESS]", "MDLs in use, or one with its pages", .run = command_mdl, .most = 1, .list = true},
    {"channels", "", "", "channels of the 8237s", .run = command_channels, .list = true},

    {"irqs", "", "", "IRQL, interrupt flag, lines of the 8259s", .run = command_irqs, .list = true},
    {"interrupts", "", "", "connected interrupt objects", .run = command_interrupts, .list = true},
    {"dpcs", "", "", "DPCs that wait", .run = command_dpcs, .list = true},
    {"timers", "", "", "timers that are set", .run = command_timers, .list = true},

    {"irps", "", "[ADDRESS]", "IRPs that are alive, or one with its stack locations", .run = command_irps, .most = 1, .list = true},
    {"stack", "", "[ADDRESS]", "device stacks, or that of a device object", .run = command_stack, .most = 1, .list = true},
    {"threads", "", "", "guest threads", .run = command_threads, .list = true},
    {"processes", "", "", "user processes", .run = command_processes, .list = true},
    {"images", "", "", "driver images", .run = command_images, .list = true},
    {"devices", "", "", "devices on the board", .run = command_devices, .list = true},
    {"pci", "", "", "PCI functions with their BARs", .run = command_pci, .list = true},
    {"peek", "", "DEVICE WINDOW OFFSET [BYTES]", "a register, without the effects of a read", .run = command_peek, .least = 3, .most = 4, .complete = COMPLETE_DEVICE},
    {"poke", "", "DEVICE WINDOW OFFSET VALUE [BYTES]", "write a register, with all its effects: an input", .run = command_poke, .least = 4, .most = 5, .complete = COMPLETE_DEVICE},
    {"fields", "", "DEVICE", "all that a device keeps", .run = command_fields, .least = 1, .most = 1, .complete = COMPLETE_DEVICE, .list = true},
    {"findings", "", "", "what verifiers found, faults, bugchecks", .run = command_findings, .list = true},
    {"inputs", "", "[COUNT]", "what entered from outside, the last ones", .run = command_inputs, .most = 1, .list = true},

    {"break", "b", "WORDS", "stop there: edu.c:120, edu!EduStart, write physical:0x1000,4 by edu, dma device=edu, finding", .run = command_break, .least = 1, .most = ASK_WORDS, .complete = COMPLETE_CODE},
    {"breaks", "", "", "breakpoints", .run = command_breaks, .list = true},
    {"delete", "", "ID|all", "take a breakpoint away", .run = command_delete, .least = 1, .most = 1},
    {"enable", "", "ID|all", "have it stop again", .run = command_enable, .least = 1, .most = 1},
    {"disable", "", "ID|all", "have it stop no more", .run = command_disable, .least = 1, .most = 1},
    {"ignore", "", "ID COUNT", "pass it so many times", .run = command_ignore, .least = 2, .most = 2},
    {"trace", "", "[on|off] [GLOB]", "print events as they come; none: what is traced", .run = command_trace, .most = 2},

    {"save", "", "FILE", "save the machine", .run = command_save, .least = 1, .most = 1},
};
/* clang-format on */
const unsigned monitor_commands =
    sizeof monitor_command / sizeof *monitor_command;
