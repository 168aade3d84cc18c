/* src/board/count.c -- which code ran: a client's numbers. */
#include "cpu/count.h"
#include "board/board.h"
#include "halbox/coverage.h"

enum hb_status machine_count_code(struct machine *m, gva_t at, uint32_t bytes,
                                  uint32_t *counts, struct hb_error *error)
{
    return cpu_count_code(&m->cpu, at, bytes, counts, error);
}

void machine_count_end(struct machine *m)
{
    cpu_count_end(&m->cpu);
}
