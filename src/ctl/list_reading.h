/*
 * Reads the list files that an operator names, one entry after the other. A line without
 * an entry is reported and does not stop it. One thread.
 */
#ifndef CTL_LIST_READING_H
#define CTL_LIST_READING_H

#include "ctl/ctl.h"
#include "ctl/list_file.h"
#include "ctl/progress.h"

struct list_reading {
    struct list_options options; /* `scope` and `reason` are those of the command line */
    struct progress progress;
    const char *file; /* the present one, as it is called in messages */
    uint64_t entries, faults;
    bool has_scopes; /* a file said of which scope an entry is */
};

/* Takes an entry, whose texts are borrowed during the call. 0, or a negative errno, which
 * ends the reading. */
typedef int list_reading_fn(void *context, const struct list_entry *entry);

/* False after telling what is wrong with the options. */
bool list_reading_init(struct list_reading *reading, struct ctl *ctl);

/*
 * Reads the verb's words: files, `-` is standard input. 0; or what `take` returned; or
 * -ECANCELED if a file cannot be read or is not a list, which it reports. Of the lines
 * without an entry it reports CTL_LIST_FAULTS_MAX.
 */
int list_reading_run(struct list_reading *reading, const struct ctl *ctl,
                     list_reading_fn *take, void *context);

#endif
