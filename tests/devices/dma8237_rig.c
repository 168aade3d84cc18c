/* tests/devices/dma8237_rig.c -- see dma8237_rig.h. */
#include "dma8237_rig.h"

int dma_setup_on(void **state, int channel)
{
    struct bench *b = bench_create();

    *state = b;
    bench_add_isa(b, device_model_find("isacard"), 5, channel);
    bench_add(b, device_model_find("dma8237"), NULL);
    bench_start(b);
    bench_out8(b, 0xd6, MODE_CASCADE); /* channel 4 carries the first chip */
    bench_out8(b, 0xd4, 0);
    return 0;
}

int dma_setup(void **state)
{
    return dma_setup_on(state, 1);
}

int dma_setup_words(void **state)
{
    return dma_setup_on(state, 5);
}

/* Ports of a channel: address, count, page. */
uint16_t address_port(unsigned ch)
{
    return (uint16_t)(ch < 4 ? 2 * ch : 0xc0 + 4 * (ch - 4));
}

uint16_t count_port(unsigned ch)
{
    return (uint16_t)(ch < 4 ? 2 * ch + 1 : 0xc2 + 4 * (ch - 4));
}

uint16_t page_port(unsigned ch)
{
    static const uint8_t port[8] = {0x87, 0x83, 0x81, 0x82,
                                    0x8f, 0x8b, 0x89, 0x8a};
    return port[ch];
}

uint16_t control_port(unsigned ch, unsigned reg)
{
    return (uint16_t)(ch < 4 ? reg : 0xc0 + 2 * reg);
}

void write_word(struct bench *b, uint16_t port, unsigned value)
{
    bench_out8(b, port, (uint8_t)value);
    bench_out8(b, port, (uint8_t)(value >> 8));
}

unsigned read_word(struct bench *b, uint16_t port)
{
    unsigned low = bench_in8(b, port);

    return low | (unsigned)bench_in8(b, port) << 8;
}

void mask(struct bench *b, unsigned ch)
{
    bench_out8(b, control_port(ch, 10), (uint8_t)(4 | ch % 4));
}

void unmask(struct bench *b, unsigned ch)
{
    bench_out8(b, control_port(ch, 10), (uint8_t)(ch % 4));
}

/* Program @ch as a driver does: mask, mode, address, page, count. */
void program(struct bench *b, unsigned ch, unsigned mode, unsigned address,
             unsigned page, unsigned count)
{
    mask(b, ch);
    bench_out8(b, control_port(ch, 12), 0);
    bench_out8(b, control_port(ch, 11), (uint8_t)(mode | ch % 4));
    write_word(b, address_port(ch), address);
    bench_out8(b, page_port(ch), (uint8_t)page);
    write_word(b, count_port(ch), count);
}

void fill_card(struct bench *b, unsigned bytes)
{
    bench_set16(b, CARD_POINTER, 0);
    for (unsigned i = 0; i < bytes; i++)
        bench_set8(b, CARD_DATA, (uint8_t)(i * 7 + 1));
    bench_set16(b, CARD_POINTER, 0);
}

uint8_t card_byte(unsigned i)
{
    return (uint8_t)(i * 7 + 1);
}

void assert_card_bytes(const uint8_t *at, unsigned from, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(at[i], card_byte(from + i));
}
