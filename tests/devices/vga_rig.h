/* tests/devices/vga_rig.h -- a bench with a VGA, by its ports and memory. */
#ifndef TESTS_DEVICES_VGA_RIG_H
#define TESTS_DEVICES_VGA_RIG_H

#include "bench.h"

/** For cmocka: a bench with the card; BAR 0 frame buffer, BAR 2 registers. */
int vga_setup(void **state);

/** Registers by index. CRTC at 3D4h. */
uint8_t seq_get(struct bench *b, uint8_t index);
void seq_set(struct bench *b, uint8_t index, uint8_t value);
uint8_t gfx_get(struct bench *b, uint8_t index);
void gfx_set(struct bench *b, uint8_t index, uint8_t value);
uint8_t crtc_get(struct bench *b, uint8_t index);
void crtc_set(struct bench *b, uint8_t index, uint8_t value);
uint8_t attr_get(struct bench *b, uint8_t index);
void attr_set(struct bench *b, uint8_t index, uint8_t value);
void dac_set(struct bench *b, uint8_t index, uint8_t r, uint8_t g, uint8_t v);
uint16_t vbe_get(struct bench *b, uint16_t index);
void vbe_set(struct bench *b, uint16_t index, uint16_t value);

/** Memory as the CPU sees it; a word of the four planes as it lies. */
uint8_t mem_get(struct bench *b, uint32_t at);
void mem_set(struct bench *b, uint32_t at, uint8_t value);
uint32_t plane_word(struct bench *b, uint32_t address);

/** The IBM modes, register values as its BIOS sets them, palette entry n of
 *  the DAC (n, n + 1, n + 2) and attribute registers 0-15 = 0-15. */
enum vga_mode { MODE_3, MODE_4, MODE_6, MODE_7, MODE_D, MODE_12, MODE_13 };
void vga_mode(struct bench *b, enum vga_mode mode);
/** What DAC entry n looks like after that. */
uint32_t dac_colour(uint8_t n);

/** The picture, to be freed; its size in *@screen. */
uint32_t *vga_picture(struct bench *b, struct device_screen *screen);

#endif
