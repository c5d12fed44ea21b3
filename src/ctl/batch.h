/*
 * Captured messages on their way into the store: read and judged first, then applied in
 * few short transactions, so that the daemon never waits for our files or the network.
 * One thread.
 */
#ifndef CTL_BATCH_H
#define CTL_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/intake.h"
#include "sesbounce/limits.h"
#include "sesbounce/store.h"

struct batch_item {
    char *body; /* owned: the intake borrows from it */
    struct sns_message message;
    struct intake intake;
    int64_t quarantine_id; /* drop this one in the same transaction; 0: none */
    enum verdict verdict;  /* after batch_apply */
};

struct batch {
    struct batch_item items[STORE_TURN_ROWS_MAX];
    size_t count;
    size_t rows; /* at least what the items write */
    size_t bytes;
};

/* The place of the next item, emptied; it is not counted before batch_keep. */
struct batch_item *batch_next(struct batch *batch);
void batch_item_done(struct batch_item *item);

/* Counts the item that batch_next gave. True when the batch should be applied now. */
bool batch_keep(struct batch *batch, struct batch_item *item);

/*
 * Applies and commits everything, a transaction each STORE_TURN_MS; `item->verdict` tells
 * what became of each. `dry_run` rolls back instead. `*ret_done`: how many items are
 * committed. 0 or a fault of the store.
 */
int batch_apply(struct batch *batch, struct store *store, bool dry_run, size_t *ret_done);

/* Forgets all items. */
void batch_clear(struct batch *batch);

#endif
