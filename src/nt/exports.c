/* src/nt/exports.c -- the rows of the .def files as tables. */
#include "nt/exports.h"

#define EXPORT(...)      EXPORT_ROW(__VA_ARGS__),
#define EXPORT_DATA(...) EXPORT_DATA_ROW(__VA_ARGS__),

const struct export nt_exports[] = {
#include "nt/exports.def"
#include "nt/exports_ex.def"
};
const unsigned nt_exports_count = sizeof nt_exports / sizeof nt_exports[0];

const struct export nt_rtl_exports[] = {
#include "nt/exports_rtl.def"
};
const unsigned nt_rtl_exports_count =
    sizeof nt_rtl_exports / sizeof nt_rtl_exports[0];

const struct export nt_internal_exports[] = {
#include "nt/internal.def"
};
const unsigned nt_internal_exports_count =
    sizeof nt_internal_exports / sizeof nt_internal_exports[0];
