/* images/bare/rom.S -- a BIOS ROM of 64 KiB that shadows itself and says on the
 * debug console what it reads of its own marker at each step. Source: Intel
 * 82441FX data sheet, PAM registers; PCI 2.2, 3.2.2.3. */
        .set PAM_DWORD, 0x80000058      /* PAM0 is its second byte */
        .set DEBUG, 0xe9
        .set DEBUG_EXIT, 0xf4

        .code16
        .text
        .globl _start
_start: mov %cs, %ax
        mov %ax, %ds
        mov %ax, %es
        call say                /* the ROM */

        mov $0x20, %al          /* writes to RAM, reads from the ROM */
        call pam
        movb $'W', marker
        call say                /* still the ROM */
        xor %si, %si
        xor %di, %di
        mov $0x8000, %cx
        cld
        rep movsw
        movb $'W', marker

        mov $0x10, %al          /* reads from RAM, writes to the ROM */
        call pam
        call say                /* the copy */
        movb $'X', marker
        call say                /* unchanged */

        mov $0x00, %al          /* all from the ROM */
        call pam
        call say

        xor %al, %al
        out %al, $DEBUG_EXIT
1:      hlt
        jmp 1b

say:    mov marker, %al
        out %al, $DEBUG
        ret

pam:    mov %al, %bl
        mov $0xcf8, %dx
        mov $PAM_DWORD, %eax
        out %eax, %dx
        mov $0xcfd, %dx
        mov %bl, %al
        out %al, %dx
        ret

marker: .byte 'R'

        .org 0xfff0, 0xff
        ljmp $0xf000, $0
        .org 0x10000, 0xff
