/* src/panels/session.hpp -- the debugger as panels see it: orders that the user
 * gives, what the machine stopped for, lines of the console. A picture has
 * none. */
#ifndef PANELS_SESSION_HPP
#define PANELS_SESSION_HPP

#include <deque>
#include <string>

#include "panels/machine.hpp"

namespace hb
{

/** A thing that the user can have done, by key, button or name. */
struct Command {
    const char *name, *keys, *help; /* keys: as shown                        */
    int key;                        /* SDL_Keycode; 0: none                  */
    unsigned mods;                  /* COMMAND_CTRL ...                      */
    enum class What {
        Order,
        DmaStep,
        LineStep,
        Pause,
        Breakpoint,
        Mode,
        Scale,
        Palette,
        Quit
    } what;
    enum debug_order_kind order;
    bool back;
    int argument; /* enum debug_step; of Scale: -1, 0, 1                     */
};
enum { COMMAND_CTRL = 1, COMMAND_SHIFT = 2 };
extern const Command commands[];
extern const unsigned command_count;

class Session
{
  public:
    struct debug *d = nullptr; /* while the machine stands, or runs          */
    struct debug_stop stop = {};
    bool stands = false;
    bool ordered = false; /* the machine may go on                           */
    enum debug_step dma = DEBUG_PAGE; /* what F8 steps                       */
    std::deque<std::string> said;
    unsigned said_count = 0;
    const Command *button = nullptr; /* that was pressed in the toolbar */
    bool closed = false;             /* the user has closed the window */

    void say(const char *line);
    /** run() - do it; says what was wrong. Commands that are not about the
     *  machine are the window's. */
    void run(const Command &command);
    void order(const struct debug_order &order);
    /** changed() - after a poke: the past that it was in is the present. */
    void changed();
    void toggle_breakpoint(gva_t at);
    bool breakpoint_at(gva_t at, int *id) const;

  private:
    enum debug_step by_line(enum debug_step line, enum debug_step code) const;
};

} // namespace hb

#endif
