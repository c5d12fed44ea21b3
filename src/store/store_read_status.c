/* What `status` and `db check` show. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sesbounce/limits.h"
#include "store/store_internal.h"

/* Name and value; the rows of one query, so that all of them are of one moment. `sums`
 * has what is in both of the tables that the schema explains at `total`. */
static const char status_sql[] =
    "WITH days AS MATERIALIZED (SELECT sum(events) AS events, sum(suppressed_soft) AS"
    " soft, sum(suppressed_bounce) AS bounce, sum(suppressed_complaint) AS complaint,"
    " sum(suppressed_manual) AS manual FROM day_count), "
    "sums(name, n) AS MATERIALIZED (SELECT name, sum(n) FROM (SELECT name, n FROM total"
    " WHERE (name = 'events' OR name GLOB 'suppressed_*')"
    " AND ends >= strftime('%s', 'now') / 60"
    " UNION ALL SELECT 'events', events FROM days"
    " UNION ALL SELECT 'suppressed_soft', soft FROM days"
    " UNION ALL SELECT 'suppressed_bounce', bounce FROM days"
    " UNION ALL SELECT 'suppressed_complaint', complaint FROM days"
    " UNION ALL SELECT 'suppressed_manual', manual FROM days) GROUP BY name) "
    "SELECT 'schema_version', user_version FROM pragma_user_version UNION ALL "
    "SELECT 'suppressed', coalesce(sum(n), 0) FROM sums"
    " WHERE name GLOB 'suppressed_*' UNION ALL "
    "SELECT * FROM (SELECT name, n FROM sums"
    " WHERE name GLOB 'suppressed_*' AND n > 0 ORDER BY name) UNION ALL "
    "SELECT name, n FROM sums WHERE name = 'events' UNION ALL "
    "SELECT 'last_event_id', max(id) FROM event UNION ALL "
    "SELECT * FROM (SELECT name, n FROM total WHERE name IN"
    " ('quarantine', 'quarantine_bytes') ORDER BY name) UNION ALL "
    "SELECT 'quarantine_dropped_last_day', coalesce(sum(n), 0) FROM quarantine_dropped"
    " WHERE day >= date('now', '-1 day') UNION ALL "
    "SELECT 'repeats_last_day', coalesce(sum(repeats), 0) FROM day_count"
    " WHERE day >= date('now', '-1 day') UNION ALL "
    "SELECT 'last_received_at', min(max(at), strftime('%Y-%m-%d %H:%M:%f', 'now')) FROM "
    "(SELECT max(last_message_at) AS at FROM "
    "topic"
    " UNION ALL SELECT received_at FROM sns_message WHERE id ="
    " (SELECT max(id) FROM sns_message)) UNION ALL "
    "SELECT 'outbox', count(*) FROM outbox UNION ALL "
    "SELECT 'outbox_last_fault', (SELECT last_fault FROM outbox"
    " WHERE last_fault IS NOT NULL ORDER BY id DESC LIMIT 1) UNION ALL "
    "SELECT name, n FROM total WHERE name = 'addresses_with_soft_bounces' UNION ALL "
    "SELECT 'soft_counting', 'soft bounces are classified and recorded; they do not"
    " suppress yet'";

#define TEXT_OF(macro)  TEXT_OF_(macro)
#define TEXT_OF_(value) #value

/* No row where no database was lost, or long ago. */
static const char begun_anew_sql[] =
    "SELECT name, strftime('%Y-%m-%d %H:%M:%f', n, 'unixepoch') FROM total"
    " WHERE name = 'begun_anew_at' AND n >= strftime('%s', 'now') - 86400"
    " * " TEXT_OF(STORE_LOST_TELL_DAYS);

/* Its condition is that of the index event_not_addressed. */
static const char not_addressed_sql[] =
    "SELECT 'not_addressed_last_day', count(*) FROM event WHERE rule = 'not-addressed'"
    " AND occurred_at >= strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 day')";

static int file_bytes(const char *path, const char *suffix, int64_t *ret)
{
    _cleanup_(freep) char *name = NULL;
    struct stat st;

    *ret = 0;
    if (asprintf(&name, "%s%s", path, suffix) < 0) {
        name = NULL;
        return -ENOMEM;
    }
    if (stat(name, &st) == 0)
        *ret = st.st_size;
    return 0;
}

static int give(store_row_fn *row, void *context, struct str name,
                struct store_value value)
{
    const struct store_value values[] = {
        {.name = "name", .type = STORE_TEXT, .text = name}, value};

    return row(context, values, 2);
}

static int give_sizes(struct store *store, store_row_fn *row, void *context)
{
    static const char *const suffixes[] = {"", "-wal"};
    static const char *const names[] = {"file_bytes", "wal_bytes"};

    for (size_t i = 0; i < 2; i++) {
        struct store_value value = {.name = "value", .type = STORE_INTEGER};
        int r = file_bytes(store->path, suffixes[i], &value.integer);

        if (r == 0)
            r = give(row, context, str_of(names[i]), value);
        if (r != 0)
            return r;
    }
    return 0;
}

static struct str text_of(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    return (struct str){text, (size_t)sqlite3_column_bytes(statement, column)};
}

static struct store_value value_of(sqlite3_stmt *statement)
{
    struct store_value value = {.name = "value", .type = STORE_NULL};
    struct str name = text_of(statement, 0);
    int type = sqlite3_column_type(statement, 1);

    if (type == SQLITE_INTEGER) {
        value.type = STORE_INTEGER;
        value.integer = sqlite3_column_int64(statement, 1);
    } else if (type != SQLITE_NULL) {
        value.text = text_of(statement, 1);
        value.type = STORE_TEXT;
        if (str_ends_with(name, STR("_at")) &&
            clock_parse(value.text, &value.integer) == 0)
            value.type = STORE_TIME;
    }
    return value;
}

static int give_rows(struct store *store, sqlite3_stmt *statement, store_row_fn *row,
                     void *context)
{
    int rc;

    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct str name = text_of(statement, 0);
        int r = give(row, context, name, value_of(statement));

        if (r != 0)
            return r;
    }
    return rc == SQLITE_DONE ? 0 : db_fault(store, rc, "reading the status");
}

static int give_query(struct store *store, const char *sql, store_row_fn *row,
                      void *context)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    int r;

    if (rc != SQLITE_OK)
        return db_fault(store, rc, "preparing the status");
    r = give_rows(store, statement, row, context);
    (void)sqlite3_finalize(statement);
    return r;
}

int store_status(struct store *store, store_row_fn *row, void *context)
{
    int r = give_sizes(store, row, context);

    if (r == 0)
        r = give_query(store, status_sql, row, context);
    if (r == 0)
        r = give_query(store, not_addressed_sql, row, context);
    if (r == 0)
        r = give_query(store, begun_anew_sql, row, context);
    return r;
}

struct progress {
    void (*tell)(void *context);
    void *context;
};

static int on_progress(void *context)
{
    const struct progress *progress = context;

    progress->tell(progress->context);
    return 0;
}

/* The lines of one check that are not "ok". */
static int check(struct store *store, const char *sql, struct buf *report, bool *ret_bad)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    int r = 0;

    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(statement);
        if (rc != SQLITE_ROW)
            break;
        struct str line = text_of(statement, 0);

        if (str_equal(line, STR("ok")))
            continue;
        *ret_bad = true;
        /* A report that is full is bad enough as it is. */
        (void)buf_append_str(report, line);
        (void)buf_append_char(report, '\n');
    }
    if (rc != SQLITE_DONE)
        r = db_fault(store, rc, "checking");
    (void)sqlite3_finalize(statement);
    return r;
}

int store_check(struct store *store, struct buf *report, void (*progress)(void *context),
                void *context)
{
    struct progress state = {progress, context};
    bool bad = false;
    int r;

    if (progress)
        sqlite3_progress_handler(store->db, STORE_CHECK_STEPS, on_progress, &state);
    r = check(store, "SELECT * FROM pragma_integrity_check(100)", report, &bad);
    if (r == 0)
        r = check(store,
                  "SELECT \"table\" || ': row ' || coalesce(rowid, '?') || ' refers to no"
                  " row of ' || parent FROM pragma_foreign_key_check LIMIT 100",
                  report, &bad);
    sqlite3_progress_handler(store->db, 0, NULL, NULL);
    if (r == -EUCLEAN)
        (void)buf_printf(report, "%s\n", store->fault);
    return r == 0 && bad ? -EUCLEAN : r;
}
