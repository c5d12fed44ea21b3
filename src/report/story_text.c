/* How the sentences of a story are put together. */
#include <stdarg.h>
#include <string.h>

#include "report/story_private.h"
#include "sesbounce/clock.h"
#include "sesbounce/rule_text.h"
#include "sesbounce/text.h"

void words_done(struct words *words)
{
    buf_done(&words->text);
}

void words_add(struct words *words, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (words->r == 0)
        words->r = buf_vprintf(&words->text, format, arguments);
    va_end(arguments);
}

void words_add_str(struct words *words, struct str text)
{
    if (words->r == 0)
        words->r = buf_append_str(&words->text, text);
}

void words_quote(struct words *words, struct str text)
{
    struct str shown = text_prefix(str_trim(text), STORY_QUOTE_WIDTH_MAX);
    words_add(words, "\xe2\x80\x9c");
    for (size_t i = 0; i < shown.len; i++) {
        bool is_blank = shown.data[i] && strchr("\r\n\t ", shown.data[i]);
        bool was_blank =
            i > 0 && shown.data[i - 1] && strchr("\r\n\t ", shown.data[i - 1]);
        if (!is_blank)
            words_add_str(words, (struct str){shown.data + i, 1});
        else if (!was_blank)
            words_add(words, " ");
    }
    words_add(words, "%s\xe2\x80\x9d",
              shown.len < str_trim(text).len ? "\xe2\x80\xa6" : "");
}

void words_time(struct words *words, int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];
    clock_format_rfc3339(ms, text);
    words_add(words, "%s", text);
}

void words_operand(struct words *words, struct str text)
{
    if (words->r == 0)
        words->r = text_shell_operand(&words->text, text);
}

void words_term(struct words *words, const struct store_value *until)
{
    if (!until) {
        words_add(words, " permanently");
        return;
    }
    words_add(words, " until ");
    words_time(words, until->integer);
}

void words_duration(struct words *words, int64_t ms)
{
    if (words->r == 0)
        words->r = rule_duration(&words->text, ms);
}

void words_scope(struct words *words, struct str scope)
{
    if (!str_present(scope) || str_equal(scope, STR(POLICY_SCOPE_ALL)))
        words_add(words, " for all mail");
    else
        words_add(words, " in scope %.*s", STR_ARG(scope));
}

void words_detail(struct words *words, struct str detail)
{
    size_t end = detail.len, one = 0;
    while (one < end && !str_starts_with(str_skip(detail, one), STR(" (1 of ")))
        one++;
    if (detail.len > 0)
        words_add(words, ", %.*s", STR_ARG(str_cut(detail, one)));
    if (one == end)
        return;
    struct str rest = str_skip(detail, one + strlen(" (1 of "));
    size_t digits = 0;
    while (digits < rest.len && rest.data[digits] != ')')
        digits++;
    words_add(words, ", one of %.*s recipients", STR_ARG(str_cut(rest, digits)));
    if (digits + 1 < rest.len)
        words_add_str(words, str_skip(rest, digits + 1));
}

int words_write(struct words *words, struct output *output)
{
    _cleanup_(buf_done) struct buf safe = {.max = 4 * REPORT_ROW_BYTES_MAX};
    int r = words->r;
    if (r == 0)
        r = text_neutral(&safe, buf_str(&words->text), false);
    return r < 0 ? r : output_printf(output, "%s\n", buf_str(&safe).data);
}
