/* src/panels/panel_breakpoints.cpp -- breakpoints and watchpoints: what each
 * stops at, how often it did; new ones in words. */
#include "panels/session.hpp"
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

const char *kind_name(enum debug_break_kind kind)
{
    return kind == DEBUG_BREAK_CODE    ? "code"
           : kind == DEBUG_BREAK_WATCH ? "watch"
                                       : "event";
}

class Breakpoints : public Panel
{
  public:
    void draw(View &view) override
    {
        if (!view.session || !view.session->d) {
            ImGui::TextUnformatted("breakpoints are the debugger's: halbox "
                                   "debug");
            return;
        }
        add(*view.session);
        list(*view.session);
    }

  private:
    void add(Session &session)
    {
        struct hb_error error;

        ImGui::SetNextItemWidth(-1);
        if (!ImGui::InputTextWithHint(
                "##words", "break at: dma edu, write 0x1000..0x1fff, dma.c:12",
                words, sizeof words, ImGuiInputTextFlags_EnterReturnsTrue))
            return;
        if (debug_break_parse(session.d, words, &error))
            words[0] = 0;
        else
            session.say(error.text);
    }

    void list(Session &session)
    {
        struct debug_break b;
        int id, gone = 0;

        if (!table("breakpoints", {"", "id", "kind", "at", "hits", ""}))
            return;
        for (unsigned i = 0; debug_break_at(session.d, i, &id, &b); i++) {
            ImGui::PushID(id);
            ImGui::TableNextColumn();
            if (ImGui::SmallButton(b.disabled ? "off" : "on ")) {
                b.disabled = !b.disabled;
                debug_break_set(session.d, id, &b);
            }
            cell("%d", id);
            cell("%s", kind_name(b.kind));
            cell("%s", b.text);
            cell("%llu", static_cast<unsigned long long>(b.hits));
            ImGui::TableNextColumn();
            if (ImGui::SmallButton("remove"))
                gone = id;
            ImGui::PopID();
        }
        ImGui::EndTable();
        if (gone)
            debug_break_remove(session.d, gone);
    }

    char words[DEBUG_TEXT] = "";
};

} // namespace

std::unique_ptr<Panel> make_breakpoints()
{
    return std::make_unique<Breakpoints>();
}

} // namespace hb
