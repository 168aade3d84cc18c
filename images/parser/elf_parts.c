/* images/parser/elf_parts.c -- as parts.c in ELF: calls of others, pointers to
 * own code, constants, data and common symbols. */
extern int Outside(int value, const char *text) __attribute__((stdcall));
extern int Outside_Data;
extern int Nobody(void) __attribute__((weak));

int shared_count = 7;
int common_words[16];
static int zeroes[300];
static const char *const names[] = {"zero", "one", "two"};
int *pointers[] = {&shared_count, &zeroes[3], 0};

static int twice(int v)
{
    return 2 * v + zeroes[v & 255];
}

int (*volatile operation)(int) = twice;

__attribute__((stdcall)) int DriverEntry(void *driver, void *path)
{
    (void)path;
    common_words[3] = shared_count++;
    if (Nobody)
        Nobody();
    return Outside(operation(Outside_Data) + *pointers[1],
                   names[driver ? 1 : 2]);
}
