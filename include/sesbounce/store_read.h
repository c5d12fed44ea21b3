/*
 * What the store has: its views, and what is asked about an address, a message or the
 * store as a whole. Reads only; everything else is as store.h says.
 */
#ifndef SESBOUNCE_STORE_READ_H
#define SESBOUNCE_STORE_READ_H

#include "sesbounce/store.h"

/* --- reading (store_read.c) ------------------------------------------------------ */

enum store_view {
    STORE_SUPPRESSED,
    STORE_ENTRIES,   /* also those that expired or were lifted */
    STORE_DECISIONS, /* of people */
    STORE_EVENTS,
    STORE_BOUNCES,
    STORE_COMPLAINTS,
    STORE_QUARANTINE,
    STORE_TOPICS,
    STORE_DAILY,
    STORE_PAUSED, /* whose sending SES has paused */
    STORE_HELD,   /* entries that wait for a person */
    STORE_LOG,    /* changes of the list */
    STORE_GUARDS, /* when the outage guard held a provider's bounces */
    STORE_HOURLY,
    STORE_LEAKS, /* mail that was sent after its address was suppressed */
    STORE_UNSUBSCRIBES,
    STORE_SOFT_DAYS,        /* on which an address bounced softly */
    STORE_ALERTS,           /* that are raised, or were */
    STORE_WEBHOOKS,         /* and mail: the receivers of what is sent out */
    STORE_WEBHOOK_MESSAGES, /* those that wait or were given up */
};

/* What to select; NULL, 0 or CLOCK_NONE: anything. */
struct store_filter {
    const char *address; /* as typed */
    const char *scope;
    const char *type;
    const char *class;
    const char *cause;
    const char *rule;
    const char *domain;
    const char *campaign;
    const char *reason; /* of a suppression or a quarantine */
    const char *why;    /* of what is held */
    const char *topic;
    const char *message; /* SES's id of a mail; rows come in the order of their times */
    int64_t since_ms;    /* occurred_at (received_at of quarantine) >= */
    int64_t until_ms;    /* < */
    int64_t after_id;
    int64_t until_id; /* up to this one, and in the order of ids whatever is selected */
    /* STORE_SUPPRESSED: only what follows this row in the order of the view, (address,
     * scope), in the spelling of the view. */
    const char *after_address;
    const char *after_scope;
    int64_t id; /* exactly this */
    int64_t limit;
    bool newest_first;
    bool ids_only; /* a row is its id alone: bodies are not read */
};

enum store_value_type {
    STORE_NULL,
    STORE_INTEGER,
    STORE_REAL,
    STORE_TEXT,
    STORE_TIME,    /* milliseconds since 1970 */
    STORE_BOOLEAN, /* 0 or 1 */
    STORE_JSON,    /* a text */
};

/* The columns of a view in its order, ended by NULL, and what a column of that name holds
 * in any view. */
const char *const *store_columns(enum store_view view);
bool store_has_column(enum store_view view, const char *name);
enum store_value_type store_column_type(const char *name);

struct store_value {
    const char *name; /* the view's column */
    enum store_value_type type;
    int64_t integer; /* INTEGER, TIME, BOOLEAN */
    double real;
    struct str text; /* TEXT, JSON; borrowed during the callback */
};

/* A row, all columns of the view in its order; a return other than 0 ends the query and
 * becomes its result. */
typedef int store_row_fn(void *context, const struct store_value *values, size_t count);

/* 0 or a fault; -EINVAL for a filter that the view lacks, or no address in `address`.
 * Words and domains match without regard to case. */
int store_query(struct store *store, enum store_view view,
                const struct store_filter *filter, store_row_fn *row, void *context);

/* Of STORE_EVENTS or STORE_LOG, whose ids grow in commit order, from one sequence. */
struct store_span {
    int64_t pruned_id; /* retention has deleted up to this one; 0: nothing */
    int64_t oldest_id; /* of the rows behind that; 0: none is there */
    int64_t newest_id; /* that was drawn, whether its row is of this view or not */
};
/* 0 or a fault; -EINVAL for another view. */
int store_span(struct store *store, enum store_view view, struct store_span *ret);

/* May this address (its key form) be mailed in this scope? One index look-up.
 * 1 suppressed, 0 not, or a fault. */
int store_is_suppressed(struct store *store, const struct address *address,
                        const char *scope);
/* The same, and why: an entry for all mail first. */
struct store_suppression {
    char reason[sizeof("COMPLAINT")]; /* the longest */
    char scope[POLICY_SCOPE_BYTES_MAX];
    int64_t until_ms; /* POLICY_FOR_EVER */
};
int store_suppression(struct store *store, const struct address *address,
                      const char *scope, struct store_suppression *ret);

/*
 * Between the two, store_is_suppressed() and store_suppression() answer from one state of
 * the list, at half the cost. Upkeep of the file waits meanwhile: no longer than a tenth
 * of a second, and never across a wait for somebody else. 0 or a fault; after one of the
 * second, what was read since the first may be wrong.
 */
int store_read_begin(struct store *store);
int store_read_end(struct store *store);

/* What an event would do to the list, for one recipient in one scope; borrowed. */
struct store_preview {
    size_t recipient;
    const char *scope;
    bool is_known; /* its event is stored already, and does nothing more */
    const struct policy_judgement *judgement;
    const struct policy_change *change;
    const struct policy_address *after;
};
typedef int store_preview_fn(void *context, const struct store_preview *preview);

/* Writes nothing. 0, a fault, or what `each` returned if not 0, which ends it. */
int store_preview(struct store *store, const struct intake *intake,
                  store_preview_fn *each, void *context);

/* What soft counting knows of an address in one scope; borrowed. */
typedef int store_soft_fn(void *context, const char *scope,
                          const struct policy_soft *softs, size_t count);

/* Each scope in which it did; an address in its key form. Results as store_preview(). */
int store_soft(struct store *store, const struct address *address, store_soft_fn *each,
               void *context);

/*
 * The message that an event was kept from, verbatim, appended to `ret`. 1, or 0 when it
 * is kept no longer; -ENOENT: there is no such event, -E2BIG: `ret` cannot hold it,
 * -EUCLEAN or -ENOTSUP: this message cannot be read, others may.
 */
int store_message(struct store *store, int64_t event_id, struct buf *ret);

/*
 * Everything `status` shows, through the same kind of callback: rows of two columns,
 * `name` and `value`. The names are in sesbouncectl(8).
 */
int store_status(struct store *store, store_row_fn *row, void *context);

/* By what store_stats() counts. */
enum store_stats_by {
    STORE_STATS_DAY,
    STORE_STATS_ALL,    /* one row */
    STORE_STATS_DOMAIN, /* of the recipients */
    STORE_STATS_IDENTITY,
    STORE_STATS_CONFIGURATION_SET,
    STORE_STATS_SCOPE,
    STORE_STATS_CAMPAIGN, /* this and the next: of the events that are kept, so that */
    STORE_STATS_TENANT,   /* sends and deliveries may be NULL: not known */
    STORE_STATS_BY,
};

/*
 * Counts of the days since that of `since_ms`, days in their order, all else the worst
 * first: a column named after what they are by (`day`, `days` for their number, `domain`,
 * …), those of the view `daily` behind `day`, and
 * `reporting_complaint_rate`: of the mail to providers that have ever complained, and
 * `unseen_share`: that of the mail to the others, whose complaints nobody sees. Both are
 * of deliveries, or of sends where there are none.
 */
int store_stats(struct store *store, enum store_stats_by by, int64_t since_ms,
                store_row_fn *row, void *context);

/*
 * The sending identities (column `identity`; NULL: not known) with soft bounces in the
 * POLICY_DELIVERIES_MS before `now_ms` and no Deliveries: their soft bounces are recorded
 * and suppress nobody.
 */
int store_recorded_only(struct store *store, int64_t now_ms, store_row_fn *row,
                        void *context);

/* Signs that this machine's clock is wrong, from bounded look-ups. */
struct store_clock_signs {
    int64_t future; /* quarantined as `future` in the last day */
    int64_t stale;  /* quarantined as `stale` in the last hour */
    bool is_surge;  /* STORE_STALE_SURGE of these at least, and most of all messages */
};
int store_clock_signs(struct store *store, int64_t now_ms, struct store_clock_signs *ret);

/* Is all of it sound? 0, or -EUCLEAN with lines in `report`. `progress` (may be NULL) is
 * called from time to time. */
int store_check(struct store *store, struct buf *report, void (*progress)(void *context),
                void *context);

#endif
