/*
 * A ceiling: how fast SQLite alone commits the rows that the daemon wrote. Reads the rows
 * of a message out of a database of the daemon's into memory, and inserts the same ones
 * into an empty file of the same schema and settings, in transactions of the same size.
 * No HTTP, no parsing, no look-up, one thread; the WAL is checkpointed at the size at
 * which the daemon does it.
 *
 * usage: bare FROM.db TO.db BATCH MILLISECONDS
 *
 * Takes no code of src/store on purpose. Prints one JSON object.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>

#include "messages.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"

#define PAGE_BYTES   8192
#define ROWS_MAX     1000000
#define SQL_BYTES    8192
#define BATCH_MAX    100000
#define DURATION_MAX 600000

/* The tables that a kept message has a row in, in the order in which they are written. */
static const char *const tables[] = {"sns_message", "event", "suppression", "body"};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

struct table {
    sqlite3_value **cells; /* row by row */
    size_t rows;
    int columns;
    sqlite3_stmt *insert;
};

struct bare {
    sqlite3 *from;
    sqlite3 *to;
    struct table tables[TABLES];
    sqlite3_stmt *begin;
    sqlite3_stmt *commit;
    sqlite3_stmt *topic;
    sqlite3_stmt *tally;
};

static int fail(sqlite3 *db, const char *what)
{
    (void)fprintf(stderr, "bare: %s: %s\n", what, sqlite3_errmsg(db));
    return -EIO;
}

static int execute(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(db, sql);
}

static int prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret)
{
    return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) ==
                   SQLITE_OK
               ? 0
               : fail(db, sql);
}

/* The text of the first column of the first row; the caller frees it. */
static char *ask(sqlite3 *db, const char *format, const char *name)
{
    char sql[SQL_BYTES];
    sqlite3_stmt *statement = NULL;
    char *answer = NULL;

    (void)sqlite3_snprintf(sizeof(sql), sql, format, name, name);
    if (prepare(db, sql, &statement) == 0 && sqlite3_step(statement) == SQLITE_ROW &&
        sqlite3_column_type(statement, 0) != SQLITE_NULL)
        answer = strdup((const char *)sqlite3_column_text(statement, 0));
    (void)sqlite3_finalize(statement);
    return answer;
}

static int copy_schema(struct bare *bare)
{
    sqlite3_stmt *schema = NULL;
    int r = prepare(bare->from,
                    "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
                    " AND name NOT LIKE 'sqlite_%' AND type IN ('table', 'index')"
                    " ORDER BY type DESC, rowid",
                    &schema);

    while (r == 0 && sqlite3_step(schema) == SQLITE_ROW)
        r = execute(bare->to, (const char *)sqlite3_column_text(schema, 0));
    (void)sqlite3_finalize(schema);
    return r;
}

/* Generated columns cannot be written: the others, by name. */
#define COLUMN_NAMES                                                                     \
    "SELECT group_concat(name, ', ') FROM pragma_table_xinfo(%Q) WHERE hidden = 0"
#define PARAMETERS                                                                       \
    "SELECT group_concat('?', ', ') FROM pragma_table_xinfo(%Q) WHERE hidden = 0"

static int load_rows(struct table *table, sqlite3_stmt *rows)
{
    size_t room = 0;

    table->columns = sqlite3_column_count(rows);
    while (sqlite3_step(rows) == SQLITE_ROW && table->rows < ROWS_MAX) {
        size_t columns = (size_t)table->columns;

        if (table->rows == room) {
            room = room ? 2 * room : 1024;
            sqlite3_value **more =
                reallocarray(table->cells, room * columns, sizeof(*more));

            if (!more)
                return -ENOMEM;
            table->cells = more;
        }
        for (int i = 0; i < table->columns; i++)
            table->cells[table->rows * columns + (size_t)i] =
                sqlite3_value_dup(sqlite3_column_value(rows, i));
        table->rows++;
    }
    return 0;
}

/* Entries in the order of their events: that of the list itself is the address's. */
static int load_table(struct bare *bare, size_t which)
{
    struct table *table = &bare->tables[which];
    _cleanup_(freep) char *names = ask(bare->from, COLUMN_NAMES, tables[which]);
    _cleanup_(freep) char *parameters = ask(bare->from, PARAMETERS, tables[which]);
    char sql[SQL_BYTES];
    sqlite3_stmt *rows = NULL;
    int r;

    if (!names || !parameters)
        return -EINVAL;
    (void)sqlite3_snprintf(
        sizeof(sql), sql, "SELECT %s FROM %s ORDER BY %s", names, tables[which],
        strcmp(tables[which], "suppression") == 0 ? "first_event_at" : "rowid");
    r = prepare(bare->from, sql, &rows);
    if (r == 0)
        r = load_rows(table, rows);
    (void)sqlite3_finalize(rows);
    (void)sqlite3_snprintf(sizeof(sql), sql, "INSERT INTO %s (%s) VALUES (%s)",
                           tables[which], names, parameters);
    return r < 0 ? r : prepare(bare->to, sql, &table->insert);
}

static int open_both(struct bare *bare, const char *from, const char *to)
{
    char sql[SQL_BYTES];
    int r;

    if (sqlite3_open_v2(from, &bare->from, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        return fail(bare->from, from);
    if (sqlite3_open_v2(to, &bare->to,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return fail(bare->to, to);
    (void)sqlite3_snprintf(
        sizeof(sql), sql,
        "PRAGMA page_size = %d; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "PRAGMA mmap_size = 0; PRAGMA foreign_keys = OFF; PRAGMA cell_size_check = ON;"
        "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;"
        "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = %d",
        PAGE_BYTES, (int)(STORE_WAL_BYTES / PAGE_BYTES));
    r = execute(bare->to, sql);
    if (r == 0)
        r = copy_schema(bare);
    if (r == 0)
        r = execute(bare->to,
                    "INSERT INTO topic (id, topic_arn) VALUES (1, '" BENCH_TOPIC "')");
    for (size_t i = 0; r == 0 && i < TABLES; i++)
        r = load_table(bare, i);
    return r;
}

static int prepare_rest(struct bare *bare)
{
    int r = prepare(bare->to, "BEGIN IMMEDIATE", &bare->begin);

    if (r == 0)
        r = prepare(bare->to, "COMMIT", &bare->commit);
    if (r == 0)
        r = prepare(bare->to, "UPDATE topic SET messages = messages + 1 WHERE id = 1",
                    &bare->topic);
    if (r == 0)
        r = prepare(bare->to,
                    "INSERT INTO day_count (day, scope, hard_bounces)"
                    " VALUES ('2026-01-01', '*', 1)"
                    " ON CONFLICT DO UPDATE SET hard_bounces = hard_bounces + 1",
                    &bare->tally);
    return r;
}

static int run_once(struct bare *bare, sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);

    (void)sqlite3_reset(statement);
    return rc == SQLITE_DONE ? 0 : fail(bare->to, sqlite3_sql(statement));
}

static int insert(struct bare *bare, const struct table *table, size_t row)
{
    for (int i = 0; i < table->columns; i++)
        (void)sqlite3_bind_value(table->insert, i + 1,
                                 table->cells[row * (size_t)table->columns + (size_t)i]);
    return run_once(bare, table->insert);
}

static int commit_batch(struct bare *bare, size_t first, size_t end)
{
    int r = run_once(bare, bare->begin);

    for (size_t row = first; r == 0 && row < end; row++) {
        for (size_t i = 0; r == 0 && i < TABLES; i++)
            r = insert(bare, &bare->tables[i], row);
    }
    if (r == 0)
        r = run_once(bare, bare->topic);
    if (r == 0)
        r = run_once(bare, bare->tally);
    return r < 0 ? r : run_once(bare, bare->commit);
}

static int run(struct bare *bare, size_t batch, int64_t duration_ns)
{
    int64_t start_ns = bench_now_ns();
    int64_t spent_ns = 0;
    size_t messages = bare->tables[0].rows;
    size_t row = 0;
    int r = 0;

    for (size_t i = 1; i < TABLES; i++) {
        if (bare->tables[i].rows < messages)
            messages = bare->tables[i].rows;
    }
    while (r == 0 && row < messages && spent_ns < duration_ns) {
        size_t end = row + batch < messages ? row + batch : messages;

        r = commit_batch(bare, row, end);
        row = end;
        spent_ns = bench_now_ns() - start_ns;
    }
    if (r == 0)
        printf("{\"messages\": %zu, \"seconds\": %.6f, \"rate\": %.1f}\n", row,
               (double)spent_ns / 1e9, (double)row * 1e9 / (double)spent_ns);
    return r;
}

/* What was loaded goes with the process. */
int main(int argc, char **argv)
{
    struct bare bare = {0};
    int r;

    if (argc != 5) {
        (void)fprintf(stderr, "usage: bare FROM.db TO.db BATCH MILLISECONDS\n");
        return 2;
    }
    size_t batch = bench_number(argv[3], BATCH_MAX);
    int64_t duration_ms = (int64_t)bench_number(argv[4], DURATION_MAX);

    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    r = open_both(&bare, argv[1], argv[2]);
    if (r == 0)
        r = prepare_rest(&bare);
    if (r == 0)
        r = run(&bare, batch > 0 ? batch : 1, duration_ms * 1000000);
    return r < 0;
}
