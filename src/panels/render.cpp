/* src/panels/render.cpp -- see render.hpp. Vertices are put on a grid of 1/16
 * dot first: Dear ImGui normalises with the CPU's approximate reciprocal square
 * root, whose last bits differ between makers, and a picture must not. What is
 * filled with one colour is drawn without the font's texture, which SDL's
 * software renderer does many times faster. */
#include "panels/render.hpp"

#include <cmath>
#include <vector>

namespace hb
{

namespace
{

struct Vertices {
    std::vector<float> xy;
    std::vector<SDL_Color> colour;
};

void snap(const ImDrawList *list, Vertices &v)
{
    v.xy.resize(static_cast<size_t>(list->VtxBuffer.Size) * 2);
    v.colour.resize(static_cast<size_t>(list->VtxBuffer.Size));
    for (int i = 0; i < list->VtxBuffer.Size; i++) {
        const ImDrawVert &from = list->VtxBuffer[i];
        size_t n = static_cast<size_t>(i);
        ImU32 c = from.col;

        v.xy[2 * n] = std::floor(from.pos.x * 16.0f + 0.5f) / 16.0f;
        v.xy[2 * n + 1] = std::floor(from.pos.y * 16.0f + 0.5f) / 16.0f;
        v.colour[n] = {static_cast<Uint8>(c >> IM_COL32_R_SHIFT),
                       static_cast<Uint8>(c >> IM_COL32_G_SHIFT),
                       static_cast<Uint8>(c >> IM_COL32_B_SHIFT),
                       static_cast<Uint8>(c >> IM_COL32_A_SHIFT)};
    }
}

/* A triangle all of whose corners are the atlas's white dot. */
bool is_plain(const ImDrawVert *vtx, const ImDrawIdx *idx, const ImVec2 &white)
{
    for (unsigned i = 0; i < 3; i++)
        if (vtx[idx[i]].uv.x != white.x || vtx[idx[i]].uv.y != white.y)
            return false;
    return true;
}

void draw_command(SDL_Renderer *renderer, const ImDrawList *list,
                  const Vertices &v, const ImDrawCmd &cmd)
{
    const ImVec2 white = ImGui::GetIO().Fonts->TexUvWhitePixel;
    const ImDrawVert *vtx = list->VtxBuffer.Data + cmd.VtxOffset;
    const ImDrawIdx *idx = list->IdxBuffer.Data + cmd.IdxOffset;
    SDL_Texture *font = static_cast<SDL_Texture *>(cmd.GetTexID());
    int count = list->VtxBuffer.Size - static_cast<int>(cmd.VtxOffset);

    for (unsigned at = 0, next; at + 3 <= cmd.ElemCount; at = next) {
        bool plain = is_plain(vtx, idx + at, white);

        for (next = at + 3; next + 3 <= cmd.ElemCount &&
                            is_plain(vtx, idx + next, white) == plain;
             next += 3)
            ;
        SDL_RenderGeometryRaw(
            renderer, plain ? nullptr : font, v.xy.data() + 2 * cmd.VtxOffset,
            2 * sizeof(float), v.colour.data() + cmd.VtxOffset,
            sizeof(SDL_Color), &vtx->uv.x, sizeof *vtx, count, idx + at,
            static_cast<int>(next - at), sizeof *idx);
    }
}

} // namespace

SDL_Texture *render_font(SDL_Renderer *renderer)
{
    unsigned char *pixels;
    int width, height;
    SDL_Texture *font;

    ImGui::GetIO().Fonts->GetTexDataAsRGBA32(&pixels, &width, &height);
    font = SDL_CreateTexture(renderer, SDL_PIXELFORMAT_ABGR8888,
                             SDL_TEXTUREACCESS_STATIC, width, height);
    if (!font)
        return nullptr;
    SDL_UpdateTexture(font, nullptr, pixels, 4 * width);
    SDL_SetTextureBlendMode(font, SDL_BLENDMODE_BLEND);
    ImGui::GetIO().Fonts->SetTexID(font);
    return font;
}

void render_draw(SDL_Renderer *renderer, const ImDrawData *data)
{
    Vertices v;

    SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_BLEND);
    for (int n = 0; n < data->CmdListsCount; n++) {
        const ImDrawList *list = data->CmdLists[n];

        snap(list, v);
        for (const ImDrawCmd &cmd : list->CmdBuffer) {
            const SDL_Rect clip = {static_cast<int>(cmd.ClipRect.x),
                                   static_cast<int>(cmd.ClipRect.y),
                                   static_cast<int>(cmd.ClipRect.z) -
                                       static_cast<int>(cmd.ClipRect.x),
                                   static_cast<int>(cmd.ClipRect.w) -
                                       static_cast<int>(cmd.ClipRect.y)};

            if (cmd.UserCallback || clip.w <= 0 || clip.h <= 0)
                continue;
            SDL_RenderSetClipRect(renderer, &clip);
            draw_command(renderer, list, v, cmd);
        }
    }
    SDL_RenderSetClipRect(renderer, nullptr);
}

} // namespace hb
