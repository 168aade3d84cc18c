/* images/parser/mb_elf.S -- a multiboot kernel that halts; linked high, loaded
 * low. */
        .section .multiboot, "a"
        .align 4
        .long 0x1badb002, 0x3, -(0x1badb002 + 0x3)
        .text
        .globl _start
_start: hlt
        jmp _start
        .bss
        .skip 100
