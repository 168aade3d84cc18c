/* src/panels/panel_threads.cpp -- guest threads, what each waits for, and the
 * kernel routines that the running one is inside of. */
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

enum { MOST = 512 };

class Threads : public Panel
{
  public:
    void draw(View &view) override
    {
        struct inspect_thread t;

        if (!inspect_thread_at(view.m, 0, &t)) {
            ImGui::TextUnformatted("a bare machine has no threads");
            return;
        }
        list(view);
        ImGui::Spacing();
        calls(view);
    }

  private:
    void list(View &view)
    {
        struct inspect_thread t;
        uint32_t running = inspect_thread(view.m);

        if (!table("threads", {"", "thread", "process", "name", "state",
                               "priority", "IRQL", "EIP", "waits for"}))
            return;
        for (unsigned i = 0; i < MOST && inspect_thread_at(view.m, i, &t);
             i++) {
            cell("%s", t.number == running ? ">" : "");
            cell("%u", t.number);
            if (t.process)
                cell("%u", t.process);
            else
                cell("system");
            cell("%s", t.name);
            cell("%s", t.state);
            cell("%d", t.priority);
            cell("%u", t.irql);
            address_cell(view, PICTURE_VIRTUAL, t.eip, SPACE_CPU);
            cell("%s", t.waits);
        }
        ImGui::EndTable();
    }

    void calls(View &view)
    {
        struct inspect_call c;
        uint32_t running = inspect_thread(view.m);
        char caller[SYMBOL_NAME];

        title("Kernel routines that thread %u is inside of", running);
        if (!table("calls", {"routine", "called from", "IRQL", ""}))
            return;
        for (unsigned i = 0;
             i < MOST && inspect_call_at(view.m, running, i, &c); i++) {
            cell("%s", c.routine);
            if (symbols_text(view.symbols, view.m, c.caller, caller,
                             sizeof caller) <= 0)
                std::snprintf(caller, sizeof caller, "%08x", c.caller.v);
            cell("%s", caller);
            cell("%u", c.irql);
            cell("%s", c.waiting ? "waits" : "called out");
        }
        ImGui::EndTable();
    }
};

} // namespace

std::unique_ptr<Panel> make_threads()
{
    return std::make_unique<Threads>();
}

} // namespace hb
