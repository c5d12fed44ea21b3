/*
 * What becomes of an address: everything that is kept about it, and how an event or a
 * person's decision changes that.
 *
 * policy_fold() carries a judgement of policy_judge() into everything that is kept about
 * the address in one scope; policy_decide() does the same with a person's decision. The
 * store finds and saves, and decides nothing. Pure, as policy.h is. Any thread.
 */
#ifndef SESBOUNCE_POLICY_LIST_H
#define SESBOUNCE_POLICY_LIST_H

#include "sesbounce/policy.h"

/* --- folding: policy_fold.c ------------------------------------------------------ */

enum policy_origin {
    POLICY_ORIGIN_EVENT,
    POLICY_ORIGIN_IMPORT,
    POLICY_ORIGIN_PERSON,
    POLICY_ORIGIN_API,
    POLICY_ORIGINS,
};

/* An entry of one (address, scope, reason), in force or not. All zero: there never was
 * one. Texts are borrowed. */
struct policy_entry {
    bool exists;
    bool lifted; /* by a person, by not-spam or by a Delivery */
    bool held;   /* waits for a person; its term begins when it is released */
    bool ended;  /* the end of its term is in the log; of a held one: of another before */
    bool is_basis; /* rests on what is kept no longer, or on an import: taken as given */
    enum policy_origin origin;
    int64_t since_ms;       /* when the present term began */
    int64_t until_ms;       /* POLICY_FOR_EVER */
    int64_t first_event_ms; /* CLOCK_NONE without events */
    int64_t last_event_ms;
    int64_t event_count;
    int64_t repeats; /* terms that ran out before a new one began */
    int64_t held_id; /* what it is called while it is held: the store's */
    struct str detail;
    struct str rule; /* of the event that `detail` is from */
    struct str why;  /* it is held: the rule's name, or `guard:DOMAIN` */
    struct str actor;
    struct str note;
    int64_t lifted_ms; /* this and the rest: where `lifted` */
    struct str lifted_by;
    struct str lifted_note;
};

/* Is it in force at that time? */
bool policy_entry_is_live(const struct policy_entry *entry, int64_t ms);

enum policy_mark { POLICY_MARK_KEPT, POLICY_MARK_CHANGED, POLICY_MARK_GONE };

/* What soft counting knows of an address in a scope: a soft bounce, or with neither flag
 * a Delivery. */
struct policy_soft {
    enum policy_mark mark; /* set by the fold */
    int64_t at_ms;
    bool is_counted;  /* not a doubtful bounce of an event of another scope */
    bool is_doubtful; /* SES calls it transient, but the address may be dead */
    /* Were Deliveries of the identity seen within POLICY_DELIVERIES_MS before?
     * Otherwise nothing would ever end the counting, and the bounce does not count. */
    bool deliveries_seen;
    struct str identity; /* absent: of a Delivery */
};
/* For so long Deliveries of an identity say that it reports them (reference/policy.md).
 */
#define POLICY_DELIVERIES_MS (7 * CLOCK_DAY_MS)

#define POLICY_REASONS (POLICY_REASON_MANUAL + 1)

/* Everything that is kept about one address in one scope. */
struct policy_address {
    struct policy_entry entries[POLICY_REASONS]; /* by reason */
    struct policy_soft *softs;                   /* in order, with room for two more */
    size_t soft_count;
    int64_t removed_ms;   /* a person's last `remove`; CLOCK_NONE: never */
    int64_t delivered_ms; /* of the first Delivery after the event; or CLOCK_NONE */
};

/* Parts of struct policy_address; those that are not needed may be left empty. */
enum policy_part {
    POLICY_PART_LIST = 1 << 0, /* entries and removed_ms */
    POLICY_PART_SOFT = 1 << 1,
    POLICY_PART_DELIVERED = 1 << 2,
    POLICY_PARTS_ALL = (1 << 3) - 1,
};
unsigned policy_fold_needs(const struct policy_judgement *judgement);

/* When, and by which way, an event came. */
struct policy_when {
    int64_t occurred_ms;
    int64_t received_ms;
    bool imported;
    struct str guard; /* `guard:DOMAIN`: the outage guard holds its BOUNCE; or absent */
    struct str identity;  /* the sending identity, and for a soft bounce whether */
    bool deliveries_seen; /* Deliveries of it were seen, as in struct policy_soft */
    bool is_replayed;     /* all soft bounces are in the address already */
};

/*
 * `n` more addresses are shown under `reason` until the minute `ends` since 1970
 * (POLICY_FOR_EVER). An address is shown under its strongest entry: below a complaint
 * until noon, a permanent bounce is -1 BOUNCE until noon and +1 BOUNCE permanently.
 * Expired entries need no event, so that totals are kept by their end.
 */
struct policy_total {
    enum policy_reason reason;
    int64_t ends;
    int64_t n;
};
#define POLICY_TOTALS_MAX (4 * (POLICY_REASON_MANUAL - POLICY_REASON_NONE))

/* suppression_log.action */
enum policy_action {
    POLICY_ACTION_NONE,
    POLICY_ACTION_ADDED,
    POLICY_ACTION_CHANGED,
    POLICY_ACTION_REMOVED, /* by a person */
    POLICY_ACTION_LIFTED,  /* by an event */
    POLICY_ACTION_EXPIRED,
    POLICY_ACTION_HELD,
    POLICY_ACTION_RELEASED,
    POLICY_ACTION_DROPPED,
    POLICY_ACTION_ERASED,
    POLICY_ACTIONS,
};

/* A line of the log: under which reason the address is shown before and after. */
struct policy_line {
    enum policy_action action;
    enum policy_reason entry; /* whose detail, until and rule the line has */
    enum policy_reason before;
    enum policy_reason after;
};
/* What ended by itself, and then what the event or decision did to each entry. */
#define POLICY_LINES_MAX (2 * POLICY_REASONS)

struct policy_change {
    unsigned entries;    /* 1 << reason: these are to be written */
    bool softs;          /* some are marked */
    bool replays_bounce; /* the BOUNCE entry may have lost or moved its basis */
    bool in_force; /* who is on the list, from when or until when is another matter now */
    size_t total_count;
    struct policy_total totals[POLICY_TOTALS_MAX];
    size_t line_count;
    struct policy_line lines[POLICY_LINES_MAX];
    struct policy_entry ended[POLICY_REASONS]; /* of a line EXPIRED: as it was then */
};

/*
 * Carries an event into `address`, whose texts borrow from `judgement` and `when`
 * afterwards. Events come in any order, so nothing depends on which came first, only on
 * when they occurred. An event from before `removed_ms` never makes or renews an entry,
 * nor does a list hit once anything was removed.
 */
void policy_fold(const struct policy *policy, const struct policy_judgement *judgement,
                 const struct policy_when *when, struct policy_address *address,
                 struct policy_change *ret);

/* Counts the soft bounces again, after Deliveries of a sending identity became known. The
 * judgement is of one of them. */
void policy_recount(const struct policy *policy, const struct policy_judgement *judgement,
                    int64_t now_ms, struct policy_address *address,
                    struct policy_change *ret);

/* How far soft counting has come. */
struct policy_soft_count {
    int64_t days;        /* that count, within the window that ends at `now_ms` */
    int64_t recorded;    /* that only would if Deliveries of their identity were seen */
    struct str identity; /* of one of those; borrowed */
};
/* Of one scope. */
void policy_soft_look(const struct policy *policy, const struct policy_soft *softs,
                      size_t count, int64_t now_ms, struct policy_soft_count *ret);

/* Notes the entries whose term has ended by `now_ms`. False: there are none. */
bool policy_expire(int64_t now_ms, struct policy_address *address,
                   struct policy_change *ret);

/* A person's decision; it needs POLICY_PART_LIST and POLICY_PART_SOFT. */
struct policy_decision {
    enum policy_decide {
        POLICY_DECIDE_ADD,
        POLICY_DECIDE_REMOVE,  /* whatever put it on the list; also what is held */
        POLICY_DECIDE_RELEASE, /* what is held takes effect: `reason` */
        POLICY_DECIDE_DROP,    /* what is held never does: `reason` */
        POLICY_DECIDE_IMPORT,  /* an entry from another list: `reason`, … */
    } what;
    enum policy_reason reason;
    enum policy_origin origin;
    bool complaint; /* of REMOVE: a COMPLAINT, too */
    int64_t now_ms;
    int64_t since_ms;  /* of IMPORT */
    int64_t until_ms;  /* of ADD and IMPORT: POLICY_FOR_EVER */
    struct str detail; /* of IMPORT */
    struct str actor;
    struct str note;
};
enum policy_decided {
    POLICY_UNCHANGED, /* it is so already */
    POLICY_CHANGED,
    POLICY_REFUSED, /* a REMOVE without `complaint` of a COMPLAINT that is in force */
    POLICY_ERASED,  /* by the store alone: an IMPORT from before the address was erased */
};
enum policy_decided policy_decide(const struct policy_decision *decision,
                                  struct policy_address *address,
                                  struct policy_change *ret);

/* --- the list as a function of history: policy_rebuild.c ------------------------- */

/*
 * Replaying what happened to an address, in the order in which it became known, into a
 * state that begins empty: events by policy_fold(), and what people decided by this.
 */
void policy_replay(const struct policy_decision *decision,
                   struct policy_address *address);

struct policy_rebuild {
    unsigned given; /* 1 << reason: left alone */
    int64_t now_ms;
    bool is_late; /* for an event that comes late: what has ended is added, too */
};
/*
 * Replaces the entries for BOUNCE and COMPLAINT in `address` by those of the `replayed`
 * state, where who is on the list, from when or until when is another matter by these.
 * Taken as given, and left alone: SOFT and MANUAL, what is_basis, and the reasons that
 * are `given`. False: nothing differs.
 */
bool policy_rebuild(const struct policy_address *replayed,
                    const struct policy_rebuild *by, struct policy_address *address,
                    struct policy_change *ret);
/* Also where nothing differs, a late event is one more. False: not of this entry. */
bool policy_replay_counts(const struct policy_entry *replayed, struct policy_entry *kept);

/* The words of the views; NULL for the NONE members. */
const char *policy_origin_word(enum policy_origin origin);
const char *policy_action_word(enum policy_action action);

#endif
