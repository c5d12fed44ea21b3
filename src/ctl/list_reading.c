#include "ctl/list_reading.h"

#include <errno.h>
#include <string.h>

#include "ctl/files.h"
#include "sesbounce/cleanup.h"

bool list_reading_init(struct list_reading *reading, struct ctl *ctl)
{
    struct filter filter;
    struct str detail;
    *reading = (struct list_reading){.options = {.now_ms = ctl->now_ms}};
    if (!ctl_filter(ctl, STORE_SUPPRESSED, &filter))
        return false;
    reading->options.scope = filter.store.scope;
    if (filter.store.reason)
        reading->options.reason = list_words_reason(str_of(filter.store.reason), &detail);
    return true;
}

static void line_refuse(struct list_reading *reading, const struct list_file *file)
{
    if (++reading->faults > CTL_LIST_FAULTS_MAX)
        return;
    progress_end(&reading->progress);
    ctl_note("%s:%llu: %s", reading->file, (unsigned long long)file->line, file->fault);
}

/* Reports a file that cannot be read. Returns -ECANCELED. */
static int file_refuse_reading(const struct list_reading *reading, const char *why)
{
    ctl_fail("%s: %s", reading->file, why);
    return -ECANCELED;
}

static int entries_read(struct list_reading *reading, struct list_file *file,
                        list_reading_fn *take, void *context)
{
    struct list_entry entry;
    enum list_file_result result;
    int r = 0;
    do {
        result = list_file_next(file, &entry);
        if (result == LIST_FILE_FAULT)
            line_refuse(reading, file);
        if (result == LIST_FILE_ENTRY) {
            reading->entries++;
            r = take(context, &entry);
        }
        progress_show(&reading->progress, reading->entries);
    } while (r == 0 && (result == LIST_FILE_ENTRY || result == LIST_FILE_FAULT));
    return r == 0 && result == LIST_FILE_FAILED
               ? file_refuse_reading(reading, strerror(errno))
               : r;
}

static int file_read_entries(struct list_reading *reading, const char *word,
                             list_reading_fn *take, void *context)
{
    _cleanup_(closep) int fd = files_open(word);
    struct list_file file;
    int r = 0;
    reading->file = strcmp(word, "-") == 0 ? "standard input" : word;
    if (fd < 0)
        return file_refuse_reading(reading, strerror(-fd));
    enum list_file_result result = list_file_open(&file, fd, &reading->options);
    if (result == LIST_FILE_ENTRY)
        r = entries_read(reading, &file, take, context);
    reading->has_scopes = reading->has_scopes || file.has_scopes;
    if (result == LIST_FILE_REFUSED)
        r = file_refuse_reading(reading, file.fault);
    else if (result == LIST_FILE_FAILED)
        r = file_refuse_reading(reading, strerror(errno));
    list_file_close(&file);
    return r;
}

int list_reading_run(struct list_reading *reading, const struct ctl *ctl,
                     list_reading_fn *take, void *context)
{
    int r = 0;
    progress_start(&reading->progress, "entries", true);
    for (size_t i = 0; i < ctl->word_count && r == 0; i++)
        r = file_read_entries(reading, ctl->words[i], take, context);
    progress_end(&reading->progress);
    if (reading->faults > CTL_LIST_FAULTS_MAX)
        ctl_note("… and %llu more lines that are not entries",
                 (unsigned long long)(reading->faults - CTL_LIST_FAULTS_MAX));
    return r;
}
