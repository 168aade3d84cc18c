/* images/bare/edu_copy.S -- without any kernel: finds the edu card, gives it a
 * base address, has three pages copied to the card and back to another place,
 * one by one, and halts. EBX counts how often it asked whether a transfer is
 * over. Source: Multiboot specification 0.6.96; PCI 2.2, 3.2.2.3, 6.1; the
 * card's registers: docs/devices/edu.md. */
        .set CONFIG_ADDRESS, 0xcf8
        .set CONFIG_DATA, 0xcfc
        .set BAR, 0xf0000000
        .set SOURCE, 0x00200000
        .set TARGET, 0x00300000
        .set CARD, 0x00040000
        .set BYTES, 0x3000

        .section .multiboot, "a"
        .align 4
        .long 0x1badb002, 0, -0x1badb002

        .text
        .globl _start
_start:
        mov $0x00200000, %esp
        xor %ebx, %ebx

        /* a source that is different everywhere */
        mov $SOURCE, %edi
        mov $(BYTES / 4), %ecx
        mov $0x12345678, %eax
        cld
1:      stosl
        imul $1664525, %eax, %eax
        add $1013904223, %eax
        loop 1b

        /* the slot of 1234:11e8 on bus 0 */
        mov $0x80000000, %esi
2:      mov $CONFIG_ADDRESS, %dx
        mov %esi, %eax
        out %eax, %dx
        mov $CONFIG_DATA, %dx
        in %dx, %eax
        cmp $0x11e81234, %eax
        je 3f
        add $0x800, %esi
        cmp $0x80010000, %esi
        jb 2b
        mov $-1, %ebx
        jmp halt

3:      lea 0x10(%esi), %eax            /* BAR0 */
        mov $CONFIG_ADDRESS, %dx
        out %eax, %dx
        mov $CONFIG_DATA, %dx
        mov $BAR, %eax
        out %eax, %dx
        lea 0x04(%esi), %eax            /* memory space, bus master */
        mov $CONFIG_ADDRESS, %dx
        out %eax, %dx
        mov $CONFIG_DATA, %dx
        mov $6, %ax
        out %ax, %dx

        xor %ebp, %ebp
4:      lea SOURCE(%ebp), %eax          /* memory to card */
        mov $CARD, %ecx
        mov $1, %edx
        call transfer
        mov $CARD, %eax                 /* card to memory */
        lea TARGET(%ebp), %ecx
        mov $3, %edx
        call transfer
        add $0x1000, %ebp
        cmp $BYTES, %ebp
        jb 4b
halt:   cli
        hlt
        jmp halt

/* one page from EAX to ECX by command EDX */
transfer:
        movl %eax, BAR + 0x80
        movl $0, BAR + 0x84
        movl %ecx, BAR + 0x88
        movl $0, BAR + 0x8c
        movl $0x1000, BAR + 0x90
        movl $0, BAR + 0x94
        movl %edx, BAR + 0x98
1:      inc %ebx
        testl $1, BAR + 0x98
        jnz 1b
        ret
