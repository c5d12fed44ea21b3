/* Queries over the views, built from a filter with bound parameters only. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "store/store_internal.h"

/* What a filter compares, where the view has that column. Words are matched without
 * regard to case; for address and domain their column's collation does it, so that an
 * index serves. */
static const struct field {
    const char *column;
    const char *condition;
    size_t offset; /* in struct store_filter */
} fields[] = {
    {"address", "address = ?", offsetof(struct store_filter, address)},
    {"scope", "scope = ?", offsetof(struct store_filter, scope)},
    {"type", "type = ? COLLATE NOCASE", offsetof(struct store_filter, type)},
    {"class", "class = ? COLLATE NOCASE", offsetof(struct store_filter, class)},
    {"cause", "cause = ? COLLATE NOCASE", offsetof(struct store_filter, cause)},
    {"rule", "rule = ?", offsetof(struct store_filter, rule)},
    {"domain", "domain = ?", offsetof(struct store_filter, domain)},
    {"campaign", "campaign = ?", offsetof(struct store_filter, campaign)},
    {"reason", "reason = ? COLLATE NOCASE", offsetof(struct store_filter, reason)},
    {"why", "why = ?", offsetof(struct store_filter, why)},
    {"topic_arn", "topic_arn = ?", offsetof(struct store_filter, topic)},
};

struct view {
    const char *name;
    const char *time; /* what since_ms and until_ms compare with */
    const char *order;
    const char *order_newest;
};

static const struct view views[] = {
    [STORE_SUPPRESSED] = {"suppressed", "since", "address, scope", "since DESC, address"},
    [STORE_ENTRIES] = {"entries", "since", "address, scope, reason",
                       "since DESC, address"},
    [STORE_DECISIONS] = {"decisions", "at", "id", "id DESC"},
    [STORE_EVENTS] = {"events", "occurred_at", "id", "id DESC"},
    [STORE_BOUNCES] = {"bounces", "occurred_at", "id", "id DESC"},
    [STORE_COMPLAINTS] = {"complaints", "occurred_at", "id", "id DESC"},
    [STORE_QUARANTINE] = {"quarantine", "received_at", "id", "id DESC"},
    [STORE_TOPICS] = {"topics", "last_message_at", "topic_arn", "last_message_at DESC"},
    [STORE_DAILY] = {"daily", "day || ' 00:00:00.000'", "day", "day DESC"},
    [STORE_PAUSED] = {"paused", "since", "since", "since DESC"},
    [STORE_HELD] = {"held", "since", "id", "id DESC"},
    [STORE_LOG] = {"suppression_log", "at", "id", "id DESC"},
    [STORE_GUARDS] = {"guards", "since", "since", "since DESC"},
    [STORE_HOURLY] = {"hourly", "hour", "hour", "hour DESC"},
    [STORE_LEAKS] = {"leaks", "sent_at", "sent_at, address, scope",
                     "sent_at DESC, address, scope"},
    [STORE_UNSUBSCRIBES] = {"unsubscribes", "occurred_at", "event_id", "event_id DESC"},
    [STORE_SOFT_DAYS] = {"soft_days", "day || ' 00:00:00.000'", "scope, day",
                         "day DESC, scope"},
    [STORE_ALERTS] = {"alerts", "since", "id", "resolved_at IS NOT NULL, id DESC"},
    [STORE_WEBHOOKS] = {"webhooks", "last_success_at", "name", "name"},
    [STORE_WEBHOOK_MESSAGES] = {"webhook_messages", "since", "name, id", "id DESC"},
};

struct query {
    struct buf sql;
    struct db_value values[STORE_CONDITIONS_MAX];
    size_t count;
    struct address address;
};

static void query_done(struct query *query)
{
    buf_done(&query->sql);
}

static int query_add(struct query *query, const char *condition, struct db_value value)
{
    int r =
        buf_printf(&query->sql, " %s %s", query->count == 0 ? "WHERE" : "AND", condition);

    if (r == 0)
        query->values[query->count++] = value;
    return r;
}

/* The address in its key form: `John <A@B>` finds a@b. */
static int query_add_address(struct query *query, const struct field *field,
                             const char *typed)
{
    int r = address_parse(str_of(typed), &query->address);

    if (r < 0)
        return r;
    return query_add(query, field->condition, db_text(str_of(query->address.key)));
}

static int query_add_fields(struct query *query, enum store_view view,
                            const struct store_filter *filter)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char *given;

        memcpy(&given, (const char *)filter + fields[i].offset, sizeof(given));
        if (!given)
            continue;
        if (!store_has_column(view, fields[i].column))
            return -EINVAL;
        r = strcmp(fields[i].column, "address") == 0
                ? query_add_address(query, &fields[i], given)
                : query_add(query, fields[i].condition, db_text(str_of(given)));
    }
    return r;
}

static int query_add_time(struct query *query, const struct view *view,
                          const char *compared, int64_t ms)
{
    char condition[64];

    if (ms == 0 || ms == CLOCK_NONE)
        return 0;
    (void)snprintf(condition, sizeof(condition), "%s %s ?", view->time, compared);
    return query_add(query, condition, db_time(ms));
}

static int query_add_ids(struct query *query, enum store_view view,
                         const struct store_filter *filter)
{
    int r = 0;

    if (!store_has_column(view, "id"))
        return filter->after_id || filter->until_id || filter->id ? -EINVAL : 0;
    if (filter->id)
        r = query_add(query, "id = ?", db_int(filter->id));
    if (r == 0 && filter->after_id)
        r = query_add(query, "id > ?", db_int(filter->after_id));
    if (r == 0 && filter->until_id)
        r = query_add(query, "id <= ?", db_int(filter->until_id));
    return r;
}

/* Both are what the view is sorted by, so that a page begins where the last one ended. */
static int query_add_after(struct query *query, enum store_view view,
                           const struct store_filter *filter)
{
    if (!filter->after_address)
        return 0;
    if (view != STORE_SUPPRESSED || !filter->after_scope || filter->newest_first)
        return -EINVAL;
    int r = query_add(query, "(address, scope) > (?, ?)",
                      db_text(str_of(filter->after_address)));
    if (r == 0)
        query->values[query->count++] = db_text(str_of(filter->after_scope));
    return r;
}

/* No index has SES's ids as a whole; but they tell when the mail was sent. */
static int query_add_message(struct query *query, enum store_view view,
                             const struct store_filter *filter)
{
    int64_t sent_ms;
    int r;

    if (!filter->message)
        return 0;
    if (!store_has_column(view, "ses_message_id"))
        return -EINVAL;
    r = query_add(query, "ses_message_id = ?", db_text(str_of(filter->message)));
    sent_ms = ses_id_time(str_of(filter->message));
    if (r == 0 && sent_ms != 0 && strcmp(views[view].time, "occurred_at") == 0)
        r = query_add(query, "occurred_at >= ?", db_time(sent_ms - STORE_SES_LAG_MS));
    return r;
}

static int query_build(struct query *query, enum store_view which,
                       const struct store_filter *filter)
{
    const struct view *view = &views[which];
    int r = buf_printf(&query->sql, "SELECT %s FROM %s", filter->ids_only ? "id" : "*",
                       view->name);

    if (r == 0)
        r = query_add_fields(query, which, filter);
    if (r == 0)
        r = query_add_time(query, view, ">=", filter->since_ms);
    if (r == 0)
        r = query_add_time(query, view, "<", filter->until_ms);
    if (r == 0)
        r = query_add_ids(query, which, filter);
    if (r == 0)
        r = query_add_after(query, which, filter);
    if (r == 0)
        r = query_add_message(query, which, filter);
    if (r == 0 && filter->message && !filter->until_id)
        r = buf_printf(&query->sql, " ORDER BY %s, %s", view->time, view->order);
    else if (r == 0)
        r = buf_printf(&query->sql, " ORDER BY %s",
                       filter->newest_first ? view->order_newest : view->order);
    if (r == 0 && filter->limit > 0)
        r = buf_printf(&query->sql, " LIMIT %lld", (long long)filter->limit);
    return r;
}

/* A time that is not one is shown as the text that it is. */
static void value_set_type(struct store_value *value, enum store_value_type type)
{
    if (value->type == STORE_INTEGER && type == STORE_BOOLEAN)
        value->type = STORE_BOOLEAN;
    else if (value->type == STORE_TEXT &&
             (type == STORE_JSON ||
              (type == STORE_TIME && clock_parse(value->text, &value->integer) == 0)))
        value->type = type;
}

static int query_give_rows(struct db_call *call, store_row_fn *row, void *context)
{
    struct store_value values[STORE_COLUMNS_MAX];
    enum store_value_type types[STORE_COLUMNS_MAX] = {0};
    int count = db_column_count(call);
    bool is_first = true;
    int r;

    if (count > STORE_COLUMNS_MAX)
        return -E2BIG;
    for (; (r = db_step(call)) == 1; is_first = false) {
        for (int i = 0; i < count; i++) {
            values[i] = db_get_value(call);
            if (is_first)
                types[i] = store_column_type(values[i].name);
            value_set_type(&values[i], types[i]);
        }
        r = row(context, values, (size_t)count);
        if (r != 0)
            break;
    }
    return r;
}

int store_query(struct store *store, enum store_view view,
                const struct store_filter *filter, store_row_fn *row, void *context)
{
    _cleanup_(query_done) struct query query = {.count = 0};
    int r;

    buf_init(&query.sql, STORE_QUERY_BYTES_MAX);
    r = query_build(&query, view, filter);
    if (r < 0)
        return r;
    _cleanup_(db_call_end) struct db_call call =
        db_call_text(store, buf_str(&query.sql).data, query.values, query.count);
    r = query_give_rows(&call, row, context);
    return r == 0 ? db_read_check(store) : r;
}

int store_span(struct store *store, enum store_view view, struct store_span *ret)
{
    if (view != STORE_EVENTS && view != STORE_LOG)
        return -EINVAL;
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, view == STORE_EVENTS ? SQL_SPAN_EVENTS : SQL_SPAN_LOG);
    int r = db_step(&call);

    if (r == 1) {
        ret->pruned_id = db_get_int(&call);
        ret->oldest_id = db_get_int(&call);
        ret->newest_id = db_get_int(&call);
    }
    int changed = r < 0 || store->is_reading ? 0 : db_read_check(store);

    return r < 0 ? r : changed;
}

int store_is_suppressed(struct store *store, const struct address *address,
                        const char *scope)
{
    int r = db_find(store, SQL_IS_SUPPRESSED, NULL, db_text(str_of(address->key)),
                    db_text(str_of(scope)));
    int changed = r < 0 || store->is_reading ? 0 : db_read_check(store);

    return changed < 0 ? changed : r;
}

static void suppression_take(struct db_call *call, struct store_suppression *ret)
{
    struct str reason = db_get_text(call), scope = db_get_text(call);
    int64_t until_ms = db_get_time(call);

    (void)snprintf(ret->reason, sizeof(ret->reason), "%.*s", STR_ARG(reason));
    (void)snprintf(ret->scope, sizeof(ret->scope), "%.*s", STR_ARG(scope));
    ret->until_ms = until_ms == CLOCK_NONE ? POLICY_FOR_EVER : until_ms;
}

int store_suppression(struct store *store, const struct address *address,
                      const char *scope, struct store_suppression *ret)
{
    struct store_suppression other;
    _cleanup_(db_call_end) struct db_call call = db_call(
        store, SQL_SUPPRESSION, db_text(str_of(address->key)), db_text(str_of(scope)));
    int r = db_step(&call), found = r;

    if (r == 1)
        suppression_take(&call, ret);
    while (r == 1 && strcmp(ret->scope, POLICY_SCOPE_ALL) != 0 &&
           (r = db_step(&call)) == 1) {
        suppression_take(&call, &other);
        if (strcmp(other.scope, POLICY_SCOPE_ALL) == 0)
            *ret = other;
    }
    if (r < 0)
        return r;
    int changed = store->is_reading ? 0 : db_read_check(store);

    return changed < 0 ? changed : found;
}

int store_read_begin(struct store *store)
{
    int r = db_do(store, SQL_READ_BEGIN);

    store->is_reading = r == 0;
    return r;
}

int store_read_end(struct store *store)
{
    store->is_reading = false;
    int r = db_do(store, SQL_READ_END);

    return r < 0 ? r : db_read_check(store);
}

int store_stats(struct store *store, enum store_stats_by by, int64_t since_ms,
                store_row_fn *row, void *context)
{
    static const enum sql queries[STORE_STATS_BY] = {
        [STORE_STATS_DAY] = SQL_STATS_DAY,
        [STORE_STATS_ALL] = SQL_STATS_ALL,
        [STORE_STATS_DOMAIN] = SQL_STATS_DOMAIN,
        [STORE_STATS_IDENTITY] = SQL_STATS_IDENTITY,
        [STORE_STATS_CONFIGURATION_SET] = SQL_STATS_CONFIGURATION_SET,
        [STORE_STATS_SCOPE] = SQL_STATS_SCOPE,
        [STORE_STATS_CAMPAIGN] = SQL_STATS_CAMPAIGN,
        [STORE_STATS_TENANT] = SQL_STATS_TENANT,
    };
    bool of_events = by == STORE_STATS_CAMPAIGN || by == STORE_STATS_TENANT;
    int64_t day_ms = since_ms / CLOCK_DAY_MS * CLOCK_DAY_MS;
    _cleanup_(db_call_end) struct db_call call = db_call(
        store, queries[by], of_events ? db_time(day_ms) : db_int(day_ms / CLOCK_HOUR_MS));
    int r = query_give_rows(&call, row, context);

    return r == 0 ? db_read_check(store) : r;
}

int store_recorded_only(struct store *store, int64_t now_ms, store_row_fn *row,
                        void *context)
{
    int64_t since_ms = now_ms - POLICY_DELIVERIES_MS;
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_STATS_RECORDED_ONLY, db_int(since_ms / CLOCK_HOUR_MS),
                db_day(since_ms));
    int r = query_give_rows(&call, row, context);

    return r == 0 ? db_read_check(store) : r;
}
