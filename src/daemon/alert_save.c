/* What becomes of alerts is written here, and told to receivers (store_notice.h). */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/alert_look.h"
#include "daemon/limits.h"
#include "sesbounce/store_notice.h"

static json_t *json_time(int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];

    clock_format_rfc3339(ms, text);
    return json_string(text);
}

/* `value` and `threshold` are those of the reading, or NULL. */
static json_t *number_or_null(bool is_known, double number)
{
    return is_known ? json_real(number) : json_null();
}

static json_t *alert_json(const struct alert_look *look,
                          const struct alert_change *change, const char *text)
{
    const struct alert_reading *reading = change->reading;
    bool has_value = reading && reading->has_value;
    bool is_over = change->step == ALERT_RESOLVED;

    return json_pack(
        "{s:I, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o}", "id",
        (json_int_t)change->open.id, "name", alert_kind(change->open.name)->name,
        "subject",
        change->open.subject[0] ? json_string(change->open.subject) : json_null(),
        "level", alert_level_word(change->open.level), "text", text, "value",
        number_or_null(has_value, has_value ? reading->value : 0), "threshold",
        number_or_null(has_value && reading->threshold > 0,
                       has_value ? reading->threshold : 0),
        "since", json_time(change->open.since_ms), "resolved_at",
        is_over ? json_time(look->now_ms) : json_null());
}

/* Takes `data`, NULL when memory is short. */
static int notice_give(struct store *store, const char *type, json_t *data,
                       int64_t now_ms)
{
    char *text = data ? json_dumps(data, JSON_COMPACT) : NULL;
    int r = text ? store_notice_add(store, str_of(type), str_of(text), now_ms) : -ENOMEM;

    free(text);
    json_decref(data);
    return r;
}

/* Members of its own: whom it is about. */
static int alert_give(struct store *store, const struct alert_look *look,
                      const struct alert_change *change, const char *type,
                      const char *text)
{
    json_t *data = alert_json(look, change, text);
    json_t *about = data && change->about[0] ? json_loads(change->about, 0, NULL) : NULL;

    if (about)
        (void)json_object_set_new(data, "about", about);
    return notice_give(store, type, data, look->now_ms);
}

/* A pause is a type of its own, too, for programs that stop sending. */
static int pause_give(struct store *store, const struct alert_look *look,
                      const struct alert_change *change, const char *text)
{
    bool is_over = change->step == ALERT_RESOLVED;
    json_t *data = NULL;

    if (change->open.name != ALERT_SENDING_PAUSED || change->step == ALERT_RISES)
        return 0;
    if (change->about[0])
        data = json_loads(change->about, 0, NULL);
    if (!data)
        data = json_object();
    if (data &&
        (json_object_set_new(data, "alert_id", json_integer(change->open.id)) < 0 ||
         json_object_set_new(data, "text", json_string(text)) < 0 ||
         json_object_set_new(data, "resumed_at",
                             is_over ? json_time(look->now_ms) : json_null()) < 0)) {
        json_decref(data);
        data = NULL;
    }
    return notice_give(store, is_over ? "sending.resumed" : "sending.paused", data,
                       look->now_ms);
}

/* What it says while it is raised; and that it is over. */
static int change_text(const struct alert_change *change, struct buf *ret)
{
    const struct alert_kind *kind = alert_kind(change->open.name);

    if (change->step != ALERT_RESOLVED)
        return alert_text(change->open.name, str_of(change->open.subject),
                          str_of(change->reading->fact), ret);
    /* The subject can be a mail address, which a text does not name. */
    return strchr(change->open.subject, '@') || !change->open.subject[0]
               ? buf_printf(ret, "This is over: %s", kind->means)
               : buf_printf(ret, "This is over: %s (%s)", kind->means,
                            change->open.subject);
}

/* 1: it was so, 0: it was not, or a fault. */
static int change_apply(struct alert_look *look, struct alert_change *change,
                        struct store *store, struct str text)
{
    const struct store_alert alert = {change->reading, text, str_of(change->about),
                                      look->now_ms};

    switch (change->step) {
    case ALERT_RAISED:
        return store_alert_raise(store, &alert, &change->open.id);
    case ALERT_RISES:
        change->open.level = change->reading->reached;
        return store_alert_rise(store, change->open.id, &alert);
    case ALERT_RESOLVED:
        return store_alert_resolve(store, change->open.id, look->now_ms);
    case ALERT_FADES:
        return store_alert_gone(store, change->open.id, look->now_ms);
    case ALERT_RETURNS:
        return store_alert_gone(store, change->open.id, CLOCK_NONE);
    case ALERT_STAYS:
        break;
    }
    return 0;
}

static int change_save(struct alert_look *look, struct alert_change *change,
                       struct store *store)
{
    _cleanup_(buf_done) struct buf text = {.max = ALERT_TEXT_BYTES_MAX};
    bool is_news = change->step == ALERT_RAISED || change->step == ALERT_RISES ||
                   change->step == ALERT_RESOLVED;
    int r = is_news ? change_text(change, &text) : 0;

    change->is_done = false;
    if (r == 0)
        r = change_apply(look, change, store, buf_str(&text));
    if (r <= 0 || !is_news)
        return r < 0 ? r : 0;
    change->is_done = true;
    r = alert_give(store, look, change,
                   change->step == ALERT_RESOLVED ? "alert.resolved" : "alert.raised",
                   text.data);
    return r < 0 ? r : pause_give(store, look, change, text.data);
}

int alert_look_save(struct alert_look *look, struct store *store)
{
    int r = 0;

    for (size_t i = 0; i < look->count && r == 0; i++)
        r = change_save(look, &look->changes[i], store);
    return r;
}
