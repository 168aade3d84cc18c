/* src/cli/wav.c -- --wav FILE: what the sound cards play, as 16-bit stereo PCM.
 * The file has the rate of its first frame; frames of another are repeated or
 * left out to fit. Pauses are not in it. Source: Microsoft, Multimedia
 * Programming Interface and Data Specifications 1.0 (RIFF WAVE). */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"

enum { FRAME_BYTES = 4, HEADER_BYTES = 44 };

static void put(FILE *f, uint32_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        fputc((int)(v >> 8 * i & 255), f);
}

static void header(const struct cli_wav *wav)
{
    uint32_t bytes = wav->frames * FRAME_BYTES;

    fputs("RIFF", wav->file);
    put(wav->file, HEADER_BYTES - 8 + bytes, 4);
    fputs("WAVEfmt ", wav->file);
    put(wav->file, 16, 4);
    put(wav->file, 1, 2); /* PCM */
    put(wav->file, 2, 2);
    put(wav->file, wav->rate, 4);
    put(wav->file, wav->rate * FRAME_BYTES, 4);
    put(wav->file, FRAME_BYTES, 2);
    put(wav->file, 16, 2);
    fputs("data", wav->file);
    put(wav->file, bytes, 4);
}

int cli_wav_open(struct cli *cli, const char *path)
{
    if (cli->wav.file)
        return cli_error(cli, CLI_USAGE, "--wav can be given once");
    cli->wav = (struct cli_wav){.file = fopen(path, "wb"), .rate = 44100};
    if (!cli->wav.file)
        return cli_error(cli, CLI_HOST, "%s: cannot write sound: %s", path,
                         strerror(errno));
    header(&cli->wav);
    return CLI_OK;
}

static void on_sound(void *context, const struct hb_event *event)
{
    struct cli_wav *wav = context;
    uint32_t rate = (uint32_t)event->args[1];

    if (!wav->frames)
        wav->rate = rate;
    for (wav->owed += wav->rate; wav->owed >= rate; wav->owed -= rate) {
        put(wav->file, (uint32_t)event->args[2], 2);
        put(wav->file, (uint32_t)event->args[3], 2);
        wav->frames++;
    }
}

enum hb_status cli_wav_machine(struct cli *cli, struct machine *m,
                               struct hb_error *error)
{
    return cli->wav.file
               ? machine_listen(m, on_sound, &cli->wav, "sound_out", error)
               : HB_OK;
}

void cli_wav_gone(struct cli *cli, struct machine *m)
{
    if (cli->wav.file)
        machine_unlisten(m, on_sound, &cli->wav);
}

void cli_wav_close(struct cli *cli)
{
    if (!cli->wav.file)
        return;
    rewind(cli->wav.file);
    header(&cli->wav);
    fclose(cli->wav.file);
    cli->wav.file = NULL;
}
