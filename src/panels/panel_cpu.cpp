/* src/panels/panel_cpu.cpp -- registers of the CPU. Those that a name of
 * machine_poke_register() has can be changed. */
#include <cstdlib>

#include "panels/session.hpp"
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

const char *const general[] = {"eax", "ecx", "edx", "ebx",
                               "esp", "ebp", "esi", "edi"};

/* EFLAGS that are set, by SDM name. */
void flags_text(uint32_t eflags, char out[64])
{
    static const struct {
        unsigned bit;
        const char *name;
    } flags[] = {{0, "CF"},  {2, "PF"},  {4, "AF"},  {6, "ZF"},
                 {7, "SF"},  {8, "TF"},  {9, "IF"},  {10, "DF"},
                 {11, "OF"}, {14, "NT"}, {17, "VM"}, {18, "AC"}};
    size_t n = 0;

    out[0] = 0;
    for (const auto &flag : flags)
        if (eflags >> flag.bit & 1)
            n += static_cast<size_t>(
                std::snprintf(out + n, 64 - n, "%s ", flag.name));
}

class Cpu : public Panel
{
  public:
    void draw(View &view) override
    {
        struct inspect_cpu cpu;
        char flags[64];

        inspect_cpu(view.m, &cpu);
        for (unsigned i = 0; i < 8; i++)
            value(view, general[i], cpu.reg[i]);
        value(view, "eip", cpu.eip);
        value(view, "eflags", cpu.eflags);
        flags_text(cpu.eflags, flags);
        field("", "%s", flags);
        field("CPL, IRQL", "%u, %u", cpu.cpl, inspect_irql(view.m));
        field("thread", "%u", inspect_thread(view.m));
        field("state", "%s",
              cpu.shutdown ? "shut down"
              : cpu.halted ? "halted, waits for an interrupt"
                           : "running");
        ImGui::Spacing();
        segments(cpu);
        ImGui::Spacing();
        field("CR0 CR2", "%08x %08x", cpu.cr0, cpu.cr2);
        field("CR3 CR4", "%08x %08x", cpu.cr3, cpu.cr4);
        field("GDT IDT", "%08x:%x %08x:%x", cpu.gdt_base, cpu.gdt_limit,
              cpu.idt_base, cpu.idt_limit);
        field("DR0-3", "%08x %08x %08x %08x", cpu.dr[0], cpu.dr[1], cpu.dr[2],
              cpu.dr[3]);
        field("DR6 DR7", "%08x %08x", cpu.dr[6], cpu.dr[7]);
    }

  private:
    void value(View &view, const char *name, uint32_t now)
    {
        char text[16];

        if (!view.editable) {
            field(name, "%08x", now);
            return;
        }
        ImGui::TextDisabled("%-14s", name);
        ImGui::SameLine();
        std::snprintf(text, sizeof text, "%08x", now);
        ImGui::PushID(name);
        ImGui::SetNextItemWidth(ImGui::CalcTextSize("0000000000").x);
        if (ImGui::InputText("##value", text, sizeof text,
                             ImGuiInputTextFlags_CharsHexadecimal |
                                 ImGuiInputTextFlags_EnterReturnsTrue)) {
            machine_poke_register(
                view.m, name,
                static_cast<uint32_t>(std::strtoul(text, nullptr, 16)),
                nullptr);
            view.session->changed();
        }
        ImGui::PopID();
    }

    void segments(const struct inspect_cpu &cpu)
    {
        static const char *const names[] = {"ES", "CS", "SS", "DS", "FS", "GS"};

        if (!table("segments", {"", "selector", "base", "limit", "access"}))
            return;
        for (unsigned i = 0; i < 6; i++) {
            cell("%s", names[i]);
            cell("%04x", cpu.segment[i].selector);
            cell("%08x", cpu.segment[i].base);
            cell("%08x", cpu.segment[i].limit);
            cell("%04x", cpu.segment[i].access);
        }
        ImGui::EndTable();
    }
};

} // namespace

std::unique_ptr<Panel> make_cpu()
{
    return std::make_unique<Cpu>();
}

} // namespace hb
