/* src/panels/panel_transfers.cpp -- what holds the bus, and the operations that
 * devices have posted. */
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

class Transfers : public Panel
{
  public:
    void draw(View &view) override
    {
        struct inspect_operation o;
        struct inspect_tenure t;

        inspect_tenure(view.m, &t);
        if (t.bytes)
            title("%s has the bus: transfer %u, %s memory, byte %u of %u of "
                  "this burst",
                  t.device, t.transfer,
                  t.dir == DMA_TO_DEVICE ? "reads" : "writes", t.moved,
                  t.bytes);
        else
            title("The bus is free");
        if (!table("operations",
                   {"transfer", "device", "engine", "device", "next byte",
                    "done", "left", "                "}))
            return;
        for (unsigned i = 0; inspect_operation_at(view.m, i, &o); i++) {
            uint32_t extra = t.bytes && t.transfer == o.transfer ? t.moved : 0;

            cell("%u", o.transfer);
            cell("%s", o.device);
            cell("%u", o.engine);
            cell("%s", o.dir == DMA_TO_DEVICE ? "reads" : "writes");
            address_cell(view, PICTURE_LOGICAL, o.at.v + extra, SPACE_CPU,
                         o.device);
            cell("%u", o.done + extra);
            cell("%u", o.left - extra);
            ImGui::TableNextColumn();
            bar(o.done + extra, o.done + o.left);
        }
        ImGui::EndTable();
    }

  private:
    void bar(uint32_t done, uint32_t all)
    {
        ImVec2 at = ImGui::GetCursorScreenPos();
        float w = ImGui::CalcTextSize("0000000000000000").x;
        float h = ImGui::GetTextLineHeight();
        float part = static_cast<float>(static_cast<uint64_t>(done) * 1000 /
                                        (all ? all : 1)) /
                     1000.0f;
        ImDrawList *list = ImGui::GetWindowDrawList();

        list->AddRectFilled(ImVec2(at.x, at.y + 3),
                            ImVec2(at.x + w, at.y + h - 3), colour(0xdddddd));
        list->AddRectFilled(ImVec2(at.x, at.y + 3),
                            ImVec2(at.x + w * part, at.y + h - 3),
                            colour(PICTURE_LIT));
        ImGui::Dummy(ImVec2(w, h));
    }
};

} // namespace

std::unique_ptr<Panel> make_transfers()
{
    return std::make_unique<Transfers>();
}

} // namespace hb
