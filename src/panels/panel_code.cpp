/* src/panels/panel_code.cpp -- the code round EIP, or round the chosen address:
 * instructions with names, and the source line in front of its first one. */
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "panels/session.hpp"
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

enum { LINES_MOST = 128, SOURCES_MOST = 32, SOURCE_BYTES = 4 << 20 };

const char *base_name(const char *path)
{
    const char *slash = std::strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Source files as they are on the host, read once. */
class Sources
{
  public:
    /** line() - nullptr: there is no such file or line. */
    const char *line(const char *path, uint32_t number)
    {
        auto found = files.find(path);

        if (found == files.end()) {
            if (files.size() >= SOURCES_MOST)
                files.clear();
            found = files.emplace(path, read(path)).first;
        }
        return number && number <= found->second.size()
                   ? found->second[number - 1].c_str()
                   : nullptr;
    }

  private:
    static std::vector<std::string> read(const char *path)
    {
        std::vector<std::string> lines;
        std::ifstream file(path);
        std::string text;
        size_t bytes = 0;

        while (bytes < SOURCE_BYTES && std::getline(file, text)) {
            bytes += text.size() + 1;
            lines.push_back(text);
        }
        return lines;
    }

    std::map<std::string, std::vector<std::string>> files;
};

class Code : public Panel
{
  public:
    void draw(View &view) override
    {
        const Focus &focus = *view.focus;
        struct code_view how = code_view_cpu(view.m);
        gva_t eip = code_at(view.m);
        char name[SYMBOL_NAME];

        if (eip.v != last_eip) {
            last_eip = eip.v;
            at = eip;
        } else if (focus.changes != seen && focus.space == PICTURE_VIRTUAL &&
                   is_code(view, focus.at))
            at = gva_of(static_cast<uint32_t>(focus.at));
        seen = focus.changes;
        if (symbols_text(view.symbols, view.m, at, name, sizeof name) > 0)
            title("%s", name);
        else
            title("%08x", at.v);
        list(view, how, eip);
    }

  private:
    static bool is_code(View &view, uint64_t where)
    {
        struct symbol symbol;

        return symbols_find(view.symbols, view.m,
                            gva_of(static_cast<uint32_t>(where)), &symbol) &&
               symbol.code;
    }

    static bool stops_at(View &view, gva_t where)
    {
        int id;

        return view.session && view.session->breakpoint_at(where, &id);
    }

    void list(View &view, struct code_view how, gva_t eip)
    {
        float height = ImGui::GetTextLineHeightWithSpacing();
        int rows = static_cast<int>(ImGui::GetContentRegionAvail().y / height);
        unsigned count = static_cast<unsigned>(rows > 4 ? rows : 4);
        struct source_line line, last = {};

        if (count > LINES_MOST)
            count = LINES_MOST;
        instructions.resize(count);
        disassemble_list(view.symbols, view.m, how, at, count / 3,
                         instructions.data(), count);
        for (const struct instruction &i : instructions) {
            if (symbols_line(view.symbols, view.m, i.at, &line) &&
                (line.line != last.line ||
                 std::strcmp(line.path, last.path) != 0)) {
                source(line);
                last = line;
            }
            instruction(view, i, eip);
        }
    }

    void source(const struct source_line &line)
    {
        const char *text = sources.line(line.path, line.line);

        ImGui::TextColored(ImVec4(0, 0.42f, 0.32f, 1), "%s:%u  %s",
                           base_name(line.path), line.line, text ? text : "");
    }

    void instruction(View &view, const struct instruction &i, gva_t eip)
    {
        char bytes[3 * INSTRUCTION_BYTES + 1] = "";
        bool here = i.at.v == eip.v;

        for (unsigned n = 0; n < i.length && n < 8; n++)
            std::snprintf(bytes + 2 * n, 3, "%02x", i.bytes[n]);
        if (here) {
            ImVec2 p = ImGui::GetCursorScreenPos();

            ImGui::GetWindowDrawList()->AddRectFilled(
                p,
                ImVec2(p.x + ImGui::GetContentRegionAvail().x,
                       p.y + ImGui::GetTextLineHeight()),
                colour(0xffd9c0));
        }
        ImGui::Text("%s%s %08x  %-16s %s", stops_at(view, i.at) ? "*" : " ",
                    here ? ">" : " ", i.at.v, bytes, i.text);
        if (!view.still && ImGui::IsItemClicked())
            choose(*view.focus, PICTURE_VIRTUAL, i.at.v, SPACE_CPU, "");
    }

    gva_t at = {};
    uint32_t last_eip = 0xffffffff;
    unsigned seen = 0;
    std::vector<struct instruction> instructions;
    Sources sources;
};

} // namespace

std::unique_ptr<Panel> make_code()
{
    return std::make_unique<Code>();
}

} // namespace hb
