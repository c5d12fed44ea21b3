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
    struct kept_address kept;                /* what the list says … */
    struct policy_entry was[POLICY_REASONS]; /* … and said when it was read */
    struct policy_change change;             /* what it takes, where it `differs` */
    bool differs;
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
    struct occurrence *occurrences; /* owned */
    size_t occurrence_count, occurrence_room;
    uint64_t *complaints; /* owned: hashes of the mails that had one */
    size_t complaint_count, complaint_room;
    char guard[GUARD_WHY_BYTES];
    struct str kept_scope; /* of the present event's row: its scope when it came */
};

/* Reads and replays everything; begins as {.store, .rebuild, .address}, and ends with
 * replay_done() in any case. -E2BIG: there are more than STORE_REBUILD_EVENTS_MAX. */
int replay_run(struct replay *replay);
void replay_done(struct replay *replay);
/* The index of the scope, which is added where it is not there; or a fault. */
int replay_scope(struct replay *replay, struct str scope);

/* Replays all kept events of the address, with `event` among them, into `kept`, of which
 * the list is loaded, and saves that. -E2BIG, and nothing done: the entry rests on more
 * than events. */
int list_replay(struct store *store, const struct list_event *event,
                struct kept_address *kept, const struct list_cause *cause);

#endif
