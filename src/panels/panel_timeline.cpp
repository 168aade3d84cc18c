/* src/panels/panel_timeline.cpp -- who did what when: a lane each for threads,
 * service routines, DPCs, IRPs, DMA of each device and the bus. The wheel with
 * Ctrl widens and narrows, Shift with the wheel goes back and on. */
#include <algorithm>

#include "panels/widgets.hpp"

namespace hb
{

namespace
{

enum { LANES_MOST = 64, SPANS_MOST = 4096, TRANSFERS_SHOWN = 3 };
const float label_chars = 26, row_dots = 20;

/* Okabe and Ito's, by kind of lane; what is inside is darker. */
const uint32_t lane_colours[LANE_KINDS] = {0x56b4e9, 0xd55e00, 0xe69f00,
                                           0xcc79a7, 0x009e73, 0x999999};

class Timeline : public Panel
{
  public:
    void draw(View &view) override
    {
        uint64_t now = machine_position(view.m).tick;
        struct lane lane;

        if (!view.lanes) {
            ImGui::TextUnformatted("nothing was recorded");
            return;
        }
        range(view, now);
        left = ImGui::CalcTextSize("0").x * label_chars;
        width = ImGui::GetContentRegionAvail().x - left;
        if (width < 50)
            return;
        scale_line(now);
        for (unsigned i = 0; i < LANES_MOST && lanes_at(view.lanes, i, &lane);
             i++)
            row(view, lane, now);
        if (!view.still)
            wheel();
    }

  private:
    /* As far back as the last transfers, until the user chooses. */
    void range(View &view, uint64_t now)
    {
        struct lane_transfer t;
        unsigned n = 0;
        uint64_t begin;

        to = now;
        if (!chosen) {
            while (lanes_transfer(view.lanes, n, &t))
                n++;
            begin = now > 10000 ? now - 10000 : 0;
            if (n && lanes_transfer(
                         view.lanes,
                         n > TRANSFERS_SHOWN ? n - TRANSFERS_SHOWN : 0, &t))
                begin = t.begin;
            ticks = now - begin + (now - begin) / 8 + 16;
        }
        to = to > back ? to - back : 0;
        from = to > ticks ? to - ticks : 0;
        to += ticks / 32;
    }

    float x_of(uint64_t tick) const
    {
        if (tick <= from)
            return 0;
        if (tick >= to)
            return width;
        return static_cast<float>(static_cast<double>(tick - from) * width /
                                  static_cast<double>(to - from));
    }

    void scale_line(uint64_t now)
    {
        ImVec2 p = ImGui::GetCursorScreenPos();
        ImDrawList *list = ImGui::GetWindowDrawList();
        float x = p.x + left + x_of(now);

        ImGui::TextDisabled("ticks %llu to %llu",
                            static_cast<unsigned long long>(from),
                            static_cast<unsigned long long>(to));
        list->AddRectFilled(ImVec2(x, p.y),
                            ImVec2(x + 1, p.y + ImGui::GetWindowHeight()),
                            colour(0x000000));
    }

    void row(View &view, const struct lane &lane, uint64_t now)
    {
        ImVec2 p = ImGui::GetCursorScreenPos();
        ImDrawList *list = ImGui::GetWindowDrawList();
        struct lane_span span;
        uint64_t number = lanes_find(view.lanes, lane.id, from);

        ImGui::Text("%-4s %.20s", lanes_kind_name(lane.kind), lane.name);
        list->AddRectFilled(ImVec2(p.x + left, p.y + row_dots - 2),
                            ImVec2(p.x + left + width, p.y + row_dots - 1),
                            colour(0xdddddd));
        for (unsigned n = 0;
             n < SPANS_MOST && lanes_span(view.lanes, lane.id, number, &span) &&
             span.begin < to;
             n++, number++)
            block(view, lane, span, p, now);
        ImGui::SetCursorScreenPos(ImVec2(p.x, p.y + row_dots));
    }

    void block(View &view, const struct lane &lane,
               const struct lane_span &span, ImVec2 p, uint64_t now)
    {
        uint64_t end = span.end == SPAN_OPEN ? now : span.end;
        float inset = static_cast<float>(std::min<int>(span.depth, 3)) * 3;
        ImVec2 a(p.x + left + x_of(span.begin), p.y + 1 + inset);
        ImVec2 b(std::max(p.x + left + x_of(end), a.x + 2), p.y + row_dots - 3);
        uint32_t rgb = lane_colours[lane.kind];

        if (end < from)
            return;
        if (span.depth) /* darker */
            rgb = (rgb >> 1) & 0x7f7f7f;
        ImGui::GetWindowDrawList()->AddRectFilled(
            ImVec2(static_cast<float>(static_cast<int>(a.x)), a.y),
            ImVec2(static_cast<float>(static_cast<int>(b.x)), b.y),
            colour(rgb));
        if (!span.depth)
            name(span, a, b);
        if (!view.still && ImGui::IsMouseHoveringRect(a, b))
            ImGui::SetTooltip("%s %s: ticks %llu to %llu", span.name,
                              span.device,
                              static_cast<unsigned long long>(span.begin),
                              static_cast<unsigned long long>(end));
    }

    void name(const struct lane_span &span, const ImVec2 &a, const ImVec2 &b)
    {
        ImFont *font = font_of(11);
        ImVec2 size = font->CalcTextSizeA(font->FontSize, 1000, 0, span.name);

        if (size.x + 4 < b.x - a.x)
            ImGui::GetWindowDrawList()->AddText(
                font, font->FontSize,
                ImVec2(static_cast<float>(static_cast<int>(a.x + 2)), a.y + 1),
                colour(0x000000), span.name);
    }

    void wheel()
    {
        float by = ImGui::GetIO().MouseWheel;

        if (by == 0 || !ImGui::IsWindowHovered())
            return;
        if (ImGui::GetIO().KeyCtrl) {
            chosen = true;
            ticks = by > 0 ? std::max<uint64_t>(ticks / 2, 16) : ticks * 2;
        } else if (ImGui::GetIO().KeyShift)
            back = by > 0 ? back + ticks / 4 : back - std::min(back, ticks / 4);
    }

    uint64_t from = 0, to = 1, ticks = 10000, back = 0;
    float left = 0, width = 0;
    bool chosen = false;
};

} // namespace

std::unique_ptr<Panel> make_timeline()
{
    return std::make_unique<Timeline>();
}

} // namespace hb
