/* src/panels/panel_channels.cpp -- the pair of 8237As: what each channel is
 * programmed for, how far it has counted, and its lines. */
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

class Channels : public Panel
{
  public:
    void draw(View &view) override
    {
        struct inspect_channel c;

        if (!inspect_channel_at(view.m, 0, &c)) {
            ImGui::TextUnformatted("the board has no 8237");
            return;
        }
        if (!table("channels",
                   {"", "card", "mode", "transfer", "bits", "logical", "left",
                    "at first", "lines", "state"}))
            return;
        for (unsigned i = 0; inspect_channel_at(view.m, i, &c); i++)
            row(view, i, c);
        ImGui::EndTable();
    }

  private:
    void row(View &view, unsigned i, const struct inspect_channel &c)
    {
        cell("%u", i);
        if (c.dack)
            ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0, colour(0xffd9c0));
        cell("%s", c.device);
        cell("%s%s%s", c.mode, c.auto_init ? ", auto" : "",
             c.decrement ? ", down" : "");
        cell("%s", c.transfer);
        cell("%u", c.width);
        address_cell(view, PICTURE_LOGICAL, c.at.v, SPACE_CPU, c.device);
        cell("%u", c.count + 1);
        cell("%u", c.base_count + 1);
        cell("%s%s%s", c.dreq ? "DREQ " : "", c.dack ? "DACK " : "",
             c.reached_tc ? "TC" : "");
        cell("%s%s%s", c.masked ? "masked " : "open ",
             c.requested ? "requested " : "", c.disabled ? "disabled" : "");
    }
};

} // namespace

std::unique_ptr<Panel> make_channels()
{
    return std::make_unique<Channels>();
}

} // namespace hb
