/* src/panels/shell.cpp -- see shell.hpp. Frames, tabs and lines are filled
 * rectangles: what Dear ImGui strokes goes through approximate square roots. */
#include "panels/shell.hpp"

#include <algorithm>
#include <cstdio>

#include "panels/session.hpp"
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

const float font_dots = 14;
enum { SMALLEST = 7, LARGEST = 24 }; /* dots of a picture's text */
const float between = 4;             /* dots from a tile to the next */

/* Where distributions put DejaVu Sans Mono; the first is what the build saw. */
const char *const fonts[] = {HALBOX_FONT,
                             "/usr/share/fonts/dejavu/DejaVuSansMono.ttf",
                             "/usr/share/fonts/TTF/DejaVuSansMono.ttf"};

const ImWchar glyphs[] = {0x20,   0xff,   0x2010, 0x2027, 0x2190, 0x21ff,
                          0x2500, 0x257f, 0x25a0, 0x25ff, 0};
const ImWchar ascii[] = {0x20, 0x7e, 0};

const char *font_file()
{
    for (const char *path : fonts)
        if (FILE *file = std::fopen(path, "rb")) {
            std::fclose(file);
            return path;
        }
    return nullptr;
}

void style()
{
    ImGuiStyle &s = ImGui::GetStyle();

    ImGui::StyleColorsLight();
    s.WindowBorderSize = s.FrameBorderSize = s.ChildBorderSize = 0;
    s.PopupBorderSize = s.TabBorderSize = 0;
    s.WindowRounding = s.FrameRounding = s.ScrollbarRounding = 0;
    s.GrabRounding = s.PopupRounding = s.TabRounding = s.ChildRounding = 0;
    s.AntiAliasedLines = s.AntiAliasedFill = s.AntiAliasedLinesUseTex = false;
    s.WindowPadding = ImVec2(6, 4);
    s.ItemSpacing = ImVec2(8, 2);
    s.CellPadding = ImVec2(6, 1);
    s.Colors[ImGuiCol_WindowBg] = ImVec4(1, 1, 1, 1);
    s.Colors[ImGuiCol_ChildBg] = ImVec4(1, 1, 1, 1);
    s.Colors[ImGuiCol_FrameBg] = ImVec4(0.91f, 0.93f, 0.95f, 1);
    s.Colors[ImGuiCol_TextDisabled] = ImVec4(0.36f, 0.36f, 0.36f, 1);
}

} // namespace

Shell::Shell()
{
    context = ImGui::CreateContext();
    ImGui::SetCurrentContext(context);
    ImGui::GetIO().IniFilename = nullptr;
    ImGui::GetIO().LogFilename = nullptr;
    ImGui::GetIO().DeltaTime = 1.0f / 60;
    style();
    layout.parse(layout_rows[0].text);
    for (unsigned i = 0; i < panel_count; i++)
        panels.push_back(panel_rows[i].make());
}

Shell::~Shell()
{
    panels.clear();
    ImGui::DestroyContext(context);
}

bool Shell::font(float scale)
{
    ImFontConfig config;
    ImFontAtlas *atlas = ImGui::GetIO().Fonts;
    const char *path = font_file();

    if (!path)
        return false;
    config.OversampleH = config.OversampleV = 1;
    config.PixelSnapH = true;
    atlas->Clear();
    atlas->Flags |= ImFontAtlasFlags_NoBakedLines;
    if (!atlas->AddFontFromFileTTF(
            path, static_cast<float>(static_cast<int>(font_dots * scale)),
            &config, glyphs))
        return false;
    for (int dots = SMALLEST; dots <= LARGEST; dots++)
        atlas->AddFontFromFileTTF(path, static_cast<float>(dots), &config,
                                  ascii);
    return atlas->Build();
}

ImFont *font_of(float dots)
{
    ImVector<ImFont *> &all = ImGui::GetIO().Fonts->Fonts;
    int index = std::clamp(static_cast<int>(dots), static_cast<int>(SMALLEST),
                           static_cast<int>(LARGEST)) -
                SMALLEST + 1;

    return index < all.Size ? all[index] : all[0];
}

/* ---- tiles --------------------------------------------------------------- */

void Shell::tabs(int node)
{
    LayoutNode &n = layout.nodes[static_cast<size_t>(node)];
    const ImGuiStyle &s = ImGui::GetStyle();

    for (unsigned i = 0; i < n.tabs.size(); i++) {
        bool seen = i == n.seen;

        if (i)
            ImGui::SameLine(0, 2);
        ImGui::PushStyleColor(ImGuiCol_Button,
                              seen ? ImVec4(0, 0.27f, 0.43f, 1)
                                   : s.Colors[ImGuiCol_FrameBgHovered]);
        ImGui::PushStyleColor(ImGuiCol_Text, seen ? ImVec4(1, 1, 1, 1)
                                                  : s.Colors[ImGuiCol_Text]);
        if (ImGui::Button(panel_rows[n.tabs[i]].title))
            n.seen = i;
        ImGui::PopStyleColor(2);
        if (!still && ImGui::IsItemHovered())
            ImGui::SetTooltip("%s", panel_rows[n.tabs[i]].help);
    }
}

void Shell::tile(View &view, int node, const Rect &place)
{
    const LayoutNode &n = layout.nodes[static_cast<size_t>(node)];
    const ImGuiWindowFlags flags =
        ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoMove |
        ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoSavedSettings |
        ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoScrollbar |
        ImGuiWindowFlags_NoScrollWithMouse;
    char id[32];

    std::snprintf(id, sizeof id, "tile %d", node);
    ImGui::SetNextWindowPos(ImVec2(place.x, place.y));
    ImGui::SetNextWindowSize(ImVec2(place.w, place.h));
    ImGui::Begin(id, nullptr, flags);
    tabs(node);
    if (node == focus_tile)
        ImGui::SetNextWindowFocus();
    const PanelRow &row = panel_rows[n.tabs[n.seen]];

    if (ImGui::BeginChild(row.name, ImVec2(0, 0), false,
                          ImGuiWindowFlags_HorizontalScrollbar))
        panels[static_cast<size_t>(n.tabs[n.seen])]->draw(view);
    ImGui::EndChild();
    ImGui::End();
}

/* Between two tiles: a bar that can be dragged. */
void Shell::splitter(int node, const Rect &place)
{
    LayoutNode &n = layout.nodes[static_cast<size_t>(node)];
    bool across = n.kind == 'h';
    float whole = across ? place.w : place.h;
    float at = static_cast<float>(
        static_cast<int>(whole * static_cast<float>(n.percent) / 100));
    char id[32];

    std::snprintf(id, sizeof id, "split %d", node);
    ImGui::SetNextWindowPos(across ? ImVec2(place.x + at - between, place.y)
                                   : ImVec2(place.x, place.y + at - between));
    ImGui::SetNextWindowSize(across ? ImVec2(between, place.h)
                                    : ImVec2(place.w, between));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, ImVec2(1, 1));
    ImGui::PushStyleColor(ImGuiCol_WindowBg, ImVec4(0.75f, 0.75f, 0.75f, 1));
    ImGui::Begin(id, nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav);
    ImGui::InvisibleButton("bar", ImGui::GetWindowSize());
    if (ImGui::IsItemHovered() || ImGui::IsItemActive())
        ImGui::SetMouseCursor(across ? ImGuiMouseCursor_ResizeEW
                                     : ImGuiMouseCursor_ResizeNS);
    if (ImGui::IsItemActive()) {
        ImVec2 mouse = ImGui::GetIO().MousePos;
        float to = across ? mouse.x - place.x : mouse.y - place.y;

        n.percent = std::clamp(static_cast<int>(to * 100 / whole), 10, 90);
    }
    ImGui::End();
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(2);
}

void Shell::tiles(View &view, int node, Rect place)
{
    const LayoutNode n = layout.nodes[static_cast<size_t>(node)];
    Rect a = place, b = place;

    if (n.kind == 't') {
        tile(view, node, place);
        return;
    }
    if (n.kind == 'h') {
        float at = static_cast<float>(
            static_cast<int>(place.w * static_cast<float>(n.percent) / 100));

        a.w = at - between;
        b.x += at;
        b.w -= at;
    } else {
        float at = static_cast<float>(
            static_cast<int>(place.h * static_cast<float>(n.percent) / 100));

        a.h = at - between;
        b.y += at;
        b.h -= at;
    }
    splitter(node, place);
    tiles(view, n.child[0], a);
    tiles(view, n.child[1], b);
}

void Shell::frame(struct machine *m, const struct symbols *symbols,
                  Session *session, float top)
{
    View view = {m,       symbols, lanes,
                 session, &focus,  session && session->stands,
                 still,   &zoom};
    const ImVec2 size = ImGui::GetIO().DisplaySize;

    tiles(view, 0, {0, top, size.x, size.y - top});
    focus_tile = -1;
}

} // namespace hb
