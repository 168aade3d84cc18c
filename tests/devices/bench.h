/* tests/devices/bench.h -- a bus with RAM, a clock and devices; no CPU, no HAL.
 * Time passes in bench_advance_ns() and bench_run*(), which do what a machine's
 * run loop does, with nothing for the CPU's part.
 *
 *     struct bench *b = bench_create();
 *     b->dev = bench_add(b, &edu_model, NULL);
 *     bench_start(b);                       reset; PCI cards get BARs, decode
 * on bench_set32(b, 0x04, 5);              register of b->dev, window 0
 */
#ifndef TESTS_DEVICES_BENCH_H
#define TESTS_DEVICES_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/events.h"
#include "base/save.h"
#include "bus/bus.h"
#include "halbox/device.h"
#include "halbox/devices.h"
#include "mm/ram.h"

enum { BENCH_NS_PER_TICK = 10, BENCH_RAM = 32 << 20 };

struct bench {
    struct ram mem;
    struct clock clock;
    struct events events;
    struct bus *bus;
    uint8_t *ram;       /* host bytes of RAM from 0, BENCH_RAM of them */
    struct device *dev; /* the device under test */
    char *trace;        /* text of the events that bench_trace() named */
    size_t trace_bytes;
    uint32_t next_memory; /* where the next memory BAR goes */
    uint16_t next_port;
    /* bench_run() ends before this many bytes of all tenures were moved */
    uint64_t stop_after, moved;
};

/** bench_create() - RAM from 0 to 15 MiB and from 16 MiB to 32 MiB, as the
 *  low logical window wants it. bench_create_with() - with bus options. */
struct bench *bench_create(void);
struct bench *bench_create_with(const struct bus_options *options);
/** bench_create_lean() - saves hold only the pages that bench_fill() or a
 *  device wrote; tests do not write b->ram directly. */
struct bench *bench_create_lean(void);
/** bench_fill() - @bytes from @at become seed, seed + 7, seed + 14 ... */
void bench_fill(struct bench *b, uint64_t at, uint32_t bytes, uint8_t seed);
void bench_destroy(struct bench *b);
/** For cmocka: a bench in *state, and its end. */
int bench_setup(void **state);
int bench_teardown(void **state);

/** bench_add() - a device; @place may be NULL. */
struct device *bench_add(struct bench *b, const struct device_model *model,
                         const struct bus_place *place);
/** bench_add_isa() - with IRQ and DMA channel strapped, -1 for none. */
struct device *bench_add_isa(struct bench *b, const struct device_model *model,
                             int irq, int dma);
void bench_set(struct bench *b, struct device *dev, const char *setting,
               uint64_t value);
/** bench_start() - power-on reset; then every PCI function gets its BARs and
 *  memory, I/O and bus master enabled. bench_enable() - that for one. */
void bench_start(struct bench *b);
void bench_enable(struct bench *b, struct device *dev);
/** bench_command() - PCI command register of @dev. */
void bench_command(struct bench *b, struct device *dev, uint16_t command);
uint16_t bench_status(struct bench *b, struct device *dev);
uint64_t bench_base(const struct device *dev, unsigned window);

/* Registers of b->dev in window 0 (port or memory), and of any window. */
uint32_t bench_get(struct bench *b, uint32_t offset, unsigned bytes);
void bench_put(struct bench *b, uint32_t offset, unsigned bytes,
               uint32_t value);
#define bench_get8(b, off)     ((uint8_t)bench_get((b), (off), 1))
#define bench_get16(b, off)    ((uint16_t)bench_get((b), (off), 2))
#define bench_get32(b, off)    bench_get((b), (off), 4)
#define bench_set8(b, off, v)  bench_put((b), (off), 1, (v))
#define bench_set16(b, off, v) bench_put((b), (off), 2, (v))
#define bench_set32(b, off, v) bench_put((b), (off), 4, (v))
uint32_t bench_read(struct bench *b, struct device *dev, unsigned window,
                    uint32_t offset, unsigned bytes);
void bench_write(struct bench *b, struct device *dev, unsigned window,
                 uint32_t offset, unsigned bytes, uint32_t value);
/* Ports by number. */
uint8_t bench_in8(struct bench *b, uint16_t port);
void bench_out8(struct bench *b, uint16_t port, uint8_t value);

/** bench_advance_ns() - let @ns pass, serving what comes due. */
void bench_advance_ns(struct bench *b, uint64_t ns);
/** bench_tick() - one tick. */
void bench_tick(struct bench *b);
uint64_t bench_now_ns(const struct bench *b);
/** bench_run_until_irq() - until b->dev's interrupt output is high; false
 *  when nothing is due any more. */
bool bench_run_until_irq(struct bench *b);
/** bench_run() - until nothing is due, at most a second; stops early inside a
 *  tenure when b->stop_after bytes have been moved (false then). */
bool bench_run(struct bench *b);
bool bench_irq(const struct bench *b);
/** bench_tenure_ns() - time that a transfer of one tenure takes from its
 *  posting to its step: a tick before, the bytes' time after. */
uint64_t bench_tenure_ns(const struct bench *b, uint32_t bytes);

/** bench_trace() - collect the text of events that @glob names. */
void bench_trace(struct bench *b, const char *glob);
/** bench_count() - lines of the trace that contain @text. */
unsigned bench_count(const struct bench *b, const char *text);

/** bench_save() - clock, bus and the first @ram_bytes of RAM. */
void bench_save(const struct bench *b, struct saver *s);
/** bench_load() - into a bench built the same way. */
void bench_load(struct bench *b, const struct saver *s);
/** bench_same() - fails the test unless both have the same state and RAM. */
void bench_same(const struct bench *a, const struct bench *b);

/* Map registers, programmed through the unit's registers as a HAL does. */
struct device *bench_add_mapregs(struct bench *b, bool adapter);
void bench_windows_on(struct bench *b);
/** bench_map() - logical page @at (in a window) becomes physical page @to for
 *  @requester, @flags 1 valid | 2 read | 4 write. */
void bench_map(struct bench *b, uint32_t requester, uint32_t at, uint64_t to,
               uint32_t flags);

#endif
