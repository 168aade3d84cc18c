/* src/window/sound.c -- see sound.h. Frames gather here, SDL brings them to the
 * device's rate. */
#include "window/sound.h"

#include <stdlib.h>

#include <SDL.h>

#include "halbox/event.h"

enum { RATE = 44100, CHANNELS = 2, FRAME_BYTES = 4, DEVICE_FRAMES = 1024 };
enum { GATHERED = 256, LEAD_FRAMES = RATE / 8, WAIT_MS = 5, END_MS = 2000 };

struct sound {
    struct machine *m;
    SDL_AudioDeviceID device;
    SDL_AudioStream *stream; /* from `rate`; NULL: nothing was played yet */
    uint32_t rate;
    int16_t frame[GATHERED][CHANNELS];
    unsigned frames;
};

/* All that the stream has goes to the device. */
static void pass(struct sound *s)
{
    uint8_t bytes[GATHERED * FRAME_BYTES];
    int n;

    while ((n = SDL_AudioStreamGet(s->stream, bytes, sizeof bytes)) > 0)
        SDL_QueueAudio(s->device, bytes, (Uint32)n);
}

static void flush(struct sound *s)
{
    if (s->frames && s->stream &&
        SDL_AudioStreamPut(s->stream, s->frame,
                           (int)(s->frames * FRAME_BYTES)) == 0)
        pass(s);
    s->frames = 0;
}

/* A card that plays at another rate: what came before is brought to its end. */
static void change_rate(struct sound *s, uint32_t rate)
{
    flush(s);
    if (s->stream) {
        SDL_AudioStreamFlush(s->stream);
        pass(s);
        SDL_FreeAudioStream(s->stream);
    }
    s->rate = rate;
    s->stream = SDL_NewAudioStream(AUDIO_S16SYS, CHANNELS, (int)rate,
                                   AUDIO_S16SYS, CHANNELS, RATE);
}

static void on_sound(void *context, const struct hb_event *event)
{
    struct sound *s = context;
    uint32_t rate = (uint32_t)event->args[1];

    if (rate != s->rate)
        change_rate(s, rate);
    s->frame[s->frames][0] = (int16_t)event->args[2];
    s->frame[s->frames][1] = (int16_t)event->args[3];
    if (++s->frames == GATHERED)
        flush(s);
}

static enum hb_status no_device(struct hb_error *error)
{
    return hb_fail(error, HB_BAD_STATE, "the host has no sound device: %s",
                   SDL_GetError());
}

enum hb_status sound_open(struct sound **out, struct machine *m,
                          struct hb_error *error)
{
    const SDL_AudioSpec spec = {.freq = RATE,
                                .format = AUDIO_S16SYS,
                                .channels = CHANNELS,
                                .samples = DEVICE_FRAMES};
    struct sound *s = calloc(1, sizeof *s);
    enum hb_status status;

    *out = NULL;
    if (!s)
        return hb_fail(error, HB_NO_MEMORY, "no memory for sound");
    if (SDL_InitSubSystem(SDL_INIT_AUDIO) != 0) {
        free(s);
        return no_device(error);
    }
    s->device = SDL_OpenAudioDevice(NULL, 0, &spec, NULL, 0);
    status = s->device ? machine_listen(m, on_sound, s, "sound_out", error)
                       : no_device(error);
    if (status != HB_OK) {
        sound_close(s);
        return status;
    }
    s->m = m;
    SDL_PauseAudioDevice(s->device, 0);
    *out = s;
    return HB_OK;
}

static uint32_t queued(const struct sound *s)
{
    return SDL_GetQueuedAudioSize(s->device) / FRAME_BYTES;
}

static void play_out(struct sound *s)
{
    if (s->rate)
        change_rate(s, s->rate);
    for (unsigned ms = 0; queued(s) && ms < END_MS; ms += WAIT_MS)
        SDL_Delay(WAIT_MS);
    SDL_Delay(1000 * DEVICE_FRAMES / RATE); /* what the device has already */
}

void sound_close(struct sound *s)
{
    if (!s)
        return;
    if (s->m) {
        machine_unlisten(s->m, on_sound, s);
        play_out(s);
    }
    if (s->stream)
        SDL_FreeAudioStream(s->stream);
    if (s->device)
        SDL_CloseAudioDevice(s->device);
    SDL_QuitSubSystem(SDL_INIT_AUDIO);
    free(s);
}

int sound_want(void *sound, struct pollfd *fd, unsigned most, uint64_t *wait_ns)
{
    (void)sound;
    (void)fd;
    (void)most;
    (void)wait_ns;
    return 0;
}

void sound_take(void *sound, const struct pollfd *fd, unsigned count)
{
    struct sound *s = sound;

    (void)fd;
    (void)count;
    flush(s);
    while (queued(s) > LEAD_FRAMES &&
           SDL_GetAudioDeviceStatus(s->device) == SDL_AUDIO_PLAYING)
        SDL_Delay(WAIT_MS);
}
