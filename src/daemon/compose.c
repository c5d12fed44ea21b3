#include "daemon/compose.h"

#include <errno.h>
#include <stdio.h>

#include "sesbounce/clock.h"
#include "sesbounce/output.h"
#include "sesbounce/text.h"

/* --- Standard Webhooks ----------------------------------------------------------- */

struct composing {
    const struct receiver *receiver;
    struct composed *composed;
    const char *instance;
    bool is_composed;
};

static int64_t row_time(const struct store_sending *row)
{
    const char *column = row->source == STORE_SOURCE_EVENTS ? "occurred_at" : "at";
    const struct store_value *value = output_find(row->values, row->count, column);

    return value && value->type == STORE_TIME ? value->integer : clock_wall_ms();
}

static int envelope_begin(struct buf *to, const char *type, int64_t time_ms)
{
    char time[CLOCK_TEXT_BYTES];

    clock_format_rfc3339(time_ms, time);
    return buf_printf(to, "{\"type\":\"%s\",\"timestamp\":\"%s\",\"data\":", type, time);
}

/* As an object; without the line's end. */
static int row_print(const struct composed_row *row, struct buf *to)
{
    struct output output;
    int r;

    output_init(&output, output_to_buf(to), OUTPUT_JSON, NULL);
    r = output_row(&output, row->values, row->count);
    if (r == 0)
        r = output_end(&output);
    output_done(&output);
    if (to->len > 0 && to->data[to->len - 1] == '\n')
        buf_cut(to, to->len - 1);
    return r;
}

static int row_compose(void *context, const struct store_sending *row)
{
    static const char letters[STORE_SOURCES] = {[STORE_SOURCE_CHANGES] = 'c',
                                                [STORE_SOURCE_EVENTS] = 'e',
                                                [STORE_SOURCE_NOTICES] = 'n'};
    struct composing *composing = context;
    struct buf *to = &composing->composed->body;
    struct composed_row shown;
    int r = composed_row_init(&shown, composing->receiver, row);

    (void)snprintf(composing->composed->id, COMPOSED_ID_BYTES, "msg_%s_%c%lld",
                   composing->instance, letters[row->source], (long long)row->id);
    if (r == 0)
        r = envelope_begin(to, news_word(row->news), row_time(row));
    if (row->source == STORE_SOURCE_CHANGES)
        shown.values[shown.count++] = output_integer("change_id", row->id);
    if (r == 0)
        r = row->source == STORE_SOURCE_NOTICES
                ? buf_append_str(to, output_find(shown.values, shown.count, "data")->text)
                : row_print(&shown, to);
    if (row->source == STORE_SOURCE_CHANGES)
        shown.count--;
    composed_row_done(&shown);
    composing->is_composed = true;
    return r == 0 ? buf_append_char(to, '}') : r;
}

static int test_compose(const struct receiver *receiver,
                        const struct store_message *message, struct composed *ret)
{
    int r = envelope_begin(&ret->body, "webhook.test", message->created_ms);

    if (r == 0)
        r = buf_printf(&ret->body,
                       "{\"webhook\":\"%s\",\"text\":\"A test of [webhook %s] of "
                       "sesbounced: nothing has happened.\"}}",
                       receiver->store.name, receiver->store.name);
    return r < 0 ? r : 1;
}

static int standard_compose(struct store *store, const struct receiver *receiver,
                            const struct store_message *message, const char *instance,
                            struct composed *ret)
{
    struct composing composing = {receiver, ret, instance, false};
    int r;

    if (message->is_test)
        return test_compose(receiver, message, ret);
    r = store_parcel_read(store, &message->parcel, receiver->store.wanted, row_compose,
                          &composing);
    return r < 0 ? r : composing.is_composed;
}

/* --- for people ------------------------------------------------------------------ */

/* Slack's three escapes; its JSON is made behind them. */
static int slack_escape(struct str text, struct buf *to)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < text.len; i++) {
        char c = text.data[i];

        r = c == '&'   ? buf_append_str(to, STR("&amp;"))
            : c == '<' ? buf_append_str(to, STR("&lt;"))
            : c == '>' ? buf_append_str(to, STR("&gt;"))
                       : buf_append_char(to, c);
    }
    return r;
}

static int slack_body(struct str text, struct buf *to)
{
    _cleanup_(buf_done) struct buf escaped = {.max = COMPOSED_BYTES_MAX};
    int r = slack_escape(text, &escaped);

    if (r == 0)
        r = buf_append_str(to, STR("{\"text\":"));
    if (r == 0)
        r = text_json(to, buf_str(&escaped));
    return r == 0 ? buf_append_char(to, '}') : r;
}

static int text_compose(struct store *store, const struct receiver *receiver,
                        const struct store_message *message, struct composed *ret)
{
    _cleanup_(buf_done) struct buf text = {.max = COMPOSED_BYTES_MAX};
    int r = compose_text(store, receiver, message, &text);

    if (r <= 0)
        return r;
    r = receiver->kind == RECEIVER_SLACK
            ? slack_body(text_prefix(buf_str(&text), COMPOSED_SLACK_WIDTH_MAX),
                         &ret->body)
            : compose_mail(receiver, ret->id, message->created_ms, buf_str(&text),
                           &ret->body);
    return r < 0 ? r : 1;
}

int compose(struct store *store, const struct receiver *receiver,
            const struct store_message *message, const char *instance,
            struct composed *ret)
{
    int r;

    buf_init(&ret->body, COMPOSED_BYTES_MAX);
    (void)snprintf(ret->id, sizeof(ret->id), "msg_%s_t%lld", instance,
                   (long long)message->id);
    r = receiver->kind == RECEIVER_STANDARD
            ? standard_compose(store, receiver, message, instance, ret)
            : text_compose(store, receiver, message, ret);
    if (r <= 0)
        buf_done(&ret->body);
    return r;
}
