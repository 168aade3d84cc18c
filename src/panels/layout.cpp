/* src/panels/layout.cpp -- see layout.hpp. */
#include "panels/layout.hpp"

#include <cstdlib>
#include <cstring>

#include "panels/panel.hpp"
#include "panels/panels.h"

namespace hb
{

const LayoutRow layout_rows[] = {
    {"dma", "h62(v64([spaces],[timeline|transfers|mapped|irps|findings|"
            "breakpoints|console]),"
            "v40([code|cpu|callers|threads],v36([registers|channels|interrupts|"
            "devices],v56(["
            "memory],[pte]))))"},
    {"memory", "h50([memory],v50([pte],[spaces]))"},
    {"code", "h60([code],v50([cpu],[memory]))"},
};
const unsigned layout_count = sizeof layout_rows / sizeof layout_rows[0];

/* ---- text to tree -------------------------------------------------------- */

namespace
{

enum { DEPTH = 8, PERCENT_LEAST = 10, PERCENT_MOST = 90 };

struct Parser {
    const char *at;
    std::vector<LayoutNode> nodes;

    bool take(char c)
    {
        if (*at != c)
            return false;
        at++;
        return true;
    }

    bool used(int panel) const
    {
        for (const LayoutNode &n : nodes)
            for (int p : n.tabs)
                if (p == panel)
                    return true;
        return false;
    }

    bool tile(size_t node)
    {
        do {
            bool seen = take('*');
            size_t length = std::strcspn(at, "|]");
            int panel = panel_find(at, length);

            if (panel < 0 || used(panel))
                return false;
            if (seen)
                nodes[node].seen =
                    static_cast<unsigned>(nodes[node].tabs.size());
            nodes[node].tabs.push_back(panel);
            at += length;
        } while (take('|'));
        return take(']');
    }

    bool split(size_t node, char kind, unsigned depth)
    {
        char *end;
        long percent = std::strtol(at, &end, 10);

        if (end == at || percent < PERCENT_LEAST || percent > PERCENT_MOST)
            return false;
        at = end;
        nodes[node].kind = kind;
        nodes[node].percent = static_cast<int>(percent);
        for (unsigned i = 0; i < 2; i++) {
            if (!take(i ? ',' : '('))
                return false;
            nodes[node].child[i] = static_cast<int>(nodes.size());
            if (!parse(depth + 1))
                return false;
        }
        return take(')');
    }

    bool parse(unsigned depth)
    {
        size_t node = nodes.size();

        nodes.emplace_back();
        if (depth > DEPTH)
            return false;
        if (take('['))
            return tile(node);
        if (take('h'))
            return split(node, 'h', depth);
        return take('v') && split(node, 'v', depth);
    }
};

} // namespace

bool Layout::parse(const char *text)
{
    Parser parser = {text, {}};

    if (!parser.parse(0) || *parser.at)
        return false;
    nodes = parser.nodes;
    return true;
}

/* ---- tree to text -------------------------------------------------------- */

void Layout::write(int node, std::string &out) const
{
    const LayoutNode &n = nodes[static_cast<size_t>(node)];

    if (n.kind == 't') {
        out += '[';
        for (size_t i = 0; i < n.tabs.size(); i++) {
            out += i ? "|" : "";
            out += i == n.seen ? "*" : "";
            out += panel_rows[n.tabs[i]].name;
        }
        out += ']';
        return;
    }
    out += n.kind + std::to_string(n.percent) + '(';
    write(n.child[0], out);
    out += ',';
    write(n.child[1], out);
    out += ')';
}

std::string Layout::text() const
{
    std::string out;

    write(0, out);
    return out;
}

/* ---- panels in tiles ----------------------------------------------------- */

int Layout::tile_of(int panel) const
{
    for (size_t i = 0; i < nodes.size(); i++)
        for (int p : nodes[i].tabs)
            if (p == panel)
                return static_cast<int>(i);
    return -1;
}

int Layout::show(int panel)
{
    int tile = tile_of(panel);

    if (tile < 0) {
        for (size_t i = 0; i < nodes.size(); i++)
            if (nodes[i].kind == 't')
                tile = static_cast<int>(i);
        nodes[static_cast<size_t>(tile)].tabs.push_back(panel);
    }
    LayoutNode &n = nodes[static_cast<size_t>(tile)];
    for (size_t i = 0; i < n.tabs.size(); i++)
        if (n.tabs[i] == panel)
            n.seen = static_cast<unsigned>(i);
    return tile;
}

/* A tile never loses its last tab: its place would be lost with it. */
void Layout::move(int panel, int tile)
{
    int from = tile_of(panel);

    if (from == tile || nodes[static_cast<size_t>(tile)].kind != 't')
        return;
    if (from >= 0) {
        LayoutNode &n = nodes[static_cast<size_t>(from)];

        if (n.tabs.size() < 2)
            return;
        for (size_t i = 0; i < n.tabs.size(); i++)
            if (n.tabs[i] == panel)
                n.tabs.erase(n.tabs.begin() + static_cast<long>(i));
        n.seen = 0;
    }
    nodes[static_cast<size_t>(tile)].tabs.push_back(panel);
    show(panel);
}

} // namespace hb

extern "C" const char *panels_layout(unsigned index)
{
    return index < hb::layout_count ? hb::layout_rows[index].name : nullptr;
}
