/* src/board/fault.c -- requests of a driver that fail: logged, then armed. */
#include "board/again.h"
#include "board/board.h"
#include "halbox/control.h"

enum hb_status machine_fail(struct machine *m, const char *kind, uint32_t n,
                            struct hb_error *error)
{
    enum ke_fault which;

    if (m->config.bare)
        return hb_fail(error, HB_BAD_STATE, "a bare machine has no kernel");
    if (!ke_fault_find(kind, &which))
        return hb_fail(error, HB_NOT_FOUND,
                       "no kind of request '%s': pool, pte, map-register, mdl "
                       "or resource",
                       kind);
    return fault_enter(m, which, n, error);
}

enum hb_status fault_enter(struct machine *m, enum ke_fault which, uint32_t n,
                           struct hb_error *error)
{
    enum hb_status status =
        input_enter(m, INPUT_FAIL, which, n, NULL, 0, error);

    if (status == HB_OK)
        ke_fault_arm(m->ke, which, n);
    return status;
}

uint32_t machine_requests(const struct machine *m, const char *kind)
{
    enum ke_fault which;

    return m->config.bare || !ke_fault_find(kind, &which)
               ? 0
               : ke_fault_count(m->ke, which);
}
