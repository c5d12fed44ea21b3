/*
 * What the files of src/store share: the connection, its statements, and what a
 * transaction gathers before it is written.
 *
 * Nothing here is known outside this folder. A function that returns int returns 0 or a
 * negative errno unless it says otherwise, and has left the text for store_fault().
 */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include <sqlite3.h>

#include "sesbounce/clock.h"
#include "sesbounce/limits.h"
#include "sesbounce/store.h"
#include "store/store_sql.h"

/* 'SESB': application_id in the file's header. */
#define STORE_APPLICATION_ID 0x53455342

/* A topic's row as this connection knows it, and what the transaction adds to it. */
struct topic {
    int64_t id;
    size_t arn_len;
    char arn[ARN_BYTES_MAX];
    bool is_confirmed; /* has it a subscription that works? */
    bool is_waiting;   /* has it one that waits to be confirmed? */
    int64_t ended_ms;  /* SNS's time of the last end of one; CLOCK_NONE: none seen */
    int64_t new_messages;
    int64_t last_message_ms;
};

/*
 * The counters of a day, in the order of their columns; an event keeps its own as
 * `counts_as`, so no number ever changes. What is OTHER is in no column of a view, but
 * makes its day one with events. The last five are totals, see `day_count` in the schema.
 */
enum tally_kind {
    TALLY_OTHER = 0,
    TALLY_SENDS = 1,
    TALLY_DELIVERIES = 2,
    TALLY_HARD_BOUNCES = 3,
    TALLY_SOFT_BOUNCES = 4,
    TALLY_COMPLAINTS = 5,
    TALLY_REJECTS = 6,
    TALLY_LIST_HITS = 7,
    TALLY_SIMULATOR = 8,
    TALLY_REPEATS, /* from here on of no event */
    TALLY_EVENTS,
    TALLY_SUPPRESSED_SOFT,
    TALLY_SUPPRESSED_BOUNCE,
    TALLY_SUPPRESSED_COMPLAINT,
    TALLY_SUPPRESSED_MANUAL,
    TALLY_KINDS,
};

/* What the transaction adds to the counters of a day. */
struct day_tally {
    int64_t day;
    int64_t n[TALLY_KINDS];
};

/* What it adds to the messages of a type and day that has no rows. */
struct type_tally {
    int64_t day;
    size_t name_len;
    char name[STORE_TYPE_BYTES_MAX];
    int64_t n;
};

/* Rows of `total`; triggers on soft_day count another. */
enum total { TOTAL_QUARANTINE, TOTAL_QUARANTINE_BYTES, TOTAL_COUNT };

/* What the transaction adds to a row of `total` for the list. */
struct expiry_change {
    enum policy_reason reason;
    int64_t ends;
    int64_t n;
};

/* Of a row of `counted`, in the order of its index. */
struct counted_key {
    int64_t hour;
    int64_t is_delivery;
    int64_t address_hash;
    int64_t event_hash;
};

struct given_out {
    int64_t id;
    int64_t until_ms;
};

struct store {
    sqlite3 *db;
    enum store_mode mode;
    char *path;
    sqlite3 *early; /* holds a lock for readers from before; else NULL */
    bool has_early; /* there are such readers: store_early_reader() */
    int turn_fd;    /* PATH.turn, -1 for readers */
    bool has_turn;
    int64_t turn_taken_ms, turn_given_ms; /* the last time; 0: never */
    bool in_transaction;
    bool is_again;            /* opened by store_open_again() */
    bool at_rest;             /* opened by db_rest_open() */
    bool is_ready;            /* opened with success */
    bool is_new;              /* this connection set the file up */
    bool was_lost;            /* it had to create the file, but there was one before */
    struct store_files files; /* STORE_OWN */
    bool is_spoiled; /* corrupt, or not the file at `path`: nothing is put right at the
                        end */
    int64_t wal_bytes;
    int64_t data_version_told;  /* by store_changed_elsewhere() */
    int64_t data_version_known; /* what `topics` was read under */
    sqlite3_stmt *statements[SQL_COUNT];
    struct topic *topics; /* STORE_TOPICS_CACHED_MAX; writers only */
    size_t topic_count;
    int64_t totals[TOTAL_COUNT]; /* what the transaction adds to them */
    struct expiry_change expiry_changes[STORE_EXPIRY_CHANGES_MAX];
    size_t expiry_change_count;
    struct day_tally *days; /* STORE_DAYS_TALLIED_MAX; writers only */
    size_t day_count;
    struct type_tally *types; /* STORE_TYPES_TALLIED_MAX; writers only */
    size_t type_count;
    int compact_pages; /* of the next step; 0 before the first */
    struct given_out out[STORE_CONFIRMATIONS_OUT_MAX];
    size_t out_count;
    bool tidy_more;
    struct counted_key tidy_key; /* up to this one counted keys were looked at */
    int64_t tidy_again_ms;
    char fault[STORE_FAULT_BYTES_MAX];
};

/* --- db_look.c ------------------------------------------------------------------- */

/* Reads every page, for STORE_LOOK_MS at most: what is not found by then counts as sound.
 * 0 or -EUCLEAN, or another fault. */
int db_look_through(struct store *store);

/* Remembers which files they are, for store_files_of(). */
void db_look_at_files(struct store *store);

/* --- db_rest.c ------------------------------------------------------------------- */

/* Of a writer, between transactions and with no statement running: leaves a file that
 * needs no -wal and no -shm to be read, unless somebody else has it open. True when it
 * did; the WAL is gone then, and with it what db_wal_gather() does. */
bool db_rest(struct store *store);

/* Runs `sql`, which goes back to WAL, as sqlite3_exec() does; readers never find the file
 * without what they need. */
int db_wake(struct store *store, const char *sql,
            int (*row)(void *context, int count, char **values, char **names),
            void *context);

/* Opens again, for reading only, a file that could not be read because it has no -wal or
 * -shm. -EBUSY where there is a -wal with something in it: then that fault is another
 * one. */
int db_rest_open(struct store *store);

/* After reading: -EBUSY when somebody began to write meanwhile, and what was read may be
 * wrong; else 0. */
int db_rest_check(struct store *store);

/* --- db_early.c ------------------------------------------------------------------ */

/*
 * Marks the present readers of the file as early readers, whom a checkpoint would
 * disturb. While nobody can begin to read without the WAL: SQLite's PENDING lock is held,
 * or the header says WAL. False, and nothing done, when nobody reads.
 */
bool db_early_mark(struct store *store);
/* From now on no process moves anything from the WAL into the file. */
int db_early_hold(struct store *store);
/* Undoes both. */
void db_early_end(struct store *store);
/* Keeps in PATH.turn whether there are any (STORE_OWN), and reads it there. */
void db_early_note(struct store *store);
bool db_early_is_noted(const struct store *store);

/* --- db_wal.c -------------------------------------------------------------------- */

/*
 * From now on this connection, which must be at synchronous=FULL and between
 * transactions, writes the WAL in pieces of up to STORE_WAL_WRITE_BYTES, and takes the
 * connection's rollback hook, until the WAL is closed. 0 and nothing done if the
 * journal is not a WAL, -ENOMEM, or as db_fault().
 */
int db_wal_gather(struct store *store);

/* --- db.c ------------------------------------------------------------------------ */

/* fsync of the directory that `path` lies in. 0 or a negative errno. */
int db_sync_directory_of(const char *path);

/* --- db_call.c: statements ------------------------------------------------------- */

/* Maps a result of SQLite's to an errno and keeps its text. Never returns 0. */
int db_fault(struct store *store, int rc, const char *what);

/* Runs SQL text without results. */
int db_exec(struct store *store, const char *sql, const char *what);

/* Runs SQL text whose first column of its first row is a number. */
int db_read_number(struct store *store, const char *sql, const char *what, int64_t *ret);

/*
 * One use of a prepared statement. Parameters are bound in order; the first fault is kept
 * and returned by the step. db_call_end() makes the statement ready for the next use; it
 * is a cleanup function.
 */
struct db_call {
    struct store *store;
    sqlite3_stmt *statement;
    int next;   /* parameter */
    int column; /* for reading in order */
    int error;
};

struct db_call db_call_begin(struct store *store, enum sql which);
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
/* As SQLite's text; NULL for CLOCK_NONE and POLICY_FOR_EVER. */
void db_bind_time(struct db_call *call, int64_t ms);

/* 1 a row, 0 no more, or a fault. */
int db_step(struct db_call *call);
/* For statements without rows: 0, `*ret_changes` rows were changed (may be NULL). */
int db_run(struct db_call *call, int *ret_changes);

/* The next column of the row. Texts are borrowed until the next step. */
int64_t db_get_int(struct db_call *call);
int64_t db_get_int_or(struct db_call *call, int64_t none);
struct str db_get_text(struct db_call *call);
/* CLOCK_NONE for NULL. */
int64_t db_get_time(struct db_call *call);

/* --- db_turn.c: transactions ----------------------------------------------------- */

/* PRAGMA data_version. */
int db_data_version(struct store *store, int64_t *ret);

/* Opens PATH.turn, creating it where the mode may. */
int db_turn_open(struct store *store);
/* -EBUSY when another process has it for longer than STORE_BUSY_MS. */
int db_turn_take(struct store *store);
void db_turn_give(struct store *store);

/* --- migrate.c ------------------------------------------------------------------- */

/* Brings the file to this program's version (STORE_OWN), or says why it cannot be used.
 */
int migrate(struct store *store, struct buf *fault);

/* The latter alone: changes nothing, so a file that is not ours stays as it is. */
int migrate_check(struct store *store, struct buf *fault);

/* How many migrations there are: the version of a file that is up to date. */
int migrate_version(void);

/* --- store_write*.c -------------------------------------------------------------- */

/* Forgets what was gathered and cached: nothing of it is written any more. */
void write_forget(struct store *store);
/* Writes what was gathered. Before a commit. */
int write_flush(struct store *store);

/* Borrowed from the store until the next call; created when it is not there. */
int topic_get(struct store *store, const struct intake *intake, struct topic **ret);
/* An authentic message that is new to us. */
int topic_note_message(struct store *store, struct topic *topic,
                       const struct intake *intake);
/* Reads again what the row remembers of its subscriptions, after a change to them. */
int topic_look_again(struct store *store, struct topic *topic);
int topic_apply_announcement(struct store *store, struct topic *topic,
                             const struct intake *intake);
int topic_flush(struct store *store);
/* After changes behind the cache, with nothing gathered. */
void topic_forget_cache(struct store *store);

/* An entry of the quarantine, and what is counted of it. Leaving takes the body along,
 * which no event needs; the message stays known. */
int unapplied_add(struct store *store, const struct intake *intake, int64_t message_id);
int unapplied_drop(struct store *store, int64_t message_id);
int quarantine_leave(struct store *store, int64_t message_id);

/* Adds `n` to one of the totals that `status` shows. */
void total_add(struct store *store, enum total total, int64_t n);
int total_flush(struct store *store);
void total_forget(struct store *store);

/*
 * The live entries of an address and scope. A function that changes them counts them -1
 * times before and once after, so that `status` need not count the list.
 */
struct live_reasons {
    bool live[POLICY_REASON_MANUAL + 1];
    int64_t ends[POLICY_REASON_MANUAL + 1];
};
int live_reasons_load(struct store *store, const struct address *address,
                      const char *scope, struct live_reasons *ret);
void live_reasons_set(struct live_reasons *reasons, enum policy_reason reason,
                      int64_t until_ms);
int live_reasons_count(struct store *store, const struct live_reasons *reasons,
                       int64_t sign);

/* Each SubscriptionConfirmation is a subscription of its own, with its own token. */
int subscription_apply_confirm(struct store *store, struct topic *topic,
                               const struct intake *intake, enum verdict *ret);
/* Ends the one that the message names; see there for one that names none. */
int subscription_apply_end(struct store *store, struct topic *topic,
                           const struct intake *intake, enum verdict *ret);
/* A Notification came: the topic has a subscription that works. */
int subscription_prove(struct store *store, struct topic *topic,
                       const struct intake *intake);
/* What the answer to a confirmation was; the task is gone already. `text` as in
 * store_confirmation_result(). */
int subscription_confirmed(struct store *store, int64_t id, struct str text,
                           int64_t now_ms);
int subscription_failed(struct store *store, int64_t id, struct str text, int64_t now_ms);
int subscription_fault(struct store *store, int64_t id, struct str text);

/* The task to confirm a subscription begins, or starts over. */
int outbox_put(struct store *store, int64_t subscription_id, int64_t next_at_ms,
               int64_t now_ms);
int outbox_drop(struct store *store, int64_t subscription_id);

/* Adds one to a counter of the day of `occurred_ms`. */
int tally_add(struct store *store, int64_t occurred_ms, enum tally_kind kind);
/* Adds `n` to a counter of a day that the transaction writes anyway; false: of none. */
bool tally_add_beside(struct store *store, enum tally_kind kind, int64_t n);
/* Adds one to the messages of a type that is only counted or ignored. */
int tally_add_type(struct store *store, int64_t occurred_ms, struct str type);
int tally_flush(struct store *store);

/* What is known of the recipients of one message so far. Counters are numbers of
 * recipients, but a complaint is one, however many candidates it has. */
struct tally_message {
    bool is_known;     /* one of them is known already: another feed or a retry */
    bool is_complaint; /* one of them is news, and counts as a complaint */
};
/* The day's counter that a recipient (may be NULL) of an event belongs to. */
enum tally_kind tally_kind_of(const struct ses_event *event,
                              const struct ses_recipient *recipient,
                              const struct policy_judgement *judgement);
/* `again`: its mail counted for the address and kind before. Then it is in no counter,
 * and no second complaint: a remote server can report a mail as often as it likes. */
void tally_see(bool again, struct policy_judgement *judgement, enum tally_kind *kind);
/* The day's counters: one recipient of an event that is new to us. */
int tally_event(struct store *store, const struct intake *intake, enum tally_kind kind,
                struct tally_message *message);
/* After the last recipient. */
int tally_message_end(struct store *store, const struct intake *intake,
                      const struct tally_message *message);

/* An event of a type that is only counted. */
int count_apply(struct store *store, const struct intake *intake, enum verdict *ret);
/* An event of a type that is ignored: is it new to us? */
int count_apply_ignored(struct store *store, const struct intake *intake,
                        enum verdict *ret);
/* Remembers a recipient (may be NULL) for STORE_COUNTED_KEEP_MS without a row of its own.
 * 1 new to us, 0 known already, or a fault. */
int count_remember(struct store *store, const struct intake *intake,
                   const struct ses_recipient *recipient);
/* The same for its mail, address and kind, by which a mail counts once. */
int count_remember_kind(struct store *store, const struct intake *intake,
                        const struct ses_recipient *recipient, enum tally_kind kind);
/* Was a Delivery to `address` counted that occurred after `ms`? 1, 0 or a fault. */
int count_delivered_after(struct store *store, const struct address *address, int64_t ms);

/* What is kept already of a mail, a recipient (or all addresses that the mail was not
 * sent to together) and a type. */
struct event_seen {
    int rows;
    unsigned kinds;   /* bits 1 << enum tally_kind: as what these count */
    bool is_repeated; /* it is enough: no other row */
};
/* Of the recipient, or of the first that gets a row; of none, when all are repeated. 1
 * all are, 0 or a fault. */
int event_is_repeated(struct store *store, const struct intake *intake,
                      struct event_seen *ret);
/*
 * One row per recipient; one that is repeated counts, and is remembered without a row.
 * `seen` is from event_is_repeated(), which said that all are when there is no message
 * (0). STORED when there is a new row, COUNTED when there is none and any is new to us,
 * else DUPLICATE.
 */
int event_apply(struct store *store, const struct intake *intake, int64_t message_id,
                const struct event_seen *seen, enum verdict *ret);

/* Would it make an entry, or change how long or whether one is in force? 1, 0 or a fault;
 * writes nothing. */
int list_would_change(struct store *store, const struct intake *intake,
                      const struct ses_recipient *recipient,
                      const struct policy_judgement *judgement);
/* What a judged recipient means for the list. */
int list_apply(struct store *store, const struct intake *intake,
               const struct ses_recipient *recipient,
               const struct policy_judgement *judgement);

/* A delivery ends what soft events before it began. */
int soft_reset(struct store *store, const struct address *address, int64_t occurred_ms);
/* 1 recorded, 0 not because a later Delivery or a person's remove voids it, or a fault.
 */
int soft_record(struct store *store, const struct address *address, int64_t occurred_ms,
                bool doubtful);
/* The doubtful events around `occurred_ms`. */
int soft_doubts(struct store *store, const struct address *address, int64_t occurred_ms,
                struct policy_history *ret);

/* --- store_token.c --------------------------------------------------------------- */

/* SHA-256 as hex, NUL behind it. */
#define TOKEN_NAME_BYTES 65

/* Inside a transaction: keeps `token` in its file, synced, and says its name. */
int token_keep(struct store *store, struct str token, char ret_name[TOKEN_NAME_BYTES]);
/* The caller owns `*ret`. -ENOENT: lost, as after a restored backup. */
int token_read(struct store *store, struct str name, char **ret);
/* Inside a transaction: removes the files that no row wants. The clock has no say, since
 * it may be wrong; there are STORE_SUBSCRIPTIONS_MAX a topic at most. */
int token_tidy(struct store *store);

#endif
