/*
 * What a receiver gets, made of the rows that a message names: the JSON of Standard
 * Webhooks, of which there is one for each row; a text for Slack and the like, or a mail,
 * which may tell of many rows at once. The writer's thread; only reads.
 */
#ifndef SESBOUNCED_COMPOSE_H
#define SESBOUNCED_COMPOSE_H

#include "daemon/receivers.h"

/* `webhook-id`, or the left side of a Message-ID. */
#define COMPOSED_ID_BYTES 80

struct composed {
    char id[COMPOSED_ID_BYTES];
    struct buf body; /* owned */
};

/* 1; 0: of its rows nothing is left; or a fault. `instance` is store_instance()'s. Every
 * attempt of a message has the same id, and the same body as long as its rows are. */
int compose(struct store *store, const struct receiver *receiver,
            const struct store_message *message, const char *instance,
            struct composed *ret);

/* compose_text.c: appends the text for people. Results as compose(). */
int compose_text(struct store *store, const struct receiver *receiver,
                 const struct store_message *message, struct buf *ret);

/* compose_mail.c: a whole message of RFC 5322 from a text, with CRLF. 0 or as buf_append.
 */
int compose_mail(const struct receiver *receiver, const char *id, int64_t date_ms,
                 struct str text, struct buf *ret);

/* compose_row.c: a row with its addresses as the receiver may see them; borrows all other
 * values. */
struct composed_row {
    struct store_value values[STORE_COLUMNS_MAX + 1];
    size_t count;
    struct buf texts[STORE_COLUMNS_MAX];
};
int composed_row_init(struct composed_row *row, const struct receiver *receiver,
                      const struct store_sending *sending);
void composed_row_done(struct composed_row *row);

#endif
