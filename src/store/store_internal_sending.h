/*
 * What store_sending.c, store_parcel.c and store_webhook.c share: which rows are news,
 * and how the outbox names them.
 */
#ifndef STORE_STORE_INTERNAL_SENDING_H
#define STORE_STORE_INTERNAL_SENDING_H

#include "sesbounce/store_sending.h"
#include "store/limits.h"
#include "store/store_internal.h"

/* A table whose rows may be sent. */
struct source {
    enum sql scan;
    const char *word; /* as the outbox has it */
    unsigned news;    /* 1 << what its rows can be */
};
extern const struct source store_sources[STORE_SOURCES];

bool news_is_wanted(unsigned wanted, enum news news);

/* `test`, or `change 7`, `event 3-9 notice 4`, … */
#define PARCEL_BYTES 192
void parcel_print(const struct store_parcel *parcel, char ret[PARCEL_BYTES]);
/* False: it is not one. */
bool parcel_parse(struct str text, struct store_parcel *ret);

/* Rows of a source behind an id, in order: their id, and what news they are. */
struct db_call source_begin(struct store *store, enum store_source source, int64_t after,
                            int64_t limit);
/* 1 a row, 0 no more. */
int source_next(struct db_call *call, enum store_source source, int64_t *ret_id,
                enum news *ret_news);

#endif
