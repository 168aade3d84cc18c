/* src/panels/panel_irps.cpp -- requests that are alive, stack location by stack
 * location, and the device stacks that they go down. */
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

enum { MOST = 256, DEEP = 32 };

class Irps : public Panel
{
  public:
    void draw(View &view) override
    {
        struct inspect_irp irp;

        title("IRPs that are not freed");
        if (!inspect_irp_at(view.m, 0, &irp))
            ImGui::TextUnformatted("none");
        for (unsigned i = 0; i < MOST && inspect_irp_at(view.m, i, &irp); i++)
            one(view, irp);
        ImGui::Spacing();
        stacks(view);
    }

  private:
    void one(View &view, const struct inspect_irp &irp)
    {
        char id[32];

        field("IRP", "%08x  %s %s%s%s", irp.at.v, inspect_major_name(irp.major),
              inspect_minor_name(irp.major, irp.minor),
              irp.pending ? "  pending" : "", irp.cancel ? "  cancelled" : "");
        field("", "%s, by %s of thread %u; MDL %08x", irp.where, irp.origin,
              irp.thread, irp.mdl.v);
        std::snprintf(id, sizeof id, "irp %08x", irp.at.v);
        if (!table(id,
                   {"", "location", "major", "device", "driver", "completion"}))
            return;
        locations(view, irp);
        ImGui::EndTable();
    }

    void locations(View &view, const struct inspect_irp &irp)
    {
        struct inspect_location l;

        for (unsigned i = 0;
             i < DEEP && inspect_location_at(view.m, irp.at, i, &l); i++) {
            cell("%s", l.current ? ">" : "");
            cell("%u", l.number);
            cell("%s", inspect_major_name(l.major));
            address_cell(view, PICTURE_VIRTUAL, l.device.v, SPACE_SYSTEM);
            cell("%s", l.driver_name);
            if (l.routine.v)
                cell("%08x%s%s%s", l.routine.v, l.on_success ? " success" : "",
                     l.on_error ? " error" : "", l.on_cancel ? " cancel" : "");
            else
                cell("-");
        }
    }

    void stacks(View &view)
    {
        struct inspect_device_object d;

        title("Device stacks");
        if (!table("stacks", {"device", "name", "driver", "attached to",
                              "queued", "StartIo has"}))
            return;
        for (unsigned i = 0;
             i < MOST && inspect_device_object_at(view.m, i, &d); i++) {
            address_cell(view, PICTURE_VIRTUAL, d.at.v, SPACE_SYSTEM);
            cell("%s", d.name);
            cell("%s", d.driver_name);
            if (d.below.v)
                address_cell(view, PICTURE_VIRTUAL, d.below.v, SPACE_SYSTEM);
            else
                cell("-");
            cell("%u", d.queued);
            if (d.current.v)
                address_cell(view, PICTURE_VIRTUAL, d.current.v, SPACE_SYSTEM);
            else
                cell("-");
        }
        ImGui::EndTable();
    }
};

} // namespace

std::unique_ptr<Panel> make_irps()
{
    return std::make_unique<Irps>();
}

} // namespace hb
