/* src/panels/panel_spaces.cpp -- the three address spaces, live: the picture of
 * src/picture, scaled to the panel. A click on a box chooses its address, the
 * wheel with Ctrl, or + and -, goes from regions to pages to bytes. */
#include <algorithm>
#include <cmath>
#include <cstring>

#include "panels/widgets.hpp"

namespace hb
{

namespace
{

struct Canvas {
    ImDrawList *list;
    ImVec2 at;
    float scale;

    ImVec2 dot(int x, int y) const
    {
        return ImVec2(at.x + static_cast<float>(x) * scale,
                      at.y + static_cast<float>(y) * scale);
    }
    void text(int x, int y, uint32_t rgb, const char *text,
              float size = PICTURE_FONT) const
    {
        ImFont *font = font_of(size * scale);
        ImVec2 p = dot(x, y);

        list->AddText(font, font->FontSize,
                      ImVec2(std::floor(p.x), std::floor(p.y)), colour(rgb),
                      text);
    }
    /* On whole dots, and never nothing. */
    void fill(int x, int y, int w, int h, uint32_t rgb) const
    {
        ImVec2 a = dot(x, y), b = dot(x + w, y + h);

        a = ImVec2(std::floor(a.x + 0.5f), std::floor(a.y + 0.5f));
        b = ImVec2(std::floor(b.x + 0.5f), std::floor(b.y + 0.5f));
        b = ImVec2(std::max(b.x, a.x + 1), std::max(b.y, a.y + 1));
        if (w > 0 && h > 0)
            list->AddRectFilled(a, b, colour(rgb));
    }
    /* Four filled bars: exact on every renderer. */
    void frame(int x, int y, int w, int h, int width, uint32_t rgb) const
    {
        fill(x, y, w, width, rgb);
        fill(x, y + h - width, w, width, rgb);
        fill(x, y, width, h, rgb);
        fill(x + w - width, y, width, h, rgb);
    }
};

/* ---- boxes --------------------------------------------------------------- */

enum { STEP = 6 };

void diagonals(const Canvas &c, int x, int y, int w, int h)
{
    c.list->PushClipRect(c.dot(x, y), c.dot(x + w, y + h), true);
    for (int i = 0; i < w + h; i += STEP)
        line(c.list, c.dot(x, y + i), c.dot(x + i, y), 1.6f * c.scale,
             colour(0xffffff));
    c.list->PopClipRect();
}

void strip(const Canvas &c, enum picture_kind kind, int x, int y, int w, int h)
{
    const struct picture_look *look = picture_kind_look(kind);

    c.fill(x, y, w, h, look->colour);
    if (look->pattern == PATTERN_DIAGONAL)
        diagonals(c, x, y, w, h);
    if (look->pattern == PATTERN_LINES || look->pattern == PATTERN_CROSS)
        for (int i = 3; i < h; i += STEP)
            c.fill(x, y + i, w, 2, 0xffffff);
    if (look->pattern == PATTERN_COLUMNS || look->pattern == PATTERN_CROSS)
        for (int i = 3; i < w; i += STEP)
            c.fill(x + i, y, 2, h, 0xffffff);
    if (look->pattern == PATTERN_DOTS)
        for (int i = 2; i + 3 < h; i += STEP)
            for (int k = 2; k + 3 < w; k += STEP)
                c.fill(x + k, y + i, 3, 3, 0xffffff);
}

void bar(const Canvas &c, const struct picture_box &b)
{
    int x = b.x + PICTURE_STRIP + 6, y = b.y + b.h - PICTURE_BAR - 2;
    int w = b.w - PICTURE_STRIP - 12;
    int from = static_cast<int>(b.from) * w / PAGE_BYTES;
    int to = static_cast<int>(b.to) * w / PAGE_BYTES;
    int moved = static_cast<int>(b.moved) * w / PAGE_BYTES;

    c.fill(x, y + PICTURE_BAR / 2, w, 1, 0xcccccc);
    c.fill(x + from, y, std::max(to - from, 2), PICTURE_BAR, 0x333333);
    if (to - from > 2)
        c.fill(x + std::max(moved, from + 1), y + 1,
               to - std::max(moved, from + 1) - 1, PICTURE_BAR - 2, 0xffffff);
}

void dashes(const Canvas &c, const struct picture_box &b, uint32_t paper)
{
    for (int i = 5; i < b.w; i += 8) {
        c.fill(b.x + i, b.y, 3, 1, paper);
        c.fill(b.x + i, b.y + b.h - 1, 3, 1, paper);
    }
}

void box(const Canvas &c, const struct picture_box &b)
{
    uint32_t ink = b.lit ? PICTURE_LIT : b.chosen ? PICTURE_CHOSEN : 0x333333;
    uint32_t paper = b.lit ? 0xfff3e8 : 0xffffff;
    int x = b.x + PICTURE_STRIP + 6, y = b.y + 4;

    if (b.text) {
        c.text(b.x, b.y + 4, 0x000000, b.title);
        c.fill(b.x, b.y + 19, b.w, 1, 0xbbbbbb);
        return;
    }
    c.fill(b.x, b.y, b.w, b.h, paper);
    c.frame(b.x, b.y, b.w, b.h, b.lit || b.chosen ? 3 : 1, ink);
    if (b.read_only)
        dashes(c, b, paper);
    strip(c, b.kind, b.x + 1, b.y + 1, PICTURE_STRIP, b.h - 2);
    if (b.marks) {
        float advance =
            font_of(float{PICTURE_FONT} * c.scale)->GetCharAdvance('0') /
            c.scale;
        int at = static_cast<int>(static_cast<float>(b.mark) * advance);

        c.fill(x + at - 1, b.y + 2, static_cast<int>(2 * advance) + 3, b.h - 4,
               b.lit ? 0xffb98a : 0xdddddd);
    }
    c.text(x, y, 0x000000, b.title);
    c.text(x, y + PICTURE_LINE, 0x444444, b.detail);
    if (b.lit && b.h > 2 * PICTURE_LINE)
        c.text(b.x + b.w - 30, y, 0xa34700, "now");
    if (b.to)
        bar(c, b);
}

/* ---- arrows -------------------------------------------------------------- */

const int CURVE = 24; /* straight pieces of a curve */

ImVec2 on_curve(const struct picture_point w[4], int i)
{
    float t = static_cast<float>(i) / static_cast<float>(CURVE), u = 1 - t;
    float k[4] = {u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t};
    ImVec2 p(0, 0);

    for (unsigned n = 0; n < 4; n++) {
        p.x += k[n] * static_cast<float>(w[n].x);
        p.y += k[n] * static_cast<float>(w[n].y);
    }
    return p;
}

void arrow_head(const Canvas &c, const struct picture_point w[4], float size,
                ImU32 ink)
{
    float way = w[3].x > w[2].x ? -size : size;
    ImVec2 tip = c.dot(w[3].x, w[3].y);

    c.list->AddTriangleFilled(
        tip, ImVec2(tip.x + way * c.scale, tip.y - size / 2 * c.scale),
        ImVec2(tip.x + way * c.scale, tip.y + size / 2 * c.scale), ink);
}

void arrow(const Canvas &c, const struct picture *p,
           const struct picture_arrow &a)
{
    const struct picture_look *look = picture_link_look(a.link);
    ImU32 ink = colour(a.lit ? uint32_t{PICTURE_LIT} : look->colour);
    float width = std::max((a.lit ? 3.0f : 1.5f) * c.scale, 1.0f);
    struct picture_point w[4];
    int dash = static_cast<int>(look->pattern) / 3;

    picture_way(p, &a, w);
    for (int i = 0; i < CURVE; i++) {
        ImVec2 from = on_curve(w, i), to = on_curve(w, i + 1);

        if (dash && i % (dash + 1) == dash)
            continue;
        line(c.list,
             ImVec2(c.at.x + from.x * c.scale, c.at.y + from.y * c.scale),
             ImVec2(c.at.x + to.x * c.scale, c.at.y + to.y * c.scale), width,
             ink);
    }
    arrow_head(c, w, a.lit ? 11.0f : 8.0f, ink);
}

/* ---- the whole ----------------------------------------------------------- */

void legend(const Canvas &c, const struct picture *p)
{
    int step = (p->width - 32) / 5, y = p->height + 4;

    for (unsigned i = 0; i < PICTURE_KINDS; i++) {
        enum picture_kind kind = static_cast<enum picture_kind>(i);
        int x = 16 + static_cast<int>(i % 5) * step;
        int row = y + static_cast<int>(i / 5) * 17;

        strip(c, kind, x, row, 14, 12);
        c.text(x + 20, row, 0x444444, picture_kind_look(kind)->legend, 10);
    }
    for (unsigned i = 0; i < PICTURE_LINKS; i++) {
        const struct picture_look *look =
            picture_link_look(static_cast<enum picture_link>(i));
        int x = 16 + static_cast<int>(i) * step, row = y + 34;
        int dash = static_cast<int>(look->pattern);

        for (int k = 0; k < 16; k += dash ? dash + 3 : 16)
            c.fill(x + k, row + 5, dash ? std::min(dash, 16 - k) : 16, 2,
                   look->colour);
        c.text(x + 22, row, 0x444444, look->legend, 10);
    }
}

void draw_picture(const Canvas &c, const struct picture *p)
{
    static const char *const names[] = {"virtual (CPU)", "physical (RAM)",
                                        "logical (device)"};

    for (int i = 0; i < PICTURE_SPACES; i++)
        c.text(16 + i * 430, 34, 0x000000, names[i], 15);
    c.text(16, 8, 0x444444, p->about);
    for (unsigned lit = 0; lit < 2; lit++)
        for (unsigned i = 0; i < p->arrows; i++)
            if (p->arrow[i].lit == (lit != 0))
                arrow(c, p, p->arrow[i]);
    for (unsigned i = 0; i < p->boxes; i++)
        box(c, p->box[i]);
    legend(c, p);
}

class Spaces : public Panel
{
  public:
    void draw(View &view) override
    {
        struct picture_view what = {};

        zoom_keys(*view.zoom);
        what.zoom = *view.zoom;
        what.choose = view.focus->changes != 0;
        what.space = view.focus->space;
        what.at = view.focus->at;
        what.process = view.focus->process;
        if (!view.still)
            toolbar(view);
        struct picture *p = picture_create(view.m, &what);

        if (p)
            show(view, p);
        picture_destroy(p);
    }

  private:
    void toolbar(View &view)
    {
        static const char *const names[] = {"regions", "pages", "bytes"};

        for (int i = 0; i < PICTURE_ZOOMS; i++) {
            if (ImGui::RadioButton(names[i], *view.zoom == i))
                *view.zoom = static_cast<enum picture_zoom>(i);
            ImGui::SameLine();
        }
        if (ImGui::SmallButton("what moves"))
            view.focus->changes = 0;
    }

    void zoom_keys(enum picture_zoom &zoom)
    {
        float wheel = ImGui::GetIO().MouseWheel;

        if (!ImGui::IsWindowHovered() || !ImGui::GetIO().KeyCtrl || wheel == 0)
            return;
        if (wheel > 0 && zoom < PICTURE_BYTES)
            zoom = static_cast<enum picture_zoom>(zoom + 1);
        if (wheel < 0 && zoom > PICTURE_REGIONS)
            zoom = static_cast<enum picture_zoom>(zoom - 1);
    }

    void show(View &view, const struct picture *p)
    {
        Canvas c = {ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
                    ImGui::GetContentRegionAvail().x /
                        static_cast<float>(p->width)};

        c.scale = std::min(c.scale, 2.0f);
        draw_picture(c, p);
        for (unsigned i = 0; i < p->boxes; i++)
            click(view, c, p->box[i], i);
        ImGui::SetCursorScreenPos(c.at);
        ImGui::Dummy(ImVec2(static_cast<float>(p->width) * c.scale,
                            static_cast<float>(p->height + 60) * c.scale));
        if (follow_lit != lit_key(p)) {
            follow_lit = lit_key(p);
            scroll_to_lit(p, c.scale);
        }
    }

    /* Boxes are items: the pointer and the keyboard both reach them. */
    void click(View &view, const Canvas &c, const struct picture_box &b,
               unsigned id)
    {
        if (b.text || view.still)
            return;
        ImGui::SetCursorScreenPos(c.dot(b.x, b.y));
        ImGui::PushID(static_cast<int>(id));
        if (ImGui::InvisibleButton("box",
                                   ImVec2(static_cast<float>(b.w) * c.scale,
                                          static_cast<float>(b.h) * c.scale)))
            choose(*view.focus, b.space, b.at, b.process, "");
        if (ImGui::IsItemFocused() && ImGui::GetIO().NavVisible)
            c.frame(b.x - 2, b.y - 2, b.w + 4, b.h + 4, 2, 0x0072b2);
        if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0) &&
            *view.zoom < PICTURE_BYTES)
            *view.zoom = static_cast<enum picture_zoom>(*view.zoom + 1);
        ImGui::PopID();
    }

    static uint64_t lit_key(const struct picture *p)
    {
        for (unsigned i = 0; i < p->boxes; i++)
            if (p->box[i].lit)
                return p->box[i].at + 1;
        return 0;
    }

    static void scroll_to_lit(const struct picture *p, float scale)
    {
        for (unsigned i = 0; i < p->boxes; i++)
            if (p->box[i].lit) {
                ImGui::SetScrollY(
                    std::max(0.0f, static_cast<float>(p->box[i].y) * scale -
                                       ImGui::GetWindowHeight() / 2));
                return;
            }
    }

    uint64_t follow_lit = 0;
};

} // namespace

std::unique_ptr<Panel> make_spaces()
{
    return std::make_unique<Spaces>();
}

} // namespace hb
