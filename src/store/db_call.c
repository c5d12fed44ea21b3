#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/store_internal.h"

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
static int last_errno(sqlite3_file *file)
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
static bool is_read_error(int error)
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
    bool database_failed = is_read_error(last_errno(database));

    return is_read_error(last_errno(wal)) || database_failed;
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
    int system_errno = sqlite3_system_errno(store->db);

    (void)snprintf(store->fault, sizeof(store->fault), "%s: %s (SQLite %d%s%s)", what,
                   sqlite3_errstr(rc), rc, store->db ? ", " : "",
                   store->db ? sqlite3_errmsg(store->db) : "");
    if ((rc & 0xff) == SQLITE_CORRUPT && disk_failed(store->db))
        return -EIO;
    int error = errno_of(rc, system_errno);

    if (error == -EUCLEAN)
        store->is_spoiled = true;
    return error;
}

int db_exec(struct store *store, const char *sql, const char *what)
{
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : db_fault(store, rc, what);
}

int db_read_number(struct store *store, const char *sql, const char *what, int64_t *ret)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return rc == SQLITE_ROW ? 0 : db_fault(store, rc, what);
}

static void keep_fault(struct db_call *call, int rc, const char *what)
{
    if (rc != SQLITE_OK && call->error == 0)
        call->error = db_fault(call->store, rc, what);
}

struct db_call db_call_begin(struct store *store, enum sql which)
{
    struct db_call call = {.store = store, .next = 1};
    sqlite3_stmt **statement = &store->statements[which];

    if (!*statement)
        keep_fault(&call,
                   sqlite3_prepare_v3(store->db, store_sql[which], -1,
                                      SQLITE_PREPARE_PERSISTENT, statement, NULL),
                   "preparing a statement");
    call.statement = *statement;
    return call;
}

void db_call_end(struct db_call *call)
{
    if (!call->statement)
        return;
    (void)sqlite3_reset(call->statement);
    call->statement = NULL;
}

/* For the rare text with a NUL inside: SQLite would show only the part before it. */
static int bind_without_nul(struct db_call *call, struct str text)
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
    return sqlite3_bind_text64(call->statement, call->next, copy, len, sqlite3_free,
                               SQLITE_UTF8);
}

void db_bind_text(struct db_call *call, struct str text)
{
    int rc;

    if (!call->error) {
        if (text.len == 0)
            rc = sqlite3_bind_null(call->statement, call->next);
        else if (memchr(text.data, 0, text.len))
            rc = bind_without_nul(call, text);
        else
            rc = sqlite3_bind_text64(call->statement, call->next, text.data, text.len,
                                     SQLITE_STATIC, SQLITE_UTF8);
        keep_fault(call, rc, "binding a text");
    }
    call->next++;
}

void db_bind_text_max(struct db_call *call, struct str text, size_t bytes_max)
{
    /* What replaces a NUL has three bytes. */
    if (text.len > bytes_max / 3 && memchr(text.data, 0, text.len))
        bytes_max /= 3;
    db_bind_text(call, str_cut(text, bytes_max));
}

void db_bind_blob(struct db_call *call, struct str bytes)
{
    if (!call->error)
        keep_fault(call,
                   sqlite3_bind_blob64(call->statement, call->next,
                                       bytes.len ? bytes.data : "", bytes.len,
                                       SQLITE_STATIC),
                   "binding bytes");
    call->next++;
}

void db_bind_int_if(struct db_call *call, bool known, int64_t value)
{
    if (!call->error)
        keep_fault(call,
                   known ? sqlite3_bind_int64(call->statement, call->next, value)
                         : sqlite3_bind_null(call->statement, call->next),
                   "binding a number");
    call->next++;
}

void db_bind_int(struct db_call *call, int64_t value)
{
    db_bind_int_if(call, true, value);
}

void db_bind_time(struct db_call *call, int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];

    if (ms == CLOCK_NONE || ms == POLICY_FOR_EVER) {
        db_bind_int_if(call, false, 0);
        return;
    }
    if (!call->error) {
        clock_format_sql(ms, text);
        keep_fault(
            call,
            sqlite3_bind_text(call->statement, call->next, text, -1, SQLITE_TRANSIENT),
            "binding a time");
    }
    call->next++;
}

int db_step(struct db_call *call)
{
    int rc;

    if (call->error)
        return call->error;
    /* What the last use bound is not cleared, since this one binds it again. */
    assert(call->next > sqlite3_bind_parameter_count(call->statement));
    call->column = 0;
    rc = sqlite3_step(call->statement);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    keep_fault(call, rc, sqlite3_sql(call->statement));
    return call->error;
}

int db_run(struct db_call *call, int *ret_changes)
{
    int r = db_step(call);

    if (r < 0)
        return r;
    if (ret_changes)
        *ret_changes = sqlite3_changes(call->store->db);
    return 0;
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
