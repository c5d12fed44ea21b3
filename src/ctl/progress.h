/* A count on standard error while long work goes on, when somebody is watching. */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* "lines", "records" */
    int64_t next_ms;
    bool on;
    bool shown;
};

/* On when standard error is a terminal, and, if `output_scrolls`, standard output is
 * not. */
void progress_start(struct progress *progress, const char *what, bool output_scrolls);

/* Shows it, at most four times a second; cheap to call often. */
void progress_show(struct progress *progress, uint64_t count);

/* Takes the line away; may be called twice. */
void progress_end(struct progress *progress);

#endif
