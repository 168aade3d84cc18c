/* src/window/window.c -- see window.h. SDL's scan codes are USB HID usages, so
 * keys pass as they are. A click takes the pointer, Ctrl+Alt+G gives it back.
 */
#include "window/window.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <SDL.h>

#include "halbox/inspect.h"

enum { SECOND_NS = 1000000000, FRAME_NS = SECOND_NS / 60 };
enum { DRAW_SHARE = 8 }; /* no more than 1/8 of the time is for drawing */
enum { KEYS = SDL_NUM_SCANCODES };

struct window {
    struct machine *m;
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture; /* of the size of the screen; NULL: none yet */
    struct inspect_screen size;
    uint32_t *pixels;
    uint64_t next_ns; /* host time of the next picture */
    bool closed, grabbed;
    bool down[KEYS]; /* handed to the machine as held */
    uint8_t buttons;
};

static uint64_t host_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

/* ---- the picture --------------------------------------------------------- */

/* The screen has another size: so have texture and window. */
static bool resize(struct window *w, const struct inspect_screen *size)
{
    uint32_t *pixels = malloc((size_t)size->width * size->height * 4);
    SDL_Texture *texture = SDL_CreateTexture(
        w->renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING,
        (int)size->width, (int)size->height);

    if (!pixels || !texture) {
        free(pixels);
        if (texture)
            SDL_DestroyTexture(texture);
        return false;
    }
    free(w->pixels);
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    w->pixels = pixels;
    w->texture = texture;
    w->size = *size;
    SDL_SetWindowSize(w->window, (int)size->width, (int)size->height);
    SDL_RenderSetLogicalSize(w->renderer, (int)size->width, (int)size->height);
    return true;
}

static void draw(struct window *w)
{
    struct inspect_screen size;

    if (!inspect_screen(w->m, 0, &size, NULL, 0) || !size.width || !size.height)
        return;
    if ((!w->texture || size.width != w->size.width ||
         size.height != w->size.height) &&
        !resize(w, &size))
        return;
    if (!inspect_screen(w->m, 0, &size, w->pixels,
                        (size_t)size.width * size.height))
        return;
    SDL_UpdateTexture(w->texture, NULL, w->pixels, (int)size.width * 4);
    SDL_RenderClear(w->renderer);
    SDL_RenderCopy(w->renderer, w->texture, NULL, NULL);
    SDL_RenderPresent(w->renderer);
}

/* ---- keys and pointer ---------------------------------------------------- */

static void key(struct window *w, SDL_Scancode code, bool down)
{
    if (code <= 0 || (int)code >= KEYS || w->down[code] == down)
        return;
    w->down[code] = down;
    machine_key(w->m, (uint16_t)code, down, NULL);
}

/* Nobody sees a key come up once the window has lost the keyboard. */
static void release_all(struct window *w)
{
    for (int code = 0; code < KEYS; code++)
        key(w, (SDL_Scancode)code, false);
}

static void grab(struct window *w, bool on)
{
    w->grabbed = on;
    SDL_SetRelativeMouseMode(on ? SDL_TRUE : SDL_FALSE);
}

static void on_key(struct window *w, const SDL_KeyboardEvent *e)
{
    bool both = (e->keysym.mod & KMOD_CTRL) && (e->keysym.mod & KMOD_ALT);

    if (e->repeat) /* the machine's keyboard repeats by itself */
        return;
    if (both && e->keysym.scancode == SDL_SCANCODE_G) {
        if (e->state == SDL_PRESSED)
            grab(w, !w->grabbed);
        return;
    }
    key(w, e->keysym.scancode, e->state == SDL_PRESSED);
}

static void on_button(struct window *w, const SDL_MouseButtonEvent *e)
{
    /* SDL: left, middle, right, two at the side; ours: left, right, middle */
    static const uint8_t bits[] = {0, 1, 4, 2, 8, 16};

    if (!w->grabbed) {
        if (e->state == SDL_PRESSED)
            grab(w, true);
        return;
    }
    if (e->button >= sizeof bits)
        return;
    if (e->state == SDL_PRESSED)
        w->buttons |= bits[e->button];
    else
        w->buttons &= (uint8_t)~bits[e->button];
    machine_pointer(w->m, 0, 0, 0, w->buttons, NULL);
}

static void on_event(struct window *w, const SDL_Event *e)
{
    switch (e->type) {
    case SDL_QUIT:
        w->closed = true;
        machine_stop(w->m);
        break;
    case SDL_WINDOWEVENT:
        if (e->window.event == SDL_WINDOWEVENT_FOCUS_LOST)
            release_all(w);
        break;
    case SDL_KEYDOWN:
    case SDL_KEYUP:
        on_key(w, &e->key);
        break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        on_button(w, &e->button);
        break;
    case SDL_MOUSEMOTION:
        if (w->grabbed)
            machine_pointer(w->m, e->motion.xrel, e->motion.yrel, 0, w->buttons,
                            NULL);
        break;
    case SDL_MOUSEWHEEL:
        if (w->grabbed)
            machine_pointer(w->m, 0, 0, -e->wheel.y, w->buttons, NULL);
        break;
    }
}

/* ---- live source --------------------------------------------------------- */

/* SDL has nothing that could be waited for: it is asked at each picture. */
int window_want(void *window, struct pollfd *fd, unsigned most,
                uint64_t *wait_ns)
{
    struct window *w = window;
    uint64_t now = host_ns(), left = w->next_ns > now ? w->next_ns - now : 0;

    (void)fd;
    (void)most;
    if (w->closed)
        return -1;
    if (left < *wait_ns)
        *wait_ns = left;
    return 0;
}

void window_take(void *window, const struct pollfd *fd, unsigned count)
{
    struct window *w = window;
    uint64_t begun = host_ns(), took;
    SDL_Event e;

    (void)fd;
    (void)count;
    if (begun < w->next_ns)
        return;
    while (SDL_PollEvent(&e))
        on_event(w, &e);
    draw(w);
    took = (host_ns() - begun) * DRAW_SHARE;
    w->next_ns = begun + (took > FRAME_NS ? took : FRAME_NS);
}

/* Where there is no display SDL draws into nothing, which is meant only by who
 * asks for it. */
static bool is_display(void)
{
    const char *driver = SDL_GetCurrentVideoDriver();

    return getenv("SDL_VIDEODRIVER") ||
           (driver && strcmp(driver, "offscreen") != 0 &&
            strcmp(driver, "dummy") != 0);
}

/* ---- life ---------------------------------------------------------------- */

bool window_closed(const struct window *w)
{
    return w->closed;
}

void window_close(struct window *w)
{
    if (!w)
        return;
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    if (w->renderer)
        SDL_DestroyRenderer(w->renderer);
    if (w->window)
        SDL_DestroyWindow(w->window);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    free(w->pixels);
    free(w);
}

enum hb_status window_open(struct window **out, struct machine *m,
                           const char *title, struct hb_error *error)
{
    struct inspect_screen size;
    struct window *w;

    if (!inspect_screen(m, 0, &size, NULL, 0))
        return hb_fail(error, HB_NOT_FOUND,
                       "the machine has no display adapter: --device vga");
    w = calloc(1, sizeof *w);
    if (!w)
        return hb_fail(error, HB_NO_MEMORY, "no memory for a window");
    w->m = m;
    SDL_SetMainReady();
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) == 0 && !is_display())
        SDL_SetError("the host has no display; set DISPLAY");
    else if (SDL_WasInit(SDL_INIT_VIDEO))
        w->window = SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED,
                                     SDL_WINDOWPOS_UNDEFINED, 720, 400,
                                     SDL_WINDOW_RESIZABLE);
    if (w->window)
        w->renderer = SDL_CreateRenderer(w->window, -1, 0);
    if (!w->renderer) {
        hb_fail(error, HB_BAD_STATE, "no window: %s", SDL_GetError());
        window_close(w);
        return HB_BAD_STATE;
    }
    *out = w;
    return HB_OK;
}
