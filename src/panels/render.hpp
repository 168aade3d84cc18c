/* src/panels/render.hpp -- Dear ImGui's triangles by an SDL renderer. */
#ifndef PANELS_RENDER_HPP
#define PANELS_RENDER_HPP

#include <SDL.h>
#include <imgui.h>

namespace hb
{

/** render_font() - the context's font as a texture of @renderer, which it is
 *  set to; NULL: the renderer could not. */
SDL_Texture *render_font(SDL_Renderer *renderer);
/** render_draw() - all of @data. */
void render_draw(SDL_Renderer *renderer, const ImDrawData *data);

} // namespace hb

#endif
