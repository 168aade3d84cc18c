/* src/panels/panel_findings.cpp -- how the guest system stopped, the images and
 * devices that run, and how many findings the verifiers have. */
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
        images(view);
        devices(view);
    }

  private:
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
