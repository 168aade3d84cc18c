/* src/panels/panel_findings.cpp -- what the verifiers found, how the guest
 * system stopped, the images and devices that run. */
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

class Findings : public Panel
{
  public:
    void draw(View &view) override
    {
        struct inspect_bugcheck bug;

        field("findings", "%u", inspect_findings(view.m));
        if (inspect_bugcheck(view.m, &bug)) {
            title("Bugcheck %08x (%08x, %08x, %08x, %08x)", bug.code, bug.p[0],
                  bug.p[1], bug.p[2], bug.p[3]);
            field("in", "%s, EIP %08x, thread %u", bug.image, bug.eip,
                  bug.thread);
            ImGui::TextWrapped("%s", bug.text);
        }
        marks(view);
        images(view);
        devices(view);
    }

  private:
    /* Findings and what else the time line has marked, the latest first. */
    void marks(View &view)
    {
        struct lane_mark mark;
        unsigned count = 0;

        while (view.lanes && lanes_mark(view.lanes, count, &mark))
            count++;
        if (!count || !table("marks", {"tick", "what", "says"}))
            return;
        while (count-- > 0 && lanes_mark(view.lanes, count, &mark)) {
            cell("%llu", static_cast<unsigned long long>(mark.tick));
            cell("%s", hb_event_name(mark.event));
            cell("%s", mark.text);
        }
        ImGui::EndTable();
    }

    void images(View &view)
    {
        struct inspect_image image;

        if (!table("images", {"image", "base", "bytes", "state"}))
            return;
        for (unsigned i = 0; inspect_image_at(view.m, i, &image); i++) {
            cell("%s", image.name);
            address_cell(view, PICTURE_VIRTUAL, image.base.v, SPACE_SYSTEM);
            cell("%u", image.bytes);
            if (image.unloaded)
                cell("unloaded");
            else if (image.started)
                cell("started");
            else
                cell("DriverEntry %08x", image.entry_status);
        }
        ImGui::EndTable();
    }

    void devices(View &view)
    {
        static const char *const states[] = {"found",   "added",     "started",
                                             "stopped", "surprised", "removed",
                                             "failed"};
        struct inspect_pnp pnp;

        if (!table("pnp", {"device", "driver", "state", "status", "PDO"}))
            return;
        for (unsigned i = 0; inspect_pnp_at(view.m, i, &pnp); i++) {
            cell("%s", pnp.hardware_id);
            cell("%u", pnp.image);
            cell("%s", states[pnp.state]);
            cell("%08x", pnp.status);
            address_cell(view, PICTURE_VIRTUAL, pnp.pdo.v, SPACE_SYSTEM);
        }
        ImGui::EndTable();
    }
};

} // namespace

std::unique_ptr<Panel> make_findings()
{
    return std::make_unique<Findings>();
}

} // namespace hb
