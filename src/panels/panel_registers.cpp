/* src/panels/panel_registers.cpp -- adapter objects of the HAL, and every map
 * register that is valid. */
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

enum { MOST = 1024 };

class Registers : public Panel
{
  public:
    void draw(View &view) override
    {
        adapters(view);
        ImGui::Spacing();
        registers(view);
    }

  private:
    void adapters(View &view)
    {
        struct inspect_adapter a;

        title("Adapters");
        if (!table("adapters", {"object", "kind", "grant", "in use", "buffers",
                                "waiting", "logical"}))
            return;
        for (unsigned i = 0; inspect_adapter_at(view.m, i, &a); i++) {
            address_cell(view, PICTURE_VIRTUAL, a.at.v, SPACE_SYSTEM);
            if (a.master)
                cell("master%s%s", a.scatter_gather ? ", s/g" : "",
                     a.busy ? ", busy" : "");
            else
                cell("channel %d%s", a.channel, a.busy ? ", busy" : "");
            cell("%u", a.grant);
            cell("%u", a.registers);
            cell("%u", a.buffers);
            cell("%u", a.queued);
            cell("%08llx-%08llx", static_cast<unsigned long long>(a.first.v),
                 static_cast<unsigned long long>(a.last.v));
        }
        ImGui::EndTable();
    }

    void registers(View &view)
    {
        struct inspect_register r;
        struct inspect_tenure t;
        unsigned i;

        inspect_tenure(view.m, &t);
        title("Valid map registers");
        if (!inspect_register_at(view.m, 0, &r)) {
            ImGui::TextUnformatted("none");
            return;
        }
        if (!table("registers", {"", "window", "index", "logical", "physical",
                                 "device may", "generation"}))
            return;
        for (i = 0; i < MOST && inspect_register_at(view.m, i, &r); i++)
            row(view, r, t);
        ImGui::EndTable();
        if (i == MOST)
            ImGui::TextUnformatted("and more");
    }

    /* Bits of an entry: docs/devices/mapregs.md. */
    void row(View &view, const struct inspect_register &r,
             const struct inspect_tenure &t)
    {
        bool now = t.bytes && ((t.at.v + t.moved) & ~0xfffull) == r.at.v;

        cell("%s", now ? "now" : "");
        if (now)
            ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0, colour(0xffd9c0));
        cell("%s", r.window ? "high" : "low");
        cell("%u", r.index);
        address_cell(view, PICTURE_LOGICAL, r.at.v);
        address_cell(view, PICTURE_PHYSICAL, r.to.v);
        cell("%s%s", r.entry & 2 ? "read " : "", r.entry & 4 ? "write" : "");
        cell("%u", static_cast<unsigned>(r.entry >> 48));
    }
};

} // namespace

std::unique_ptr<Panel> make_registers()
{
    return std::make_unique<Registers>();
}

} // namespace hb
