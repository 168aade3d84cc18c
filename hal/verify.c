/* hal/verify.c -- findings of DMA verification. A finding is an event; in mode
 * stop one that Windows has a code for is also remembered as what the guest
 * system ends with. Who raises it: hal/exports/table.c after each routine, the
 * run loop between two. Source: WDK, bug check 0xE6. */
#include "hal/verify.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/finding.h"
#include "hal/private.h"

/* clang-format off */
static const struct hal_class class[] = {
#define HAL_CLASS(id_, codes_, name_, windows_) \
    {.id = #id_, .codes = codes_, .name = name_, .windows = windows_},
#include "hal/classes.def"
#undef HAL_CLASS
};
/* clang-format on */

const struct hal_class *hal_class_at(unsigned index)
{
    return index < sizeof class / sizeof *class ? &class[index] : NULL;
}

const struct hal_class *hal_class_find(const char *id)
{
    const struct hal_class *row;
    unsigned i;

    for (i = 0; (row = hal_class_at(i)); i++)
        if (strcmp(row->id, id) == 0)
            return row;
    return NULL;
}

void hal_site(struct hal *h, hal_site_fn *who, void *context)
{
    h->who = who;
    h->who_context = context;
}

const char *hal_here(const struct hal *h, uint32_t *at)
{
    gva_t va = {0};
    const char *image = h->who ? h->who(h->who_context, &va) : NULL;

    *at = va.v;
    return image;
}

/* Is @p1 among the codes of the class? Our own tables agree, or it is a bug. */
static bool has_code(const struct hal_class *row, uint32_t p1)
{
    char text[4];

    snprintf(text, sizeof text, "%02X", p1);
    return row && strstr(row->codes, text);
}

void hal_tell(struct hal *h, struct finding *f)
{
    const struct hal_class *row = hal_class_find(f->rule);
    const bool known = !f->code || has_code(row, f->p[0]);

    assert(known);
    (void)known; /* release builds have no asserts */
    if (h->s.settings.verify == HAL_VERIFY_OFF)
        return;
    f->name = row ? row->name : NULL;
    if (!f->at)
        f->where = hal_here(h, &f->at);
    if (f->code && h->s.settings.verify == HAL_VERIFY_STOP &&
        !h->s.violation.pending) {
        h->s.violation.pending = true;
        memcpy(h->s.violation.p, f->p, sizeof f->p);
        snprintf(h->s.violation.text, sizeof h->s.violation.text, "%s: %s",
                 f->rule, f->text);
    }
    finding_post(h->events, f);
}

void hal_finding(struct hal *h, const char *rule, const char *format, ...)
{
    char text[HAL_TEXT];
    struct finding f = {.rule = rule, .text = text};
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    hal_tell(h, &f);
}

void hal_misuse(struct hal *h, const char *rule, const uint32_t p[4],
                const char *format, ...)
{
    char text[HAL_TEXT];
    struct finding f = {.rule = rule, .text = text, .code = HAL_BUGCHECK};
    va_list args;

    memcpy(f.p, p, sizeof f.p);
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    hal_tell(h, &f);
}

const struct hal_violation *hal_violation(const struct hal *h)
{
    return h->s.violation.pending ? &h->s.violation : NULL;
}
