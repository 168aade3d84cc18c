/* src/debug/kernel_frames.h -- .debug_frame of the kernel's images. */
#ifndef DEBUG_KERNEL_FRAMES_H
#define DEBUG_KERNEL_FRAMES_H

#include "base/vec.h"
#include "halbox/inspect.h"

/** kernel_frames() - how callers are found from a stub, a vector, a trampoline;
 *  into @out, a vec of bytes. False: no memory. */
bool kernel_frames(const struct machine *m, struct vec *out);

#endif
