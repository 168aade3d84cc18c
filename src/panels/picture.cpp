/* src/panels/picture.cpp -- panels into a picture in memory, by SDL's software
 * renderer: no display, no window, no clock. */
#include <SDL.h>

#include <cstring>

#include "panels/panels.h"
#include "panels/render.hpp"
#include "panels/shell.hpp"

namespace hb
{

namespace
{

/* Sizes of tables and scroll ranges are known a frame later. */
enum { SETTLE = 4 };

bool arrange(Shell &shell, const struct panels_picture &what,
             enum hb_status *status, struct hb_error *error)
{
    const char *text = layout_rows[0].text;
    char alone[64];

    if (what.zoom && !picture_zoom_named(what.zoom, &shell.zoom)) {
        *status = hb_fail(error, HB_NOT_FOUND,
                          "no zoom '%s': regions, pages or bytes", what.zoom);
        return false;
    }
    if (what.layout) {
        text = nullptr;
        for (unsigned i = 0; i < layout_count; i++)
            if (std::strcmp(layout_rows[i].name, what.layout) == 0)
                text = layout_rows[i].text;
        if (!text) {
            *status =
                hb_fail(error, HB_NOT_FOUND, "no layout '%s'", what.layout);
            return false;
        }
    }
    if (what.panel) {
        std::snprintf(alone, sizeof alone, "[%.40s]", what.panel);
        text = alone;
    }
    if (!shell.layout.parse(text)) {
        *status = hb_fail(error, HB_NOT_FOUND, "no panel '%s'",
                          what.panel ? what.panel : "");
        return false;
    }
    return true;
}

void draw(Shell &shell, struct machine *m, const struct panels_picture &what,
          SDL_Renderer *renderer)
{
    for (unsigned i = 0; i < SETTLE; i++) {
        ImGui::NewFrame();
        shell.frame(m, what.symbols, nullptr, 0);
        ImGui::Render();
    }
    SDL_SetRenderDrawColor(renderer, 255, 255, 255, 255);
    SDL_RenderClear(renderer);
    render_draw(renderer, ImGui::GetDrawData());
    SDL_RenderPresent(renderer);
}

void copy(const SDL_Surface *surface, uint32_t *pixels)
{
    for (int y = 0; y < surface->h; y++) {
        const uint8_t *row =
            static_cast<const uint8_t *>(surface->pixels) + y * surface->pitch;

        std::memcpy(pixels + static_cast<size_t>(y) *
                                 static_cast<size_t>(surface->w),
                    row, static_cast<size_t>(surface->w) * 4);
    }
}

enum hb_status by_software(Shell &shell, struct machine *m,
                           const struct panels_picture &what, uint32_t *pixels,
                           struct hb_error *error)
{
    SDL_Surface *surface = SDL_CreateRGBSurfaceWithFormat(
        0, static_cast<int>(what.width), static_cast<int>(what.height), 32,
        SDL_PIXELFORMAT_RGB888);
    SDL_Renderer *renderer =
        surface ? SDL_CreateSoftwareRenderer(surface) : nullptr;
    SDL_Texture *font = renderer ? render_font(renderer) : nullptr;

    if (font) {
        draw(shell, m, what, renderer);
        copy(surface, pixels);
        SDL_DestroyTexture(font);
    }
    if (renderer)
        SDL_DestroyRenderer(renderer);
    if (surface)
        SDL_FreeSurface(surface);
    return font
               ? HB_OK
               : hb_fail(error, HB_BAD_STATE, "no picture: %s", SDL_GetError());
}

} // namespace

} // namespace hb

extern "C" enum hb_status panels_draw(struct machine *m,
                                      const struct panels_picture *what,
                                      uint32_t *pixels, struct hb_error *error)
{
    using namespace hb;
    enum hb_status status = HB_OK;

    if (!what->width || !what->height || what->width > PANELS_SIZE_MOST ||
        what->height > PANELS_SIZE_MOST)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "a picture has 1 to %d dots each way", PANELS_SIZE_MOST);
    Shell shell;

    shell.still = true;
    shell.lanes = what->lanes;
    if (!arrange(shell, *what, &status, error))
        return status;
    ImGui::GetIO().DisplaySize = ImVec2(static_cast<float>(what->width),
                                        static_cast<float>(what->height));
    if (!shell.font(what->scale > 0 ? what->scale : 1))
        return hb_fail(error, HB_BAD_STATE,
                       "no font DejaVuSansMono.ttf (fonts-dejavu-core)");
    return by_software(shell, m, *what, pixels, error);
}
