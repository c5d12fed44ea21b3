#include "ctl/list_entry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "sesbounce/clock.h"
#include "sesbounce/filter.h"
#include "sesbounce/text.h"

struct taking {
    const struct list_options *options;
    struct buf *text;
    char *fault;
};

/* Returns false. */
__attribute__((format(printf, 2, 3))) static bool entry_refuse(struct taking *taking,
                                                               const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(taking->fault, CTL_LIST_FAULT_BYTES_MAX, format, arguments);
    va_end(arguments);
    return false;
}

/* What is quoted in a fault. */
static struct str field_quote(struct str text)
{
    return text_prefix(str_trim(text), REPORT_CELL_WIDTH_MAX);
}

/* Copies a text, up to `bytes_max`, as the store can keep it: UTF-8 without NUL; what is
 * not becomes U+FFFD. There is room: it never moves. */
static struct str text_keep(struct taking *taking, struct str text, size_t bytes_max)
{
    size_t before = taking->text->len;
    while (text.len > 0) {
        size_t bytes = *text.data ? str_utf8_sequence(text) : 0;
        struct str kept = bytes ? (struct str){text.data, bytes} : STR("\xef\xbf\xbd");
        if (taking->text->len - before + kept.len > bytes_max)
            break;
        (void)buf_append_str(taking->text, kept);
        text = str_skip(text, bytes ? bytes : 1);
    }
    (void)buf_append_char(taking->text, '\0');
    return (struct str){taking->text->data + before, taking->text->len - before - 1};
}

static struct str field_keep(struct taking *taking, struct str text, size_t bytes_max)
{
    return text.len > 0 ? text_keep(taking, text, bytes_max) : STR_ABSENT;
}

/* The class of a server's answer: '5' of `5.1.1` and of `550 no such user`. */
static char answer_class(struct str status, struct str answer)
{
    status = str_trim(status);
    if (status.len > 0 && ascii_is_digit(*status.data))
        return *status.data;
    bool is_reply = answer.len > 3 && ascii_is_digit(answer.data[1]) &&
                    ascii_is_digit(answer.data[2]) && strchr(" -", answer.data[3]);
    return answer.len > 0 && (is_reply || str_starts_with(answer, STR("5.")))
               ? *answer.data
               : '\0';
}

/* Fills reason and detail. A word is a reason; a sentence is what a server answered. */
static bool reason_take(struct taking *taking, const struct list_fields *fields,
                        struct list_entry *entry)
{
    struct str word = str_trim(fields->of[LIST_COLUMN_REASON]);
    struct str answer = fields->of[LIST_COLUMN_ANSWER];
    struct str detail = STR_ABSENT, shown = field_quote(word);
    bool is_sentence = str_find(word, ' ') != NULL;
    entry->reason = word.len > 0 ? list_words_reason(word, &detail) : POLICY_REASON_NONE;
    if (entry->reason == POLICY_REASON_NONE && word.len > 0 && !is_sentence)
        return entry_refuse(
            taking, "there is no reason `%.*s`; write BOUNCE, COMPLAINT or MANUAL",
            STR_ARG(shown));
    if (entry->reason == POLICY_REASON_NONE) {
        answer = word.len > 0 ? word : answer;
        char class = answer_class(fields->of[LIST_COLUMN_STATUS], answer);
        if (class == '5' || class == '6')
            entry->reason = POLICY_REASON_BOUNCE;
        else if (taking->options->reason != POLICY_REASON_NONE)
            entry->reason = taking->options->reason;
        else if (class == '4')
            return entry_refuse(taking, "a temporary failure does not suppress; --reason "
                                        "BOUNCE imports it all the same");
        else if (word.len > 0)
            return entry_refuse(
                taking, "`%.*s` is not a reason; --reason says what the file is about",
                STR_ARG(shown));
    }
    if (fields->of[LIST_COLUMN_DETAIL].len > 0)
        detail = fields->of[LIST_COLUMN_DETAIL];
    else if (!str_present(detail))
        detail = answer;
    entry->detail = field_keep(taking, detail, POLICY_DETAIL_BYTES_MAX - 1);
    return true;
}

static bool scope_take(struct taking *taking, const struct list_fields *fields,
                       struct list_entry *entry)
{
    char why[ADDRESS_FAULT_BYTES];
    struct str scope = str_trim(fields->of[LIST_COLUMN_SCOPE]);
    struct str tenant = str_trim(fields->of[LIST_COLUMN_TENANT]);
    size_t before = taking->text->len;
    if (taking->options->scope)
        scope = str_of(taking->options->scope);
    else if (scope.len == 0 && tenant.len > 0)
        (void)buf_append_str(taking->text, STR("tenant:"));
    if (scope.len == 0)
        scope = tenant.len > 0 ? tenant : STR(POLICY_SCOPE_ALL);
    struct str shown = field_quote(scope);
    if (!taking->options->scope && str_find(scope, ','))
        return entry_refuse(
            taking, "`%.*s` names several scopes; --scope says which one is meant",
            STR_ARG(shown));
    if (!filter_check_scope(scope, why))
        return entry_refuse(taking, "`%.*s` is not a scope: %s", STR_ARG(shown), why);
    (void)text_keep(taking, scope, scope.len);
    entry->scope = str_of(taking->text->data + before);
    if (entry->scope.len >= POLICY_SCOPE_BYTES_MAX)
        return entry_refuse(taking, "the scope `%.*s` is longer than any",
                            STR_ARG(shown));
    return true;
}

/* False after telling that `text` is not a time. */
static bool time_take(struct taking *taking, struct str text, int64_t *ret_ms)
{
    struct str shown = field_quote(text);
    if (list_words_time(text, ret_ms) == 0)
        return true;
    return entry_refuse(taking, "`%.*s` is not a time; write 2026-01-31T12:00:00Z",
                        STR_ARG(shown));
}

static bool times_take(struct taking *taking, const struct list_fields *fields,
                       struct list_entry *entry)
{
    struct str since = str_trim(fields->of[LIST_COLUMN_SINCE]);
    struct str until = str_trim(fields->of[LIST_COLUMN_UNTIL]);
    int64_t now_ms = taking->options->now_ms;
    entry->since_ms = taking->options->since_ms;
    entry->until_ms = POLICY_FOR_EVER;
    if ((since.len > 0 && !time_take(taking, since, &entry->since_ms)) ||
        (until.len > 0 && !time_take(taking, until, &entry->until_ms)))
        return false;
    if (entry->since_ms > now_ms + INTAKE_FUTURE_MS)
        return entry_refuse(taking, "its time, %.*s, lies in the future",
                            (int)field_quote(since).len, since.data);
    if (entry->since_ms > now_ms)
        entry->since_ms = now_ms;
    if (entry->reason == POLICY_REASON_SOFT && entry->until_ms == POLICY_FOR_EVER)
        return entry_refuse(taking,
                            "a SOFT entry is for a term: it needs a column `until`");
    return true;
}

bool list_entry_read(const struct list_fields *fields, const struct list_options *options,
                     struct buf *text, struct list_entry *ret,
                     char ret_fault[CTL_LIST_FAULT_BYTES_MAX])
{
    struct taking taking = {options, text, ret_fault};
    char why[ADDRESS_FAULT_BYTES];
    struct str address = fields->of[LIST_COLUMN_ADDRESS];
    struct str note = fields->of[LIST_COLUMN_NOTE], shown = field_quote(address);
    buf_clear(text);
    if (str_trim(address).len == 0)
        return entry_refuse(&taking, "it has no address");
    if (address_read(address, &ret->address, why) < 0)
        return entry_refuse(&taking, "`%.*s%s` is not a mail address: %s", STR_ARG(shown),
                            shown.len < str_trim(address).len ? "…" : "", why);
    if (!reason_take(&taking, fields, ret) || !scope_take(&taking, fields, ret) ||
        !times_take(&taking, fields, ret))
        return false;
    ret->note = field_keep(&taking, note, note.len * 3);
    return true;
}
