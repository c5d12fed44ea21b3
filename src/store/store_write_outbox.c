/* What outbound has to send, and what became of it. */
#include <errno.h>
#include <string.h>

#include "store/store_internal.h"

void store_task_done(struct store_task *task)
{
    free(task->target);
    free(task->payload);
    *task = (struct store_task){0};
}

/* When a row that was given out may be given out again; CLOCK_NONE: it was not. */
static int64_t given_out_until(struct store *store, int64_t id, int64_t now_ms)
{
    for (size_t i = 0; i < store->writing->out_count; i++)
        if (store->writing->out[i].id == id && store->writing->out[i].until_ms > now_ms)
            return store->writing->out[i].until_ms;
    return CLOCK_NONE;
}

static void given_out_forget(struct store *store, int64_t id, int64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < store->writing->out_count; i++)
        if (store->writing->out[i].id != id && store->writing->out[i].until_ms > now_ms)
            store->writing->out[kept++] = store->writing->out[i];
    store->writing->out_count = kept;
}

/* A token that is lost stays NULL. */
static int task_take(struct db_call *call, int64_t id, struct store_task *ret)
{
    struct str name, clear;
    int r = 0;

    ret->id = id;
    ret->kind = STORE_TASK_CONFIRM;
    ret->target = str_dup(db_get_text(call));
    name = db_get_text(call);
    clear = db_get_text(call);
    ret->attempts = (unsigned)db_get_int(call);
    if (str_present(clear))
        ret->payload = str_dup(clear);
    else
        r = token_read(call->store, name, &ret->payload);
    if (!ret->target || (str_present(clear) && !ret->payload))
        r = -ENOMEM;
    /* Of another user, after a copy made by root: no reason to stop storing. */
    if (r == 0 || r == -ENOENT || r == -EACCES)
        return 0;
    store_task_done(ret);
    return r;
}

static void due_bring_forward(int64_t *due_ms, int64_t ms)
{
    if (*due_ms == CLOCK_NONE || ms < *due_ms)
        *due_ms = ms;
}

int store_tasks_due(struct store *store, int64_t now_ms, struct store_task *ret,
                    size_t max, int64_t *ret_next_ms)
{
    _cleanup_(db_call_end) struct db_call call = db_call(store, SQL_OUTBOX_NEXT);
    size_t count = 0;
    int r;

    *ret_next_ms = CLOCK_NONE;
    given_out_forget(store, 0, now_ms);
    while ((r = db_step(&call)) == 1) {
        int64_t id = db_get_int(&call);
        int64_t next_ms = db_get_int(&call);
        int64_t until_ms = given_out_until(store, id, now_ms);

        /* Further ahead than any back-off: the clock was set back since, so now. */
        if (next_ms > now_ms + TASK_AGAIN_MAX_MS)
            next_ms = now_ms;
        if (until_ms != CLOCK_NONE) {
            due_bring_forward(ret_next_ms, until_ms);
            continue;
        }
        if (next_ms > now_ms || count == max ||
            store->writing->out_count == STORE_TASKS_OUT_MAX) {
            due_bring_forward(ret_next_ms, next_ms);
            return (int)count;
        }
        r = task_take(&call, id, &ret[count]);
        if (r < 0)
            break;
        store->writing->out[store->writing->out_count++] =
            (struct given_out){id, now_ms + STORE_TASK_OUT_MS, false};
        due_bring_forward(ret_next_ms, now_ms + STORE_TASK_OUT_MS);
        count++;
    }
    if (r == 0)
        return (int)count;
    for (size_t i = 0; i < count; i++) {
        given_out_forget(store, ret[i].id, now_ms);
        store_task_done(&ret[i]);
    }
    return r;
}

int outbox_put(struct store *store, int64_t subscription_id, int64_t next_at_ms,
               int64_t now_ms)
{
    store->writing->outbox_changed = true;
    return db_do(store, SQL_OUTBOX_PUT, db_int(subscription_id), db_int(next_at_ms),
                 db_int(now_ms));
}

int outbox_drop(struct store *store, int64_t subscription_id)
{
    return db_do(store, SQL_OUTBOX_DROP_SUBSCRIPTION, db_int(subscription_id));
}

struct attempt {
    int64_t id;
    int64_t target_id;
    int64_t attempts;
    int64_t created_at_ms;
};

/* 1 there, 0 replaced or dropped meanwhile, or a fault. */
static int attempt_find(struct store *store, int64_t id, struct attempt *ret)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_OUTBOX_FIND, db_int(id));
    int r = db_step(&call);

    if (r <= 0)
        return r;
    ret->id = id;
    ret->target_id = db_get_int(&call);
    ret->attempts = db_get_int(&call);
    ret->created_at_ms = db_get_int(&call);
    return 1;
}

static int64_t attempt_back_off(int64_t attempts)
{
    int64_t ms = TASK_FIRST_MS;

    for (int64_t i = 0; i < attempts && ms < TASK_AGAIN_MAX_MS; i++)
        ms *= 2;
    return ms < TASK_AGAIN_MAX_MS ? ms : TASK_AGAIN_MAX_MS;
}

/* What a result means for the task's target; one line for each kind. */
static const struct task_effects {
    int64_t expiry_ms;
    int (*done)(struct store *store, int64_t target_id, struct str text, int64_t now_ms);
    int (*failed)(struct store *store, int64_t target_id, struct str text,
                  int64_t now_ms);
    int (*retried)(struct store *store, int64_t target_id, struct str text);
} task_effects[] = {
    [STORE_TASK_CONFIRM] = {CONFIRM_EXPIRY_MS, subscription_confirmed,
                            subscription_failed, subscription_fault},
};

static int attempt_apply_result(struct store *store, const struct attempt *attempt,
                                enum store_task_result result, struct str text,
                                int64_t now_ms)
{
    const struct task_effects *effects = &task_effects[STORE_TASK_CONFIRM];
    int64_t next_at_ms = now_ms + attempt_back_off(attempt->attempts + 1);
    int64_t target_id = attempt->target_id;
    int r;

    if (result == STORE_TASK_RETRY &&
        next_at_ms - attempt->created_at_ms <= effects->expiry_ms) {
        r = db_do(store, SQL_OUTBOX_RETRY, db_int(attempt->id),
                  db_int(attempt->attempts + 1), db_int(next_at_ms), db_text(text));
        return r < 0 ? r : effects->retried(store, target_id, text);
    }
    r = db_do(store, SQL_OUTBOX_DROP, db_int(attempt->id));
    if (r < 0)
        return r;
    return result == STORE_TASK_DONE ? effects->done(store, target_id, text, now_ms)
                                     : effects->failed(store, target_id, text, now_ms);
}

/* A result counts as heard once its transaction is kept. */
static void given_out_answer(struct store *store, int64_t id)
{
    for (size_t i = 0; i < store->writing->out_count; i++)
        if (store->writing->out[i].id == id)
            store->writing->out[i].is_answered = true;
}

void outbox_transaction_ended(struct store *store, bool committed)
{
    size_t kept = 0;

    for (size_t i = 0; i < store->writing->out_count; i++) {
        if (committed && store->writing->out[i].is_answered)
            continue;
        store->writing->out[kept] = store->writing->out[i];
        store->writing->out[kept++].is_answered = false;
    }
    store->writing->out_count = kept;
}

static int attempt_record_result(struct store *store, int64_t id,
                                 enum store_task_result result, struct str text,
                                 int64_t now_ms)
{
    struct attempt attempt;
    int r = attempt_find(store, id, &attempt);

    if (r == 1)
        r = attempt_apply_result(store, &attempt, result, text, now_ms);
    if (r == 0)
        r = topic_flush(store); /* what deliveries before it in the batch count */
    if (r < 0)
        return r;
    given_out_answer(store, id);
    store->writing->outbox_changed = true;
    topic_forget_cache(store); /* the state of a topic changed behind the cache */
    return 0;
}

int store_task_finish(struct store *store, int64_t id, enum store_task_result result,
                      struct str text, int64_t now_ms)
{
    int r;

    if (store->in_transaction)
        return attempt_record_result(store, id, result, text, now_ms);
    r = store_begin(store);
    if (r < 0)
        return r;
    return store_finish(store, attempt_record_result(store, id, result, text, now_ms));
}

bool store_outbox_changed(struct store *store)
{
    bool changed = store->writing->outbox_changed;
    int64_t version = 0;

    store->writing->outbox_changed = false;
    if (db_version(store, &version) < 0 || version == store->writing->version_told)
        return changed;
    store->writing->version_told = version;
    return true;
}
