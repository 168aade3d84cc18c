/* src/base/finding.h -- what a verifier says: which class of mistake, one
 * sentence, where in the guest, and what Driver Verifier's bugcheck 0xE6 would
 * carry. Source: docs/verify.md. */
#ifndef BASE_FINDING_H
#define BASE_FINDING_H

#include "base/events.h"

/** Zero is "not known". */
struct finding {
    const char *rule;  /* id of the class, "S07"                            */
    const char *text;  /* one sentence                                      */
    const char *name;  /* of the class, for people                          */
    const char *where; /* image of the guest code that did it               */
    uint32_t at;       /* its call site                                     */
    const char *device;
    uint64_t dla;  /* logical address                                       */
    uint32_t code; /* bugcheck that Windows makes of it, 0: none            */
    uint32_t p[4];
};

/** finding_emit() - as event `finding`. */
void finding_emit(struct events *ev, const struct finding *f);
/** finding_post() - from a listener: emitted when all have heard the present
 *  event. What @f points at is copied. */
void finding_post(struct events *ev, const struct finding *f);
/** finding_flush() - the posted ones, in order; the end of event_emit(). */
void finding_flush(struct events *ev);

#endif
