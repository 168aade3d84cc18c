/* src/panels/panel_mapped.cpp -- every page that is mapped for DMA, in all
 * spaces, and the MDLs that they are of. */
#include <vector>

#include "panels/widgets.hpp"

namespace hb
{

namespace
{

/* MDL flags by their names in the WDK's wdm.h, without MDL_. */
void flags_text(unsigned flags, char out[160])
{
    static const char *const names[] = {
        "MAPPED_TO_SYSTEM_VA",  "PAGES_LOCKED",    "SOURCE_IS_NONPAGED_POOL",
        "ALLOCATED_FIXED_SIZE", "PARTIAL",         "PARTIAL_HAS_BEEN_MAPPED",
        "IO_PAGE_READ",         "WRITE_OPERATION", "PARENT_MAPPED_SYSTEM_VA"};
    size_t n = 0;

    out[0] = 0;
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (flags >> i & 1)
            n += static_cast<size_t>(
                std::snprintf(out + n, 160 - n, "%s ", names[i]));
}

class Mapped : public Panel
{
  public:
    void draw(View &view) override
    {
        pages(view);
        ImGui::Spacing();
        title("MDLs");
        for (uint32_t at : mdls)
            mdl(view, at);
    }

  private:
    void pages(View &view)
    {
        struct inspect_page p;
        struct inspect_tenure t;

        inspect_tenure(view.m, &t);
        mdls.clear();
        title("Pages mapped for DMA");
        if (!inspect_page_at(view.m, 0, &p)) {
            ImGui::TextUnformatted("none");
            return;
        }
        if (!table("pages", {"virtual", "physical", "logical", "leads to",
                             "bytes", "register", "device", ""}))
            return;
        for (unsigned i = 0; inspect_page_at(view.m, i, &p); i++) {
            uint64_t now = t.at.v + t.moved;

            address_cell(view, PICTURE_VIRTUAL, p.va.v, SPACE_CPU);
            if (t.bytes && now - p.dla.v < p.bytes)
                ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0,
                                       colour(0xffd9c0));
            address_cell(view, PICTURE_PHYSICAL, p.owner.v);
            address_cell(view, PICTURE_LOGICAL, p.dla.v);
            address_cell(view, PICTURE_PHYSICAL, p.to.v);
            cell("%u", p.bytes);
            cell("%u of set %x", p.index, p.base);
            cell("%s", p.dir == DMA_TO_DEVICE ? "reads" : "writes");
            cell("%s%s", p.bounced ? "bounce page" : "",
                 p.common ? "common buffer" : "");
            note(p.mdl);
        }
        ImGui::EndTable();
    }

    void note(uint32_t at)
    {
        for (uint32_t known : mdls)
            if (known == at)
                return;
        if (at)
            mdls.push_back(at);
    }

    void mdl(View &view, uint32_t at)
    {
        struct inspect_mdl mdl;
        char flags[160];

        if (!inspect_mdl(view.m, gva_of(at), &mdl))
            return;
        flags_text(mdl.flags, flags);
        field("MDL", "%08x, process %08x", at, mdl.process.v);
        field("StartVa", "%08x + ByteOffset %x, ByteCount %u", mdl.start.v,
              mdl.offset, mdl.bytes);
        field("MdlFlags", "%04x %s", mdl.flags, flags);
        if (mdl.flags & 1)
            field("system VA", "%08x", mdl.mapped.v);
        ImGui::TextDisabled("%-14s", "page numbers");
        for (unsigned i = 0; i < mdl.pages && i < 16; i++) {
            ImGui::SameLine();
            ImGui::Text("%05x", mdl.pfn[i]);
        }
        if (mdl.pages > 16) {
            ImGui::SameLine();
            ImGui::Text("... %u in all", mdl.pages);
        }
    }

    std::vector<uint32_t> mdls; /* of the pages that were drawn */
};

} // namespace

std::unique_ptr<Panel> make_mapped()
{
    return std::make_unique<Mapped>();
}

} // namespace hb
