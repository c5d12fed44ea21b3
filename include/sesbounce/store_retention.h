/*
 * What the store does not keep forever: what is old goes by `[retention]`, and what is
 * about an address goes when a person erases that.
 *
 * The rules of store.h are those of this header, too.
 */
#ifndef SESBOUNCE_STORE_RETENTION_H
#define SESBOUNCE_STORE_RETENTION_H

#include "sesbounce/store.h"

/* What has an age at which it goes. */
enum store_prunable {
    STORE_PRUNE_BODIES,
    STORE_PRUNE_EVENTS,     /* with their messages */
    STORE_PRUNE_QUARANTINE, /* messages */
    STORE_PRUNE_LOG,        /* changes of the list */
    STORE_PRUNE_KINDS,
};

/* A pass through all of it; the caller's. */
struct store_pruning {
    int64_t keep_ms[STORE_PRUNE_KINDS]; /* or POLICY_FOR_EVER */
    int64_t pruned[STORE_PRUNE_KINDS];  /* how many are gone; only grows */
    enum store_prunable what;           /* of store_prune.c: how far it is */
    int64_t after_id[STORE_PRUNE_KINDS];
    size_t rows_max; /* of the next step; 0 before the first */
};
/* From the oldest row on. */
void store_prune_begin(struct store_pruning *pruning);

/*
 * A step: prunes up to STORE_PRUNE_ROWS_MAX rows, in a transaction that takes about
 * STORE_PRUNE_MS, to judge by those before; none where nothing is due. The list, the
 * counters and what a live entry rests on stay. Without `*ret_more` the pass is over;
 * what has become due since then is found by further steps.
 */
int store_prune(struct store *store, struct store_pruning *pruning, int64_t now_ms,
                bool *ret_more);
/* The same, but only counts: for a reader, too. */
int store_prune_count(struct store *store, struct store_pruning *pruning, int64_t now_ms,
                      bool *ret_more);

/*
 * The time to prune by where no person has looked at the clock: `now_ms`, but no more
 * than STORE_PRUNE_QUIET_MS after the newest time that SNS has told, so that a clock that
 * is ahead deletes nothing.
 */
int store_prune_clock(struct store *store, int64_t now_ms, int64_t *ret_ms);

/* What is about to go for the first time. */
struct store_prune_notice {
    int64_t from_ms; /* nothing goes before; CLOCK_NONE: what is due may go now */
    /* When the oldest of each kind came that is due; CLOCK_NONE: none is. */
    int64_t oldest_ms[STORE_PRUNE_KINDS];
    int64_t before_ms[STORE_PRUNE_KINDS]; /* and what came before this is */
};

/*
 * A file from before there was retention: nobody knows yet that something of it will go.
 * When something is due at `due_ms`, the time to prune by, notes in a transaction of
 * its own that it stays for STORE_PRUNE_GRACE_MS after `now_ms`, once. Files that this
 * program began need no such time.
 */
int store_prune_announce(struct store *store, const struct store_pruning *pruning,
                         int64_t due_ms, int64_t now_ms, struct store_prune_notice *ret);

/* Stands in place of an address in what others still need. */
#define STORE_ERASED_ADDRESS "erased@erased.invalid"

enum store_erase_part {
    STORE_ERASE_LIST,    /* the entries, what people decided, the log */
    STORE_ERASE_OWN,     /* its events */
    STORE_ERASE_COUNTED, /* what is remembered of those that are only counted */
    STORE_ERASE_EVENTS,  /* what others' rows say about it: as in these four tables */
    STORE_ERASE_BODIES,
    STORE_ERASE_QUARANTINE,
    STORE_ERASE_CHANGES,
    STORE_ERASE_NOTES, /* notes that people wrote */
    STORE_ERASE_DONE,
};

/* The erasure of an address; the caller's. */
struct store_erasure {
    const char *actor;
    const char *note; /* NULL: none */
    bool forget;      /* also that it is on the list */
    bool dry_run;     /* only counts: for a reader, too */
    int64_t now_ms;
    /* What store_erase_begin() found. */
    bool was_listed;
    bool stays;       /* on the list */
    bool is_identity; /* mail is sent from it: events and counters name it so */
    /* What is gone so far. */
    int64_t events;
    int64_t bodies;   /* messages of these events */
    int64_t redacted; /* messages that name others, too */
    int64_t quarantined;
    int64_t texts;   /* diagnostics, notes and the like of others' rows */
    int64_t counted; /* events that were only counted, of the last 72 hours */
    /* The store's. */
    struct address address;
    char spellings[STORE_SPELLINGS_MAX][ADDRESS_BYTES_MAX];
    size_t spelling_count;
    enum store_erase_part part;
    int64_t after_id;
    int64_t last_ids[STORE_ERASE_DONE];
};

/*
 * Erases everything about an address that is kept now: store_erase() in steps, each in a
 * short transaction, until it says that there is no more. While the address is
 * suppressed, unless `forget`, its entry stays, with scope, reason and date. A tombstone
 * stays: imports, retries and SES's repetitions of what happened before `now_ms` are
 * VERDICT_ERASED or POLICY_ERASED. A log line says `erased`. Interrupted, it can begin
 * again. -EINVAL: it is not an address.
 */
int store_erase_begin(struct store *store, const char *address,
                      struct store_erasure *erasure);
int store_erase(struct store *store, struct store_erasure *erasure, bool *ret_more);

/* Afterwards, for what is left in the write-ahead log: 1 it is empty, 0 a reader or a
 * writer prevents it, so call it again, or a fault. */
int store_erase_end(struct store *store);

/* Was the address erased at `ms` or later? 1, 0 or a fault. */
int store_is_erased(struct store *store, const struct address *address, int64_t ms);

#endif
