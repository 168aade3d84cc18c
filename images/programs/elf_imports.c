/* images/programs/elf_imports.c -- an ELF program whose undefined symbols are
 * kernel32's and msvcrt's: it asks the edu device for a factorial. Its entry's
 * result is its exit status. */
#define STDCALL __attribute__((stdcall))

STDCALL void *CreateFileA(const char *name, unsigned access, unsigned share,
                          void *security, unsigned creation, unsigned flags,
                          void *template);
STDCALL int DeviceIoControl(void *device, unsigned code, void *in,
                            unsigned in_bytes, void *out, unsigned out_bytes,
                            unsigned *done, void *overlapped);
STDCALL int CloseHandle(void *handle);
int printf(const char *format, ...);

enum { FACTORIAL = 0x222004, READ_WRITE = 0xc0000000u, OPEN_EXISTING = 3 };

int _start(void);
int _start(void)
{
    unsigned n = 6, result = 0, done = 0;
    void *h = CreateFileA("\\\\.\\Edu0", READ_WRITE, 0, 0, OPEN_EXISTING, 0, 0);

    if (h == (void *)-1)
        return 1;
    if (!DeviceIoControl(h, FACTORIAL, &n, 4, &result, 4, &done, 0))
        return 2;
    printf("%u! = %u\n", n, result);
    CloseHandle(h);
    return result == 720 && done == 4 ? 0 : 3;
}
