/*
 * What is sent out: each receiver, a [webhook NAME] or [mail NAME], has a place in three
 * tables whose ids grow in commit order. What follows that place is put into the outbox
 * as messages, in the transaction that moves the place; so what is committed is what is
 * sent, by the daemon or by sesbouncectl, and the deliveries of SNS write nothing for it.
 * A message names rows, and is made of them when it is sent: what was erased meanwhile is
 * not.
 *
 * By the writer, unless it says otherwise. Faults as in store.h.
 */
#ifndef SESBOUNCE_STORE_SENDING_H
#define SESBOUNCE_STORE_SENDING_H

#include "sesbounce/news.h"
#include "sesbounce/store_read.h"

enum store_source { STORE_SOURCE_CHANGES, STORE_SOURCE_EVENTS, STORE_SOURCE_NOTICES };
#define STORE_SOURCES 3

struct store_receiver {
    const char *name;
    const char *format; /* for people */
    unsigned wanted;    /* 1 << enum news */
    bool batches;       /* many rows become one message */

    int64_t at[STORE_SOURCES]; /* up to these ids everything is put or not for it, … */
    int64_t kept[STORE_SOURCES]; /* … and as the database has it */
    bool is_off;                 /* it answered 410 */
    int64_t not_before_ms;       /* it asked for a pause; CLOCK_NONE */
    int64_t failures;            /* attempts since the last success */
    int64_t waiting;             /* messages in the outbox, without those given up, … */
    int64_t fresh;               /* … of these never tried */
};

/*
 * In a transaction of its own: the receivers of the settings are the first `count` fields
 * of each. New ones begin at the present end, as does what one did not want before; those
 * that are not there any more are forgotten, with `*ret_dropped` messages that waited.
 */
int store_receivers_begin(struct store *store, struct store_receiver *receivers,
                          size_t count, int64_t *ret_dropped);

/* Reads what another process may have changed. -ENOENT: it is not known. */
int store_receiver_load(struct store *store, struct store_receiver *receiver);

/* Has a message or a receiver changed since the last call, through this connection, or
 * may another process have changed one? Cheap. */
bool store_sending_changed(struct store *store);

/* The last id of each source. */
int store_sending_ends(struct store *store, int64_t ret[STORE_SOURCES]);

/*
 * Looks at a bounded number of rows up to `ends`, and puts what is for the receiver into
 * the outbox, in a transaction of its own; without anything to put it writes nothing,
 * except its place from time to time. `*ret_put`: how many messages.
 */
int store_receiver_put(struct store *store, struct store_receiver *receiver,
                       const int64_t ends[STORE_SOURCES], int64_t now_ms,
                       size_t *ret_put);

/* Rows (after, to] of each source. */
struct store_parcel {
    int64_t after[STORE_SOURCES];
    int64_t to[STORE_SOURCES];
};

struct store_message {
    int64_t id;
    bool is_test;
    struct store_parcel parcel; /* of no test */
    int64_t attempts;           /* before this one */
    int64_t created_ms;
};
/*
 * The message that is to be sent next: 1 now, 0 there is none yet. `*ret_next_ms`: when
 * to ask again; CLOCK_NONE: after a change. A receiver that is off or has asked for a
 * pause gets nothing but tests.
 */
int store_message_next(struct store *store, const struct store_receiver *receiver,
                       int64_t now_ms, struct store_message *ret, int64_t *ret_next_ms);

/* Is that attempt still without a result? 1 or 0. */
int store_message_is_out(struct store *store, const struct store_message *message);

enum store_sent {
    STORE_SENT,
    STORE_SENT_NOT,   /* to be tried again; given up after the last attempt */
    STORE_SENT_NEVER, /* given up at once */
    STORE_SENT_GONE,  /* 410: the receiver is off from now on */
    STORE_SENT_VOID,  /* its rows are gone: there is nothing to send */
};
struct store_outcome {
    enum store_sent sent;
    struct str text;        /* why not */
    int64_t retry_after_ms; /* asked for by the receiver; 0 */
    bool pauses;            /* and for all messages */
};
/* Inside a transaction. A message that is not there any more changes nothing. */
int store_message_finish(struct store *store, int64_t id,
                         const struct store_outcome *outcome, int64_t now_ms);

/* The rows of a parcel that are for somebody who wants `wanted`: those of one source, in
 * the order of their ids. `news` is what a row is, `values` those of its view, or of a
 * notice `at`, `type` and `data`. Only reads; a return other than 0 ends it. */
struct store_sending {
    enum store_source source;
    enum news news;
    int64_t id;
    const struct store_value *values;
    size_t count;
};
typedef int store_sending_fn(void *context, const struct store_sending *row);
int store_parcel_read(struct store *store, const struct store_parcel *parcel,
                      unsigned wanted, store_sending_fn *row, void *context);
/* How many of each there are, in a bounded number of rows. */
int store_parcel_count(struct store *store, const struct store_parcel *parcel,
                       unsigned wanted, int64_t ret[NEWS_TYPES]);

/* What the ids of messages begin with, so that no other list has them. */
#define STORE_INSTANCE_BYTES 33
int store_instance(struct store *store, char ret[STORE_INSTANCE_BYTES]);

/* --- by sesbouncectl, in a transaction of the caller's --------------------------- */

/* Puts a test message; its id. It is tried once; -ENOENT: there is no such receiver. */
int store_webhook_test(struct store *store, const char *name, int64_t now_ms,
                       int64_t *ret_id);
/* What became of it: 1 sent, 0 it waits, or -ECANCELED with the reason in `fault`. */
int store_webhook_tested(struct store *store, int64_t id, struct buf *fault);
/* Forgets it. */
int store_webhook_untest(struct store *store, int64_t id);
/* Tries all messages of a receiver again, at once and with all attempts, and switches it
 * on: how many. Or one, by its id: 0, or -ENOENT. */
int store_webhook_retry(struct store *store, const char *name, int64_t now_ms,
                        int64_t *ret_count);
int store_webhook_retry_one(struct store *store, int64_t id, int64_t now_ms);
/* Puts the receiver back to what was committed at `since_ms` or later; what was sent
 * since is sent again. */
int store_webhook_replay(struct store *store, const char *name, int64_t since_ms);

#endif
