/* src/panels/panel_callers.cpp -- who called the code that the CPU is in,
 * across kernel routines and interrupts. */
#include <cstring>

#include "panels/widgets.hpp"

namespace hb
{

namespace
{

enum { MOST = 48 };

class Callers : public Panel
{
  public:
    void draw(View &view) override
    {
        const struct backtrace_start start = backtrace_start_cpu(view.m);
        unsigned count = backtrace(view.symbols, view.m, &start, frames, MOST);

        if (!table("callers", {"", "EIP", "name", "line", "found by"}))
            return;
        for (unsigned i = 0; i < count; i++)
            row(view, i);
        ImGui::EndTable();
    }

  private:
    void row(View &view, unsigned i)
    {
        struct source_line line;

        cell("%u", i);
        address_cell(view, PICTURE_VIRTUAL, frames[i].eip.v, SPACE_CPU);
        cell("%s", frames[i].text);
        if (backtrace_line(view.symbols, view.m, &frames[i], &line)) {
            const char *slash = std::strrchr(line.path, '/');

            cell("%s:%u", slash ? slash + 1 : line.path, line.line);
        } else
            cell("-");
        cell("%s", frames[i].how);
    }

    struct backtrace_frame frames[MOST];
};

} // namespace

std::unique_ptr<Panel> make_callers()
{
    return std::make_unique<Callers>();
}

} // namespace hb
