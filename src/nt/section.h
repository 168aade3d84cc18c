/* src/nt/section.h -- section objects: \Device\PhysicalMemory, and shared
 * memory; their views in processes. Source: WDK, ZwOpenSection,
 * ZwMapViewOfSection; KB Q189327. */
#ifndef NT_SECTION_H
#define NT_SECTION_H

#include "nt/private.h"

/** section_boot() - makes \Device\PhysicalMemory; false: no memory. */
bool section_boot(struct nt *nt);
/** section_destroyed() - the last reference to section object @number went: its
 *  pages are free. */
void section_destroyed(struct nt *nt, uint32_t number);
/** section_process_ended() - unmaps the views that process @process left; one
 *  over physical memory is a finding (IOS-038). Before its space goes. */
void section_process_ended(struct nt *nt, uint32_t process);

#endif
