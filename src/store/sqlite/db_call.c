#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/sqlite/db.h"

static int errno_of_io(int rc, int system_errno)
{
    if (rc == SQLITE_IOERR_NOMEM)
        return -ENOMEM;
    if (system_errno == ENOSPC || system_errno == EDQUOT)
        return -ENOSPC;
    /* A disk that was remounted after an error: descriptors for writing stay open. */
    if (system_errno == EROFS)
        return -EROFS;
    return -EIO;
}

static int errno_of_open(int system_errno)
{
    switch (system_errno) {
    case ENOENT:
    case EACCES:
    case EROFS:
        return -system_errno;
    case EPERM:
        return -EACCES;
    case ENOSPC:
    case EDQUOT:
        return -ENOSPC;
    default:
        return -EIO;
    }
}

/* No database is as large: 2^32 pages of 64 KiB are half of it. */
#define BEYOND_THE_END (1LL << 49)

/* The errno of the last call that failed. SQLite keeps it until a read
 * ends early: so we read beyond the end, and the next corruption is judged by itself. */
static int file_last_errno(sqlite3_file *file)
{
    int error = 0;
    char byte;

    if (!file || !file->pMethods)
        return 0;
    (void)file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
    (void)file->pMethods->xRead(file, &byte, 1, BEYOND_THE_END);
    return error;
}

/* SQLite calls it corruption, too, when a read fails with one of these. */
static bool errno_is_of_read(int error)
{
    return error == EIO || error == ENXIO || error == ERANGE;
}

static bool disk_failed(sqlite3 *db)
{
    sqlite3_file *database = NULL;
    sqlite3_file *wal = NULL;

    if (!db)
        return false;
    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &database);
    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    bool database_failed = errno_is_of_read(file_last_errno(database));

    return errno_is_of_read(file_last_errno(wal)) || database_failed;
}

static int errno_of(int rc, int system_errno)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return -EUCLEAN;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return -EACCES;
    case SQLITE_CANTOPEN:
        return errno_of_open(system_errno);
    case SQLITE_IOERR:
        return errno_of_io(rc, system_errno);
    default:
        return -EIO;
    }
}

int db_fault(struct store *store, int rc, const char *what)
{
    int system_errno = sqlite3_system_errno(store->db->sqlite);

    (void)snprintf(store->fault, sizeof(store->fault), "%s: %s (SQLite %d%s%s)", what,
                   sqlite3_errstr(rc), rc, store->db->sqlite ? ", " : "",
                   store->db->sqlite ? sqlite3_errmsg(store->db->sqlite) : "");
    if ((rc & 0xff) == SQLITE_CORRUPT && disk_failed(store->db->sqlite))
        return -EIO;
    int error = errno_of(rc, system_errno);

    if (error == -EUCLEAN)
        store->db->is_spoiled = true;
    return error;
}

int db_exec(struct store *store, const char *sql, const char *what)
{
    int rc = sqlite3_exec(store->db->sqlite, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : db_fault(store, rc, what);
}

static void call_keep_fault(struct db_call *call, int rc, const char *what)
{
    if (rc != SQLITE_OK && call->error == 0)
        call->error = db_fault(call->store, rc, what);
}

/* For the rare text with a NUL inside: SQLite would show only the part before it. */
static int bind_without_nul(sqlite3_stmt *statement, int at, struct str text)
{
    static const char replacement[3] = {'\xEF', '\xBF', '\xBD'};
    char *copy = sqlite3_malloc64(text.len * sizeof(replacement));
    size_t len = 0;

    if (!copy)
        return SQLITE_NOMEM;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i]) {
            copy[len++] = text.data[i];
        } else {
            memcpy(copy + len, replacement, sizeof(replacement));
            len += sizeof(replacement);
        }
    }
    return sqlite3_bind_text64(statement, at, copy, len, sqlite3_free, SQLITE_UTF8);
}

static int bind_text(sqlite3_stmt *statement, int at, struct str text)
{
    if (memchr(text.data, 0, text.len))
        return bind_without_nul(statement, at, text);
    return sqlite3_bind_text64(statement, at, text.data, text.len, SQLITE_STATIC,
                               SQLITE_UTF8);
}

/* Texts of a statement that ends before they do, so that SQLite need not copy them. */
struct times {
    size_t count;
    char texts[8][CLOCK_TEXT_BYTES];
};

static int bind_time(sqlite3_stmt *statement, int at,
                     void (*format)(int64_t ms, char ret[CLOCK_TEXT_BYTES]), int64_t ms,
                     struct times *times)
{
    char own[CLOCK_TEXT_BYTES];
    bool stays = times && times->count < sizeof(times->texts) / sizeof(times->texts[0]);
    char *text = stays ? times->texts[times->count++] : own;

    format(ms, text);
    return sqlite3_bind_text(statement, at, text, -1,
                             stays ? SQLITE_STATIC : SQLITE_TRANSIENT);
}

static int bind_value(sqlite3_stmt *statement, int i, const struct db_value *value,
                      struct times *times)
{
    switch (value->type) {
    case DB_REAL:
        return sqlite3_bind_double(statement, i, value->real);
    case DB_INT:
        return sqlite3_bind_int64(statement, i, value->integer);
    case DB_TIME:
        return bind_time(statement, i, clock_format_sql, value->integer, times);
    case DB_DAY:
        return bind_time(statement, i, clock_format_day, value->integer, times);
    case DB_TEXT:
        return bind_text(statement, i, value->text);
    case DB_BLOB:
        return sqlite3_bind_blob64(statement, i, value->text.len ? value->text.data : "",
                                   value->text.len, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(statement, i);
    }
}

/* `*bound`: bits of the first 64 parameters that the last use bound, which is not
 * cleared, since this one binds it again; NULL where there was none. Half of them are
 * NULL, and stay so. */
static void bind_values(struct db_call *call, const struct db_value *values, size_t count,
                        uint64_t *bound, struct times *times)
{
    uint64_t before = bound ? *bound : 0, now = 0;

    assert(call->error || (int)count == sqlite3_bind_parameter_count(call->statement));
    for (size_t i = 0; i < count && call->error == 0; i++) {
        uint64_t bit = i < 64 ? UINT64_C(1) << i : 0;

        if (values[i].type != DB_NULL)
            now |= bit;
        else if (bit && !(before & bit))
            continue;
        call_keep_fault(call, bind_value(call->statement, (int)i + 1, &values[i], times),
                        "binding a parameter");
    }
    if (bound)
        *bound = before | now;
}

static struct db_call call_begin(struct store *store, enum sql which,
                                 const struct db_value *values, size_t count,
                                 struct times *times)
{
    struct db_call call = {.store = store};
    sqlite3_stmt **statement = &store->db->statements[which];

    if (!*statement) {
        store->db->bound[which] = 0;
        call_keep_fault(
            &call,
            sqlite3_prepare_v3(store->db->sqlite,
                               db_sql[which] ? db_sql[which] : db_sql_retention[which],
                               -1, SQLITE_PREPARE_PERSISTENT, statement, NULL),
            "preparing a statement");
    }
    call.statement = *statement;
    bind_values(&call, values, count, &store->db->bound[which], times);
    return call;
}

struct db_call db_call_begin(struct store *store, enum sql which,
                             const struct db_value *values, size_t count)
{
    return call_begin(store, which, values, count, NULL);
}

struct db_call db_call_text(struct store *store, const char *sql,
                            const struct db_value *values, size_t count)
{
    struct db_call call = {.store = store, .is_own = true};
    sqlite3_stmt *statement = NULL;

    call_keep_fault(&call,
                    sqlite3_prepare_v2(store->db->sqlite, sql, -1, &statement, NULL),
                    "preparing a query");
    call.statement = statement;
    bind_values(&call, values, count, NULL, NULL);
    return call;
}

void db_call_end(struct db_call *call)
{
    if (!call->statement)
        return;
    (void)(call->is_own ? sqlite3_finalize(call->statement)
                        : sqlite3_reset(call->statement));
    call->statement = NULL;
}

int db_step(struct db_call *call)
{
    int rc;

    if (call->error)
        return call->error;
    call->column = 0;
    rc = sqlite3_step(call->statement);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    call_keep_fault(call, rc, sqlite3_sql(call->statement));
    return call->error;
}

int64_t db_get_int(struct db_call *call)
{
    return sqlite3_column_int64(call->statement, call->column++);
}

int64_t db_get_int_or(struct db_call *call, int64_t none)
{
    if (sqlite3_column_type(call->statement, call->column) != SQLITE_NULL)
        return db_get_int(call);
    call->column++;
    return none;
}

struct str db_get_text(struct db_call *call)
{
    const void *text = sqlite3_column_text(call->statement, call->column);
    int len = sqlite3_column_bytes(call->statement, call->column);

    call->column++;
    return (struct str){text, text ? (size_t)len : 0};
}

struct str db_get_blob(struct db_call *call)
{
    const void *bytes = sqlite3_column_blob(call->statement, call->column);
    int len = sqlite3_column_bytes(call->statement, call->column);

    call->column++;
    return (struct str){bytes, bytes ? (size_t)len : 0};
}

int64_t db_get_time(struct db_call *call)
{
    struct str text = db_get_text(call);
    int64_t ms;

    return str_present(text) && clock_parse(text, &ms) == 0 ? ms : CLOCK_NONE;
}

struct store_value db_get_value(struct db_call *call)
{
    struct store_value value = {.name =
                                    sqlite3_column_name(call->statement, call->column)};

    switch (sqlite3_column_type(call->statement, call->column)) {
    case SQLITE_NULL:
        value.type = STORE_NULL;
        call->column++;
        break;
    case SQLITE_INTEGER:
        value.type = STORE_INTEGER;
        value.integer = db_get_int(call);
        break;
    case SQLITE_FLOAT:
        value.type = STORE_REAL;
        value.real = sqlite3_column_double(call->statement, call->column++);
        break;
    default:
        value.type = STORE_TEXT;
        value.text = db_get_text(call);
    }
    return value;
}

int db_column_count(const struct db_call *call)
{
    return sqlite3_column_count(call->statement);
}

int64_t db_last_id(const struct store *store)
{
    return sqlite3_last_insert_rowid(store->db->sqlite);
}

int db_call_fault(struct db_call *call, const char *what)
{
    return db_fault(call->store, sqlite3_errcode(call->store->db->sqlite), what);
}

int db_change_values(struct store *store, enum sql which, const struct db_value *values,
                     size_t count)
{
    struct times times = {.count = 0};
    _cleanup_(db_call_end) struct db_call call =
        call_begin(store, which, values, count, &times);
    int r = db_step(&call);

    return r < 0 ? r : sqlite3_changes(store->db->sqlite);
}

int db_find_values(struct store *store, enum sql which, int64_t *ret,
                   const struct db_value *values, size_t count)
{
    struct times times = {.count = 0};
    _cleanup_(db_call_end) struct db_call call =
        call_begin(store, which, values, count, &times);
    int r = db_step(&call);

    if (r == 1 && ret)
        *ret = db_get_int(&call);
    return r;
}

struct db_value db_text_max(struct str text, size_t bytes_max)
{
    /* What replaces a NUL has three bytes. */
    if (text.len > bytes_max / 3 && memchr(text.data, 0, text.len))
        bytes_max /= 3;
    return db_text(str_cut(text, bytes_max));
}

int db_version(struct store *store, int64_t *ret)
{
    return db_only_fault(db_find(store, SQL_VERSION, ret));
}
