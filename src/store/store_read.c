/* Queries over the views, built from a filter with bound parameters only. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/store_internal.h"

#define CONDITIONS_MAX 16

enum field {
    FIELD_ADDRESS,
    FIELD_SCOPE,
    FIELD_TYPE,
    FIELD_CLASS,
    FIELD_CAUSE,
    FIELD_RULE,
    FIELD_DOMAIN,
    FIELD_CAMPAIGN,
    FIELD_REASON,
    FIELD_TOPIC,
    FIELD_COUNT,
};

/* Words are matched without regard to case; for address and domain their column's
 * collation does it, so that an index serves. */
static const char *const field_conditions[FIELD_COUNT] = {
    [FIELD_ADDRESS] = "address = ?",
    [FIELD_SCOPE] = "scope = ?",
    [FIELD_TYPE] = "type = ? COLLATE NOCASE",
    [FIELD_CLASS] = "class = ? COLLATE NOCASE",
    [FIELD_CAUSE] = "cause = ? COLLATE NOCASE",
    [FIELD_RULE] = "rule = ?",
    [FIELD_DOMAIN] = "domain = ?",
    [FIELD_CAMPAIGN] = "campaign = ?",
    [FIELD_REASON] = "reason = ? COLLATE NOCASE",
    [FIELD_TOPIC] = "topic_arn = ?",
};

#define BIT(field) (1U << FIELD_##field)
#define EVENT_FIELDS                                                                     \
    (BIT(ADDRESS) | BIT(SCOPE) | BIT(TYPE) | BIT(CLASS) | BIT(CAUSE) | BIT(RULE) |       \
     BIT(DOMAIN) | BIT(CAMPAIGN) | BIT(TOPIC))

struct view {
    const char *name;
    const char *time; /* what since_ms and until_ms compare with */
    const char *order;
    const char *order_newest;
    bool has_id;
    unsigned fields;
};

static const struct view views[] = {
    [STORE_SUPPRESSED] = {"suppressed", "since", "address, scope", "since DESC, address",
                          false, BIT(ADDRESS) | BIT(SCOPE) | BIT(REASON)},
    [STORE_ENTRIES] = {"entries", "since", "address, scope, reason",
                       "since DESC, address", false,
                       BIT(ADDRESS) | BIT(SCOPE) | BIT(REASON)},
    [STORE_DECISIONS] = {"decisions", "at", "id", "id DESC", true,
                         BIT(ADDRESS) | BIT(SCOPE) | BIT(REASON)},
    [STORE_EVENTS] = {"events", "occurred_at", "id", "id DESC", true, EVENT_FIELDS},
    [STORE_BOUNCES] = {"bounces", "occurred_at", "id", "id DESC", true, EVENT_FIELDS},
    [STORE_COMPLAINTS] = {"complaints", "occurred_at", "id", "id DESC", true,
                          EVENT_FIELDS},
    [STORE_QUARANTINE] = {"quarantine", "received_at", "id", "id DESC", true,
                          BIT(REASON) | BIT(TOPIC)},
    [STORE_TOPICS] = {"topics", "last_message_at", "topic_arn", "last_message_at DESC",
                      false, BIT(TOPIC)},
    [STORE_DAILY] = {"daily", "day || ' 00:00:00.000'", "day", "day DESC", false, 0},
    [STORE_PAUSED] = {"paused", "since", "since", "since DESC", false, 0},
};

struct parameter {
    bool is_text;
    struct str text;
    int64_t integer;
};

struct query {
    struct buf sql;
    struct parameter parameters[CONDITIONS_MAX];
    int count;
    struct address address;
    char since[CLOCK_TEXT_BYTES];
    char until[CLOCK_TEXT_BYTES];
};

static void query_done(struct query *query)
{
    buf_done(&query->sql);
}

static int add_condition(struct query *query, const char *condition,
                         struct parameter parameter)
{
    int r =
        buf_printf(&query->sql, " %s %s", query->count == 0 ? "WHERE" : "AND", condition);

    if (r == 0)
        query->parameters[query->count++] = parameter;
    return r;
}

static int add_text(struct query *query, const char *condition, struct str text)
{
    return add_condition(query, condition,
                         (struct parameter){.is_text = true, .text = text});
}

static int add_integer(struct query *query, const char *condition, int64_t integer)
{
    return add_condition(query, condition, (struct parameter){.integer = integer});
}

/* The address in its key form: `John <A@B>` finds a@b. */
static int add_address(struct query *query, const char *typed)
{
    int r = address_parse(str_of(typed), &query->address);

    if (r < 0)
        return r;
    return add_text(query, field_conditions[FIELD_ADDRESS], str_of(query->address.key));
}

static int add_fields(struct query *query, const struct view *view,
                      const struct store_filter *filter)
{
    const char *const given[FIELD_COUNT] = {
        [FIELD_ADDRESS] = filter->address, [FIELD_SCOPE] = filter->scope,
        [FIELD_TYPE] = filter->type,       [FIELD_CLASS] = filter->class,
        [FIELD_CAUSE] = filter->cause,     [FIELD_RULE] = filter->rule,
        [FIELD_DOMAIN] = filter->domain,   [FIELD_CAMPAIGN] = filter->campaign,
        [FIELD_REASON] = filter->reason,   [FIELD_TOPIC] = filter->topic,
    };
    int r = 0;

    for (unsigned i = 0; r == 0 && i < FIELD_COUNT; i++) {
        if (!given[i])
            continue;
        if (!(view->fields & 1U << i))
            return -EINVAL;
        r = i == FIELD_ADDRESS ? add_address(query, given[i])
                               : add_text(query, field_conditions[i], str_of(given[i]));
    }
    return r;
}

static bool is_given(int64_t ms)
{
    return ms != 0 && ms != CLOCK_NONE;
}

static int add_times(struct query *query, const struct view *view,
                     const struct store_filter *filter)
{
    char condition[64];
    int r = 0;

    if (is_given(filter->since_ms)) {
        clock_format_sql(filter->since_ms, query->since);
        (void)snprintf(condition, sizeof(condition), "%s >= ?", view->time);
        r = add_text(query, condition, str_of(query->since));
    }
    if (r == 0 && is_given(filter->until_ms)) {
        clock_format_sql(filter->until_ms, query->until);
        (void)snprintf(condition, sizeof(condition), "%s < ?", view->time);
        r = add_text(query, condition, str_of(query->until));
    }
    return r;
}

static int add_ids(struct query *query, const struct view *view,
                   const struct store_filter *filter)
{
    int r = 0;

    if (!view->has_id)
        return filter->after_id || filter->id ? -EINVAL : 0;
    if (filter->id)
        r = add_integer(query, "id = ?", filter->id);
    if (r == 0 && filter->after_id)
        r = add_integer(query, "id > ?", filter->after_id);
    return r;
}

static int build(struct query *query, const struct view *view,
                 const struct store_filter *filter)
{
    int r = buf_printf(&query->sql, "SELECT %s FROM %s", filter->ids_only ? "id" : "*",
                       view->name);

    if (r == 0)
        r = add_fields(query, view, filter);
    if (r == 0)
        r = add_times(query, view, filter);
    if (r == 0)
        r = add_ids(query, view, filter);
    if (r == 0)
        r = buf_printf(&query->sql, " ORDER BY %s",
                       filter->newest_first ? view->order_newest : view->order);
    if (r == 0 && filter->limit > 0)
        r = buf_printf(&query->sql, " LIMIT %lld", (long long)filter->limit);
    return r;
}

static bool is_time(const char *name)
{
    struct str column = str_of(name);

    return str_ends_with(column, STR("_at")) || str_equal(column, STR("at")) ||
           str_equal(column, STR("since")) || str_equal(column, STR("until")) ||
           str_equal(column, STR("ses_timestamp"));
}

static struct store_value value_of(sqlite3_stmt *statement, int column)
{
    struct store_value value = {.name = sqlite3_column_name(statement, column)};

    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        value.type = STORE_NULL;
        break;
    case SQLITE_INTEGER:
        value.type = STORE_INTEGER;
        value.integer = sqlite3_column_int64(statement, column);
        break;
    case SQLITE_FLOAT:
        value.type = STORE_REAL;
        value.real = sqlite3_column_double(statement, column);
        break;
    default:
        value.type = is_time(value.name) ? STORE_TIME : STORE_TEXT;
        value.text.data = (const char *)sqlite3_column_text(statement, column);
        value.text.len = (size_t)sqlite3_column_bytes(statement, column);
    }
    return value;
}

static int give_rows(struct store *store, sqlite3_stmt *statement, store_row_fn *row,
                     void *context)
{
    struct store_value values[STORE_COLUMNS_MAX];
    int columns = sqlite3_column_count(statement);
    int rc;

    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        int r;

        for (int i = 0; i < columns && i < STORE_COLUMNS_MAX; i++)
            values[i] = value_of(statement, i);
        r = row(context, values, (size_t)columns);
        if (r != 0)
            return r;
    }
    return rc == SQLITE_DONE ? 0 : db_fault(store, rc, "reading");
}

static int bind(struct store *store, sqlite3_stmt *statement, const struct query *query)
{
    for (int i = 0; i < query->count; i++) {
        const struct parameter *parameter = &query->parameters[i];
        int rc =
            parameter->is_text
                ? sqlite3_bind_text64(statement, i + 1, parameter->text.data,
                                      parameter->text.len, SQLITE_STATIC, SQLITE_UTF8)
                : sqlite3_bind_int64(statement, i + 1, parameter->integer);

        if (rc != SQLITE_OK)
            return db_fault(store, rc, "binding a condition");
    }
    return 0;
}

int store_query(struct store *store, enum store_view view,
                const struct store_filter *filter, store_row_fn *row, void *context)
{
    _cleanup_(query_done) struct query query = {.count = 0};
    sqlite3_stmt *statement = NULL;
    int rc;
    int r;

    buf_init(&query.sql, STORE_QUERY_BYTES_MAX);
    r = build(&query, &views[view], filter);
    if (r < 0)
        return r;
    rc = sqlite3_prepare_v2(store->db, query.sql.data, -1, &statement, NULL);
    if (rc != SQLITE_OK)
        return db_fault(store, rc, "preparing a query");
    r = bind(store, statement, &query);
    if (r == 0)
        r = give_rows(store, statement, row, context);
    (void)sqlite3_finalize(statement);
    return r == 0 ? db_rest_check(store) : r;
}

int store_is_suppressed(struct store *store, const struct address *address,
                        const char *scope)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_IS_SUPPRESSED);
    int changed;
    int r;

    db_bind_text(&call, str_of(address->key));
    db_bind_text(&call, str_of(scope));
    r = db_step(&call);
    changed = r < 0 ? 0 : db_rest_check(store);
    return changed < 0 ? changed : r;
}
