/* src/panels/panel_pte.cpp -- what the page tables say about a virtual address:
 * each level's entry with its bits by SDM name, vol. 3A, 4.3 and 4.4. It
 * follows the chosen virtual address. */
#include <cstdlib>

#include "panels/widgets.hpp"

namespace hb
{

namespace
{

void bits_text(uint64_t entry, char out[64])
{
    static const struct {
        unsigned bit;
        const char *name;
    } bits[] = {{0, "P"}, {1, "RW"}, {2, "US"}, {3, "PWT"}, {4, "PCD"},
                {5, "A"}, {6, "D"},  {7, "PS"}, {8, "G"},   {63, "XD"}};
    size_t n = 0;

    out[0] = 0;
    for (const auto &bit : bits)
        if (entry >> bit.bit & 1)
            n += static_cast<size_t>(
                std::snprintf(out + n, 64 - n, "%s ", bit.name));
}

class Pte : public Panel
{
  public:
    void draw(View &view) override
    {
        const Focus &focus = *view.focus;

        if (focus.changes != seen && focus.space == PICTURE_VIRTUAL) {
            at = static_cast<uint32_t>(focus.at);
            process = focus.process;
        } else if (!seen && !chosen)
            at_the_buffer(view);
        seen = focus.changes;
        if (view.still)
            title("virtual %08x", at);
        else
            ask();
        walk(view);
    }

  private:
    /* Nothing was chosen: the first buffer that is mapped, else EIP. */
    void at_the_buffer(View &view)
    {
        struct inspect_page page;
        struct inspect_cpu cpu;

        inspect_cpu(view.m, &cpu);
        at = cpu.segment[1].base + cpu.eip;
        process = SPACE_CPU;
        if (!buffer_page(view.m, &page))
            return;
        at = page.va.v;
        process = page.common ? SPACE_SYSTEM : owner(view, page.mdl);
    }

    static uint32_t owner(View &view, uint32_t mdl_at)
    {
        struct inspect_process p;
        static_assert(sizeof(struct inspect_mdl) < 8192, "on the stack");
        struct inspect_mdl mdl;

        if (!inspect_mdl(view.m, gva_of(mdl_at), &mdl))
            return SPACE_SYSTEM;
        for (unsigned i = 0; inspect_process_at(view.m, i, &p); i++)
            if (p.object.v == mdl.process.v)
                return i + 1;
        return SPACE_SYSTEM;
    }

    void ask()
    {
        char text[16];

        std::snprintf(text, sizeof text, "%08x", at);
        ImGui::SetNextItemWidth(ImGui::CalcTextSize("0000000000").x);
        if (ImGui::InputText("virtual address", text, sizeof text,
                             ImGuiInputTextFlags_CharsHexadecimal |
                                 ImGuiInputTextFlags_EnterReturnsTrue)) {
            at = static_cast<uint32_t>(std::strtoul(text, nullptr, 16));
            chosen = true;
        }
    }

    void walk(View &view)
    {
        struct inspect_walk w;
        gpa_t page;

        if (!inspect_translate(view.m, process, gva_of(at), &w)) {
            ImGui::TextUnformatted("there is no such address space");
            return;
        }
        if (process == SPACE_SYSTEM)
            field("space", "system");
        else if (process == SPACE_CPU)
            field("space", "the CPU's now");
        else
            field("space", "process %u", process);
        field("form", "%s", w.form);
        levels(view, w);
        if (w.mapped) {
            field("physical", "%08llx, page of %u KiB",
                  static_cast<unsigned long long>(w.pa.v), w.page_bytes / 1024);
            field("rights", "%s, %s, %s", w.user ? "user" : "kernel",
                  w.writable ? "read and write" : "read only",
                  w.no_execute ? "no code" : "code too");
            field("used", "%s%s%s", w.accessed ? "accessed " : "",
                  w.dirty ? "dirty " : "", w.global ? "global" : "");
        }
        if (inspect_tlb(view.m, gva_of(at), &page))
            field("TLB", "page %08llx%s",
                  static_cast<unsigned long long>(page.v),
                  !w.mapped || page.v != (w.pa.v & ~0xfffull)
                      ? "  not what the tables say now"
                      : "");
        else
            field("TLB", "no entry");
    }

    void levels(View &view, const struct inspect_walk &w)
    {
        static const char *const two[] = {"PDE", "PTE"};
        static const char *const three[] = {"PDPTE", "PDE", "PTE"};
        char bits[64];

        if (!w.levels ||
            !table("levels", {"entry", "lies at", "value", "bits"}))
            return;
        for (unsigned i = 0; i < w.levels; i++) {
            cell("%s", w.entry_bytes == 8 ? three[i] : two[i & 1]);
            address_cell(view, PICTURE_PHYSICAL, w.level[i].slot.v);
            cell("%0*llx", static_cast<int>(2 * w.entry_bytes),
                 static_cast<unsigned long long>(w.level[i].entry));
            bits_text(w.level[i].entry, bits);
            cell("%s", bits);
        }
        ImGui::EndTable();
    }

    uint32_t at = 0, process = SPACE_CPU;
    unsigned seen = 0;
    bool chosen = false;
};

} // namespace

std::unique_ptr<Panel> make_pte()
{
    return std::make_unique<Pte>();
}

} // namespace hb
