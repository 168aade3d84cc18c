/* tests/guests/plain.S -- in place of what unpacks a Linux kernel: copies its
 * pages to where they run, by a table of (from, to, dwords); the last row, of no
 * dwords, has the entry. It lies at 1 MiB. Source: Linux, The Linux/x86 Boot
 * Protocol, "32-bit Boot Protocol": ESI is the zero page. */
        .text
        .globl _start
_start: cld
        mov %esi, %ebx
        mov $table, %ebp
1:      mov (%ebp), %esi
        mov 4(%ebp), %edi
        mov 8(%ebp), %ecx
        add $12, %ebp
        jecxz 2f
        rep movsl
        jmp 1b
2:      mov %ebx, %esi
        jmp *%edi
        .align 4
table:
