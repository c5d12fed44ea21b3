/*
 * Private to policy*.c: what events and people's decisions have in common when they
 * change what is kept about an address.
 */
#ifndef SESBOUNCE_POLICY_FOLD_H
#define SESBOUNCE_POLICY_FOLD_H

#include "sesbounce/policy_list.h"

/* What is carried in: begun by fold_begin(), ended by fold_end(). */
struct fold {
    const struct policy *policy;
    const struct policy_judgement *judgement;
    const struct policy_when *when;
    struct policy_address *address;
    struct policy_change *change;
    int64_t now_ms;
    struct policy_entry before[POLICY_REASONS]; /* what ended by itself is noted in it */
};

/* Sets `*fold->change`, and notes what has ended by `fold->now_ms`. */
void fold_begin(struct fold *fold);
/* `entries` (1 << reason) were changed. Each that is another matter now is a line of the
 * log. */
void fold_end(struct fold *fold, unsigned entries, enum policy_action action);

void entry_lift(struct policy_entry *entry, int64_t ms, struct str by, struct str note);
void entry_note_event(struct policy_entry *entry, int64_t occurred_ms);
/* Did a person remove the address after this? */
bool event_is_overruled(const struct policy_address *address, int64_t ms);

/* --- policy_soft.c --------------------------------------------------------------- */

/* Records a soft bounce, unless a later Delivery or removal voids it, and counts again.
 * True: the SOFT entry has changed. */
bool soft_record(struct fold *fold);
/* Counts again. True: the SOFT entry has changed. */
bool soft_recount(struct fold *fold);
/* A Delivery. True: the SOFT entry has changed. */
bool soft_reset(struct fold *fold);

/* A doubtful bounce that another one before it makes certain. */
struct soft_confirmed {
    int64_t at_ms;
    int64_t earlier_ms;
};
/* The first of which the event is a part, on either side. False: of none. */
bool soft_find_confirmed(const struct fold *fold, struct soft_confirmed *ret);

#endif
