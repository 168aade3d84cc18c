/* src/panels/screen.hpp -- the window of the host that frames go to: by OpenGL
 * where a graphics card draws it, else by SDL's software renderer. */
#ifndef PANELS_SCREEN_HPP
#define PANELS_SCREEN_HPP

#include <SDL.h>

namespace hb
{

class Screen
{
  public:
    SDL_Window *window = nullptr;

    /** open() - false: SDL_GetError() says why not. */
    bool open(const char *title, int width, int height);
    ~Screen();
    /** font() - Dear ImGui's font has changed. */
    void font();
    /** begin() - before ImGui::NewFrame(); show() - after ImGui::Render(). */
    void begin();
    void show();
    const char *renderer_name() const;

  private:
    bool open_gl(const char *title, int width, int height);
    bool open_software(const char *title, int width, int height);

    SDL_GLContext gl = nullptr;
    SDL_Renderer *renderer = nullptr;
    SDL_Texture *texture = nullptr;
};

} // namespace hb

#endif
