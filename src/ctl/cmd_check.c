/* check: may they be mailed? One line each, or a filter of standard input. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/files.h"
#include "ctl/limits.h"
#include "ctl/progress.h"
#include "sesbounce/text.h"

/* CTL_LINE_BYTES_MAX four times: most reads then hold many whole lines. */
#define INPUT_BYTES ((size_t)4 * CTL_LINE_BYTES_MAX)

static const char *const columns[] = {"address", "suppressed", "reason", "detail",
                                      "since",   "until",      "origin", "actor",
                                      "note",    NULL};
#define COLUMNS 9

/* --- addresses as words --- */

struct asked {
    struct ctl *ctl;
    const char *typed;
    const char *key; /* in its bare form */
    const char *scope;
    struct output *output; /* NULL: sentences */
    size_t entries;
    int fault; /* of writing */
};

static int print_sentence(const struct asked *asked, const struct store_value *values,
                          size_t count)
{
    static const char *const shown[] = {"reason", "detail", "since", "until"};
    static const char *const before[] = {"", " ", " since ", " until "};
    struct buf line, safe;
    buf_init(&line, REPORT_ROW_BYTES_MAX);
    buf_init(&safe, REPORT_ROW_BYTES_MAX);
    int r = buf_printf(&line, "%s  suppressed: ", asked->typed);
    for (size_t i = 0; i < 4 && r == 0; i++) {
        const struct store_value *value = output_find(values, count, shown[i]);
        if (!value)
            continue;
        r = buf_append_str(&line, str_of(before[i]));
        if (r == 0)
            r = output_plain(&line, value);
    }
    if (r == 0)
        r = buf_append_str(&line, STR(" (why: sesbouncectl why "));
    if (r == 0)
        r = text_shell(&line, str_of(asked->key));
    if (r == 0)
        r = text_neutral(&safe, buf_str(&line), false);
    if (r == 0 && printf("%s)\n", buf_str(&safe).data) < 0)
        r = errno ? -errno : -EIO;
    buf_done(&line);
    buf_done(&safe);
    return r;
}

static int on_entry(void *context, const struct store_value *values, size_t count)
{
    struct asked *asked = context;
    const struct store_value *scope = output_find(values, count, "scope");
    if (scope && !str_equal(scope->text, STR("*")) &&
        !str_equal(scope->text, str_of(asked->scope)))
        return 0;
    asked->entries++;
    if (!asked->output) {
        asked->fault = print_sentence(asked, values, count);
        return asked->fault;
    }
    struct store_value row[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct store_value *value = output_find(values, count, columns[i]);
        row[i] = value ? *value : output_text(columns[i], NULL);
    }
    row[1] = output_boolean("suppressed", true);
    asked->fault = output_row(asked->output, row, COLUMNS);
    return asked->fault;
}

static int say_clear(struct asked *asked, const struct address *address)
{
    if (asked->output) {
        struct store_value row[COLUMNS];
        for (size_t i = 0; i < COLUMNS; i++)
            row[i] = output_text(columns[i], NULL);
        row[0] = output_text("address", address->key);
        row[1] = output_boolean("suppressed", false);
        asked->fault = output_row(asked->output, row, COLUMNS);
    } else if (printf("%s  may be mailed\n", asked->typed) < 0) {
        asked->fault = errno ? -errno : -EIO;
    }
    return asked->fault;
}

static int check_words(struct ctl *ctl, const char *scope)
{
    static const struct output_columns shown = {NULL, columns};
    struct output output;
    bool any = false, bad = false;
    int r = 0;
    ctl_output(ctl, &output, &shown);
    for (size_t i = 0; i < ctl->word_count && r == 0; i++) {
        struct asked asked = {.ctl = ctl,
                              .typed = ctl->words[i],
                              .scope = scope,
                              .output = ctl->format == OUTPUT_TABLE ? NULL : &output};
        struct address address;
        if (!ctl_address(asked.typed, &address)) {
            bad = true;
            continue;
        }
        asked.key = address.key;
        struct store_filter filter = {
            .address = asked.typed, .since_ms = CLOCK_NONE, .until_ms = CLOCK_NONE};
        r = store_query(ctl->store, STORE_SUPPRESSED, &filter, on_entry, &asked);
        if (r == 0 && asked.entries == 0)
            r = say_clear(&asked, &address);
        any = any || asked.entries > 0;
        if (r < 0) {
            output_done(&output);
            return asked.fault < 0 ? ctl_fail_output(r) : ctl_fail_store(ctl, r);
        }
    }
    int code = ctl_output_end(ctl, &output, 0);
    if (code != CTL_DONE)
        return code;
    return bad ? CTL_COULD_NOT : any ? CTL_NO : CTL_DONE;
}

/* --- standard input --- */

enum invalid { INVALID_FAIL, INVALID_PASS, INVALID_DROP };

struct screen {
    struct ctl *ctl;
    const char *scope;
    enum invalid invalid;
    bool invert;
    uint64_t lines;
};

/*
 * `whole` is a line with its line feed, where it has one. The mark at the beginning of
 * the first is part of no line, and is not printed: without that line it would be lost,
 * too. -1: go on; else an exit code.
 */
static int line_screen(struct screen *screen, struct str whole)
{
    struct address address;
    char fault[ADDRESS_FAULT_BYTES];
    bool print;
    if (++screen->lines == 1 && files_skip_mark(&whole) < 0)
        return ctl_fail("standard input is UTF-16; convert it: iconv -f UTF-16 -t UTF-8");
    struct str line = str_trim(whole);
    if (line.len == 0)
        return -1;
    int r = address_read(line, &address, fault);
    if (r == -ENOMEM)
        return ctl_fail_store(screen->ctl, r);
    if (r == 0) {
        r = store_is_suppressed(screen->ctl->store, &address, screen->scope);
        if (r < 0)
            return ctl_fail_store(screen->ctl, r);
        print = (r == 1) == screen->invert;
    } else if (screen->invalid == INVALID_FAIL) {
        return ctl_fail("line %llu of standard input is not a mail address: %s. The "
                        "output is incomplete (--invalid pass or drop continues)",
                        (unsigned long long)screen->lines, fault);
    } else {
        print = screen->invalid == INVALID_PASS;
    }
    if (print && fwrite(whole.data, 1, whole.len, stdout) != whole.len)
        return ctl_fail_output(errno ? -errno : -EIO);
    return -1;
}

/* Works off the whole lines at the start of `data`; `*ret_used` says how far. */
static int lines_screen(struct screen *screen, struct str data, size_t *ret_used,
                        struct progress *progress)
{
    const char *at = data.data, *end = data.data + data.len, *feed;
    int code = -1;
    while (code < 0 && at < end && (feed = memchr(at, '\n', (size_t)(end - at)))) {
        code = line_screen(screen, (struct str){at, (size_t)(feed - at) + 1});
        at = feed + 1;
        progress_tick(progress, screen->lines);
    }
    *ret_used = (size_t)(at - data.data);
    return code;
}

static int input_screen(struct screen *screen, char *buffer, size_t size)
{
    struct progress progress;
    size_t held = 0, used = 0;
    int code = -1;
    progress_start(&progress, "lines", true);
    while (code < 0) {
        /* read(2): what a slow writer has sent so far is worked off at once. */
        ssize_t got = read(STDIN_FILENO, buffer + held, size - held);
        if (got < 0 && errno != EINTR)
            code = ctl_fail("cannot read standard input: %s", strerror(errno));
        if (got == 0)
            break;
        if (got < 0)
            continue;
        held += (size_t)got;
        code = lines_screen(screen, (struct str){buffer, held}, &used, &progress);
        held -= used;
        memmove(buffer, buffer + used, held);
        if (code < 0 && held > CTL_LINE_BYTES_MAX)
            code = ctl_fail("line %llu of standard input is longer than %d bytes",
                            (unsigned long long)screen->lines + 1, CTL_LINE_BYTES_MAX);
    }
    progress_end(&progress);
    if (code < 0 && held > 0)
        code = line_screen(screen, (struct str){buffer, held});
    return code >= 0 ? code : CTL_DONE;
}

static int check_input(struct ctl *ctl, const char *scope)
{
    struct screen screen = {
        .ctl = ctl, .scope = scope, .invert = ctl_given(ctl, OPTION_INVERT)};
    const char *invalid = ctl->value[OPTION_INVALID];
    _cleanup_(freep) char *buffer = malloc(INPUT_BYTES);
    if (!buffer)
        return ctl_fail_store(ctl, -ENOMEM);
    if (invalid && strcmp(invalid, "pass") == 0)
        screen.invalid = INVALID_PASS;
    else if (invalid && strcmp(invalid, "drop") == 0)
        screen.invalid = INVALID_DROP;
    else if (invalid && strcmp(invalid, "fail") != 0)
        return ctl_fail("--invalid is pass, drop or fail, not `%s`", invalid);
    (void)setvbuf(stdout, NULL, _IOFBF, CTL_LINE_BYTES_MAX);
    int code = input_screen(&screen, buffer, INPUT_BYTES);
    if (code == CTL_DONE && fflush(stdout) != 0)
        return ctl_fail_output(errno ? -errno : -EIO);
    return code;
}

int cmd_check(struct ctl *ctl)
{
    const char *scope = ctl_given(ctl, OPTION_SCOPE) ? ctl->value[OPTION_SCOPE] : "*";
    bool from_input = ctl->word_count == 1 && strcmp(ctl->words[0], "-") == 0;
    if (!from_input && (ctl_given(ctl, OPTION_INVERT) || ctl_given(ctl, OPTION_INVALID)))
        return ctl_fail("--invert and --invalid go with `check -`, which reads standard "
                        "input");
    if (from_input && ctl_given(ctl, OPTION_OUTPUT))
        return ctl_fail("`check -` prints the lines themselves: it takes no --output");
    if (!ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    return from_input ? check_input(ctl, scope) : check_words(ctl, scope);
}
