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

/* CTL_LINE_BYTES_MAX four times: most reads then hold many whole lines. They are looked
 * up in one go: ten thousand of the usual length take some 30 ms. */
#define INPUT_BYTES ((size_t)4 * CTL_LINE_BYTES_MAX)

static const char *const columns[] = {"address", "suppressed", "reason", "scope",
                                      "detail",  "since",      "until",  "origin",
                                      "actor",   "note",       "held",   NULL};
enum { ADDRESS, SUPPRESSED, HELD = 10, COLUMNS };

/* --- addresses as words --- */

struct asked {
    struct ctl *ctl;
    const char *typed;
    const char *key; /* in its bare form */
    const char *scope;
    struct output *output;
    size_t entries;
    struct buf why;    /* an entry is held because of this; empty: no entry is */
    struct buf others; /* `news, spring`: scopes that were not asked for */
};

static bool is_asked_about(const struct asked *asked, const struct store_value *values,
                           size_t count)
{
    struct str scope = output_find_text(values, count, "scope");
    return !str_present(scope) || str_equal(scope, STR("*")) ||
           str_equal(scope, str_of(asked->scope));
}

static int asked_note_held(void *context, const struct store_value *values, size_t count)
{
    struct asked *asked = context;
    if (!is_asked_about(asked, values, count) || asked->why.len > 0)
        return 0;
    return buf_append_str(&asked->why, output_find_text(values, count, "why"));
}

static int unlisted_print(const struct asked *asked)
{
    _cleanup_(buf_done) struct buf line = {.max = REPORT_ROW_BYTES_MAX};
    _cleanup_(buf_done) struct buf safe = {.max = REPORT_ROW_BYTES_MAX};
    int r = buf_printf(&line, "%s  may be mailed", asked->typed);
    if (r == 0 && asked->others.len > 0 && strcmp(asked->scope, POLICY_SCOPE_ALL) == 0)
        r = buf_printf(&line, ", except in scope %s (--scope asks for one)",
                       buf_str(&asked->others).data);
    if (r == 0 && asked->why.len > 0)
        r = buf_printf(&line, "; held for a decision: %s", buf_str(&asked->why).data);
    if (r == 0)
        r = text_neutral(&safe, buf_str(&line), false);
    if (r < 0)
        return asked->output->fault = r;
    return output_printf(asked->output, "%s\n", buf_str(&safe).data);
}

static int sentence_print(const struct asked *asked, const struct store_value *values,
                          size_t count)
{
    static const struct output_part parts[] = {{"  suppressed: ", "reason"},
                                               {" ", "detail"},
                                               {" since ", "since"},
                                               {" until ", "until"},
                                               {"", NULL}};
    struct str scope = output_find_text(values, count, "scope");
    _cleanup_(buf_done) struct buf line = {.max = REPORT_ROW_BYTES_MAX};
    _cleanup_(buf_done) struct buf safe = {.max = REPORT_ROW_BYTES_MAX};
    int r = buf_append_str(&line, str_of(asked->typed));
    if (r == 0)
        r = output_parts(&line, values, count, parts);
    if (r == 0 && !str_equal(scope, STR(POLICY_SCOPE_ALL)))
        r = buf_printf(&line, " in scope %.*s", STR_ARG(scope));
    if (r == 0)
        r = buf_printf(&line, " (why: %s why ", command_reads(asked->ctl));
    if (r == 0)
        r = text_shell_operand(&line, str_of(asked->key));
    if (r == 0)
        r = text_neutral(&safe, buf_str(&line), false);
    if (r < 0)
        return asked->output->fault = r;
    return output_printf(asked->output, "%s)\n", buf_str(&safe).data);
}

/* `values` may be NULL: the address is on no list. */
static int answer_print(const struct asked *asked, const struct store_value *values,
                        size_t count)
{
    struct store_value row[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct store_value *value =
            values ? output_find(values, count, columns[i]) : NULL;
        row[i] = value ? *value : output_text(columns[i], NULL);
    }
    if (!values)
        row[ADDRESS] = output_text("address", asked->key);
    row[SUPPRESSED] = output_boolean("suppressed", values != NULL);
    row[HELD] = output_boolean("held", asked->why.len > 0);
    if (asked->output->format != OUTPUT_TABLE)
        return output_row(asked->output, row, COLUMNS);
    return values ? sentence_print(asked, values, count) : unlisted_print(asked);
}

static int listed_print(void *context, const struct store_value *values, size_t count)
{
    struct asked *asked = context;
    if (!is_asked_about(asked, values, count)) {
        struct str scope = output_find_text(values, count, "scope");
        return buf_printf(&asked->others, "%s%.*s", asked->others.len > 0 ? ", " : "",
                          STR_ARG(scope));
    }
    asked->entries++;
    return answer_print(asked, values, count);
}

/* The exit status of its own, or a negative errno. */
static int word_check(struct ctl *ctl, const char *typed, const char *scope,
                      struct output *output)
{
    struct address address;
    if (!ctl_address(typed, &address))
        return CTL_COULD_NOT;
    struct asked asked = {.ctl = ctl,
                          .typed = typed,
                          .key = address.key,
                          .scope = scope,
                          .output = output,
                          .why = {.max = REPORT_ROW_BYTES_MAX},
                          .others = {.max = REPORT_ROW_BYTES_MAX}};
    struct store_filter filter = {.address = typed};
    int r = store_query(ctl->store, STORE_HELD, &filter, asked_note_held, &asked);
    if (r == 0)
        r = store_query(ctl->store, STORE_SUPPRESSED, &filter, listed_print, &asked);
    if (r == 0 && asked.entries == 0)
        r = answer_print(&asked, NULL, 0);
    buf_done(&asked.why);
    buf_done(&asked.others);
    return r != 0 ? r : asked.entries > 0 ? CTL_NO : CTL_DONE;
}

static int words_check(struct ctl *ctl, const char *scope)
{
    static const struct output_columns shown = {NULL, columns};
    struct output output;
    bool any = false, bad = false;
    int r = 0;
    ctl_output(ctl, &output, &shown);
    for (size_t i = 0; i < ctl->word_count && r >= 0; i++) {
        r = word_check(ctl, ctl->words[i], scope, &output);
        any = any || r == CTL_NO;
        bad = bad || r == CTL_COULD_NOT;
    }
    int code = ctl_output_end(ctl, &output, r < 0 ? r : 0);
    if (code != CTL_DONE)
        return code;
    return bad ? CTL_COULD_NOT : any ? CTL_NO : CTL_DONE;
}

/* --- standard input --- */

/* What becomes of a line without an address. */
enum invalid { INVALID_PASS, INVALID_DROP, INVALID_FAIL };
static const char *const invalid_words[] = {"pass", "drop", "fail"};

struct screen {
    struct ctl *ctl;
    const char *scope;
    enum invalid invalid;
    bool invert;
    uint64_t lines;
    struct buf printed; /* of the lines that are being looked up */
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
    if (print && (r = buf_append_str(&screen->printed, whole)) < 0)
        return ctl_fail_store(screen->ctl, r);
    return -1;
}

/* Works off the whole lines at the start of `data`; `*ret_used` says how far. */
static int lines_screen(struct screen *screen, struct str data, size_t *ret_used)
{
    const char *at = data.data, *end = data.data + data.len, *feed;
    int code = -1;
    while (code < 0 && at < end && (feed = memchr(at, '\n', (size_t)(end - at)))) {
        code = line_screen(screen, (struct str){at, (size_t)(feed - at) + 1});
        at = feed + 1;
    }
    *ret_used = (size_t)(at - data.data);
    return code;
}

/* The same with one state of the list, which is let go before anything is printed: a
 * program that reads slowly does not hold up the upkeep of the file. `is_last`: the last
 * line has no line feed. */
static int block_screen(struct screen *screen, struct str data, bool is_last,
                        size_t *ret_used)
{
    struct str printed;
    int r = store_read_begin(screen->ctl->store);
    if (r < 0)
        return ctl_fail_store(screen->ctl, r);
    buf_clear(&screen->printed);
    int code = lines_screen(screen, data, ret_used);
    if (code < 0 && is_last && *ret_used < data.len)
        code = line_screen(screen,
                           (struct str){data.data + *ret_used, data.len - *ret_used});
    r = store_read_end(screen->ctl->store);
    if (r < 0)
        return code < 0 ? ctl_fail_store(screen->ctl, r) : code;
    printed = buf_str(&screen->printed);
    if (fwrite(printed.data, 1, printed.len, stdout) != printed.len)
        return ctl_fail_output(errno ? -errno : -EIO);
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
        code = block_screen(screen, (struct str){buffer, held}, false, &used);
        progress_show(&progress, screen->lines);
        held -= used;
        memmove(buffer, buffer + used, held);
        if (code < 0 && held > CTL_LINE_BYTES_MAX)
            code = ctl_fail("line %llu of standard input is longer than %d bytes",
                            (unsigned long long)screen->lines + 1, CTL_LINE_BYTES_MAX);
    }
    progress_end(&progress);
    if (code < 0 && held > 0)
        code = block_screen(screen, (struct str){buffer, held}, true, &used);
    return code >= 0 ? code : CTL_DONE;
}

static int input_check(struct ctl *ctl, const char *scope)
{
    struct screen screen = {.ctl = ctl,
                            .scope = scope,
                            .invert = ctl_given(ctl, OPTION_INVERT),
                            .printed = {.max = INPUT_BYTES}};
    const char *invalid =
        ctl_given(ctl, OPTION_INVALID) ? ctl->value[OPTION_INVALID] : "fail";
    _cleanup_(freep) char *buffer = malloc(INPUT_BYTES);
    if (!buffer)
        return ctl_fail_store(ctl, -ENOMEM);
    for (; strcmp(invalid, invalid_words[screen.invalid]) != 0; screen.invalid++)
        if (screen.invalid == INVALID_FAIL)
            return ctl_fail("--invalid is pass, drop or fail, not `%s`", invalid);
    (void)setvbuf(stdout, NULL, _IOFBF, CTL_LINE_BYTES_MAX);
    int code = input_screen(&screen, buffer, INPUT_BYTES);
    buf_done(&screen.printed);
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
    scopes_warn(ctl);
    return from_input ? input_check(ctl, scope) : words_check(ctl, scope);
}
