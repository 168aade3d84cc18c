/* src/nt/job_driver.c -- DriverEntry and DriverUnload.
 * Source: hal_io fact sheet 7, 10; WDK DRIVER_INITIALIZE, DRIVER_UNLOAD. */
#include "hal/hal.h"
#include "nt/devobj.h"
#include "nt/guest.h"
#include "nt/irp.h"
#include "nt/loader.h"
#include "nt/object.h"
#include "nt/pnp.h"

enum { BEGIN, DLL_INITIALIZED, ENTERED, REINITIALIZED };
enum { UNLOAD_BEGIN, UNLOADED, DLL_UNLOADED };

/* A driver's devices that it left behind. */
static unsigned delete_devices(struct nt *nt, uint32_t driver)
{
    unsigned count = 0;

    while (count < DEVICES_MOST) {
        uint32_t device = nt_get32(nt, driver + DRVOBJ_DeviceObject);
        if (device == 0 || !device_delete(nt, device))
            break;
        count++;
    }
    return count;
}

/* Is one of its devices open, or below another's? */
static bool in_use(const struct nt *nt, uint32_t driver)
{
    uint32_t device = nt_get32(nt, driver + DRVOBJ_DeviceObject);

    for (unsigned i = 0; device && i < DEVICES_MOST; i++) {
        uint32_t above = nt_get32(nt, device + DEVOBJ_AttachedDevice);

        if (nt_get32(nt, device + DEVOBJ_ReferenceCount) ||
            (above && nt_get32(nt, above + DEVOBJ_DriverObject) != driver))
            return true;
        device = nt_get32(nt, device + DEVOBJ_NextDevice);
    }
    return false;
}

static void let_go(struct nt *nt, uint32_t number, const char *when)
{
    struct nt_image *image = loader_image(nt, number);
    unsigned left = delete_devices(nt, image->driver);

    if (left)
        nt_finding(nt, "S37", "%s: %u device objects left after %s",
                   image->name, left, when);
    loader_unload(nt, number);
}

/* Which routine of @driver is next: index + 1, 0 when there is none. */
static uint32_t next_reinitialization(const struct nt *nt, uint32_t driver)
{
    for (int boot = 1; boot >= 0; boot--)
        for (uint32_t i = 0; i < nt->s.reinitializations.count; i++) {
            const struct nt_reinitialization *r =
                VEC_AT(struct nt_reinitialization, &nt->s.reinitializations, i);
            if (r->driver == driver && r->boot == boot)
                return i + 1;
        }
    return 0;
}

/* Call the next routine registered for it; none: the job is over. */
static bool reinitialize(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    const struct nt_image *image = loader_image(nt, t->image);
    uint32_t i = next_reinitialization(nt, image->driver);
    uint32_t count_at = image->extension + DRVEXT_Count, args[3];
    struct nt_reinitialization r;

    if (i == 0)
        return job_over(c, t, image->entry_status);
    r = *VEC_AT(struct nt_reinitialization, &nt->s.reinitializations, i - 1);
    vec_remove(&nt->s.reinitializations, sizeof r, i - 1);
    args[0] = r.driver;
    args[1] = r.context;
    args[2] = nt_get32(nt, count_at) + 1; /* calls so far */
    nt_put32(nt, count_at, args[2]);
    return job_call(c, r.routine, 3, args, REINITIALIZED);
}

static bool entered(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    struct nt_image *image = loader_image(nt, t->image);
    uint32_t status = nt->s.job.status, slot;

    image->entry_status = status;
    if (!nt_success(status)) {
        let_go(nt, t->image, "a failed DriverEntry");
        return job_over(c, t, status);
    }
    image->started = 1;
    if (image->extension && nt_get32(nt, image->extension + DRVEXT_AddDevice))
        hal_image_wdm(nt->w.hal, gva_of(image->base), image->bytes);
    for (unsigned i = 0; i < IRP_MJ_COUNT; i++) {
        slot = image->driver + DRVOBJ_MajorFunction + 4 * i;
        if (nt_get32(nt, slot) == 0)
            nt_put32(nt, slot, nt->s.default_dispatch);
    }
    driver_initialized(nt, image->driver);
    return reinitialize(c, t);
}

/* The first image up to @last whose DllInitialize is still to be called: what
 * @last imports from was mapped before it. WDK, "DllInitialize": called when
 * the export driver is loaded. */
static struct nt_image *next_dll(const struct nt *nt, uint32_t last)
{
    for (uint32_t i = 1; i <= last; i++) {
        struct nt_image *image = loader_image(nt, i);

        if (image->dll_initialize && !image->initialized && !image->unloaded)
            return image;
    }
    return NULL;
}

bool job_driver_start(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    struct nt_image *image = loader_image(nt, t->image), *dll = NULL;
    uint32_t args[2];

    switch (job->step) {
    case BEGIN:
        if (image == NULL || image->unloaded || image->started)
            return job_over(c, t, STATUS_INVALID_PARAMETER);
        /* fall through */
    case DLL_INITIALIZED:
        if (nt_success(job->status))
            dll = next_dll(nt, t->image);
        if (dll) {
            dll->initialized = 1;
            args[0] = dll->registry_path;
            return job_call(c, dll->dll_initialize, 1, args, DLL_INITIALIZED);
        }
        args[0] = image->driver;
        args[1] = image->registry_path;
        if (image->entry && nt_success(job->status))
            return job_call(c, image->entry, 2, args, ENTERED);
        /* fall through */
    case ENTERED:
        return entered(c, t);
    default:
        return reinitialize(c, t);
    }
}

bool job_driver_unload(struct call *c, struct nt_ticket *t)
{
    struct nt *nt = nt_of(c);
    struct nt_job *job = &nt->s.job;
    struct nt_image *image = loader_image(nt, t->image);
    uint32_t args[1], routine;

    switch (job->step) {
    case UNLOAD_BEGIN:
        if (image == NULL || image->unloaded || !image->started)
            return job_over(c, t, STATUS_INVALID_PARAMETER);
        routine = nt_get32(nt, image->driver + DRVOBJ_DriverUnload);
        if (routine == 0)
            return job_over(c, t, STATUS_INVALID_DEVICE_REQUEST);
        if (in_use(nt, image->driver))
            return job_over(c, t, STATUS_DEVICE_BUSY);
        args[0] = image->driver;
        return job_call(c, routine, 1, args, UNLOADED);
    case UNLOADED:
        if (image->dll_unload)
            return job_call(c, image->dll_unload, 0, NULL, DLL_UNLOADED);
        /* fall through */
    default:
        let_go(nt, t->image, "DriverUnload");
        return job_over(c, t, STATUS_SUCCESS);
    }
}
