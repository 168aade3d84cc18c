/* tests/ke/frames.c -- see frames.h. */
#include "frames.h"

/* push handler; push fs:[0]; mov fs:[0], esp */
void install(struct rig *r, uint32_t handler)
{
    emit_push(r, handler);
    CODE(r, 0x64, 0xff, 0x35, 0, 0, 0, 0);
    CODE(r, 0x64, 0x89, 0x25, 0, 0, 0, 0);
}

/* pop fs:[0]; add esp, 4 */
void uninstall(struct rig *r)
{
    CODE(r, 0x64, 0x8f, 0x05, 0, 0, 0, 0);
    CODE(r, 0x83, 0xc4, 0x04);
}
