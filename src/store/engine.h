/*
 * What the store needs of an engine, and the only way from src/store to src/store/sqlite.
 *
 * Above it, nothing knows SQL: a statement has a name and parameters in order, and its
 * text is the engine's. An engine knows no policy: it finds and stores. It also provides
 * what store.h promises about its files and its upkeep.
 *
 * A function that returns int returns 0 or a negative errno unless it says otherwise, and
 * has left the text for store_fault().
 */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include "sesbounce/clock.h"
#include "sesbounce/limits.h"
#include "sesbounce/store.h"

struct db;      /* the engine's part of a connection */
struct writing; /* the store's: store_internal.h */

struct store {
    enum store_mode mode;
    char *path;
    bool in_transaction;
    struct db *db;
    struct writing *writing; /* NULL: does not write */
    char fault[STORE_FAULT_BYTES_MAX];
};

/* --- the connection -------------------------------------------------------------- */

/* As store_open(), or with `is_again` as store_open_again(). After a fault, too,
 * db_close() is to be called; `fault` may have got a line. */
int db_open(struct store *store, bool is_again, struct buf *fault);
void db_close(struct store *store);

/* A number that differs once another connection has changed anything. */
int db_version(struct store *store, int64_t *ret);

/* After reading: -EBUSY when somebody began to write meanwhile, and what was read may be
 * wrong; else 0. */
int db_read_check(struct store *store);

/* What is on disk: all of it, and what upkeep has not put in its place yet. */
int db_sizes(const struct store *store, int64_t *ret_file, int64_t *ret_log);

/* --- transactions ---------------------------------------------------------------- */

/* As store_begin(). After a fault no transaction is open. */
int db_begin(struct store *store);
/* After a fault db_rollback() is to be called. */
int db_commit(struct store *store);
void db_rollback(struct store *store);

/* --- statements ------------------------------------------------------------------ */

enum sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_VERSION,
    SQL_PROBE,

    SQL_STATUS,
    SQL_STATUS_NOT_ADDRESSED,
    SQL_STATUS_BEGUN_ANEW,

    SQL_MESSAGE_ADD,
    SQL_MESSAGE_FIND,
    SQL_BODY_ADD,
    SQL_BODY_FIND,
    SQL_UNAPPLIED_ADD,
    SQL_UNAPPLIED_REASON,
    SQL_UNAPPLIED_FIND,
    SQL_UNAPPLIED_DROP,
    SQL_UNAPPLIED_REPEATED,
    SQL_UNAPPLIED_OLDEST,
    SQL_QUARANTINE_BYTES,
    SQL_QUARANTINE_DROPPED,
    SQL_BODY_DROP,

    SQL_EVENT_ADD,
    SQL_EVENT_FIND,
    SQL_EVENT_REPEATS,
    SQL_EVENT_STRANGERS,
    SQL_EVENT_ENRICH,
    SQL_EVENT_DELIVERED,

    SQL_SENDING_PUT,

    SQL_TOPIC_FIND,
    SQL_TOPIC_ADD,
    SQL_TOPIC_MESSAGES,
    SQL_TOPIC_SUBSCRIPTIONS,
    SQL_TOPIC_ANNOUNCED,
    SQL_TOPIC_FORGET,

    SQL_SUBSCRIPTION_OLDEST,
    SQL_SUBSCRIPTION_ASKED,
    SQL_SUBSCRIPTION_PROVEN,
    SQL_SUBSCRIPTION_END,
    SQL_SUBSCRIPTION_END_PROVEN,
    SQL_SUBSCRIPTION_END_UNKNOWN,
    SQL_SUBSCRIPTION_END_ALL,
    SQL_SUBSCRIPTION_WAITING,
    SQL_SUBSCRIPTION_RESTART,
    SQL_SUBSCRIPTION_KNOWN,
    SQL_SUBSCRIPTION_ANSWERED,
    SQL_SUBSCRIPTION_ABSORB,
    SQL_SUBSCRIPTION_FAILED,
    SQL_SUBSCRIPTION_FAULT,
    SQL_SUBSCRIPTION_DROP,
    SQL_SUBSCRIPTION_FORGET,

    SQL_CLOCK_ASIDE,
    SQL_CLOCK_NTH_LAST,
    SQL_CLOCK_MEND_TOPICS,
    SQL_CLOCK_MEND_SUBSCRIPTIONS,

    SQL_TOKEN_WANTED,
    SQL_TOKEN_CLEAR,
    SQL_TOKEN_MOVED,

    SQL_OUTBOX_PUT,
    SQL_OUTBOX_NEXT,
    SQL_OUTBOX_FIND,
    SQL_OUTBOX_RETRY,
    SQL_OUTBOX_DROP,
    SQL_OUTBOX_DROP_SUBSCRIPTION,
    SQL_OUTBOX_FORGET,

    SQL_TOTAL_ADD,
    SQL_TOTAL_TIDY,
    SQL_DAY_ADD,
    SQL_DAY_FIRST,
    SQL_TYPE_ADD,

    SQL_COUNTED_ADD,
    SQL_COUNTED_DELIVERED,
    SQL_COUNTED_TIDY_TO,
    SQL_COUNTED_TIDY,

    SQL_SOFT_PUT,
    SQL_SOFT_DROP,
    SQL_SOFT_TIDY,

    SQL_ADDRESS_LIST,
    SQL_ADDRESS_DAYS,
    SQL_ENTRY_PUT,
    SQL_DECISION_ADD,
    SQL_IS_SUPPRESSED,

    SQL_COUNT
};

/*
 * One use of a statement. Parameters are bound in order; the first fault is kept and
 * returned by the step. db_call_end() makes it ready for the next use; it is a cleanup
 * function.
 */
struct db_call {
    struct store *store;
    void *statement; /* the engine's */
    bool is_own;     /* of this call: db_call_text() */
    int next;        /* parameter */
    int column;      /* for reading in order */
    int error;
};

struct db_call db_call_begin(struct store *store, enum sql which);
/* A query that was put together; `sql` lasts until the end. */
struct db_call db_call_text(struct store *store, const char *sql);
void db_call_end(struct db_call *call);

/* Absent and empty become NULL, NUL becomes U+FFFD. The bytes are borrowed until the end.
 */
void db_bind_text(struct db_call *call, struct str text);
/* No more than `bytes_max` of it, in whole characters. */
void db_bind_text_max(struct db_call *call, struct str text, size_t bytes_max);
void db_bind_blob(struct db_call *call, struct str bytes);
void db_bind_int(struct db_call *call, int64_t value);
/* NULL when `known` is false. */
void db_bind_int_if(struct db_call *call, bool known, int64_t value);
/* NULL for CLOCK_NONE and POLICY_FOR_EVER. */
void db_bind_time(struct db_call *call, int64_t ms);

/* 1 a row, 0 no more, or a fault. */
int db_step(struct db_call *call);
/* For statements without rows: 0, `*ret_changes` rows were changed (may be NULL). */
int db_run(struct db_call *call, int *ret_changes);
/* The id of the row that the last statement added. */
int64_t db_last_id(const struct store *store);

/* The next column of the row. Texts are borrowed until the next step. */
int64_t db_get_int(struct db_call *call);
int64_t db_get_int_or(struct db_call *call, int64_t none);
struct str db_get_text(struct db_call *call);
/* Absent: NULL, or it could not be read: see db_call_fault(). */
struct str db_get_blob(struct db_call *call);
/* CLOCK_NONE for NULL. */
int64_t db_get_time(struct db_call *call);
/* With its name, and as it is kept: NULL, INTEGER, REAL or TEXT. */
struct store_value db_get_value(struct db_call *call);
int db_column_count(const struct db_call *call);

/* The fault of the connection's last call. Never 0. */
int db_call_fault(struct db_call *call, const char *what);

#endif
