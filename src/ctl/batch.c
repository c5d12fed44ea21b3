#include "ctl/batch.h"

#include <string.h>

#include "ctl/limits.h"
#include "sesbounce/clock.h"

struct batch_item *batch_next(struct batch *batch)
{
    struct batch_item *item = &batch->items[batch->count];
    *item = (struct batch_item){.verdict = VERDICT_UNDECIDED};
    return item;
}

void batch_item_done(struct batch_item *item)
{
    intake_done(&item->intake);
    sns_message_done(&item->message);
    free(item->body);
    *item = (struct batch_item){0};
}

bool batch_keep(struct batch *batch, struct batch_item *item)
{
    size_t recipients = item->intake.event.recipient_count;
    batch->count++;
    batch->rows += recipients > 1 ? recipients : 1;
    batch->bytes += item->intake.body.len;
    return batch->count == STORE_TURN_ROWS_MAX || batch->rows >= STORE_TURN_ROWS_MAX ||
           batch->bytes >= CTL_BATCH_BYTES_MAX;
}

void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        batch_item_done(&batch->items[i]);
    batch->count = 0;
    batch->rows = 0;
    batch->bytes = 0;
}

/* Applying takes a kept event out of quarantine by itself; one that only counts is
 * dropped here. Both or neither is committed. */
static int apply_item(struct batch_item *item, struct store *store)
{
    int r = store_apply(store, &item->intake, &item->verdict);
    if (r == 0 && item->quarantine_id)
        r = store_quarantine_drop(store, item->quarantine_id);
    return r;
}

/* One turn: items from `from` on until its time is up. */
static int apply_turn(struct batch *batch, struct store *store, bool dry_run, size_t from,
                      size_t *ret_next)
{
    size_t i = from;
    int r = store_begin(store);
    if (r < 0)
        return r;
    int64_t deadline_ms = clock_mono_ms() + STORE_TURN_MS;
    while (r == 0 && i < batch->count) {
        r = apply_item(&batch->items[i++], store);
        if (clock_mono_ms() >= deadline_ms)
            break;
    }
    if (r == 0 && !dry_run)
        r = store_commit(store);
    else
        store_rollback(store);
    if (r == 0)
        *ret_next = i;
    return r;
}

int batch_apply(struct batch *batch, struct store *store, bool dry_run, size_t *ret_done)
{
    size_t done = 0;
    int r = 0;
    while (r == 0 && done < batch->count)
        r = apply_turn(batch, store, dry_run, done, &done);
    *ret_done = done;
    return r;
}
