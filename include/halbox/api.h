/* include/halbox/api.h -- what libhalbox shows to other projects. */
#ifndef HALBOX_API_H
#define HALBOX_API_H

#define HB_API __attribute__((visibility("default")))

#endif
