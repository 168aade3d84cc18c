/* tests/guests/play8.c -- plays standard input, 8 bits mono at 44,100 Hz. */
#define FORMAT AFMT_U8
#define SIDES  1
#include "play.c"
