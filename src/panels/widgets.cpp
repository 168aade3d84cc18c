/* src/panels/widgets.cpp -- see widgets.hpp. */
#include "panels/widgets.hpp"

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace hb
{

bool table(const char *id, std::initializer_list<const char *> headings)
{
    const ImGuiTableFlags flags =
        ImGuiTableFlags_RowBg | ImGuiTableFlags_SizingFixedFit |
        ImGuiTableFlags_NoHostExtendX | ImGuiTableFlags_NoSavedSettings;

    if (!ImGui::BeginTable(id, static_cast<int>(headings.size()), flags))
        return false;
    for (const char *heading : headings)
        ImGui::TableSetupColumn(heading);
    ImGui::TableNextRow();
    for (const char *heading : headings) {
        ImGui::TableNextColumn();
        ImGui::TextDisabled("%s", heading);
    }
    return true;
}

void cell(const char *format, ...)
{
    va_list args;

    ImGui::TableNextColumn();
    va_start(args, format);
    ImGui::TextV(format, args);
    va_end(args);
}

void title(const char *format, ...)
{
    const ImVec4 blue(0.0f, 0.27f, 0.43f, 1.0f);
    va_list args;

    va_start(args, format);
    ImGui::TextColoredV(blue, format, args);
    va_end(args);
}

void field(const char *name, const char *format, ...)
{
    va_list args;

    ImGui::TextDisabled("%-14s", name);
    ImGui::SameLine();
    va_start(args, format);
    ImGui::TextV(format, args);
    va_end(args);
}

/* The logical address that is next on the bus. */
static bool next_on_bus(const struct machine *m, dla_t *at)
{
    struct inspect_operation o;
    struct inspect_tenure t;

    inspect_tenure(m, &t);
    if (t.bytes)
        *at = dla_add(t.at, t.moved);
    else if (inspect_operation_at(m, 0, &o))
        *at = o.at;
    else
        return false;
    return true;
}

bool buffer_page(const struct machine *m, struct inspect_page *page)
{
    dla_t at;

    if (next_on_bus(m, &at))
        for (unsigned i = 0; inspect_page_at(m, i, page); i++)
            if (at.v - page->dla.v < page->bytes)
                return true;
    return inspect_page_at(m, 0, page);
}

const char *space_name(enum picture_space space)
{
    static const char *const names[] = {"virtual", "physical", "logical"};

    return names[space];
}

void choose(Focus &focus, enum picture_space space, uint64_t at,
            uint32_t process, const char *device)
{
    focus.space = space;
    focus.at = at;
    focus.process = process;
    std::snprintf(focus.device, sizeof focus.device, "%s", device);
    focus.changes++;
}

void address_cell(View &view, enum picture_space space, uint64_t at,
                  uint32_t process, const char *device)
{
    char text[32];

    ImGui::TableNextColumn();
    std::snprintf(text, sizeof text, "%08llx",
                  static_cast<unsigned long long>(at));
    ImGui::PushID(ImGui::TableGetColumnIndex());
    ImGui::PushID(ImGui::TableGetRowIndex());
    if (ImGui::Selectable(text, false))
        choose(*view.focus, space, at, process, device);
    ImGui::PopID();
    ImGui::PopID();
}

ImU32 colour(uint32_t rgb, unsigned alpha)
{
    return IM_COL32(rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255, alpha);
}

void line(ImDrawList *list, ImVec2 from, ImVec2 to, float width, ImU32 colour)
{
    float dx = to.x - from.x, dy = to.y - from.y;
    float length = std::sqrt(dx * dx + dy * dy);
    float nx, ny;

    if (length == 0.0f)
        return;
    nx = -dy / length * width / 2;
    ny = dx / length * width / 2;
    list->PrimReserve(6, 4);
    list->PrimQuadUV(
        ImVec2(from.x + nx, from.y + ny), ImVec2(to.x + nx, to.y + ny),
        ImVec2(to.x - nx, to.y - ny), ImVec2(from.x - nx, from.y - ny),
        ImGui::GetFontTexUvWhitePixel(), ImGui::GetFontTexUvWhitePixel(),
        ImGui::GetFontTexUvWhitePixel(), ImGui::GetFontTexUvWhitePixel(),
        colour);
}

} // namespace hb
