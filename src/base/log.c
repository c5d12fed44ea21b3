#include "sesbounce/log.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Where in our source a line was written is of no use to an operator. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/clock.h"
#include "sesbounce/limits.h"

/* NAME= and the value. */
#define FIELD_BYTES (LOG_NAME_BYTES_MAX + 1 + LOG_VALUE_BYTES_MAX + 1)
/* The message, and each field with a blank and quotation marks. */
#define LINE_BYTES (1024 + LOG_FIELDS_MAX * (FIELD_BYTES + 3))

/* Written by log_start() before the first thread, read-only from then on. */
static const char *program_name = "sesbounced";
static bool to_journal;

/* A text of bounded length on the stack: the log must work when memory is short. */
struct text {
    char *at;
    size_t left; /* without the NUL */
};

static void text_put(struct text *text, struct str s)
{
    size_t len = s.len < text->left ? s.len : text->left;
    if (len > 0)
        memcpy(text->at, s.data, len);
    text->at += len;
    text->left -= len;
    *text->at = '\0';
}

/* Copies at most LOG_VALUE_BYTES_MAX bytes, harmless ones, whole characters. */
static struct str value_neutralise(struct str value, char ret[LOG_VALUE_BYTES_MAX])
{
    size_t out = 0;
    while (value.len > 0) {
        size_t len = str_utf8_sequence(value);
        bool harmless =
            len > 0 && !str_character_is_harmful((struct str){value.data, len});
        size_t put = harmless ? len : 1;
        if (out + put > LOG_VALUE_BYTES_MAX)
            break;
        memcpy(ret + out, harmless ? value.data : "?", put);
        out += put;
        size_t eaten = len > 0 ? len : 1;
        value = str_skip(value, eaten);
    }
    return (struct str){ret, out};
}

/* A value that could be taken for more than one field stands in quotation marks. */
static void text_put_value(struct text *text, struct str value)
{
    bool plain = value.len > 0;
    for (size_t i = 0; i < value.len; i++)
        plain = plain && !strchr(" \"()=", value.data[i]);
    if (plain) {
        text_put(text, value);
        return;
    }
    text_put(text, STR("\""));
    for (size_t i = 0; i < value.len; i++)
        text_put(text, value.data[i] == '"' ? STR("'") : (struct str){value.data + i, 1});
    text_put(text, STR("\""));
}

/* `message (FIELD=value …)` */
static void text_put_line(struct text *text, const char *message,
                          const struct log_field *fields, size_t count)
{
    text_put(text, str_of(message));
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        _uninitialized_ char value[LOG_VALUE_BYTES_MAX];
        if (!str_present(fields[i].value))
            continue;
        text_put(text, any ? STR(" ") : STR(" ("));
        text_put(text, str_of(fields[i].name));
        text_put(text, STR("="));
        text_put_value(text, value_neutralise(fields[i].value, value));
        any = true;
    }
    if (any)
        text_put(text, STR(")"));
}

/* One write a line, so that the lines of two threads do not mingle. */
static void stderr_write(enum log_level level, const char *message,
                         const struct log_field *fields, size_t count)
{
    _uninitialized_ char line[LINE_BYTES];
    static const char *const levels[] = {
        [LOG_LEVEL_ERROR] = ": error: ",   [LOG_LEVEL_WARNING] = ": warning: ",
        [LOG_LEVEL_NOTICE] = ": notice: ", [LOG_LEVEL_INFO] = ": info: ",
        [LOG_LEVEL_DEBUG] = ": debug: ",
    };
    struct text text = {line, sizeof(line) - 2};
    text_put(&text, str_of(program_name));
    text_put(&text, str_of(levels[level]));
    text_put_line(&text, message, fields, count);
    *text.at++ = '\n';
    for (const char *from = line; from < text.at;) {
        ssize_t written = write(STDERR_FILENO, from, (size_t)(text.at - from));
        if (written < 0 && errno != EINTR)
            return;
        from += written > 0 ? written : 0;
    }
}

/* One journal field, `NAME=value`, into `ret`. */
static struct iovec journal_field(const char *name, struct str value,
                                  char ret[FIELD_BYTES])
{
    _uninitialized_ char harmless[LOG_VALUE_BYTES_MAX];
    struct text text = {ret, FIELD_BYTES - 1};
    text_put(&text, str_of(name));
    text_put(&text, STR("="));
    text_put(&text, value_neutralise(value, harmless));
    return (struct iovec){ret, (size_t)(text.at - ret)};
}

/*
 * MESSAGE tells the fields too, because journalctl shows nothing else by default.
 * 0 or a negative errno.
 */
static int journal_write(enum log_level level, const char *message,
                         const struct log_field *fields, size_t count)
{
    enum { PRIORITY, IDENTIFIER, MESSAGE, FIRST_FIELD };
    _uninitialized_ char line[LINE_BYTES],
        texts[FIRST_FIELD - 1 + LOG_FIELDS_MAX][FIELD_BYTES];
    struct iovec iov[FIRST_FIELD + LOG_FIELDS_MAX];
    char priority = (char)('0' + level);
    iov[PRIORITY] = journal_field("PRIORITY", (struct str){&priority, 1}, texts[0]);
    iov[IDENTIFIER] = journal_field("SYSLOG_IDENTIFIER", str_of(program_name), texts[1]);
    struct text text = {line, sizeof(line) - 1};
    text_put(&text, STR("MESSAGE="));
    text_put_line(&text, message, fields, count);
    iov[MESSAGE] = (struct iovec){line, (size_t)(text.at - line)};
    int used = FIRST_FIELD;
    for (size_t i = 0; i < count; i++) {
        if (!str_present(fields[i].value))
            continue;
        iov[used] = journal_field(fields[i].name, fields[i].value, texts[used - 1]);
        used++;
    }
    return sd_journal_sendv(iov, used);
}

/* $JOURNAL_STREAM is `device:inode` of the stream that systemd connected. */
static bool stderr_is_journal(void)
{
    struct str stream = str_of(getenv("JOURNAL_STREAM")), device;
    uint64_t dev, ino;
    struct stat st;
    if (!str_split(&stream, ':', &device) || str_to_u64(device, UINT64_MAX, &dev) < 0 ||
        str_to_u64(stream, UINT64_MAX, &ino) < 0)
        return false;
    return fstat(STDERR_FILENO, &st) == 0 && (uint64_t)st.st_dev == dev &&
           (uint64_t)st.st_ino == ino;
}

void log_start(const char *program)
{
    program_name = program;
    to_journal = stderr_is_journal();
}

void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count)
{
    assert(count <= LOG_FIELDS_MAX);
    if (to_journal && journal_write(level, message, fields, count) >= 0)
        return;
    if (level < LOG_LEVEL_DEBUG) /* the journal filters, a terminal does not */
        stderr_write(level, message, fields, count);
}

bool log_ration_pass(struct log_ration *ration, int64_t mono_ms, unsigned burst,
                     unsigned *ret_held_back)
{
    /* Guards every ration: they are asked rarely enough to share one. */
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    int64_t minute = mono_ms / CLOCK_MINUTE_MS;
    bool pass;

    *ret_held_back = 0;
    (void)pthread_mutex_lock(&mutex);
    if (minute != ration->minute) {
        ration->minute = minute;
        ration->passed = 0;
    }
    pass = ration->passed < burst;
    if (pass) {
        ration->passed++;
        *ret_held_back = ration->held_back;
        ration->held_back = 0;
    } else {
        ration->held_back++;
    }
    (void)pthread_mutex_unlock(&mutex);
    return pass;
}
