#include "ctl/batch.h"

#include "ctl/ctl.h"
#include "ctl/limits.h"

struct batch_item *batch_next(struct batch *batch)
{
    struct batch_item *item = &batch->items[batch->count];
    *item = (struct batch_item){.verdict = VERDICT_NONE};
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
    batch->count = batch->rows = batch->bytes = 0;
}

struct applying {
    struct batch *batch;
    struct store *store;
    size_t at;
};

/* Applying takes a kept event out of quarantine by itself; one that only counts is
 * dropped here. Both or neither is committed. */
static int item_apply(void *context, bool *ret_end)
{
    struct applying *applying = context;
    struct batch_item *item = &applying->batch->items[applying->at++];
    int r = store_apply(applying->store, &item->intake, &item->verdict);
    if (r == 0 && item->quarantine_id)
        r = store_quarantine_drop(applying->store, item->quarantine_id);
    *ret_end = applying->at == applying->batch->count;
    return r;
}

int batch_apply(struct batch *batch, struct store *store, bool dry_run, size_t *ret_done)
{
    struct applying applying = {batch, store, 0};
    int r = 0;
    *ret_done = 0;
    while (r == 0 && *ret_done < batch->count) {
        r = ctl_turn(store, dry_run ? TURN_ROLLS_BACK : TURN_COMMITS, item_apply,
                     &applying);
        if (r == 0)
            *ret_done = applying.at;
    }
    return r;
}
