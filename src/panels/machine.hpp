/* src/panels/machine.hpp -- the C interfaces that panels use. A function of
 * theirs may have the name of a structure, which C++ calls shadowing. */
#ifndef PANELS_MACHINE_HPP
#define PANELS_MACHINE_HPP

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#include "halbox/control.h"
#include "halbox/debug.h"
#include "halbox/inspect.h"
#include "halbox/lanes.h"
#include "halbox/monitor.h"
#include "halbox/symbols.h"
#include "picture/picture.h"
}
#pragma GCC diagnostic pop

#endif
