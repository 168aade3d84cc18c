/* hal/exports/verified.c -- around every routine of the HAL: findings name the
 * guest code that called it, and with DMA verification in mode stop it ends as
 * under Driver Verifier. Source: WDK, "DMA Verification". */
#include <string.h>

#include "hal/exports/thunk.h"
#include "ke/ke.h"

static const char *caller(void *context, gva_t *at)
{
    struct call *c = context;

    *at = gva_of(call_caller(c));
    return ke_image_at(c->ke, *at);
}

static bool is_dma(const char *name)
{
    return strncmp(name, "Io", 2) == 0 || strstr(name, "Dma") ||
           strstr(name, "Adapter") || strstr(name, "CommonBuffer");
}

/* S21: P2 is 1, another IRQL than it has to be, or 2, above the highest. */
static void check_irql(struct call *c)
{
    const struct export *row = c->export;
    uint32_t irql = call_irql(c), low = row->irql_low & ~(uint32_t)IRQL_TOLD;
    uint32_t kind = low ? 1 : 2;

    if (irql <= row->irql && irql >= low)
        return;
    if (is_dma(row->name))
        hal_misuse(call_hal(c), "S21", HAL_CODE(0x13, kind, row->irql, irql),
                   "%s called at IRQL %u, has to be %s%u", row->name, irql,
                   kind == 2 ? "at most " : "", row->irql);
    else
        call_finding(c, "IRQL", "%s called at IRQL %u, highest allowed %u",
                     row->name, irql, row->irql);
}

void verified(struct call *c, void (*thunk)(struct call *c))
{
    struct hal *h = call_hal(c);
    const struct hal_violation *v;

    hal_site(h, caller, c);
    if (c->state == STATE_ENTER)
        check_irql(c);
    thunk(c);
    hal_site(h, NULL, NULL);
    v = hal_violation(h);
    if (v)
        call_bugcheck_text(c, HAL_BUGCHECK, v->p, v->text);
}
