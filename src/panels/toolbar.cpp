/* src/panels/toolbar.cpp -- see toolbar.hpp. */
#include "panels/toolbar.hpp"

#include <imgui.h>

#include <cstdio>
#include <cstring>

namespace hb
{

namespace
{

/* By name, in the order of the buttons. */
const char *const shown[] = {"continue", "pause", "dma step",  "over",
                             "into",     "out",   "breakpoint"};

void button(Session &session, const char *name)
{
    char label[64];

    for (unsigned i = 0; i < command_count; i++) {
        const Command &c = commands[i];

        if (std::strcmp(c.name, name) != 0)
            continue;
        bool off = session.stands == (c.what == Command::What::Pause);

        ImGui::BeginDisabled(off);
        std::snprintf(label, sizeof label, "%s %s", c.keys, c.name);
        if (ImGui::Button(label))
            session.button = &c;
        ImGui::EndDisabled();
        if (ImGui::IsItemHovered())
            ImGui::SetTooltip("%s: %s", c.keys, c.help);
        ImGui::SameLine(0, 3);
    }
}

void mode(Session &session)
{
    for (int step = DEBUG_BYTE; step <= DEBUG_TRANSFER; step++) {
        enum debug_step s = static_cast<enum debug_step>(step);

        if (ImGui::RadioButton(debug_step_name(s), session.dma == s))
            session.dma = s;
        ImGui::SameLine(0, 6);
    }
}

void where(const Session &session)
{
    if (!session.d)
        return;
    const struct debug_place now = debug_now(session.d);
    unsigned long long tick = now.at.tick;

    if (!session.stands)
        ImGui::Text("  running, tick %llu", tick);
    else
        ImGui::Text("  %s at tick %llu%s  %.80s",
                    debug_reason_name(session.stop.reason), tick,
                    session.stop.past ? ", in the past" : "",
                    session.stop.text);
}

} // namespace

float toolbar(Session &session)
{
    float height = ImGui::GetFrameHeight() + 8;

    ImGui::SetNextWindowPos(ImVec2(0, 0));
    ImGui::SetNextWindowSize(ImVec2(ImGui::GetIO().DisplaySize.x, height));
    ImGui::Begin("toolbar", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoBringToFrontOnFocus);
    for (const char *name : shown)
        button(session, name);
    ImGui::TextUnformatted("  Shift: back  |  F7");
    ImGui::SameLine(0, 6);
    mode(session);
    where(session);
    ImGui::End();
    return height;
}

} // namespace hb
