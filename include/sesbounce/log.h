/*
 * The log: one event once, a constant message plus fields.
 *
 * Goes to the systemd journal with its fields (`journalctl -u sesbounced TOPIC=…`) when
 * stderr is connected to it ($JOURNAL_STREAM), else to stderr as one line
 * `sesbounced: level: message (FIELD=value …)`, except debug lines. MESSAGE includes
 * the fields, since journalctl shows only MESSAGE by default. A value with blanks,
 * quotation marks, parentheses or `=` is put in quotation marks. Untrusted bytes are
 * neutralised: control characters and bytes that are not UTF-8 become `?`, and a value is
 * cut at LOG_VALUE_BYTES_MAX. Only daemon/ and ctl/ log. Any thread.
 */
#ifndef SESBOUNCE_LOG_H
#define SESBOUNCE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "sesbounce/str.h"

/* The numbers of syslog(3), so that journalctl -p works. */
enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7,
};

/* A journal field: upper-case letters, digits, `_`. An absent value is left out. */
struct log_field {
    const char *name;
    struct str value;
};

/* Decides where the log goes. Called once, before the first thread. */
void log_start(const char *program);

void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count);

/* log_event(LOG_LEVEL_INFO, "topic confirmed", {"TOPIC", topic}, {"REGION", region}); */
#define log_event(level, message, ...)                                                   \
    log_write(level, message, (const struct log_field[]){__VA_ARGS__},                   \
              sizeof((const struct log_field[]){__VA_ARGS__}) /                          \
                  sizeof(struct log_field))

/*
 * True at most `burst` times a minute for one `struct log_ration`, so that strangers
 * cannot fill the disk; the first event of a new minute gets the number that was held
 * back.
 */
struct log_ration {
    int64_t minute;
    unsigned passed;
    unsigned held_back;
};
bool log_ration_pass(struct log_ration *ration, int64_t mono_ms, unsigned burst,
                     unsigned *ret_held_back);

#endif
