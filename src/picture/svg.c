/* src/picture/svg.c -- the picture as SVG 1.1 (W3C, 2011): one file without
 * anything from elsewhere, numbers in dots, text as text, with a title and a
 * description for those who hear it. */
#include "picture/picture.h"

#include <inttypes.h>
#include <string.h>

enum { LEGEND_H = 54, PATTERN_STEP = 6 };

static void text_out(FILE *f, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", f);
            break;
        case '<':
            fputs("&lt;", f);
            break;
        case '>':
            fputs("&gt;", f);
            break;
        default: /* names come from the guest: no control characters */
            fputc((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e
                      ? '?'
                      : *text,
                  f);
        }
}

static void line(FILE *f, int x, int y, const char *more, const char *text)
{
    if (!*text)
        return;
    fprintf(f, "<text x=\"%d\" y=\"%d\"%s xml:space=\"preserve\">", x, y, more);
    text_out(f, text);
    fputs("</text>\n", f);
}

/* ---- patterns and arrow heads -------------------------------------------- */

static void pattern(FILE *f, enum picture_kind kind)
{
    static const char *const ways[] = {
        [PATTERN_PLAIN] = "",
        [PATTERN_LINES] = "M0 3H6",
        [PATTERN_COLUMNS] = "M3 0V6",
        [PATTERN_DIAGONAL] = "M-1 1L1 -1M0 6L6 0M5 7L7 5",
        [PATTERN_CROSS] = "M0 3H6M3 0V6",
        [PATTERN_DOTS] = "M2 2H4V4H2Z",
    };
    const struct picture_look *look = picture_kind_look(kind);

    fprintf(f,
            "<pattern id=\"k%d\" width=\"%d\" height=\"%d\" "
            "patternUnits=\"userSpaceOnUse\"><rect width=\"6\" height=\"6\" "
            "fill=\"#%06" PRIx32 "\"/><path d=\"%s\" stroke=\"#fff\" "
            "stroke-width=\"1.6\" fill=\"none\"/></pattern>\n",
            (int)kind, PATTERN_STEP, PATTERN_STEP, look->colour,
            ways[look->pattern]);
}

static void head(FILE *f, const char *id, uint32_t colour)
{
    fprintf(f,
            "<marker id=\"%s\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
            "markerWidth=\"8\" markerHeight=\"8\" markerUnits="
            "\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L8 4L0 8Z\" "
            "fill=\"#%06" PRIx32 "\"/></marker>\n",
            id, colour);
}

static void definitions(FILE *f)
{
    char id[8];

    fputs("<defs>\n", f);
    for (unsigned i = 0; i < PICTURE_KINDS; i++)
        pattern(f, (enum picture_kind)i);
    for (unsigned i = 0; i < PICTURE_LINKS; i++) {
        snprintf(id, sizeof id, "a%u", i);
        head(f, id, picture_link_look((enum picture_link)i)->colour);
    }
    head(f, "lit", PICTURE_LIT);
    fputs("</defs>\n", f);
}

/* ---- boxes --------------------------------------------------------------- */

static void bar(FILE *f, const struct picture_box *b)
{
    int x = b->x + PICTURE_STRIP + 6, y = b->y + b->h - PICTURE_BAR - 2;
    int w = b->w - PICTURE_STRIP - 12;
    int from = (int)(b->from * (unsigned)w / PAGE_BYTES);
    int to = (int)(b->to * (unsigned)w / PAGE_BYTES);
    int moved = (int)(b->moved * (unsigned)w / PAGE_BYTES);

    fprintf(f,
            "<path d=\"M%d %dh%d\" stroke=\"#ccc\" fill=\"none\"/>"
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
            "fill=\"#fff\" stroke=\"#333\"/>",
            x, y + PICTURE_BAR / 2, w, x + from, y, to - from ? to - from : 1,
            PICTURE_BAR);
    if (moved > from)
        fprintf(f,
                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
                "fill=\"#333\"/>",
                x + from, y, moved - from, PICTURE_BAR);
    fputc('\n', f);
}

static void box(FILE *f, const struct picture_box *b)
{
    uint32_t frame = b->lit ? PICTURE_LIT : 0x333333;
    int x = b->x + PICTURE_STRIP + 6, y = b->y + PICTURE_LINE - 2;

    if (b->text) {
        line(f, b->x, b->y + PICTURE_LINE, " font-weight=\"bold\"", b->title);
        return;
    }
    fprintf(f,
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" "
            "stroke=\"#%06" PRIx32 "\" stroke-width=\"%d\"%s/>"
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
            "fill=\"url(#k%d)\"/>\n",
            b->x, b->y, b->w, b->h, b->lit ? "#fff3e8" : "#fff", frame,
            b->lit || b->chosen ? 3 : 1,
            b->read_only ? " stroke-dasharray=\"5 3\"" : "", b->x + 1, b->y + 1,
            PICTURE_STRIP, b->h - 2, (int)b->kind);
    if (b->marks) /* 7.224 dots are a character of this font */
        fprintf(f,
                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
                "fill=\"none\" stroke=\"#%06" PRIx32
                "\" stroke-width=\"2\"/>\n",
                x - 1 + (int)(b->mark * 7224 / 1000), b->y + 3,
                (int)(b->marks * 7224 / 1000) + 2, b->h - 6,
                (uint32_t)(b->lit ? PICTURE_LIT : PICTURE_CHOSEN));
    line(f, x, y, "", b->title);
    line(f, x, y + PICTURE_LINE, " fill=\"#444\"", b->detail);
    if (b->lit && b->h > 2 * PICTURE_LINE)
        line(f, b->x + b->w - 6, y, " fill=\"#a34700\" text-anchor=\"end\"",
             "now");
    if (b->to)
        bar(f, b);
}

static void arrow(FILE *f, const struct picture *p,
                  const struct picture_arrow *a)
{
    const struct picture_look *look = picture_link_look(a->link);
    struct picture_point w[4];
    char end[8] = "lit";

    if (!a->lit)
        snprintf(end, sizeof end, "a%d", (int)a->link);
    picture_way(p, a, w);
    fprintf(f,
            "<path d=\"M%d %dC%d %d %d %d %d %d\" fill=\"none\" "
            "stroke=\"#%06" PRIx32 "\" stroke-width=\"%s\"",
            w[0].x, w[0].y, w[1].x, w[1].y, w[2].x, w[2].y, w[3].x, w[3].y,
            a->lit ? (uint32_t)PICTURE_LIT : look->colour,
            a->lit ? "3" : "1.5");
    if (look->pattern)
        fprintf(f, " stroke-dasharray=\"%u 3\"", look->pattern);
    fprintf(f, " marker-end=\"url(#%s)\">", end);
    if (*a->label) {
        fputs("<title>", f);
        text_out(f, a->label);
        fputs("</title>", f);
    }
    fputs("</path>\n", f);
}

/* ---- the document -------------------------------------------------------- */

static void legend(FILE *f, const struct picture *p)
{
    int x = 16, y = p->height + 4, step = (p->width - 32) / 5;

    for (unsigned i = 0; i < PICTURE_KINDS; i++) {
        int at = x + (int)(i % 5) * step, row = y + (int)(i / 5) * 17;

        fprintf(f,
                "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"12\" "
                "fill=\"url(#k%u)\" stroke=\"#333\"/>\n",
                at, row, i);
        line(f, at + 20, row + 10, " font-size=\"10\"",
             picture_kind_look((enum picture_kind)i)->legend);
    }
    for (unsigned i = 0; i < PICTURE_LINKS; i++) {
        const struct picture_look *look =
            picture_link_look((enum picture_link)i);
        int at = x + (int)i * step, row = y + 34;

        fprintf(f,
                "<path d=\"M%d %dh16\" stroke=\"#%06" PRIx32
                "\" stroke-width=\"2\" fill=\"none\"",
                at, row + 6, look->colour);
        if (look->pattern)
            fprintf(f, " stroke-dasharray=\"%u 3\"", look->pattern);
        fprintf(f, " marker-end=\"url(#a%u)\"/>\n", i);
        line(f, at + 22, row + 10, " font-size=\"10\"", look->legend);
    }
}

bool picture_svg(const struct picture *p, FILE *f)
{
    static const char *const names[] = {"virtual (CPU)", "physical (RAM)",
                                        "logical (device)"};
    int height = p->height + LEGEND_H + 8;

    fprintf(f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
            "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
            "aria-labelledby=\"title about\" font-family=\"'DejaVu Sans "
            "Mono', monospace\" font-size=\"%d\">\n<title id=\"title\">",
            p->width, height, p->width, height, PICTURE_FONT);
    text_out(f, p->title);
    fputs("</title>\n<desc id=\"about\">", f);
    text_out(f, p->about);
    fputs("</desc>\n", f);
    definitions(f);
    fputs("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", f);
    line(f, 16, 20, " fill=\"#444\"", p->about);
    for (unsigned i = 0; i < PICTURE_SPACES; i++)
        line(f, 16 + (int)i * 430, 46, " font-size=\"15\" font-weight=\"bold\"",
             names[i]);
    for (unsigned i = 0; i < p->arrows; i++)
        if (!p->arrow[i].lit)
            arrow(f, p, &p->arrow[i]);
    for (unsigned i = 0; i < p->arrows; i++)
        if (p->arrow[i].lit)
            arrow(f, p, &p->arrow[i]);
    for (unsigned i = 0; i < p->boxes; i++)
        box(f, &p->box[i]);
    legend(f, p);
    fputs("</svg>\n", f);
    return !ferror(f);
}
