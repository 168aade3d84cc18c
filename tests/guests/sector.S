/* tests/guests/sector.S -- a boot sector that uses the BIOS's floppy services on
 * the medium that it came from: reads the last track, writes it to cylinder 1,
 * verifies it there, formats cylinder 2 (side 0 each), and says so on the serial
 * line. Ends by port F4h. */
	.code16
	.set	LINE, 0x3f8
	.set	SEGMENT, 0x1000
	.globl	_start
_start:
	ljmp	$0, $1f
1:	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$_start, %sp
	movb	%dl, drive
	movw	$LINE + 3, %dx		/* 8N1: nobody has set the line up */
	movb	$3, %al
	outb	%al, %dx
	movb	drive, %dl
	movw	$hello, %si
	call	say
	movb	$8, %ah			/* the drive's parameters */
	int	$0x13
	jc	failed
	andb	$0x3f, %cl
	movb	%cl, sectors
	movb	%dh, head
	movb	%ch, %al
	call	hex
	movb	sectors, %al
	call	hex
	movb	head, %al
	call	hex
	movw	$SEGMENT, %ax
	movw	%ax, %es
	movb	$2, %ah
	movb	head, %dh
	call	track
	movw	$0x0300, %ax
	movw	$0x0101, %cx
	xorb	%dh, %dh
	call	track
	movb	$4, %ah
	movw	$0x0101, %cx
	call	track
	/* IDs of a track: cylinder 2, head 0, number, 512 bytes */
	xorw	%di, %di
	xorw	%dx, %dx
2:	incw	%dx
	movw	$0x0002, %ax
	stosw
	movw	%dx, %ax
	movb	$2, %ah
	stosw
	cmpb	sectors, %dl
	jne	2b
	movb	$5, %ah
	movw	$0x0201, %cx
	xorb	%dh, %dh
	call	track
	movw	$done, %si
	call	say
	movb	$0, %al
	jmp	end

/* Service AH on cylinder CH, side DH, all sectors. */
track:
	movb	sectors, %al
	movb	$1, %cl
	movb	drive, %dl
	xorw	%bx, %bx
	int	$0x13
	jc	failed
	ret

failed:
	movb	%ah, %bl
	movw	$bad, %si
	call	say
	movb	%bl, %al
	call	hex
	movb	$1, %al
end:	movb	%al, %bl
	movw	$LINE + 5, %dx		/* when all is on the line */
6:	inb	%dx, %al
	testb	$0x40, %al
	jz	6b
	movb	%bl, %al
	outb	%al, $0xf4
3:	hlt
	jmp	3b

hex:	pushw	%ax
	shrb	$4, %al
	call	digit
	popw	%ax
	andb	$15, %al
digit:	cmpb	$10, %al
	sbbb	$0x69, %al
	das
put:	pushw	%dx
	movb	%al, %ah
	movw	$LINE + 5, %dx
4:	inb	%dx, %al
	testb	$0x20, %al
	jz	4b
	movw	$LINE, %dx
	movb	%ah, %al
	outb	%al, %dx
	popw	%dx
	ret

say:	lodsb
	testb	%al, %al
	jz	5f
	call	put
	jmp	say
5:	ret

hello:	.asciz	"\nhalbox: drive "
done:	.asciz	"\nhalbox: done\n"
bad:	.asciz	"\nhalbox: failed "
drive:	.byte	0
sectors: .byte	0
head:	.byte	0
	.org	510
	.word	0xaa55
