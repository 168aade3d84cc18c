/* images/bare/net_ping.c -- a multiboot kernel that asks for the address of
 * 10.0.2.2 (ARP), pings it five times and compares what comes back, by an
 * RTL8139 in 8139 mode. Ends through port 0xf4: 0x10 when all came back. */
#include <stdint.h>

enum { MAGIC = 0x1badb002 };
enum { CR = 0x37, CAPR = 0x38, RBSTART = 0x30, RCR = 0x44, TSD = 0x10 };
enum { TSAD = 0x20, ARP = 0x0806, IP = 0x0800, RING = 8192, ECHO = 400 };
enum { PINGS = 5, GOOD = 0x10, NO_CARD, NO_ARP, NO_ECHO, WRONG_ECHO };

__attribute__((section(".multiboot"), used)) static const uint32_t header[] = {
    MAGIC, 0, -(uint32_t)MAGIC};

static uint8_t ring[RING + 16 + 1536] __attribute__((aligned(4)));
static uint8_t frame[1536] __attribute__((aligned(4)));
static uint8_t stack[8192] __attribute__((aligned(16), used));
static uint8_t own[6], router[6];
static uint32_t base, tx, at;

static void out8(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port));
}
static void out16(uint16_t port, uint16_t v)
{
    __asm__ volatile("outw %0, %1" ::"a"(v), "Nd"(port));
}
static void out32(uint16_t port, uint32_t v)
{
    __asm__ volatile("outl %0, %1" ::"a"(v), "Nd"(port));
}
static uint8_t in8(uint16_t port)
{
    uint8_t v;

    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static uint32_t in32(uint16_t port)
{
    uint32_t v;

    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static void end(uint8_t value)
{
    out8(0xf4, value);
    for (;;)
        __asm__ volatile("hlt");
}

static uint32_t config(unsigned slot, unsigned offset)
{
    out32(0xcf8, 0x80000000u | slot << 11 | offset);
    return in32(0xcfc);
}

static void card_on(void)
{
    unsigned slot = 0;

    while (slot < 32 && config(slot, 0) != 0x813910ec)
        slot++;
    if (slot == 32)
        end(NO_CARD);
    base = 0xc000;
    config(slot, 0x10);
    out32(0xcfc, base);
    config(slot, 4);
    out16(0xcfc, 5);
    for (unsigned i = 0; i < 6; i++)
        own[i] = in8((uint16_t)(base + i));
    out32((uint16_t)(base + RBSTART), (uint32_t)ring);
    out8((uint16_t)(base + CR), 0x0c);
    out32((uint16_t)(base + RCR), 0x8a); /* own, broadcast, no wrap */
}

static void send(uint32_t bytes)
{
    out32((uint16_t)(base + TSAD + 4 * tx), (uint32_t)frame);
    out32((uint16_t)(base + TSD + 4 * tx), bytes);
    while (!(in32((uint16_t)(base + TSD + 4 * tx)) & 0x8000))
        ;
    tx = (tx + 1) & 3;
}

/* The next frame, or NULL after a while. */
static const uint8_t *receive(void)
{
    volatile uint16_t *header;
    const uint8_t *found;

    for (uint32_t n = 0; in8((uint16_t)(base + CR)) & 1; n++)
        if (n == 20000000)
            return 0;
    header = (volatile uint16_t *)(ring + at);
    found = ring + at + 4;
    at = (at + header[1] + 4 + 3) & ~3u;
    at &= RING - 1;
    return found;
}

static void release(void)
{
    out16((uint16_t)(base + CAPR), (uint16_t)(at - 16));
}

static void copy(uint8_t *to, const void *from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        to[i] = ((const uint8_t *)from)[i];
}

static int is_type(const uint8_t *f, unsigned type)
{
    return f[12] == type >> 8 && f[13] == (type & 255);
}

static void ask_address(void)
{
    static const uint8_t ask[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};
    const uint8_t *f;

    for (unsigned i = 0; i < 6; i++)
        frame[i] = 0xff;
    copy(frame + 6, own, 6);
    copy(frame + 12, ask, sizeof ask);
    copy(frame + 22, own, 6);
    copy(frame + 28, "\x0a\0\x02\x0f\0\0\0\0\0\0\x0a\0\x02\x02", 14);
    send(42);
    while ((f = receive()) && !(is_type(f, ARP) && f[21] == 2))
        release();
    if (!f)
        end(NO_ARP);
    copy(router, f + 22, 6);
    release();
}

static void sum(uint8_t *to, const uint8_t *p, uint32_t n)
{
    uint32_t s = 0;

    for (uint32_t i = 0; i < n; i += 2)
        s += (uint32_t)p[i] << 8 | p[i + 1];
    s = (s & 0xffff) + (s >> 16);
    s = ~((s & 0xffff) + (s >> 16));
    to[0] = (uint8_t)(s >> 8);
    to[1] = (uint8_t)s;
}

static void ping(unsigned number)
{
    static const uint8_t ip[] = {
        8,  0, 0x45, 0, (ECHO - 14) >> 8, (ECHO - 14) & 255, 0, 0, 0, 0,
        64, 1, 0,    0};
    const uint8_t *f;

    copy(frame, router, 6);
    copy(frame + 6, own, 6);
    copy(frame + 12, ip, sizeof ip);
    copy(frame + 26, "\x0a\0\x02\x0f\x0a\0\x02\x02\x08\0\0\0\0\x01\0", 15);
    frame[41] = (uint8_t)number;
    for (unsigned i = 42; i < ECHO; i++)
        frame[i] = (uint8_t)(i * number);
    sum(frame + 24, frame + 14, 20);
    sum(frame + 36, frame + 34, ECHO - 34);
    send(ECHO);
    while ((f = receive()) && !(is_type(f, IP) && f[23] == 1 && f[34] == 0))
        release();
    if (!f)
        end(NO_ECHO);
    for (unsigned i = 41; i < ECHO; i++)
        if (f[i] != frame[i])
            end(WRONG_ECHO);
    release();
}

__attribute__((used)) static void kernel(void)
{
    card_on();
    ask_address();
    for (unsigned i = 1; i <= PINGS; i++)
        ping(i);
    end(GOOD);
}

__asm__(".globl _start\n_start: mov $stack + 8192, %esp\ncall kernel\n");
