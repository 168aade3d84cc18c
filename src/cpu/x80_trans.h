/* src/cpu/x80_trans.h -- the x87's transcendental functions, to within 2^-36 of
 * half a unit in the last place. They round as RC says, to 64 bits whatever PC
 * says. Source: SDM vol. 1, 8.3.7 to 8.3.11. */
#ifndef CPU_X80_TRANS_H
#define CPU_X80_TRANS_H

#include "cpu/x80.h"

/** x80_2xm1() - 2^a - 1; outside [-1, 1], which the SDM leaves undefined, a. */
struct x80 x80_2xm1(struct x80_env *e, struct x80 a);
/** x80_yl2x() - y log2(x); x80_yl2xp1() - y log2(x + 1). */
struct x80 x80_yl2x(struct x80_env *e, struct x80 x, struct x80 y);
struct x80 x80_yl2xp1(struct x80_env *e, struct x80 x, struct x80 y);
/** x80_angle() - can the functions below reduce it: |a| < 2^63, or special. */
bool x80_angle(struct x80 a);
/** Angles are reduced by SDM's 66-bit pi. */
struct x80 x80_sin(struct x80_env *e, struct x80 a);
struct x80 x80_cos(struct x80_env *e, struct x80 a);
struct x80 x80_tan(struct x80_env *e, struct x80 a);
struct x80 x80_atan2(struct x80_env *e, struct x80 y, struct x80 x);

#endif
