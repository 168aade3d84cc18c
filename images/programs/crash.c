/* images/programs/crash.c -- programs end in many ways: crash WAY. */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int zero;

static DWORD WINAPI other(void *parameter)
{
    (void)parameter;
    *(volatile int *)8 = 1;
    return 0;
}

static int deep(int n)
{
    volatile char page[4096];

    page[0] = (char)n;
    return deep(n + 1) + page[0];
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";

    printf("%s\n", way);
    if (!strcmp(way, "null"))
        return *(volatile int *)4;
    if (!strcmp(way, "kernel")) /* a supervisor page */
        return *(volatile int *)0x80401000;
    if (!strcmp(way, "kernel-write"))
        *(volatile int *)0x80401000 = 1;
    if (!strcmp(way, "constant"))
        *(volatile char *)way = *(volatile char *)"x" = 'y';
    if (!strcmp(way, "divide"))
        return argc * 100 / zero;
    if (!strcmp(way, "privileged"))
        __asm__ volatile("cli");
    if (!strcmp(way, "port"))
        __asm__ volatile("outb %al, $0x80");
    if (!strcmp(way, "illegal"))
        __asm__ volatile("ud2");
    if (!strcmp(way, "break"))
        DebugBreak();
    if (!strcmp(way, "jump"))
        ((void (*)(void))0x500)();
    if (!strcmp(way, "raise"))
        RaiseException(0xe0001234, 0, 0, NULL);
    if (!strcmp(way, "abort"))
        abort();
    if (!strcmp(way, "missing")) /* of a DLL that is not there */
        return RegCloseKey(NULL);
    if (!strcmp(way, "stack"))
        return deep(0);
    if (!strcmp(way, "thread")) {
        CreateThread(NULL, 0, other, NULL, 0, NULL);
        Sleep(INFINITE);
    }
    if (!strcmp(way, "terminate"))
        TerminateProcess(GetCurrentProcess(), 42);
    return 7;
}
