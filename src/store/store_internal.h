/*
 * What the files of src/store share: the connection, its statements, and what a
 * transaction gathers before it is written.
 *
 * Nothing here is known outside this folder. A function that returns int returns 0 or a
 * negative errno unless it says otherwise, and has left the text for store_fault().
 */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "sesbounce/digest.h"
#include "sesbounce/store_retention.h"
#include "store/engine.h"
#include "store/store_hours.h"
#include "store/store_totals.h"

/* A topic's row as this connection knows it, and what the transaction adds to it. */
struct topic {
    int64_t id;
    size_t arn_len;
    char arn[ARN_BYTES_MAX];
    bool is_confirmed; /* has it a subscription that works? */
    bool is_waiting;   /* has it one that waits to be confirmed? */
    int64_t ended_ms;  /* SNS's time of the last end of one; CLOCK_NONE: none seen */
    int64_t new_messages, last_message_ms;
    int64_t hour; /* the last one that is in `topic_hour`, as far as we know */
};

/*
 * The counters of a day, in the order of their columns: those of enum policy_tally, which
 * an event keeps as `counts_as`, and behind them of no event. The last five are totals,
 * see `day_count` in the schema.
 */
enum tally_kind {
    TALLY_REPEATS = POLICY_TALLIES,
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

/* Of a row of `counted`, in the order of its index. */
struct counted_key {
    int64_t hour;
    int64_t is_delivery;
    int64_t address_hash;
    int64_t event_hash;
};

/* How often a provider's commonest answers came. */
struct guard_answer {
    uint64_t hash;
    int64_t n;
};

/* A provider in an hour, as the outage guard sees it. */
struct provider {
    uint64_t hash;
    int64_t hour; /* 0: nobody is here */
    int64_t hard;
    int64_t answered; /* of these, those whose answer was compared */
    int64_t deliveries;
    int64_t usual;
    int64_t guard_id;     /* its row, where `is_open` */
    int64_t guarded_hour; /* up to which the row says that bounces were held */
    bool is_open;
    struct guard_answer answers[GUARD_ANSWERS];
    uint64_t addresses[GUARD_ADDRESSES]; /* hashes of the last that were counted */
};

struct guarding {
    struct provider providers[GUARD_SETS * GUARD_PLACES];
    struct store_guard news[STORE_GUARD_NEWS_MAX];
    size_t news_count, news_more;
};

/* A day on which Deliveries of an identity were seen, which is written already. */
struct identity_day {
    int64_t day;
    int64_t hash; /* of the identity */
};

struct given_out {
    int64_t id;
    int64_t until_ms;
    bool is_answered; /* by the transaction that is open */
};

struct writing {
    int64_t version_told;  /* db_version() by store_outbox_changed(), … */
    int64_t version_known; /* … and what `topics` was read under */
    struct topic topics[STORE_TOPICS_CACHED_MAX];
    size_t topic_count;
    int64_t totals[TOTAL_COUNT]; /* what the transaction adds to them */
    struct list_total list_totals[STORE_LIST_TOTALS_MAX]; /* and to those of the list */
    size_t list_total_count;
    struct change_ids {
        int64_t next, left;
    } change_ids; /* drawn by the transaction that is open */
    struct day_tally days[STORE_DAYS_TALLIED_MAX];
    size_t day_count;
    struct type_tally types[STORE_TYPES_TALLIED_MAX];
    size_t type_count;
    struct hour_tallies hours; /* of the transaction */
    struct hour_tallies fresh; /* of events that are not gathered yet, … */
    int64_t fresh_count;       /* … so many, … */
    int64_t fresh_id_sum;
    bool fresh_known; /* … unless others wrote some, too */
    struct dimension dimensions[STORE_DIMENSIONS_CACHED_MAX];
    size_t dimension_count;
    int64_t tidy_hour; /* hours before it are folded */
    struct given_out out[STORE_TASKS_OUT_MAX];
    size_t out_count;
    int64_t last_event_id;   /* that the sequence gave, as far as we know */
    bool outbox_changed;     /* since store_outbox_changed() last looked */
    bool sending_changed;    /* likewise by store_sending_changed(), … */
    int64_t version_sending; /* … which has seen this db_version() */
    bool quarantine_grew;    /* since store_quarantine_bound() last looked */
    bool tidy_more;
    struct guarding guarding;
    struct identity_day identities[STORE_IDENTITIES_CACHED_MAX];
    size_t identity_count;
    struct counted_key tidy_key; /* up to this one counted keys were looked at */
    bool tombstone_known;        /* whether there is a key, and which one */
    bool tombstone_exists;
    unsigned char tombstone_key[DIGEST_BYTES];
    int64_t tidy_again_ms;
    int64_t expire_again_ms;
};

/* --- store.c --------------------------------------------------------------------- */

/* Ends a transaction in which the last result was `r`: commits, or after a fault rolls
 * back. 0 or the fault. */
int store_finish(struct store *store, int r);

/* --- body.c ---------------------------------------------------------------------- */

/* Keeps the body of a message verbatim, in place of the one that is there: packed, where
 * that is shorter, or as it is. */
int body_add(struct store *store, int64_t message_id, struct str body);
int body_add_plain(struct store *store, int64_t message_id, struct str body);
/* Appends it, verbatim: 1, 0 where none is kept, or as store_message(). */
int body_find(struct store *store, int64_t message_id, struct buf *ret);
/* That of the message itself, which may be packed already. */
int body_add_kept(struct store *store, int64_t message_id, const struct intake *intake);

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
 * store_task_finish(). */
int subscription_confirmed(struct store *store, int64_t id, struct str text,
                           int64_t now_ms);
int subscription_failed(struct store *store, int64_t id, struct str text, int64_t now_ms);
int subscription_fault(struct store *store, int64_t id, struct str text);

/* The task to confirm a subscription begins, or starts over. */
int outbox_put(struct store *store, int64_t subscription_id, int64_t next_at_ms,
               int64_t now_ms);
int outbox_drop(struct store *store, int64_t subscription_id);

/* What the transaction answered is no longer given out, or is so still. */
void outbox_transaction_ended(struct store *store, bool committed);

/* Adds one to a counter of the day of `occurred_ms`: of enum policy_tally or tally_kind.
 */
int tally_add(struct store *store, int64_t occurred_ms, unsigned kind);
/* Adds `n` to a counter of a day that the transaction writes anyway; false: of none. */
bool tally_add_beside(struct store *store, enum tally_kind kind, int64_t n);
/* Adds one to the messages of a type that is only counted or ignored. */
int tally_add_type(struct store *store, int64_t occurred_ms, struct str type);
int tally_flush(struct store *store);

/* --- store_write_hour.c ---------------------------------------------------------- */

/* Can the row of an event that counts as `tally` count in its hour? It has `tallied`
 * then. */
bool hour_is_of_row(const struct intake *intake, enum policy_tally tally);
/* Adds one to the counters of the event's hour, sender and the recipient's provider
 * (NULL: nobody's). What `daily` does not show is not counted. `event_id`: of the row
 * that counts until the counters are written; 0: there is none. */
int hour_add(struct store *store, const struct intake *intake,
             const struct ses_recipient *recipient, enum policy_tally tally,
             int64_t event_id);
int hour_flush(struct store *store);
/* Forgets what was gathered and cached. */
void hour_forget(struct store *store);
/* Makes old rows fewer: a bounded number of them; `*ret_more` is left alone when none is
 * left. */
/* What the rows of this transaction say of their sender has changed. */
void hours_forget_fresh(struct store *store);
int hours_tidy(struct store *store, int64_t now_ms, bool *ret_more);

/* --- store_write_count.c --------------------------------------------------------- */

/* Remembers a recipient (may be NULL) for STORE_COUNTED_KEEP_MS without a row of its own.
 * 1 new to us, 0 known already, or a fault. */
int count_remember(struct store *store, const struct intake *intake,
                   const struct ses_recipient *recipient);
/* The same for its mail, address and tally, by which a mail counts once. */
int count_remember_kind(struct store *store, const struct intake *intake,
                        const struct ses_recipient *recipient, enum policy_tally tally);
/* `*ret_ms` gets the time of the first Delivery to `address` that was counted and
 * occurred after `ms`, if there is one. By a clock that was behind, it was received
 * before. */
int count_delivered_after(struct store *store, struct str address, int64_t ms,
                          int64_t received_ms, int64_t *ret_ms);

/* What is kept already of a mail, a recipient (or all addresses that the mail was not
 * sent to together) and a type. */
struct event_seen {
    int rows;
    unsigned kinds;   /* bits 1 << enum policy_tally: as what these count */
    bool is_repeated; /* it is enough: no other row */
    int64_t event_id; /* of the row that it got; 0: none */
    bool is_tallied;  /* by that row, in its hour */
};
/* Of the rows that a message got, the first and the last; 0: it got none. */
struct event_ids {
    int64_t first, last;
};
/* Of the recipient, or of the first that gets a row; of none, when all are repeated. 1
 * all are, 0 or a fault. */
int event_find_seen(struct store *store, const struct intake *intake,
                    struct event_seen *ret);
/*
 * An event that is kept or that only counts. Kept: one row per recipient; one that is
 * repeated counts, and is remembered without a row. `seen` is from event_find_seen(),
 * which said that all are when there is no message (0). STORED when there is a new row,
 * COUNTED when there is none and any is new to us, else DUPLICATE. `ret_ids` may be NULL.
 */
int event_apply(struct store *store, const struct intake *intake, int64_t message_id,
                const struct event_seen *seen, struct event_ids *ret_ids,
                enum verdict *ret);

/* After the body was added: without those recipients who were erased since. */
int event_redact_erased(struct store *store, const struct intake *intake,
                        int64_t message_id);

/*
 * Everything kept about one address in one scope. Begins as {.key, .scope}; borrows both,
 * and owns what the texts in `state` borrow from.
 */
struct kept_address {
    const char *key;
    const char *scope;
    int64_t received_ms; /* of the event that it is loaded for; 0: of none */
    struct policy_address state;
    unsigned rows; /* 1 << reason: there is a row of this entry */
    size_t soft_room;
    size_t text_count, text_room;
    char **texts;
};
void kept_address_done(struct kept_address *kept);
/* The `parts` (enum policy_part) of it. Of Deliveries those after `after_ms` matter. */
int kept_address_load(struct store *store, unsigned parts, int64_t after_ms,
                      struct kept_address *kept);

/* Whom and what a change comes from. */
struct list_cause {
    int64_t at_ms;
    int64_t event_id; /* of a kept event; 0 */
    bool has_line;    /* the first line about it has its id, and need not repeat it */
    const struct ses_event *event; /* of that line */
    enum policy_origin origin;
    struct str rule;
    struct str actor;
    struct str note;
};
/* One of its rows, by ENTRY_COLUMNS of the engine; a row without a reason is left. */
int kept_read_entry(struct kept_address *kept, struct db_call *call);

/* Draws STORE_CHANGE_IDS at once, unless `count` are left, for a transaction of many
 * lines and no events; what is left at its end is not used. */
int change_ids_reserve(struct store *store, size_t count);
/* The id of a line of the log that is not that of an event. */
int change_id_draw(struct store *store, int64_t *ret);
/* Saves what has changed, and logs it. */
int kept_address_save(struct store *store, struct kept_address *kept,
                      const struct policy_change *change, const struct list_cause *cause);

/* A recipient of an event, judged. */
struct list_event {
    const struct intake *intake;
    const struct ses_recipient *recipient;
    const struct policy_judgement *judgement;
    int64_t event_id; /* 0: there is no row of it */
    struct str guard; /* why the outage guard holds it; or absent */
    bool has_line;    /* as in struct list_cause */
};

/* --- store_write_guard.c --------------------------------------------------------- */

/* `guard:` and a domain. */
#define GUARD_WHY_BYTES (ADDRESS_BYTES_MAX + 8)
/* FNV-1a, for comparisons within a process. */
uint64_t guard_hash(struct str text);
/* Counts a hard bounce. `*ret` is why the outage guard holds it, in `why`; or absent. */
int guard_look(struct store *store, const struct list_event *event,
               char why[GUARD_WHY_BYTES], struct str *ret);
/* The same without counting it: is its provider guarded already? */
int guard_find(struct store *store, const struct list_event *event,
               char why[GUARD_WHY_BYTES], struct str *ret);
int guard_note_delivery(struct store *store, const struct list_event *event);
void guard_forget(struct store *store); /* after a rollback */
/* --- store_write_leak.c ---------------------------------------------------------- */

/* Can the event show that its mail was sent to somebody who was on the list? */
bool leak_is_possible(const struct list_event *event);
/* Notes it, before the event changes the list: in every scope that concerns it, … */
int leak_note(struct store *store, const struct list_event *event);
/* … or in the scope of what has been loaded anyway, with its entries. */
int leak_note_kept(struct store *store, const struct list_event *event,
                   const struct kept_address *kept);

/* --- store_write_list.c ---------------------------------------------------------- */

/* Would it make an entry, or change how long or whether one is in force? 1, 0 or a fault;
 * writes nothing. */
int list_would_change(struct store *store, const struct list_event *event);
/* What it means for the list. */
int list_apply(struct store *store, const struct list_event *event);
/* --- store_write_identity.c ------------------------------------------------------ */

/* As it is kept: `''` stands for an identity that is not known. */
struct db_value identity_value(struct str identity);
/* A Delivery: its sending identity reports them. */
int identity_note_delivery(struct store *store, const struct intake *intake);
/* Were Deliveries of the identity seen within POLICY_DELIVERIES_MS before `ms`? 1, 0 or a
 * fault. */
int identity_has_deliveries(struct store *store, struct str identity, int64_t ms);
void identity_forget(struct store *store); /* after a rollback */

/* --- store_prune.c --------------------------------------------------------------- */

/* The events of a message, of which the list keeps what rests on them; adds their number
 * to `*n`. */
int events_drop_of_message(struct store *store, int64_t message_id, int64_t *n);

/* --- store_tombstone.c ----------------------------------------------------------- */

/* Inside a transaction: nothing about it may come back that is not later than `at_ms`. */
int tombstone_put(struct store *store, struct str address, int64_t at_ms);
/* Is that so for what happened at `ms`? 1, 0 or a fault. Cheap where nobody was erased.
 */
int tombstone_covers(struct store *store, struct str address, int64_t ms);

/* --- store_erase.c --------------------------------------------------------------- */

/* Is the address in it, in whichever spelling? 1, 0 or -ENOMEM. */
int erasure_is_named(const struct store_erasure *erasure, struct str text);
/* Appends `text` with STORE_ERASED_ADDRESS in its place. */
int erasure_redact(const struct store_erasure *erasure, struct str text, struct buf *ret,
                   size_t *count);
/* Redacts the body of a message that others need, too. Where nobody can say where the
 * address is, as when the message is about it and does not show it, the body goes. */
int erasure_body(struct store *store, struct store_erasure *erasure, int64_t message_id,
                 bool is_about_it);
/* The same for the body of a message that came later. */
int erasure_body_of(struct store *store, struct store_erasure *erasure,
                    const struct address *address, int64_t message_id);

/* --- store_erase_search.c -------------------------------------------------------- */

/* Steps of what others' rows say, and of counted events, which know it by the hash. */
int64_t count_address_hash(struct str address);
int erasure_search(struct store *store, struct store_erasure *erasure, bool *ret_more);
int erasure_counted(struct store *store, struct store_erasure *erasure, bool *ret_more);
int erasure_notes(struct store *store, struct store_erasure *erasure);

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
