/* src/panels/palette.cpp -- see palette.hpp. */
#include "panels/palette.hpp"

#include <imgui.h>

#include <cstdio>
#include <cstring>

#include "panels/layout.hpp"
#include "panels/panel.hpp"

namespace hb
{

void Palette::open()
{
    opening = is_open = true;
    text[0] = 0;
}

/* Enter takes the first that matches. */
bool Palette::row(const char *name, const char *what, bool &first)
{
    char line[160];
    bool taken;

    if (!strcasestr(name, text) && !strcasestr(what, text))
        return false;
    std::snprintf(line, sizeof line, "%-28s %s", name, what);
    taken = ImGui::Selectable(line) || (enter && first);
    first = false;
    if (taken)
        is_open = false;
    return taken;
}

Palette::Choice Palette::draw()
{
    Choice choice = {nullptr, -1, -1};
    const ImVec2 size = ImGui::GetIO().DisplaySize;
    bool first = true;
    char name[64];

    if (!is_open)
        return choice;
    ImGui::SetNextWindowPos(ImVec2(size.x / 4, size.y / 8));
    ImGui::SetNextWindowSize(ImVec2(size.x / 2, size.y / 2));
    ImGui::SetNextWindowFocus();
    ImGui::Begin("Commands", &is_open,
                 ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoCollapse);
    if (opening)
        ImGui::SetKeyboardFocusHere();
    opening = false;
    ImGui::SetNextItemWidth(-1);
    enter = ImGui::InputText("##name", text, sizeof text,
                             ImGuiInputTextFlags_EnterReturnsTrue);
    for (unsigned i = 0; i < command_count; i++) {
        std::snprintf(name, sizeof name, "%s (%s)", commands[i].name,
                      commands[i].keys);
        if (row(name, commands[i].help, first))
            choice.command = &commands[i];
    }
    for (unsigned i = 0; i < panel_count; i++) {
        std::snprintf(name, sizeof name, "panel %s", panel_rows[i].name);
        if (row(name, panel_rows[i].help, first))
            choice.panel = static_cast<int>(i);
    }
    for (unsigned i = 0; i < layout_count; i++) {
        std::snprintf(name, sizeof name, "layout %s", layout_rows[i].name);
        if (row(name, layout_rows[i].text, first))
            choice.layout = static_cast<int>(i);
    }
    if (ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_Escape)))
        is_open = false;
    ImGui::End();
    return choice;
}

} // namespace hb
