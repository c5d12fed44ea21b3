#include "ctl/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "ctl/limits.h"
#include "sesbounce/clock.h"

void progress_start(struct progress *progress, const char *what, bool output_scrolls)
{
    bool on = isatty(STDERR_FILENO) && !(output_scrolls && isatty(STDOUT_FILENO));
    *progress = (struct progress){
        .what = what, .next_ms = clock_mono_ms() + CTL_PROGRESS_EACH_MS, .on = on};
}

void progress_show(struct progress *progress, uint64_t count)
{
    if (!progress->on)
        return;
    int64_t now_ms = clock_mono_ms();
    if (now_ms < progress->next_ms)
        return;
    progress->next_ms = now_ms + CTL_PROGRESS_EACH_MS;
    progress->shown = true;
    fprintf(stderr, "\r%llu %s…", (unsigned long long)count, progress->what);
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\x1b[K", stderr);
    progress->shown = false;
}
