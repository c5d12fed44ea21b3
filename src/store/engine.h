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
#include "sesbounce/store_read.h"

struct db;      /* the engine's part of a connection */
struct writing; /* the store's: store_internal.h */

struct store {
    enum store_mode mode;
    char *path;
    bool in_transaction;
    bool is_reading; /* between store_read_begin() and store_read_end() */
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

/* As store_erase_end(). */
int db_empty_log(struct store *store);

/* --- statements ------------------------------------------------------------------ */

enum sql {
    /* The engine's own. */
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_READ_BEGIN,
    SQL_READ_END,
    SQL_VERSION,

    SQL_PROBE,

    SQL_STATUS,
    SQL_STATUS_HELD,
    SQL_STATUS_NOT_ADDRESSED,
    SQL_STATUS_TIMES,

    SQL_MESSAGE_ADD,
    SQL_MESSAGE_FIND,
    SQL_MESSAGE_EVENTS,
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
    SQL_SOFT_TIDY_BASIS,
    SQL_SOFT_TIDY,
    SQL_SOFT_SCOPE,
    SQL_SOFT_SCOPES,
    SQL_SOFT_SEEN,
    SQL_IDENTITY_ADD,
    SQL_IDENTITY_SEEN,
    SQL_IDENTITY_MATTERS,
    SQL_IDENTITY_NEXT,
    SQL_IDENTITY_DONE,
    SQL_IDENTITY_TIDY,

    SQL_ADDRESS_LIST,
    SQL_ADDRESS_SOFT,
    SQL_ENTRY_ADD,
    SQL_ENTRY_PUT,
    SQL_ENTRY_ADD_PLAIN,
    SQL_ENTRY_ENDED,
    SQL_HELD_FIND,
    SQL_CHANGE_ID,
    SQL_CHANGE_ADD,
    SQL_CHANGE_ADD_OF_EVENT,
    SQL_EVENT_COUNT,
    SQL_EVENT_LATER,
    SQL_REBUILD_NEXT,
    SQL_REBUILD_EVENTS,
    SQL_REBUILD_EVENT,
    SQL_REBUILD_REVISION,
    SQL_REBUILD_DECISIONS,
    SQL_REBUILD_ENTRIES,
    SQL_PROVIDER_HARD,
    SQL_PROVIDER_USUAL,
    SQL_PROVIDER_PUT,
    SQL_PROVIDER_TIDY,
    SQL_GUARD_OPEN,
    SQL_GUARD_BEGIN,
    SQL_GUARD_HELD,
    SQL_EVENT_GUARDED,
    SQL_DECISION_ADD,
    SQL_IS_SUPPRESSED,
    SQL_SUPPRESSION,

    SQL_DIMENSION_FIND,
    SQL_DIMENSION_ADD,
    SQL_HOUR_ADD,
    SQL_HOUR_FIRST,
    SQL_HOURS_FRESH,
    SQL_HOURS_SENDERS,
    SQL_HOURS_GATHER,
    SQL_HOURS_GATHERED_TO,
    SQL_HOUR_NEXT,
    SQL_HOUR_FOLD,
    SQL_HOUR_FOLDED,
    SQL_LEAK_FIND,
    SQL_LEAK_ADD,
    SQL_LEAK_BOUND,
    SQL_STATUS_LEAKS,
    SQL_NOTICE_ADD,
    SQL_NOTICE_TIDY,
    SQL_STATS_DAY,
    SQL_STATS_ALL,
    SQL_ALERT_SENDERS,
    SQL_ALERT_REFUSED,
    SQL_ALERT_LEAKS,
    SQL_ALERT_QUARANTINE,
    SQL_ALERT_HELD,
    SQL_ALERT_FINDINGS,
    SQL_ALERT_TOPIC_HOURS,
    SQL_ALERT_OPEN,
    SQL_ALERT_ADD,
    SQL_ALERT_BOUND,
    SQL_ALERT_RISE,
    SQL_ALERT_GONE,
    SQL_ALERT_RESOLVE,
    SQL_FINDING_PUT,
    SQL_TOPIC_HOUR_ADD,
    SQL_TOPIC_HOUR_TIDY,
    SQL_TOPIC_HOUR_FORGET,
    SQL_SEND_CHANGES,
    SQL_SEND_EVENTS,
    SQL_SEND_NOTICES,
    SQL_SEND_NOTICE,
    SQL_SEND_ENDS,
    SQL_SEND_INSTANCE,
    SQL_SEND_CHANGE_AT,
    SQL_SEND_EVENT_AT,
    SQL_SEND_NOTICE_AT,
    SQL_RECEIVER_ADD,
    SQL_RECEIVER_NEXT,
    SQL_RECEIVER_FIND,
    SQL_RECEIVER_DROP,
    SQL_RECEIVER_DROP_MESSAGES,
    SQL_RECEIVER_MOVE,
    SQL_RECEIVER_SUCCESS,
    SQL_RECEIVER_FAULT,
    SQL_RECEIVER_ON,
    SQL_SEND_PUT,
    SQL_SEND_NEXT,
    SQL_SEND_ATTEMPTS,
    SQL_SEND_FIND,
    SQL_SEND_STATE,
    SQL_SEND_GIVE_UP,
    SQL_SEND_BOUND_FAILED,
    SQL_SEND_RETRY_ALL,
    SQL_SEND_RETRY_ONE,
    SQL_STATS_DOMAIN,
    SQL_STATS_IDENTITY,
    SQL_STATS_CONFIGURATION_SET,
    SQL_STATS_SCOPE,
    SQL_STATS_CAMPAIGN,
    SQL_STATS_TENANT,
    SQL_STATS_RECORDED_ONLY,
    SQL_PRUNE_CLOCK,
    SQL_PRUNE_FROM,
    SQL_PRUNE_FROM_PUT,
    SQL_PRUNE_MESSAGE_TIME,
    SQL_PRUNE_CHANGE_TIME,
    SQL_PRUNE_FIND_BODIES,
    SQL_PRUNE_FIND_MESSAGES,
    SQL_PRUNE_FIND_UNAPPLIED,
    SQL_PRUNE_FIND_CHANGES,
    SQL_PRUNE_COUNT_EVENTS,
    SQL_PRUNE_COUNT_BODY,
    SQL_PRUNE_BASIS,
    SQL_PRUNE_CHANGES_FILL,
    SQL_PRUNE_EVENTS,
    SQL_PRUNE_MESSAGE,
    SQL_PRUNE_BODY,
    SQL_PRUNE_CHANGE,
    SQL_PRUNE_NOTE_EVENTS,
    SQL_PRUNE_NOTE_CHANGE,
    SQL_SPAN_EVENTS,
    SQL_SPAN_LOG,

    SQL_TOMBSTONE_KEY,
    SQL_TOMBSTONE_KEY_ADD,
    SQL_TOMBSTONE_PUT,
    SQL_TOMBSTONE_FIND,
    SQL_ERASE_SPELLINGS,
    SQL_ERASE_SCOPE,
    SQL_ERASE_LAST_EVENT,
    SQL_ERASE_LAST_MESSAGE,
    SQL_ERASE_LAST_UNAPPLIED,
    SQL_ERASE_LAST_CHANGE,
    SQL_ERASE_ENTRIES,
    SQL_ERASE_ENTRIES_PAST,
    SQL_ERASE_ENTRIES_BARE,
    SQL_ERASE_CHANGES,
    SQL_ERASE_CHANGES_BARE,
    SQL_ERASE_DECISIONS,
    SQL_ERASE_DAYS,
    SQL_ERASE_LEAKS,
    SQL_ERASE_LINE,
    SQL_ERASE_EVENTS_FIND,
    SQL_ERASE_MESSAGES_FIND,
    SQL_ERASE_EVENTS_COUNT,
    SQL_ERASE_COUNTED_HOUR,
    SQL_ERASE_COUNTED,
    SQL_ERASE_COUNTED_COUNT,
    SQL_ERASE_IDENTITY,
    SQL_ERASE_EVENT,
    SQL_ERASE_EVENT_CHANGES,
    SQL_ERASE_EVENT_CHANGES_BARE,
    SQL_ERASE_IS_SHARED,
    SQL_ERASE_SEARCH_EVENTS,
    SQL_ERASE_SEARCH_BODIES,
    SQL_ERASE_SEARCH_QUARANTINE,
    SQL_ERASE_SEARCH_CHANGES,
    SQL_ERASE_EVENT_TEXTS,
    SQL_ERASE_EVENT_REDACT,
    SQL_ERASE_CHANGE_NOTES,
    SQL_ERASE_ENTRY_NOTE_FIND,
    SQL_ERASE_ENTRY_NOTE,
    SQL_ERASE_DECISION_NOTE_FIND,
    SQL_ERASE_DECISION_NOTE,
    SQL_BODY_OF_MESSAGE,

    SQL_COUNT
};

/* A parameter. Texts and bytes are borrowed until the use of the statement ends. */
struct db_value {
    enum { DB_NULL, DB_INT, DB_REAL, DB_TIME, DB_DAY, DB_TEXT, DB_BLOB } type;
    int64_t integer;
    struct str text;
    double real;
};

static inline struct db_value db_int(int64_t value)
{
    return (struct db_value){.type = DB_INT, .integer = value};
}

static inline struct db_value db_int_if(bool known, int64_t value)
{
    return (struct db_value){.type = known ? DB_INT : DB_NULL, .integer = value};
}

static inline struct db_value db_real_if(bool known, double value)
{
    return (struct db_value){.type = known ? DB_REAL : DB_NULL, .real = value};
}

/* NULL for CLOCK_NONE and POLICY_FOR_EVER. */
static inline struct db_value db_time(int64_t ms)
{
    bool known = ms != CLOCK_NONE && ms != POLICY_FOR_EVER;

    return (struct db_value){.type = known ? DB_TIME : DB_NULL, .integer = ms};
}

/* The day of a time. */
static inline struct db_value db_day(int64_t ms)
{
    return (struct db_value){.type = DB_DAY, .integer = ms};
}

/* Absent and empty become NULL, NUL becomes U+FFFD. */
static inline struct db_value db_text(struct str text)
{
    return (struct db_value){.type = text.len > 0 ? DB_TEXT : DB_NULL, .text = text};
}

/* No more than `bytes_max` of it, in whole characters. */
struct db_value db_text_max(struct str text, size_t bytes_max);

static inline struct db_value db_blob(struct str bytes)
{
    return (struct db_value){.type = DB_BLOB, .text = bytes};
}

/*
 * One use of a statement. The first fault is kept and returned by the step.
 * db_call_end() makes it ready for the next use; it is a cleanup function.
 */
struct db_call {
    struct store *store;
    void *statement; /* the engine's */
    bool is_own;     /* of this call: db_call_text() */
    int column;      /* for reading in order */
    int error;
};

struct db_call db_call_begin(struct store *store, enum sql which,
                             const struct db_value *values, size_t count);
/* A query that was put together. */
struct db_call db_call_text(struct store *store, const char *sql,
                            const struct db_value *values, size_t count);
void db_call_end(struct db_call *call);

/* 1 a row, 0 no more, or a fault. */
int db_step(struct db_call *call);

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

/* Runs a statement without rows: how many were changed, or a fault. */
int db_change_values(struct store *store, enum sql which, const struct db_value *values,
                     size_t count);
/* `*ret` (may be NULL) is the number in the first column of the first row: 1, or 0 and
 * left alone where there is no row, or a fault. */
int db_find_values(struct store *store, enum sql which, int64_t *ret,
                   const struct db_value *values, size_t count);
/* The id of the row that the last statement added. */
int64_t db_last_id(const struct store *store);

/* The same with parameters in order, as in db_change(store, SQL_X, db_int(1)). */
#define DB_VALUES(...)                                                                   \
    (const struct db_value[]){__VA_ARGS__},                                              \
        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)
#define db_call(store, which, ...) db_call_begin(store, which, DB_VALUES(__VA_ARGS__))
#define db_change(store, which, ...)                                                     \
    db_change_values(store, which, DB_VALUES(__VA_ARGS__))
#define db_find(store, which, ret, ...)                                                  \
    db_find_values(store, which, ret, DB_VALUES(__VA_ARGS__))
/* As db_change(), and 0 however many rows were changed. */
#define db_do(store, which, ...) db_only_fault(db_change(store, which, __VA_ARGS__))
static inline int db_only_fault(int r)
{
    return r < 0 ? r : 0;
}

#endif
