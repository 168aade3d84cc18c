/* src/panels/panel_console.cpp -- what the debugger says, and a line for
 * commands: those of the palette by name, and the monitor's. */
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
        if (session.d && !by_name(session)) {
            if (debug_command(session.d, text, print, &session, &error) !=
                HB_OK)
                session.say(error.text);
            session.ordered |= session.stands && debug_has_order(session.d);
        }
        text[0] = 0;
    }

    static void print(void *context, const char *line)
    {
        static_cast<Session *>(context)->say(line);
    }

    /* What the keys do. */
    bool by_name(Session &session)
    {
        for (unsigned i = 0; i < command_count; i++)
            if (std::strcmp(commands[i].name, text) == 0) {
                session.run(commands[i]);
                return true;
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
