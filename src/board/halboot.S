/* src/board/halboot.S -- option ROM by which a BIOS boots the kernel that the
 * board holds in firmware configuration: a boot entry vector that has the
 * kernel's parts moved to their places and enters its real-mode setup. Sources:
 * BIOS Boot Specification 1.01, 3.3 (BEV); Plug and Play BIOS Specification
 * 1.0A, 3.2; QEMU, docs/specs/fw_cfg; The Linux/x86 Boot Protocol, "Loading the
 * rest of the kernel". The board puts the checksum into the last byte. */
        .set SELECTOR, 0x510
        .set DATA, 0x511
        .set DMA_HIGH, 0x514
        .set DMA_LOW, 0x518
        .set SETUP_ADDR, 0x16
        .set SELECT_AND_READ, 0x0a
        .set STACK, 0xfff0              /* behind setup and its heap */

        .code16
        .text
        .globl _start
_start: .byte 0x55, 0xaa, 1             /* of 512 bytes */
        xor %ax, %ax                    /* initialisation: nothing to do */
        lret
        .org 0x1a
        .word pnp
        .org 0x20
pnp:    .ascii "$PnP"
        .byte 1, 2                      /* revision; length / 16 */
        .word 0                         /* no other header */
        .byte 0, 0                      /* reserved; checksum, not looked at */
        .long 0
        .word maker, product
        .byte 0, 0, 0                   /* class */
        .byte 0x04                      /* initial program load device */
        .word 0, 0, boot, 0, 0          /* BCV, disconnect, BEV */

boot:   cld
        mov %cs, %ax
        mov %ax, %ds
        mov $parts, %si
1:      lodsw                           /* key of the part's address */
        test %ax, %ax
        jz enter
        call number
        mov %eax, %edi
        lodsw                           /* its size */
        call number
        mov %eax, %ebx
        lodsw                           /* its bytes */
        test %ebx, %ebx
        jz 1b
        call fetch
        jmp 1b

enter:  mov $SETUP_ADDR, %ax
        call number
        shr $4, %eax
        cli
        mov %ax, %ds
        mov %ax, %es
        mov %ax, %fs
        mov %ax, %gs
        mov %ax, %ss
        mov $STACK, %esp
        add $0x20, %ax
        push %ax
        push $0
        lret

/* EAX: the 32-bit number that item AX is. */
number: mov $SELECTOR, %dx
        out %ax, %dx
        inc %dx
        mov $4, %cx
1:      in %dx, %al
        ror $8, %eax
        loop 1b
        ret

/* EBX bytes of item AX to physical EDI by DMA; the control block is on the
 * stack. */
fetch:  sub $16, %sp
        mov %sp, %bp
        shl $16, %eax
        mov $SELECT_AND_READ, %ax
        bswap %eax
        mov %eax, (%bp)
        bswap %ebx
        mov %ebx, 4(%bp)
        movl $0, 8(%bp)
        bswap %edi
        mov %edi, 12(%bp)
        xor %eax, %eax
        mov $DMA_HIGH, %dx
        out %eax, %dx
        mov %ss, %ax
        shl $4, %eax
        movzwl %bp, %ecx
        add %ecx, %eax
        bswap %eax
        mov $DMA_LOW, %dx
        out %eax, %dx
1:      testl $~0x01000000, (%bp)       /* all but the error bit */
        jnz 1b
        add $16, %sp
        ret

/* Keys of address, size and bytes: setup, command line, kernel, RAM disk. */
parts:  .word 0x16, 0x17, 0x18
        .word 0x13, 0x14, 0x15
        .word 0x07, 0x08, 0x11
        .word 0x0a, 0x0b, 0x12
        .word 0
maker:  .asciz "halbox"
product: .asciz "kernel of the command line"
        .org 512
