/* user/kernel32/kernel32.h -- what kernel32's files share. */
#ifndef USER_KERNEL32_H
#define USER_KERNEL32_H

#include <windows.h>

/** tls_thread() - this thread's copy of the program's TLS data; its callbacks
 *  hear @reason (DLL_PROCESS_ATTACH, DLL_THREAD_ATTACH ...). */
void tls_thread(DWORD reason);

#endif
