/* src/panels/screen.cpp -- see screen.hpp. */
#include "panels/screen.hpp"

#include <cstring>

#include <backends/imgui_impl_opengl3.h>
#include <backends/imgui_impl_sdl.h>

#include "panels/render.hpp"

namespace hb
{

namespace
{

/* OpenGL 1.1, gl.h: three functions do not need its header. */
enum { GL_RENDERER = 0x1f01, GL_COLOR_BUFFER_BIT = 0x4000 };
using GetString = const unsigned char *(*)(unsigned name);
using Viewport = void (*)(int x, int y, int w, int h);
using Clear = void (*)(unsigned mask);

template <typename F> F gl_function(const char *name)
{
    return reinterpret_cast<F>(SDL_GL_GetProcAddress(name));
}

const Uint32 flags = SDL_WINDOW_RESIZABLE;

/* Mesa's rasterisers on the CPU: SDL's own does that with less. */
bool is_software(const char *name)
{
    return !name || std::strstr(name, "llvmpipe") ||
           std::strstr(name, "softpipe") || std::strstr(name, "SWR");
}

} // namespace

bool Screen::open_gl(const char *title, int width, int height)
{
    const char *asked = SDL_GetHint(SDL_HINT_RENDER_DRIVER);
    GetString get;

    if (asked && std::strcmp(asked, "software") == 0)
        return false;
    SDL_GL_SetAttribute(SDL_GL_CONTEXT_PROFILE_MASK,
                        SDL_GL_CONTEXT_PROFILE_CORE);
    SDL_GL_SetAttribute(SDL_GL_CONTEXT_MAJOR_VERSION, 3);
    SDL_GL_SetAttribute(SDL_GL_CONTEXT_MINOR_VERSION, 2);
    window = SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED,
                              SDL_WINDOWPOS_UNDEFINED, width, height,
                              flags | SDL_WINDOW_OPENGL);
    gl = window ? SDL_GL_CreateContext(window) : nullptr;
    get = gl ? gl_function<GetString>("glGetString") : nullptr;
    if (get && !is_software(reinterpret_cast<const char *>(get(GL_RENDERER)))) {
        SDL_GL_SetSwapInterval(0); /* the machine does not wait for a screen */
        ImGui_ImplSDL2_InitForOpenGL(window, gl);
        if (ImGui_ImplOpenGL3_Init("#version 150"))
            return true;
        ImGui_ImplSDL2_Shutdown();
    }
    if (gl)
        SDL_GL_DeleteContext(gl);
    if (window)
        SDL_DestroyWindow(window);
    gl = nullptr;
    window = nullptr;
    return false;
}

bool Screen::open_software(const char *title, int width, int height)
{
    window = SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED,
                              SDL_WINDOWPOS_UNDEFINED, width, height, flags);
    renderer = window ? SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE)
                      : nullptr;
    if (!renderer)
        return false;
    ImGui_ImplSDL2_InitForSDLRenderer(window);
    return true;
}

bool Screen::open(const char *title, int width, int height)
{
    return open_gl(title, width, height) || open_software(title, width, height);
}

Screen::~Screen()
{
    if (gl || renderer) {
        if (gl)
            ImGui_ImplOpenGL3_Shutdown();
        ImGui_ImplSDL2_Shutdown();
    }
    if (texture)
        SDL_DestroyTexture(texture);
    if (renderer)
        SDL_DestroyRenderer(renderer);
    if (gl)
        SDL_GL_DeleteContext(gl);
    if (window)
        SDL_DestroyWindow(window);
}

void Screen::font()
{
    if (gl) {
        ImGui_ImplOpenGL3_DestroyFontsTexture();
        ImGui_ImplOpenGL3_CreateFontsTexture();
        return;
    }
    if (texture)
        SDL_DestroyTexture(texture);
    texture = render_font(renderer);
}

void Screen::begin()
{
    if (gl)
        ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplSDL2_NewFrame();
}

void Screen::show()
{
    int w, h;

    if (!gl) {
        SDL_SetRenderDrawColor(renderer, 255, 255, 255, 255);
        SDL_RenderClear(renderer);
        render_draw(renderer, ImGui::GetDrawData());
        SDL_RenderPresent(renderer);
        return;
    }
    SDL_GL_GetDrawableSize(window, &w, &h);
    gl_function<Viewport>("glViewport")(0, 0, w, h);
    gl_function<Clear>("glClear")(GL_COLOR_BUFFER_BIT);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    SDL_GL_SwapWindow(window);
}

const char *Screen::renderer_name() const
{
    return gl ? "opengl" : "software";
}

} // namespace hb
