/* What happened, in words: one thing in full, or how many and the first few. */
#include <errno.h>
#include <jansson.h>

#include "daemon/compose.h"
#include "sesbounce/output.h"
#include "sesbounce/text.h"

/* Of each type: its name in a count, and how a line about a row is put together. */
static const struct words {
    const char *one, *many;
    struct output_part parts[7];
} words_of[NEWS_TYPES] = {
    [NEWS_SUPPRESSION_ADDED] = {"address suppressed",
                                "addresses suppressed",
                                {{"suppressed: ", "address"},
                                 {", ", "reason_after"},
                                 {" ", "detail"},
                                 {", scope ", "scope"},
                                 {", by ", "actor"},
                                 {"", NULL}}},
    [NEWS_SUPPRESSION_REMOVED] = {"address taken off the list",
                                  "addresses taken off the list",
                                  {{"off the list: ", "address"},
                                   {", ", "action"},
                                   {", was ", "reason_before"},
                                   {", scope ", "scope"},
                                   {", by ", "actor"},
                                   {"", NULL}}},
    [NEWS_SUPPRESSION_HELD] = {"entry waits for a decision",
                               "entries wait for a decision",
                               {{"waits for a decision: ", "address"},
                                {", ", "detail"},
                                {", rule ", "rule"},
                                {", scope ", "scope"},
                                {"", NULL}}},
    [NEWS_EVENT_BOUNCE] = {"bounce",
                           "bounces",
                           {{"bounce: ", "address"},
                            {", ", "class"},
                            {", ", "bounce_type"},
                            {"/", "bounce_subtype"},
                            {", identity ", "identity"},
                            {": ", "diagnostic"},
                            {"", NULL}}},
    [NEWS_EVENT_COMPLAINT] = {"complaint",
                              "complaints",
                              {{"complaint: ", "address"},
                               {", ", "feedback_type"},
                               {", identity ", "identity"},
                               {", campaign ", "campaign"},
                               {"", NULL}}},
    [NEWS_ALERT_RAISED] = {"alert raised", "alerts raised", {{NULL, NULL}}},
    [NEWS_ALERT_RESOLVED] = {"alert resolved", "alerts resolved", {{NULL, NULL}}},
    [NEWS_SENDING_PAUSED] = {"sending paused", "times sending paused", {{NULL, NULL}}},
    [NEWS_SENDING_RESUMED] = {"sending resumed", "times sending resumed", {{NULL, NULL}}},
};

struct telling {
    const struct receiver *receiver;
    struct buf *to;
    int64_t total;
    size_t told;
};

/* --- notices: JSON of our own ---------------------------------------------------- */

/* A member that is a text or a number; absent or anything else: nothing. */
static int member_print(struct buf *to, const char *before, const json_t *value)
{
    if (json_is_string(value) && json_string_length(value) > 0)
        return buf_printf(to, "%s%s", before, json_string_value(value));
    if (json_is_integer(value))
        return buf_printf(to, "%s%lld", before, (long long)json_integer_value(value));
    if (json_is_real(value))
        return buf_printf(to, "%s%g", before, json_real_value(value));
    return 0;
}

/* Its name and level, and what it says; where it says nothing, all of its members. */
static int notice_print(struct buf *to, enum news news, json_t *data)
{
    const char *key;
    json_t *value;
    int r = buf_append_str(to, str_of(words_of[news].one));

    if (r == 0)
        r = member_print(to, ": ", json_object_get(data, "name"));
    if (r == 0)
        r = member_print(to, ", ", json_object_get(data, "level"));
    if (r == 0)
        r = member_print(to, "\n", json_object_get(data, "text"));
    if (r < 0 || json_object_get(data, "text"))
        return r;
    json_object_foreach(data, key, value)
    {
        if (r == 0 && (json_is_string(value) || json_is_number(value)))
            r = buf_printf(to, "\n%s", key);
        if (r == 0)
            r = member_print(to, ": ", value);
    }
    return r;
}

static int notice_line_print(struct buf *to, const struct store_sending *row,
                             const struct composed_row *shown)
{
    struct str text = output_find(shown->values, shown->count, "data")->text;
    json_t *data = json_loadb(text.data, text.len, 0, NULL);
    int r = notice_print(to, row->news, data);

    json_decref(data);
    return r;
}

/* --- lines ----------------------------------------------------------------------- */

static int news_line_print(struct buf *to, const struct store_sending *row,
                           struct composed_row *shown)
{
    /* The scope of all mail needs no word. */
    for (size_t i = 0; i < shown->count; i++)
        if (strcmp(shown->values[i].name, "scope") == 0 &&
            str_equal(shown->values[i].text, STR("*")))
            shown->values[i].type = STORE_NULL;
    return row->source == STORE_SOURCE_NOTICES
               ? notice_line_print(to, row, shown)
               : output_parts(to, shown->values, shown->count, words_of[row->news].parts);
}

static int row_tell(void *context, const struct store_sending *row)
{
    struct telling *telling = context;
    _cleanup_(buf_done) struct buf line = {.max = COMPOSED_BYTES_MAX};
    struct composed_row shown;
    struct str text;
    int r = composed_row_init(&shown, telling->receiver, row);

    if (r == 0)
        r = news_line_print(&line, row, &shown);
    composed_row_done(&shown);
    text = buf_str(&line);
    /* An alert says at its end what to type. */
    if (telling->total > 1 && row->source != STORE_SOURCE_NOTICES)
        text = text_prefix(text, COMPOSED_LINE_WIDTH_MAX);
    if (r == 0 && telling->to->len > 0)
        r = buf_append_char(telling->to, '\n');
    if (r == 0)
        r = text_neutral(telling->to, text, true);
    return r < 0 ? r : ++telling->told == COMPOSED_LINES_MAX;
}

/* `3 bounces, 1 complaint` */
static int counts_print(struct buf *to, const int64_t counts[NEWS_TYPES], int64_t *total)
{
    int r = 0;

    *total = 0;
    for (unsigned i = 0; i < NEWS_TYPES; i++) {
        *total += counts[i];
        if (r == 0 && counts[i] > 0)
            r = buf_printf(to, "%s%lld %s", to->len > 0 ? ", " : "", (long long)counts[i],
                           counts[i] == 1 ? words_of[i].one : words_of[i].many);
    }
    return r;
}

/* People read of a pause once: the alert about it has the same text. */
static unsigned wanted_by_people(unsigned wanted)
{
    if (wanted & 1u << NEWS_ALERT_RAISED)
        wanted &= ~(1u << NEWS_SENDING_PAUSED);
    if (wanted & 1u << NEWS_ALERT_RESOLVED)
        wanted &= ~(1u << NEWS_SENDING_RESUMED);
    return wanted;
}

int compose_text(struct store *store, const struct receiver *receiver,
                 const struct store_message *message, struct buf *ret)
{
    struct telling telling = {.receiver = receiver, .to = ret};
    unsigned wanted = wanted_by_people(receiver->store.wanted);
    int64_t counts[NEWS_TYPES];
    int r;

    if (message->is_test) {
        r = buf_printf(ret, "A test of [%s %s] of sesbounced: nothing has happened.",
                       receiver->mail ? "mail" : "webhook", receiver->store.name);
        return r < 0 ? r : 1;
    }
    r = store_parcel_count(store, &message->parcel, wanted, counts);
    if (r == 0)
        r = counts_print(ret, counts, &telling.total);
    if (r < 0 || telling.total == 0)
        return r;
    if (telling.total == 1)
        buf_clear(ret);
    r = store_parcel_read(store, &message->parcel, wanted, row_tell, &telling);
    if (r >= 0 && telling.total > (int64_t)telling.told)
        r = buf_printf(ret,
                       "\nand %lld more; to see them, type: sesbouncectl events, "
                       "sesbouncectl suppress log",
                       (long long)(telling.total - (int64_t)telling.told));
    return r < 0 ? r : telling.told > 0;
}
