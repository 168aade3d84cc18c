/* images/bare/sb16_play.S -- without any kernel: fills a buffer, has a Sound
 * Blaster 16 play it as 16-bit stereo, 44,100 frames a second, through channel
 * 5, waits for the card's interrupt in the mixer, and leaves by port F4h.
 * Sources: Multiboot specification 0.6.96; 8237A; docs/devices/sb16.md. */
        .set BUFFER, 0x00020000
        .set FRAMES, 1000

        .section .multiboot, "a"
        .align 4
        .long 0x1badb002, 0, -0x1badb002

        .macro PUT port, value
        mov $\value, %al
        mov $\port, %dx
        out %al, %dx
        .endm

        .text
        .globl _start
_start:
        mov $BUFFER, %edi               /* a buffer, different everywhere */
        mov $FRAMES, %ecx
        mov $0x12345678, %eax
        cld
1:      stosl
        imul $1664525, %eax, %eax
        add $1013904223, %eax
        loop 1b

        PUT 0xd6, 0xc0                  /* channel 4: cascade, unmasked */
        PUT 0xd4, 0x00
        PUT 0xd6, 0x49                  /* channel 5: single, from memory */
        PUT 0xd8, 0x00
        PUT 0xc4, (BUFFER >> 1) & 255
        PUT 0xc4, (BUFFER >> 9) & 255
        PUT 0x8b, BUFFER >> 16
        PUT 0xc6, (2 * FRAMES - 1) & 255
        PUT 0xc6, (2 * FRAMES - 1) >> 8
        PUT 0xd4, 0x01

        PUT 0x22c, 0x41                 /* 44,100 */
        PUT 0x22c, 0xac
        PUT 0x22c, 0x44
        PUT 0x22c, 0xb0                 /* 16 bits, signed, stereo */
        PUT 0x22c, 0x30
        PUT 0x22c, (2 * FRAMES - 1) & 255
        PUT 0x22c, (2 * FRAMES - 1) >> 8

        PUT 0x224, 0x82
2:      mov $0x225, %dx
        in %dx, %al
        test $2, %al
        jz 2b
        PUT 0xf4, 0
3:      hlt
        jmp 3b
