/* src/panels/panel_memory.cpp -- bytes of one space: virtual of a process,
 * physical, logical of a device. It follows the chosen address. A byte is
 * changed by typing over it: an input of the machine. */
#include <cstdlib>
#include <cstring>

#include "panels/session.hpp"
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

const int ROW = 16;

class Memory : public Panel
{
  public:
    void draw(View &view) override
    {
        const Focus &focus = *view.focus;

        if (focus.changes != seen) {
            seen = focus.changes;
            here = focus;
        } else if (!seen)
            at_the_buffer(view);
        choose_space(view);
        bytes(view);
    }

  private:
    /* Nothing was chosen: the page that moves, else the stack. */
    void at_the_buffer(View &view)
    {
        struct inspect_page page;
        struct inspect_tenure t;
        struct inspect_cpu cpu;

        inspect_tenure(view.m, &t);
        inspect_cpu(view.m, &cpu);
        here.space = PICTURE_PHYSICAL;
        if (t.bytes)
            here.at = t.to.v + t.moved;
        else if (buffer_page(view.m, &page))
            here.at = page.to.v;
        else {
            here.space = PICTURE_VIRTUAL;
            here.process = SPACE_CPU;
            here.at = cpu.segment[2].base + cpu.reg[4];
        }
    }

    void choose_space(View &view)
    {
        char text[32];

        if (view.still) {
            title("%s %08llx", space_name(here.space),
                  static_cast<unsigned long long>(here.at));
            return;
        }
        for (int i = 0; i < PICTURE_SPACES; i++) {
            enum picture_space space = static_cast<enum picture_space>(i);

            if (ImGui::RadioButton(space_name(space), here.space == space))
                choose(*view.focus, space, here.at, here.process, here.device);
            ImGui::SameLine();
        }
        std::snprintf(text, sizeof text, "%llx",
                      static_cast<unsigned long long>(here.at));
        ImGui::SetNextItemWidth(ImGui::CalcTextSize("0000000000000").x);
        if (ImGui::InputText("address", text, sizeof text,
                             ImGuiInputTextFlags_CharsHexadecimal |
                                 ImGuiInputTextFlags_EnterReturnsTrue))
            choose(*view.focus, here.space, std::strtoull(text, nullptr, 16),
                   here.process, here.device);
    }

    bool read(View &view, uint64_t at, uint8_t *to, uint32_t bytes)
    {
        switch (here.space) {
        case PICTURE_VIRTUAL:
            return inspect_virtual(view.m, here.process,
                                   gva_of(static_cast<uint32_t>(at)), to,
                                   bytes);
        case PICTURE_PHYSICAL:
            return inspect_physical(view.m, gpa_of(at), to, bytes);
        default:
            return inspect_bus(view.m, *here.device ? here.device : nullptr,
                               dla_of(at), to, bytes);
        }
    }

    /* Through the same translation that the byte was read by. */
    void write(View &view, uint64_t at, uint8_t byte)
    {
        struct inspect_walk walk;
        struct inspect_logical l;
        gpa_t to = gpa_of(at);

        if (here.space == PICTURE_VIRTUAL) {
            if (!inspect_translate(view.m, here.process,
                                   gva_of(static_cast<uint32_t>(at)), &walk) ||
                !walk.mapped)
                return;
            to = walk.pa;
        }
        if (here.space == PICTURE_LOGICAL) {
            if (!inspect_logical(view.m, *here.device ? here.device : nullptr,
                                 dla_of(at), DMA_TO_DEVICE, &l) ||
                !l.reaches)
                return;
            to = l.pa;
        }
        machine_poke_physical(view.m, to, &byte, 1, nullptr);
        view.session->changed();
    }

    void bytes(View &view)
    {
        float height = ImGui::GetTextLineHeightWithSpacing();
        int rows = static_cast<int>(ImGui::GetContentRegionAvail().y / height);
        uint64_t first = here.at & ~static_cast<uint64_t>(ROW - 1);
        uint64_t before = static_cast<uint64_t>(rows > 8 ? 4 : 0) * ROW;

        first = first > before ? first - before : 0;
        for (int i = 0; i < rows; i++)
            row(view, first + static_cast<uint64_t>(i) * ROW);
        if (!view.still && ImGui::IsWindowHovered() &&
            ImGui::GetIO().MouseWheel != 0)
            here.at -= static_cast<uint64_t>(
                static_cast<int64_t>(ImGui::GetIO().MouseWheel) * 4 * ROW);
    }

    void row(View &view, uint64_t at)
    {
        uint8_t byte[ROW];
        bool there = read(view, at, byte, ROW);
        char text[ROW * 3 + 1], ascii[ROW + 1];

        for (unsigned i = 0; i < ROW; i++) {
            if (there)
                std::snprintf(text + 3 * i, 4, "%02x ", byte[i]);
            else
                std::snprintf(text + 3 * i, 4, "-- ");
            ascii[i] = there && byte[i] >= 0x20 && byte[i] < 0x7f
                           ? static_cast<char>(byte[i])
                           : '.';
        }
        ascii[ROW] = 0;
        ImGui::TextDisabled("%08llx", static_cast<unsigned long long>(at));
        ImGui::SameLine();
        if (!view.editable || !there) {
            mark(at);
            ImGui::Text("%s %s", text, ascii);
            return;
        }
        ImGui::PushID(static_cast<int>(at));
        edit(view, at, text, byte);
        ImGui::PopID();
        ImGui::SameLine();
        ImGui::TextUnformatted(ascii);
    }

    /* The chosen byte, behind its text. */
    void mark(uint64_t row_at)
    {
        ImVec2 p = ImGui::GetCursorScreenPos();
        float advance = ImGui::CalcTextSize("0").x;

        if (here.at - row_at >= ROW)
            return;
        p.x += 3 * advance * static_cast<float>(here.at - row_at);
        ImGui::GetWindowDrawList()->AddRectFilled(
            ImVec2(p.x - 1, p.y),
            ImVec2(p.x + 2 * advance + 1, p.y + ImGui::GetTextLineHeight()),
            colour(0xffb98a));
    }

    void edit(View &view, uint64_t at, char *text, const uint8_t *old)
    {
        mark(at);
        ImGui::PushStyleColor(ImGuiCol_FrameBg, 0);
        ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(0, 0));
        ImGui::SetNextItemWidth(ImGui::CalcTextSize("0").x * 3 * ROW);
        if (ImGui::InputText("##row", text, ROW * 3 + 1,
                             ImGuiInputTextFlags_AlwaysOverwrite |
                                 ImGuiInputTextFlags_EnterReturnsTrue)) {
            const char *next = text;

            for (unsigned i = 0; i < ROW; i++) {
                char *end;
                unsigned long byte = std::strtoul(next, &end, 16);

                if (end == next || byte > 255)
                    break;
                if (byte != old[i])
                    write(view, at + i, static_cast<uint8_t>(byte));
                next = end;
            }
        }
        ImGui::PopStyleVar();
        ImGui::PopStyleColor();
    }

    Focus here;
    unsigned seen = 0;
};

} // namespace

std::unique_ptr<Panel> make_memory()
{
    return std::make_unique<Memory>();
}

} // namespace hb
