/* The replay of what is kept about an address, from its events and what people decided.
 */
#ifndef STORE_STORE_REPLAY_H
#define STORE_STORE_REPLAY_H

#include "store/store_internal.h"

/* An event, before the rest of it is read: that may be large. */
struct occurrence {
    int64_t ms;
    int64_t id;
};

/* What the replay has come to in one scope. */
struct replayed {
    char scope[POLICY_SCOPE_BYTES_MAX];
    struct policy_address state;
    unsigned given; /* reasons that rest on what is not replayed */
    char details[POLICY_REASONS][POLICY_DETAIL_BYTES_MAX];
    struct kept_address kept; /* what the list says, and soft counting knows … */
    struct policy_entry was[POLICY_REASONS]; /* … and said when it was read */
    struct policy_change change;             /* what it takes, where it `differs` */
    bool differs;
    bool softs_known;     /* that it is loaded */
    uint64_t *complaints; /* owned: hashes of the mails that made the COMPLAINT */
    size_t complaint_count, complaint_room;
};

struct replay {
    struct store *store;
    const struct store_rebuild *rebuild;
    struct address address;
    struct replayed **scopes; /* owned: entries borrow from them */
    size_t scope_count, scope_room;
    struct policy_decision *decisions; /* owned; and in which scope each is: */
    size_t *decided_in;                /* owned */
    size_t decision_count, decision_room, decision_at;
    char **texts; /* owned: decisions borrow from them */
    size_t text_count, text_room;
    struct occurrence *occurrences; /* owned */
    size_t occurrence_count, occurrence_room;
    char guard[GUARD_WHY_BYTES];
    struct str kept_scope; /* of the present event's row: its scope when it came, … */
    struct str mail;       /* … and the id of its mail */
};

/* Reads and replays everything; begins as {.store, .rebuild, .address}, and ends with
 * replay_done() in any case. -E2BIG: there are more than STORE_REBUILD_EVENTS_MAX. */
int replay_run(struct replay *replay);
void replay_done(struct replay *replay);
/* The index of the scope, which is added where it is not there; or a fault. */
int replay_scope(struct replay *replay, struct str scope);

/* The ids and times of its events, in order. -E2BIG as above. */
int replay_load_occurrences(struct replay *replay);
/* The row of SQL_REBUILD_EVENT as the event that it was made from. Borrows from the row.
 */
void replay_read_event(struct replay *replay, struct db_call *call,
                       struct ses_event *event, struct ses_recipient *recipient,
                       struct policy_when *when);

/* --- store_write_late.c ---------------------------------------------------------- */

/* Replays all kept events of the address, with `event` among them, into the entry for
 * `reason` of `kept`, of which the list is loaded, and saves that. -E2BIG, and nothing
 * done: there are too many, or the entry rests on more than events. */
int list_replay(struct store *store, const struct list_event *event,
                enum policy_reason reason, struct kept_address *kept,
                const struct list_cause *cause);
/* What the soft bounce of the address at `ms` is judged; without rule and words, where no
 * row of it is kept. */
int event_judge_soft(struct store *store, const struct policy *policy, const char *key,
                     int64_t ms, struct policy_judgement *ret);

#endif
