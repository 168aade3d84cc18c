/* src/nt/pnp.h -- the PnP manager: jobs that a system thread does one after the
 * other, devices and their resources, the built-in bus driver.
 *
 *   client --post--> ticket --PnP thread--> job: steps, each an IRP or a call
 */
#ifndef NT_PNP_H
#define NT_PNP_H

#include "nt/private.h"

enum { /* minor functions of IRP_MJ_PNP */
       MN_START_DEVICE = 0x00,
       MN_QUERY_REMOVE_DEVICE = 0x01,
       MN_REMOVE_DEVICE = 0x02,
       MN_CANCEL_REMOVE_DEVICE = 0x03,
       MN_STOP_DEVICE = 0x04,
       MN_QUERY_STOP_DEVICE = 0x05,
       MN_CANCEL_STOP_DEVICE = 0x06,
       MN_QUERY_DEVICE_RELATIONS = 0x07,
       MN_QUERY_INTERFACE = 0x08,
       MN_QUERY_CAPABILITIES = 0x09,
       MN_QUERY_RESOURCES = 0x0a,
       MN_QUERY_RESOURCE_REQUIREMENTS = 0x0b,
       MN_QUERY_DEVICE_TEXT = 0x0c,
       MN_FILTER_RESOURCE_REQUIREMENTS = 0x0d,
       MN_READ_CONFIG = 0x0f,
       MN_WRITE_CONFIG = 0x10,
       MN_EJECT = 0x11,
       MN_QUERY_ID = 0x13,
       MN_QUERY_PNP_DEVICE_STATE = 0x14,
       MN_QUERY_BUS_INFORMATION = 0x15,
       MN_SURPRISE_REMOVAL = 0x17,
};
enum { /* PNP_DEVICE_STATE */
       PNP_DEVICE_DISABLED = 0x01,
       PNP_DEVICE_FAILED = 0x04,
       PNP_DEVICE_REMOVED = 0x08,
       PNP_DEVICE_RESOURCE_REQUIREMENTS_CHANGED = 0x10,
       PNP_DEVICE_NOT_DISABLEABLE = 0x20,
};
enum { MN_SET_POWER = 0x02, MN_QUERY_POWER = 0x03 }; /* of IRP_MJ_POWER */

/* ---- tickets
 * ---------------------------------------------------------------*/

/** ticket_new() - a posted ticket of @kind; NULL: no memory. Valid until the
 *  next one is made. */
struct nt_ticket *ticket_new(struct nt *nt, enum job_kind kind);
/** ticket_find() - NULL. */
struct nt_ticket *ticket_find(const struct nt *nt, uint32_t number);
void ticket_done(struct nt *nt, struct nt_ticket *ticket, uint32_t status);
/** pnp_wake() - a job was posted. */
void pnp_wake(struct nt *nt);
/** pnp_post_close() - IRP_MJ_CLOSE for file object @number, from the PnP
 *  thread. */
void pnp_post_close(struct nt *nt, uint32_t number);
/** pnp_post_invalidate() - ask a started device again: @minor
 *  QUERY_DEVICE_RELATIONS of @type, or QUERY_PNP_DEVICE_STATE. */
void pnp_post_invalidate(struct nt *nt, uint32_t device, uint8_t minor,
                         uint32_t type);
/** pnp_release_relations() - a DEVICE_RELATIONS that a driver gave: its
 *  references and its pool go. */
void pnp_release_relations(struct nt *nt, uint32_t list);

/** pnp_post_relations() - @device's answer to QUERY_DEVICE_RELATIONS of its
 * bus, in pool (0: no children), is to be looked at. */
void pnp_post_relations(struct nt *nt, uint32_t device, uint32_t list);
/** pnp_state_said() - act on PNP_DEVICE_STATE @flags of device @number. */
void pnp_state_said(struct nt *nt, uint32_t number, uint32_t flags);

/** pnp_post_notify() - tell the listeners that interface number @interface has
 *  come (@request 1) or gone (0). */
void pnp_post_notify(struct nt *nt, uint32_t interface, bool come);

/* ---- jobs: each returns true when it ended the entry
 * ------------------------*/

bool job_driver_start(struct call *c, struct nt_ticket *t);
bool job_driver_unload(struct call *c, struct nt_ticket *t);
bool job_device_start(struct call *c, struct nt_ticket *t);
bool job_device_request(struct call *c, struct nt_ticket *t);
bool job_file_close(struct call *c, struct nt_ticket *t);
bool job_invalidate(struct call *c, struct nt_ticket *t);
bool job_notify(struct call *c, struct nt_ticket *t);
bool job_target(struct call *c, struct nt_ticket *t);
bool job_relations(struct call *c, struct nt_ticket *t);
/** of a JOB_DEVICE_REQUEST */
bool job_rebalance(struct call *c, struct nt_ticket *t, struct nt_device *d);
bool job_remove(struct call *c, struct nt_ticket *t, struct nt_device *d);
bool job_surprise(struct call *c, struct nt_ticket *t);

/** job_over() - the ticket is done; false, as the entry goes on. */
bool job_over(struct call *c, struct nt_ticket *t, uint32_t status);
/** job_call() - call @routine with @count arguments, go on in @step with
 *  job.status what it returned. */
bool job_call(struct call *c, uint32_t routine, unsigned count,
              const uint32_t *args, uint32_t step);
/** job_irp() - a packet for @device with status NOT_SUPPORTED; the next
 *  location's major and minor are set. 0: no memory. */
uint32_t job_irp(struct nt *nt, uint32_t device, uint8_t major, uint8_t minor);
/** job_send() - send it, go on in @step with job.status, job.information. */
bool job_send(struct call *c, uint32_t device, uint32_t irp, uint32_t step);

/* ---- devices
 * ------------------------------------------------------------------*/

/** pnp_device() - by number; NULL. */
struct nt_device *pnp_device(const struct nt *nt, uint32_t number);
/** pnp_by_pdo() - number of the device whose PDO is @pdo, NT_NONE. */
uint32_t pnp_by_pdo(const struct nt *nt, uint32_t pdo);
/** pnp_make_pdo() - the device gets its PDO; false: no memory. */
bool pnp_make_pdo(struct nt *nt, uint32_t number);
/** pnp_has_stack() - is there a driver on its PDO? */
bool pnp_has_stack(const struct nt_device *d);
/** pnp_pdo_deleted() - IoDeleteDevice of a PDO that a driver reported. */
void pnp_pdo_deleted(struct nt *nt, uint32_t pdo);
/** pnp_key() - path of the device's registry key, from Machine on, or of its
 *  subkey @sub ("": none). */
void pnp_key(const struct nt *nt, uint32_t number, const char *sub, char *out,
             unsigned room);
/** pnp_send() - IRP_MJ_PNP @minor to the top of its stack, see job_send().
 *  pnp_send_filter() - FILTER_RESOURCE_REQUIREMENTS of d->requirements. False:
 *  no memory. */
bool pnp_send(struct call *c, const struct nt_device *d, uint8_t minor,
              uint32_t argument1, uint32_t argument2, uint32_t step);
bool pnp_send_filter(struct call *c, struct nt_device *d, uint32_t step);
/** pnp_capabilities() - DEVICE_CAPABILITIES in pool, preset; 0: no memory. */
uint32_t pnp_capabilities(struct nt *nt);
/** pnp_note() - event `pnp`. pnp_must() - of an IRP that no driver may fail. */
void pnp_note(struct nt *nt, const struct nt_device *d, const char *what,
              uint32_t status);
void pnp_must(struct nt *nt, const struct nt_device *d, const char *what,
              uint32_t status);
/** pnp_leaks() - S37 for each mapping of what the device holds that its driver
 *  left; pnp_left() - of what a rebalance took away. */
void pnp_leaks(struct nt *nt, const struct nt_device *d, const char *when);
void pnp_left(struct nt *nt, struct nt_device *d, const char *when);
/** pnp_plug() - put the card into its slot, or pull it out. */
void pnp_plug(struct nt *nt, struct nt_device *d, bool in);
/** pnp_removed() - REMOVE_DEVICE is back: what it held is free. */
void pnp_removed(struct nt *nt, struct nt_device *d, uint32_t status,
                 const char *when);

enum stack_place { STACK_DRIVER, STACK_COMPLETE, STACK_MISSING };
/** stack_driver() - driver @index, from the lowest, of the stack over the PDO
 *  of device @number with function driver @function. */
enum stack_place stack_driver(const struct nt *nt, uint32_t number,
                              uint32_t function, uint32_t index,
                              uint32_t *image);
/** stack_may_serve() - can @image be its function driver? Not if its key names
 *  another Service, or @image as a filter. */
bool stack_may_serve(const struct nt *nt, uint32_t number, uint32_t image);
/** stack_next_image() - the next image after @after that a child of a driver's
 *  bus is offered to, NT_NONE. */
uint32_t stack_next_image(const struct nt *nt, uint32_t number, uint32_t after);

/** pnp_file_closed() - the last open of a surprise-removed device is gone. */
void pnp_file_closed(struct nt *nt, uint32_t number);

/** resources_requirements() - IO_RESOURCE_REQUIREMENTS_LIST of a card in paged
 *  pool, 0 when it has no resources or memory is short. */
uint32_t resources_requirements(struct nt *nt, const struct nt_card *card);
/** resources_boot() - CM_RESOURCE_LIST of what it has now, in paged pool. */
uint32_t resources_boot(struct nt *nt, const struct nt_card *card,
                        bool translated);
/** resources_requirement() - IO_RESOURCE_DESCRIPTOR of @r at @d, anywhere in
 *  [@least, @most]. */
void resources_requirement(uint8_t *d, const struct nt_resource *r,
                           uint8_t option, uint64_t least, uint64_t most);
/** resources_assign() - choose for @number from @list (a guest's requirements
 *  list, 0 for none), or what its forced configuration says; fills its raw and
 *  translated lists. @elsewhere: not where it stands now, if that can be.
 *  What it held stays when that fails. STATUS_x. */
uint32_t resources_assign(struct nt *nt, uint32_t number, uint32_t list,
                          bool elsewhere);
/** resources_configured() - requirements that the registry has for a device
 *  instead of the bus's, in paged pool; 0: none. */
uint32_t resources_configured(struct nt *nt, uint32_t number);
/** resources_lent() - START_DEVICE is back: its lists are the system's again.
 */
void resources_lent(struct nt *nt, struct nt_device *device);
/** resources_release() - the lists go back to pool. */
void resources_release(struct nt *nt, struct nt_device *device);

/** resources_list() - a CM_RESOURCE_LIST of @r in paged pool, 0: no memory. */
uint32_t resources_list(struct nt *nt, uint8_t bus, uint32_t bus_number,
                        const struct nt_resource *r, unsigned count,
                        bool translated);
/** resources_pick() - serve a guest's requirements list for @driver from what
 *  is free. resources_parse() - a guest's CM_RESOURCE_LIST. STATUS_x. */
uint32_t resources_pick(struct nt *nt, uint32_t driver, uint32_t list,
                        struct nt_resource out[NT_RESOURCES], unsigned *count);
uint32_t resources_parse(struct nt *nt, uint32_t list,
                         struct nt_resource out[NT_RESOURCES], unsigned *count);

/** resources_pick_card() - the same from what @card asks for. */
uint32_t resources_pick_card(struct nt *nt, uint32_t driver,
                             const struct nt_card *card,
                             struct nt_resource out[NT_RESOURCES],
                             unsigned *count);
/** legacy_drop(), legacy_claim() - what @driver says that it uses, for @device
 *  (0: itself). False: no room. */
void legacy_drop(struct nt *nt, uint32_t driver, uint32_t device);
bool legacy_claim(struct nt *nt, uint32_t driver, uint32_t device,
                  const struct nt_resource *r, unsigned count);

/** bus_id() - QUERY_ID's answer as characters, multi-sz where it is one.
 *  Returns units including the final NULs, 0: no such id. */
unsigned bus_id(const struct nt_card *card, uint32_t number, unsigned type,
                uint16_t *out, unsigned room);
/** bus_enable() - PCI: decoding of ports and memory, bus mastering on or off;
 *  before, BARs and interrupt router get what the device holds. */
void bus_enable(struct nt *nt, struct nt_device *device, bool on);
/** bus_assign() - @r into the card's registers, and on. */
void bus_assign(struct nt *nt, struct nt_device *device,
                const struct nt_resource *r, unsigned count);
/** pci_line() - line number @index that the pin of @card may be routed to, the
 *  best first; 0: no more. */
uint8_t pci_line(const struct nt *nt, uint32_t number,
                 const struct nt_card *card, unsigned index);
/** pci_scan() - every function on bus 0 becomes a device; its BARs are sized
 *  and placed. */
enum hb_status pci_scan(struct nt *nt, struct hb_error *error);

#endif
