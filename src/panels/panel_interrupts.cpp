/* src/panels/panel_interrupts.cpp -- interrupt lines as the pair of 8259As has
 * them, and the IRQL at which the kernel serves each. */
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

class Interrupts : public Panel
{
  public:
    void draw(View &view) override
    {
        struct inspect_cpu cpu;

        inspect_cpu(view.m, &cpu);
        title("IRQL %u, interrupts %s", inspect_irql(view.m),
              cpu.eflags & 0x200 ? "on" : "off");
        lines(view);
        routines(view);
        dpcs(view);
        timers(view);
    }

  private:
    void lines(View &view)
    {
        struct inspect_irq irq;

        if (!table("lines", {"IRQ", "vector", "IRQL", "trigger", "state",
                             "connected", "wired to"}))
            return;
        for (unsigned i = 0; inspect_irq_at(view.m, i, &irq); i++) {
            cell("%u", i);
            if (irq.in_service)
                ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0,
                                       colour(0xffd9c0));
            cell("%02x", irq.vector);
            cell("%u", irq.irql);
            cell("%s", irq.level ? "level" : "edge");
            cell("%s%s%s%s", irq.in_service ? "in service " : "",
                 irq.requested ? "requested " : "", irq.masked ? "masked " : "",
                 irq.noted ? "waits for the IRQL" : "");
            cell("%u", irq.connected);
            cell("%s", irq.devices);
        }
        ImGui::EndTable();
    }

    void code_cell(View &view, gva_t at)
    {
        char text[SYMBOL_NAME + 96] = "";

        symbols_text(view.symbols, view.m, at, text, sizeof text);
        cell("%08x %s", at.v, text);
    }

    void routines(View &view)
    {
        struct inspect_interrupt i;

        if (!inspect_interrupt_at(view.m, 0, &i) ||
            !table("routines", {"IRQ", "IRQL", "service routine", "context"}))
            return;
        for (unsigned n = 0; inspect_interrupt_at(view.m, n, &i); n++) {
            cell("%u", i.irq);
            cell("%u", i.irql);
            code_cell(view, i.routine);
            address_cell(view, PICTURE_VIRTUAL, i.context.v, SPACE_SYSTEM);
        }
        ImGui::EndTable();
    }

    void dpcs(View &view)
    {
        struct inspect_dpc dpc;

        if (!inspect_dpc_at(view.m, 0, &dpc) ||
            !table("dpcs", {"queued DPC", "routine", "context", "importance"}))
            return;
        for (unsigned n = 0; inspect_dpc_at(view.m, n, &dpc); n++) {
            address_cell(view, PICTURE_VIRTUAL, dpc.object.v, SPACE_SYSTEM);
            code_cell(view, dpc.routine);
            address_cell(view, PICTURE_VIRTUAL, dpc.context.v, SPACE_SYSTEM);
            cell("%s", dpc.importance);
        }
        ImGui::EndTable();
    }

    void timers(View &view)
    {
        struct inspect_timer timer;
        uint64_t now = inspect_interrupt_time(view.m);

        if (!inspect_timer_at(view.m, 0, &timer) ||
            !table("timers", {"timer", "due in us", "period us", "routine"}))
            return;
        for (unsigned n = 0; inspect_timer_at(view.m, n, &timer); n++) {
            address_cell(view, PICTURE_VIRTUAL, timer.object.v, SPACE_SYSTEM);
            cell("%llu",
                 timer.due > now
                     ? static_cast<unsigned long long>(timer.due - now) / 10
                     : 0ull);
            cell("%llu", static_cast<unsigned long long>(timer.period) / 10);
            code_cell(view, timer.routine);
        }
        ImGui::EndTable();
    }
};

} // namespace

std::unique_ptr<Panel> make_interrupts()
{
    return std::make_unique<Interrupts>();
}

} // namespace hb
