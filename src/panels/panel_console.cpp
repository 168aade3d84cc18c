/* src/panels/panel_console.cpp -- what the debugger says, and a line for
 * commands: those of the palette by name, "break WORDS", "go TICK". */
#include <cstdlib>
#include <cstring>

#include "panels/session.hpp"
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

class Console : public Panel
{
  public:
    void draw(View &view) override
    {
        if (!view.session) {
            ImGui::TextUnformatted("the console is the debugger's: halbox "
                                   "debug");
            return;
        }
        Session &session = *view.session;
        float line = ImGui::GetFrameHeightWithSpacing();

        ImGui::BeginChild("said", ImVec2(0, -line));
        for (const std::string &said : session.said)
            ImGui::TextUnformatted(said.c_str());
        if (session.said_count != shown) {
            shown = session.said_count;
            ImGui::SetScrollHereY(1);
        }
        ImGui::EndChild();
        ImGui::SetNextItemWidth(-1);
        if (ImGui::InputTextWithHint("##line", "command", text, sizeof text,
                                     ImGuiInputTextFlags_EnterReturnsTrue)) {
            run(session);
            ImGui::SetKeyboardFocusHere(-1);
        }
    }

  private:
    void run(Session &session)
    {
        struct hb_error error;

        session.say((std::string("> ") + text).c_str());
        if (std::strncmp(text, "break ", 6) == 0) {
            if (!debug_break_parse(session.d, text + 6, &error))
                session.say(error.text);
        } else if (std::strncmp(text, "go ", 3) == 0) {
            struct debug_order o = {};

            o.kind = DEBUG_GO_TO;
            o.to.at.tick = std::strtoull(text + 3, nullptr, 0);
            session.order(o);
        } else if (!by_name(session))
            session.say("no such command; Ctrl+P lists them");
        text[0] = 0;
    }

    bool by_name(Session &session)
    {
        for (unsigned i = 0; i < command_count; i++)
            if (std::strcmp(commands[i].name, text) == 0) {
                session.run(commands[i]);
                return true;
            }
        for (int i = 0; debug_step_name(static_cast<enum debug_step>(i)); i++) {
            struct debug_order o = {};

            o.kind = DEBUG_STEP;
            o.step = static_cast<enum debug_step>(i);
            o.back = std::strncmp(text, "back ", 5) == 0;
            if (std::strcmp(debug_step_name(o.step), text + (o.back ? 5 : 0)) ==
                0) {
                session.order(o);
                return true;
            }
        }
        return false;
    }

    char text[DEBUG_TEXT] = "";
    unsigned shown = 0;
};

} // namespace

std::unique_ptr<Panel> make_console()
{
    return std::make_unique<Console>();
}

} // namespace hb
