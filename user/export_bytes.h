/* user/export_bytes.h -- bytes of so many argument dwords, for names that end
 * in @bytes: no preprocessor multiplies. */
/* clang-format off */
#define BYTES_0  0
#define BYTES_1  4
#define BYTES_2  8
#define BYTES_3  12
#define BYTES_4  16
#define BYTES_5  20
#define BYTES_6  24
#define BYTES_7  28
#define BYTES_8  32
#define BYTES_9  36
#define BYTES_10 40
#define BYTES_11 44
