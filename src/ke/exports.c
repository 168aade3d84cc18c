/* src/ke/exports.c -- the kernel's rows as the registry wants them. */
#include "ke/private.h"

#define EXPORT(...)      EXPORT_ROW(__VA_ARGS__),
#define EXPORT_DATA(...) EXPORT_DATA_ROW(__VA_ARGS__),
const struct export ke_exports[] = {
#include "ke/exports.def"
};
#undef EXPORT
#undef EXPORT_DATA

const unsigned ke_exports_count = sizeof ke_exports / sizeof ke_exports[0];
