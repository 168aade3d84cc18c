/* src/bus/view.h -- memory of cards to look at. */
#ifndef BUS_VIEW_H
#define BUS_VIEW_H

#include "bus/bus.h"

/** bus_memory_view() - as bus_memory(), to read alone: the page does not count
 *  as used, so nothing that is saved changes. */
const uint8_t *bus_memory_view(const struct bus *bus, gpa_t at);

#endif
