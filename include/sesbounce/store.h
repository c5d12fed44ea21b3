/*
 * The store: what is kept, and what it promises.
 *
 * A message that store_commit() returned 0 for survives kill -9 and a power cut. The same
 * SNS message, and the same SES event of a recipient, is kept once. Counts and
 * suppressions change in the transaction of their cause. Another process may read at any
 * time.
 *
 * A struct store belongs to one thread at a time. Faults are negative errnos with one
 * meaning each: -EUCLEAN corrupt, -ENOTSUP made by a newer program, -EBUSY locked by
 * somebody else for longer than STORE_BUSY_MS, -EROFS read-only, -ENOSPC full, -EACCES
 * not ours to open, -ENOENT not there (readers), -ESTALE removed or replaced while it was
 * open, -EIO anything the disk did, -ENOMEM.
 */
#ifndef SESBOUNCE_STORE_H
#define SESBOUNCE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/types.h>

#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/intake.h"
#include "sesbounce/policy_list.h"

struct store;

enum store_mode {
    STORE_READ,  /* the views; never creates, never migrates */
    STORE_WRITE, /* ctl: an existing file of this version; takes turns with the daemon */
    STORE_OWN,   /* the daemon: creates, migrates, and is the main writer */
    STORE_IDLE,  /* the daemon's second connection, for store_idle() */
};

/*
 * `*fault` (may be NULL) gets a line for the operator: what it is and what to type.
 * STORE_OWN creates the file with mode 0640 whatever the umask, and refuses with -EACCES
 * a file of the database that belongs to somebody else or that others may write.
 */
int store_open(const char *path, enum store_mode mode, struct store **ret,
               struct buf *fault);

/* What STORE_OWN does first to a file of an earlier version. */
enum store_upgrade_stage {
    STORE_UPGRADE_BEGINS,
    STORE_UPGRADE_GOES_ON,
    STORE_UPGRADE_ENDS
};
struct store_upgrade {
    enum store_upgrade_stage what;
    int from, to;    /* versions of the schema */
    int64_t events;  /* in the file, about */
    int64_t took_ms; /* so far */
};
typedef void store_upgrade_fn(void *context, const struct store_upgrade *upgrade);
/* Who hears of that, in the thread that opens the file: when it begins, again and again
 * meanwhile, and when it has succeeded. One of the process; set before its threads run.
 */
void store_on_upgrade(store_upgrade_fn *hear, void *context);

/*
 * For a file that turned out to be unusable while the daemon runs: as STORE_OWN, but
 * never creates a file, since that would be an empty list (-ENOENT), and first looks
 * through the one that is there, for STORE_LOOK_MS at most: -EUCLEAN.
 */
int store_open_again(const char *path, struct store **ret, struct buf *fault);

/* Which files a store has open; all 0: no file. */
struct store_files {
    uint64_t device;
    uint64_t database; /* inode numbers */
    uint64_t log;
};
void store_files_of(const struct store *store, struct store_files *ret);

/*
 * If another database is at `path`, but still with the log of the one in `files`, which
 * is closed: renames the log, which would damage the database that it does not belong
 * to. 1 done, 0 nothing to do, or a negative errno.
 */
int store_set_log_aside(const char *path, const struct store_files *files);

/* Differs as soon as somebody has replaced, restored or repaired the file at `path`, and
 * also after we wrote it. 0: it is not there. */
uint64_t store_fingerprint(const char *path);

/* 0, or -ESTALE when the file was removed or replaced since it was opened. Costs a
 * stat(2); a transaction looks by itself. */
int store_check_in_place(struct store *store);

/* Is that a fault that stays until somebody puts another file there: -EUCLEAN, -ENOTSUP,
 * -ESTALE? */
bool store_fault_stays(int fault);

void store_close(struct store *store);
DEFINE_CLEANUP(struct store, store_close)

/*
 * What closing the last writer does, for a file that nobody closed or that was copied to
 * its place: afterwards the group can read it, for it needs no other file to be read.
 * Changes nothing while somebody has it open.
 */
int store_settle(const char *path, struct buf *fault);

/* Text of the last fault of this connection, for the log. */
const char *store_fault(const struct store *store);

/* What a fault means and what to type; a constant text. Also for -ETIMEDOUT, with which
 * the daemon says that the disk does not answer. */
const char *store_advice(int fault);

/* Did STORE_OWN find no database there, and begin a new, empty one? */
bool store_is_new(const struct store *store);

/* --- writing (store_write.c) ----------------------------------------------------- */

/*
 * Takes the turn, which the writing processes share, and begins a transaction.
 * STORE_WRITE keeps the turn until the end; STORE_OWN only passes through it, so that a
 * process that waits goes before the next batch. 0 or a fault, after which no transaction
 * is open.
 */
int store_begin(struct store *store);

/*
 * Packs the body of a message that will be kept, in the thread that calls, so that the
 * writer need not. Any thread. 0 or -ENOMEM, after which the writer tries.
 */
int store_pack(struct intake *intake);

/*
 * Applies one message inside the transaction. `*ret` gets a verdict that
 * verdict_is_kept(). Only I/O can fail: after a failure call store_rollback().
 */
int store_apply(struct store *store, const struct intake *intake, enum verdict *ret);

/* Commits with an fsync and gives the turn back. On failure nothing of it is kept. */
int store_commit(struct store *store);
void store_rollback(struct store *store);

/* A small write and an fsync of it, to learn whether the store works again after a fault.
 */
int store_probe(struct store *store);

/* A task of the outbox: something that is to be done elsewhere, written in the
 * transaction of its cause. */
enum store_task_kind { STORE_TASK_CONFIRM };

struct store_task {
    int64_t id;
    enum store_task_kind kind;
    char *target;  /* CONFIRM: the topic's ARN */
    char *payload; /* CONFIRM: the token; NULL: lost, as after a backup was restored */
    unsigned attempts;
};
void store_task_done(struct store_task *task);

/*
 * Up to `max` that are due at `now_ms`; the caller owns them. One that was given out is
 * not given out again until its result, or STORE_TASK_OUT_MS later should that be lost.
 * `*ret_next_ms` is when to ask again (CLOCK_NONE: nothing is left). Only reads. Returns
 * how many, or a fault.
 */
int store_tasks_due(struct store *store, int64_t now_ms, struct store_task *ret,
                    size_t max, int64_t *ret_next_ms);

/* Has the outbox changed since the last call, through this connection, or may another
 * process have changed it? Cheap. */
bool store_outbox_changed(struct store *store);

enum store_task_result {
    STORE_TASK_DONE,  /* `text` is the result; CONFIRM: the subscription's ARN */
    STORE_TASK_RETRY, /* `text` says why; back-off, and `failed` when it has expired */
    STORE_TASK_FAILED /* for good: `text` says why */
};
/* Part of the caller's transaction, or one of its own where none is open. One that was
 * dropped meanwhile changes nothing: 0. */
int store_task_finish(struct store *store, int64_t id, enum store_task_result result,
                      struct str text, int64_t now_ms);

/*
 * A person's decision about one address in one scope. Where the caller has begun a
 * transaction it is part of that, and after a failure store_rollback() is the caller's;
 * otherwise it is one of its own.
 */
struct store_decision {
    enum policy_decide what;
    enum policy_reason reason; /* of RELEASE, DROP and IMPORT */
    enum policy_origin origin;
    const char *address; /* as typed; normalised here, -EINVAL if it is not one */
    const char *scope;   /* NULL: POLICY_SCOPE_ALL */
    const char *actor;
    const char *note;   /* NULL: none */
    const char *detail; /* of IMPORT; NULL: none */
    bool complaint;     /* of REMOVE: a COMPLAINT, too; else that is POLICY_REFUSED */
    int64_t now_ms;
    int64_t since_ms; /* of IMPORT */
    int64_t until_ms; /* of ADD and IMPORT: POLICY_FOR_EVER */
};
int store_decide(struct store *store, const struct store_decision *decision,
                 enum policy_decided *ret);

/*
 * RELEASE or DROP of what waits under this id (column `id` of `held`); of `decision`
 * address, scope and reason do not matter. POLICY_UNCHANGED: nothing does.
 */
int store_decide_held(struct store *store, int64_t held_id,
                      const struct store_decision *decision, enum policy_decided *ret);

/*
 * `suppress rebuild`: one address after another, what the policy in force makes of its
 * kept events and of what people decided.
 */
struct store_rebuild {
    const struct policy *policy;
    const char *actor;
    int64_t now_ms;
    bool dry_run; /* for a reader, too */
};
/* The next `max` addresses after `after` ("" at first): how many there are, or a fault.
 */
int store_rebuild_next(struct store *store, const char *after,
                       char (*ret)[ADDRESS_BYTES_MAX], size_t max);

/* What differs of an address (its key form). Only reads. 1: the caller owns `*ret`; 0
 * nothing does, or a fault. -E2BIG: it has more than STORE_REBUILD_EVENTS_MAX events, and
 * stays as it is. `rebuild` is copied; what it points to is borrowed. */
struct store_rebuilding;
int store_rebuild_look(struct store *store, const struct store_rebuild *rebuild,
                       const char *address, struct store_rebuilding **ret);
void store_rebuilding_free(struct store_rebuilding *rebuilding);
DEFINE_CLEANUP(struct store_rebuilding, store_rebuilding_free)

struct store_rebuilt {
    const char *address;
    const char *scope;
    enum policy_action action;
    enum policy_reason reason;
    const char *rule; /* by which it is so now; NULL: by none */
};
typedef int store_rebuilt_fn(void *context, const struct store_rebuilt *change);
/* Changes the entries, and reports what; once. Part of the caller's transaction, unless
 * it is a dry run. Looks again where another process has changed something since; over
 * this connection nothing else may have been done to the address. 0 or a fault, as above.
 */
int store_rebuild_save(struct store_rebuilding *rebuilding, store_rebuilt_fn *report,
                       void *context);

/* `topics confirm`: every token of the topic that waits or failed starts over. -ENOENT:
 * there is none that could still be valid. */
int store_topic_confirm(struct store *store, const char *topic_arn, int64_t now_ms);

/* `topics forget`: as if the topic had never sent a message; its events stay. Pending
 * confirmations are given up. -ENOENT: it is not known. */
int store_topic_forget(struct store *store, const char *topic_arn);

/*
 * Inside a transaction: forgets a quarantined message and its body; its SNS id stays
 * known. 0 also when it is not there. Not needed after a retry: store_apply() of a
 * message that lies in quarantine applies it under its old id and takes it out, unless it
 * is counted or ignored now.
 */
int store_quarantine_drop(struct store *store, int64_t id);

/*
 * While the bodies in quarantine take more than `max_bytes`, drops the oldest
 * permanently, in its own transaction: first those with a newer one of the same topic and
 * reason, then any. A bounded number per call, so call it until `*ret_dropped` is 0.
 */
int store_quarantine_bound(struct store *store, int64_t max_bytes, int64_t now_ms,
                           size_t *ret_dropped);

/* Has a message gone there since the last store_quarantine_bound(), or did that leave too
 * much? */
bool store_quarantine_grew(const struct store *store);

/* The next provider whose bounces the outage guard has begun to hold. After
 * STORE_GUARD_NEWS_MAX of one transaction, `*ret_more` says how many are not named; the
 * view guards has them all. False: there is none. */
struct store_guard {
    char provider[ADDRESS_BYTES_MAX];
    int64_t hard;  /* hard bounces in this hour */
    int64_t usual; /* and at most in an hour before */
};
bool store_guard_news(struct store *store, struct store_guard *ret, size_t *ret_more);

/* Counts soft bounces again, which counted for nothing until Deliveries of their sending
 * identity became known: a bounded number in each call. */
int store_recount(struct store *store, const struct policy *policy, int64_t now_ms,
                  bool *ret_more);

/* Logs entries whose term has ended, a bounded number; without `*ret_more` it does
 * nothing until STORE_EXPIRE_AGAIN_MS later. */
int store_expire(struct store *store, int64_t now_ms, bool *ret_more);

/* Housekeeping in the daemon's idle time: old counted keys, hours, soft days. Bounded
 * work per call; without `*ret_more` it does nothing until STORE_TIDY_AGAIN_MS later.
 * What is old goes by `due_ms`: store_prune_clock(). */
int store_tidy(struct store *store, int64_t now_ms, int64_t due_ms, bool *ret_more);

/* What `db compact` can give back to the file system. */
struct store_space {
    bool in_steps; /* else the file must be rewritten once: store_rewrite() */
    int64_t bytes; /* of the file, once store_idle() has moved everything into it */
    int64_t free_bytes;
};
int store_space(struct store *store, struct store_space *ret);

/*
 * STORE_WRITE, where it goes in steps: gives some free pages back, in a transaction that
 * takes about STORE_TURN_MS. `*ret_bytes`: by how much the file is smaller; 0 when
 * nothing is free any more. The next one leaves the turn to the daemon first. Afterwards
 * store_idle() makes the file itself smaller.
 */
int store_compact_step(struct store *store, int64_t *ret_bytes);

/* For the daemon: the same with few pages, while more than STORE_FREE_BYTES_KEPT and an
 * eighth of the file is free; new messages use the rest. Nothing where it does not go in
 * steps. */
int store_give_back(struct store *store, bool *ret_more);

/*
 * STORE_WRITE: rewrites the whole file, without what is free, and so that it goes in
 * steps from then on. Takes as long as copying it, twice; deliveries could not be stored
 * meanwhile. -EBUSY when anybody else has the file open. -EINTR when `stop` said so:
 * nothing has changed then.
 */
int store_rewrite(struct store *store, bool (*stop)(void));

/*
 * STORE_OWN: does somebody still read who began before the store was opened, while the
 * file was at rest? Such readers hold up nobody, but until the last of them ends,
 * store_idle() moves nothing. `*ret_pid` is one of them, 0 if it is not known.
 */
bool store_early_reader(struct store *store, pid_t *ret_pid);

/*
 * Upkeep of what is committed, and safe already: it is moved from the log to its place in
 * the file. store_idle_bytes() is how much waits, by the writer's account. store_idle()
 * moves what it can and waits for nobody: 1 all, 0 not all, or a fault; on a STORE_IDLE
 * connection beside a writer. store_idle_end() follows on the writer's connection,
 * between two transactions: the log begins again, or a fault; -EBUSY: somebody reads it.
 */
int64_t store_idle_bytes(const struct store *store);
int store_idle(struct store *store);
int store_idle_end(struct store *store);

#endif
