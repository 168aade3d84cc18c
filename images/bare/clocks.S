/* images/bare/clocks.S -- what a guest compares: the TSC, counters 0 and 2 of the
 * 8254, its interrupts and the clock of the CMOS, over port reads, a tenure of
 * DMA, a halt of a minute, interrupts that were off, a new rate. Each call of
 * `sample` leaves a record of 24 bytes from RECORDS on; the last is followed by a
 * halt. Source: Multiboot specification 0.6.96; Intel 8254 and 8259A, Motorola
 * MC146818A data sheets; the card's registers: docs/devices/edu.md. */
        .set RECORDS, 0x00200000
        .set BAR, 0xf0000000
        .set idt, 0x00180000
        .set timer, 0x00181000          /* interrupts of each */
        .set seconds, 0x00181004
        .set spurious, 0x00181008

        .section .multiboot, "a"
        .align 4
        .long 0x1badb002, 0, -0x1badb002

        .macro gate vector, handler
        mov $\handler, %eax
        mov %ax, idt + 8 * \vector
        mov %cs, idt + 8 * \vector + 2
        movw $0x8e00, idt + 8 * \vector + 4
        shr $16, %eax
        mov %ax, idt + 8 * \vector + 6
        .endm

        .macro outb port, value
        mov $\value, %al
        out %al, $\port
        .endm

        .macro cmos index, value        /* writes a register of the clock */
        outb 0x70, \index
        outb 0x71, \value
        .endm

        .macro rate count               /* counter 0 begins anew, mode 2 */
        outb 0x43, 0x34
        outb 0x40, (\count & 255)
        outb 0x40, (\count >> 8)
        .endm

        .macro config offset, value     /* of the card, whose slot is in ESI */
        lea \offset(%esi), %eax
        mov $0xcf8, %dx
        out %eax, %dx
        mov $0xcfc, %dx
        mov $\value, %eax
        out %eax, %dx
        .endm

        .text
        .globl _start
_start: mov $RECORDS, %esp
        mov $RECORDS, %edi
        lgdt gdtr
        ljmp $8, $1f
1:      lidt idtr
        gate 0x20, on_timer
        gate 0x27, on_spurious
        gate 0x28, on_clock
        outb 0x20, 0x11
        outb 0x21, 0x20
        outb 0x21, 0x04
        outb 0x21, 0x01
        outb 0xa0, 0x11
        outb 0xa1, 0x28
        outb 0xa1, 0x02
        outb 0xa1, 0x01
        outb 0x21, 0x7a                 /* 0, 2, 7 */
        outb 0xa1, 0xfe                 /* 8 */

        rate 0
        call sample
        mov $20000, %ecx                /* port reads */
1:      in $0x61, %al
        loop 1b
        call sample

        call copy                       /* a tenure */
        call sample

        outb 0x61, 0x01                 /* a calibration by counter 2, mode 0 */
        outb 0x43, 0xb0
        outb 0x42, (1193 & 255)
        outb 0x42, (1193 >> 8)
        call sample
1:      in $0x61, %al
        test $0x20, %al
        jz 1b
        call sample

        cmos 0x0b, 0x12                 /* 24 hours, update-ended interrupt */
        call next_second                /* a minute from a second's beginning */
        call sample
        mov $60, %ecx
1:      call next_second
        loop 1b
        call sample
        cmos 0x0b, 0x02

        rate 119
        call sample
        mov $400000, %ecx               /* 20 periods with interrupts off */
1:      loop 1b
        call sample
        sti
        nop
        nop
        cli
        call sample

        rate 500                        /* a new rate without a control word */
        mov $200000, %ecx
1:      loop 1b
        sti                             /* what came meanwhile goes */
        nop
        cli
        call sample
        outb 0x40, (2000 & 255)
        outb 0x40, (2000 >> 8)
        .rept 3
        sti
        hlt
        cli
        call sample
        .endr
halt:   hlt
        jmp halt

/* TSC, counter 0, interrupts of the timer, and of the clock: seconds, minutes,
 * register A, spurious interrupts of the timer's chip. */
sample: xor %eax, %eax
        out %al, $0x43
        rdtsc
        mov %eax, (%edi)
        mov %edx, 4(%edi)
        in $0x40, %al
        mov %al, 8(%edi)
        in $0x40, %al
        mov %al, 9(%edi)
        mov timer, %eax
        mov %eax, 12(%edi)
        outb 0x70, 0x00
        in $0x71, %al
        mov %al, 16(%edi)
        outb 0x70, 0x02
        in $0x71, %al
        mov %al, 17(%edi)
        outb 0x70, 0x0a
        in $0x71, %al
        mov %al, 18(%edi)
        mov spurious, %al
        mov %al, 19(%edi)
        add $24, %edi
        ret

/* Halts until the clock's seconds have moved. */
next_second:
        mov seconds, %ebx
1:      sti
        hlt
        cli
        cmp seconds, %ebx
        je 1b
        ret

on_timer:
        push %eax
        incl timer
        outb 0x20, 0x20
        pop %eax
        iret
on_spurious:
        incl spurious
        iret
on_clock:
        push %eax
        incl seconds
        outb 0x70, 0x0c
        in $0x71, %al
        outb 0xa0, 0x20
        outb 0x20, 0x20
        pop %eax
        iret

/* A page to the card edu, by the CPU's polling. */
copy:   mov $0x80000000, %esi
1:      mov $0xcf8, %dx
        mov %esi, %eax
        out %eax, %dx
        mov $0xcfc, %dx
        in %dx, %eax
        cmp $0x11e81234, %eax
        je 2f
        add $0x800, %esi
        jmp 1b
2:      config 0x10, BAR
        config 0x04, 6
        movl $0x00300000, BAR + 0x80
        movl $0x00040000, BAR + 0x88
        movl $0x1000, BAR + 0x90
        movl $1, BAR + 0x98
3:      testl $1, BAR + 0x98
        jnz 3b
        ret

        .align 8
gdt:    .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr:   .word . - gdt - 1
        .long gdt
idtr:   .word 0x29 * 8 - 1
        .long idt
