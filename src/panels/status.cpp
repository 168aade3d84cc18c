/* src/panels/status.cpp -- see status.hpp. */
#include "panels/status.hpp"

#include <cstring>

namespace hb
{

namespace
{

using Llu = unsigned long long;

void text(FILE *file, const char *name, const char *value)
{
    std::fprintf(file, ",\"%s\":\"", name);
    for (; *value; value++) {
        unsigned char c = static_cast<unsigned char>(*value);

        if (c == '"' || c == '\\')
            std::fprintf(file, "\\%c", c);
        else if (c < 0x20 || c > 0x7e)
            std::fprintf(file, "\\u%04x", c);
        else
            std::fputc(c, file);
    }
    std::fputc('"', file);
}

/* The page that moves now, or is next: as the picture lights it. */
void dma(FILE *file, const struct machine *m)
{
    struct inspect_operation o;
    struct inspect_tenure t;
    struct inspect_logical l;
    dla_t next;

    inspect_tenure(m, &t);
    if (t.bytes)
        next = dla_add(t.at, t.moved);
    else if (inspect_operation_at(m, 0, &o))
        next = o.at;
    else
        return;
    std::fprintf(file, ",\"next\":%llu,\"moved\":%u", static_cast<Llu>(next.v),
                 t.bytes ? t.moved : 0);
    if (inspect_logical(m, t.bytes ? t.device : o.device, next,
                        t.bytes ? t.dir : o.dir, &l) &&
        l.in_window)
        std::fprintf(file, ",\"register\":%u", l.index);
}

} // namespace

void Status::opened(const char *renderer)
{
    if (!file)
        return;
    std::fprintf(file, "{\"window\":\"%s\"}\n", renderer);
    std::fflush(file);
}

void Status::stop(struct debug *d, const struct debug_stop &stop)
{
    const struct machine *m = debug_machine(d);
    struct inspect_cpu cpu;

    if (!file)
        return;
    inspect_cpu(m, &cpu);
    std::fprintf(file, "{\"stop\":%u", ++stops);
    text(file, "reason", debug_reason_name(stop.reason));
    text(file, "text", stop.text);
    std::fprintf(file,
                 ",\"tick\":%llu,\"served\":%llu,\"past\":%s,"
                 "\"breakpoint\":%d,\"eip\":%u",
                 static_cast<Llu>(stop.at.at.tick),
                 static_cast<Llu>(stop.at.at.served),
                 stop.past ? "true" : "false", stop.breakpoint, cpu.eip);
    dma(file, m);
    std::fputs("}\n", file);
    std::fflush(file);
}

void Status::panel(const char *name)
{
    if (!file)
        return;
    std::fprintf(file, "{\"panel\":\"%s\"}\n", name);
    std::fflush(file);
}

void Status::scale(float scale)
{
    if (!file)
        return;
    std::fprintf(file, "{\"scale\":%g}\n", static_cast<double>(scale));
    std::fflush(file);
}

void Status::mode(const char *name)
{
    if (!file)
        return;
    std::fprintf(file, "{\"mode\":\"%s\"}\n", name);
    std::fflush(file);
}

void Status::breakpoints(struct debug *d)
{
    struct debug_break b;
    unsigned n = 0;
    int id;

    while (d && debug_break_at(d, n, &id, &b))
        n++;
    if (!file)
        return;
    std::fprintf(file, "{\"breakpoints\":%u}\n", n);
    std::fflush(file);
}

} // namespace hb
