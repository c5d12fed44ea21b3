/* Messages on their way: which is next, what became of it, and what people want of it. */
#include <errno.h>
#include <sys/random.h>

#include "store/store_internal_sending.h"

/* Before the second attempt, the third, …; as Standard Webhooks 1.0.0 recommends. */
static const int64_t delays_ms[] = {
    5 * CLOCK_SECOND_MS, 5 * CLOCK_MINUTE_MS, 30 * CLOCK_MINUTE_MS,
    2 * CLOCK_HOUR_MS,   5 * CLOCK_HOUR_MS,   10 * CLOCK_HOUR_MS,
    14 * CLOCK_HOUR_MS,  20 * CLOCK_HOUR_MS,  24 * CLOCK_HOUR_MS,
};
#define DELAYS       (int64_t)(sizeof(delays_ms) / sizeof(delays_ms[0]))
#define AGAIN_MAX_MS (29 * CLOCK_HOUR_MS) /* the longest, lengthened by a fifth */

int store_instance(struct store *store, char ret[STORE_INSTANCE_BYTES])
{
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_SEND_INSTANCE, NULL, 0);
    int r = db_step(&call);

    struct str name = r == 1 ? db_get_text(&call) : STR("");
    (void)snprintf(ret, STORE_INSTANCE_BYTES, "%.*s", STR_ARG(name));
    return db_only_fault(r);
}

/* --- the next -------------------------------------------------------------------- */

static bool receiver_rests(const struct store_receiver *receiver, int64_t now_ms,
                           int64_t *ret_next_ms)
{
    *ret_next_ms = CLOCK_NONE;
    if (receiver->is_off)
        return true;
    if (receiver->not_before_ms == CLOCK_NONE || receiver->not_before_ms <= now_ms ||
        receiver->not_before_ms > now_ms + AGAIN_MAX_MS)
        return false;
    *ret_next_ms = receiver->not_before_ms;
    return true;
}

int store_message_next(struct store *store, const struct store_receiver *receiver,
                       int64_t now_ms, struct store_message *ret, int64_t *ret_next_ms)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_SEND_NEXT, db_text(str_of(receiver->name)));
    bool rests = receiver_rests(receiver, now_ms, ret_next_ms);
    int r = db_step(&call);

    if (r <= 0)
        return r;
    ret->id = db_get_int(&call);
    struct str what = db_get_text(&call);
    ret->attempts = db_get_int(&call);
    int64_t next_ms = db_get_int(&call);
    ret->created_ms = db_get_int(&call);
    ret->is_test = str_equal(what, STR("test"));
    if (rests && !ret->is_test)
        return 0;
    /* Further ahead than any delay: the clock was set back since. */
    if (next_ms > now_ms && next_ms <= now_ms + AGAIN_MAX_MS) {
        *ret_next_ms = next_ms;
        return 0;
    }
    if (!ret->is_test && !parcel_parse(what, &ret->parcel))
        ret->parcel = (struct store_parcel){.after = {0}};
    return 1;
}

int store_message_is_out(struct store *store, const struct store_message *message)
{
    int64_t attempts = -1;
    int r = db_find(store, SQL_SEND_ATTEMPTS, &attempts, db_int(message->id));

    return r < 0 ? r : r == 1 && attempts == message->attempts;
}

/* --- the result ------------------------------------------------------------------ */

/* `ms`, lengthened by up to a fifth, so that many do not come at once. */
static int64_t delay_spread(int64_t ms)
{
    uint32_t random = 0;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
        random = 0;
    return ms + (int64_t)((uint64_t)(ms / 5) * random / UINT32_MAX);
}

static int receiver_note(struct store *store, struct str name,
                         const struct store_outcome *outcome, bool is_given_up,
                         int64_t now_ms)
{
    int64_t until_ms = now_ms + outcome->retry_after_ms;
    bool pauses = outcome->pauses && outcome->retry_after_ms > 0;

    if (outcome->sent == STORE_SENT)
        return db_do(store, SQL_RECEIVER_SUCCESS, db_text(name), db_int(now_ms));
    return db_do(store, SQL_RECEIVER_FAULT, db_text(name), db_int(now_ms),
                 db_text(outcome->text), db_int(is_given_up),
                 db_int_if(outcome->sent == STORE_SENT_GONE, now_ms),
                 db_int_if(pauses, until_ms));
}

struct sent_message {
    int64_t id;
    bool is_test;
    int64_t attempts; /* this one counted */
};

static int message_again(struct store *store, const struct sent_message *message,
                         const struct store_outcome *outcome, int64_t now_ms)
{
    int64_t delay_ms = 0;

    if (outcome->sent != STORE_SENT_GONE) {
        delay_ms = delay_spread(delays_ms[message->attempts - 1]);
        if (delay_ms < outcome->retry_after_ms)
            delay_ms = outcome->retry_after_ms;
    }
    return db_do(store, SQL_OUTBOX_RETRY, db_int(message->id), db_int(message->attempts),
                 db_int(now_ms + delay_ms), db_text(outcome->text));
}

static int message_record(struct store *store, struct str name,
                          const struct sent_message *message,
                          const struct store_outcome *outcome, int64_t now_ms)
{
    bool is_over = outcome->sent == STORE_SENT || outcome->sent == STORE_SENT_VOID;
    bool is_given_up =
        !is_over && (message->is_test || outcome->sent == STORE_SENT_NEVER ||
                     (outcome->sent == STORE_SENT_NOT && message->attempts > DELAYS));
    int r = 0;

    if (outcome->sent != STORE_SENT_VOID)
        r = receiver_note(store, name, outcome, is_given_up && !message->is_test, now_ms);
    if (r < 0)
        return r;
    if (is_over)
        return db_do(store, SQL_OUTBOX_DROP, db_int(message->id));
    if (is_given_up) {
        r = db_do(store, SQL_SEND_GIVE_UP, db_int(message->id), db_int(message->attempts),
                  db_int(now_ms), db_text(outcome->text));
        return r < 0 ? r
                     : db_do(store, SQL_SEND_BOUND_FAILED, db_text(name),
                             db_int(STORE_SENDING_FAILED_MAX));
    }
    return message_again(store, message, outcome, now_ms);
}

int store_message_finish(struct store *store, int64_t id,
                         const struct store_outcome *outcome, int64_t now_ms)
{
    _cleanup_(buf_done) struct buf name = {.max = STORE_RECEIVER_NAME_BYTES};
    struct sent_message message = {.id = id};
    int r;

    store->writing->sending_changed = true;
    {
        _cleanup_(db_call_end) struct db_call call =
            db_call(store, SQL_SEND_FIND, db_int(id));
        r = db_step(&call);
        if (r <= 0)
            return r;
        r = buf_append_str(&name, db_get_text(&call));
        message.is_test = str_equal(db_get_text(&call), STR("test"));
        message.attempts = db_get_int(&call) + 1;
    }
    return r < 0 ? r : message_record(store, buf_str(&name), &message, outcome, now_ms);
}

/* --- by people ------------------------------------------------------------------- */

static int receiver_is_known(struct store *store, const char *name)
{
    struct store_receiver receiver = {.name = name};

    return store_receiver_load(store, &receiver);
}

int store_webhook_test(struct store *store, const char *name, int64_t now_ms,
                       int64_t *ret_id)
{
    int r = receiver_is_known(store, name);

    /* Due since ever: before everything else. */
    if (r == 0)
        r = db_do(store, SQL_SEND_PUT, db_text(str_of(name)), db_text(STR("test")),
                  db_int(0), db_int(now_ms));
    if (r == 0)
        *ret_id = db_last_id(store);
    return r;
}

int store_webhook_tested(struct store *store, int64_t id, struct buf *fault)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_SEND_STATE, db_int(id));
    int r = db_step(&call);

    if (r <= 0)
        return r < 0 ? r : 1;
    if (db_get_int(&call) == 0)
        return 0;
    r = buf_append_str(fault, db_get_text(&call));
    return r < 0 ? r : -ECANCELED;
}

int store_webhook_untest(struct store *store, int64_t id)
{
    return db_do(store, SQL_OUTBOX_DROP, db_int(id));
}

int store_webhook_retry(struct store *store, const char *name, int64_t now_ms,
                        int64_t *ret_count)
{
    int r = receiver_is_known(store, name);

    if (r == 0)
        r = db_change(store, SQL_SEND_RETRY_ALL, db_text(str_of(name)), db_int(now_ms));
    if (r < 0)
        return r;
    *ret_count = r;
    return db_do(store, SQL_RECEIVER_ON, db_text(str_of(name)));
}

int store_webhook_retry_one(struct store *store, int64_t id, int64_t now_ms)
{
    int r = db_change(store, SQL_SEND_RETRY_ONE, db_int(id), db_int(now_ms));

    return r > 0 ? 0 : r < 0 ? r : -ENOENT;
}

/* The id before the first row that is from `since_ms` or later: they grow together, as
 * long as nobody sets the clock. */
static int place_find(struct store *store, enum sql find, int64_t end, int64_t since_ms,
                      int64_t *ret)
{
    int64_t below = 0, above = end;

    while (below < above) {
        int64_t middle = below + (above - below) / 2;
        _cleanup_(db_call_end) struct db_call call = db_call(store, find, db_int(middle));
        int r = db_step(&call);
        int64_t id = r == 1 ? db_get_int(&call) : end + 1;

        if (r < 0)
            return r;
        if (r == 0 || id > above || db_get_int(&call) >= since_ms)
            above = middle;
        else
            below = id;
    }
    *ret = below;
    return 0;
}

int store_webhook_replay(struct store *store, const char *name, int64_t since_ms)
{
    static const enum sql finds[STORE_SOURCES] = {SQL_SEND_CHANGE_AT, SQL_SEND_EVENT_AT,
                                                  SQL_SEND_NOTICE_AT};
    struct store_receiver receiver = {.name = name};
    int64_t ends[STORE_SOURCES], to[STORE_SOURCES];
    int r = store_receiver_load(store, &receiver);

    if (r == 0)
        r = store_sending_ends(store, ends);
    for (unsigned i = 0; r == 0 && i < STORE_SOURCES; i++) {
        r = place_find(store, finds[i], ends[i], since_ms, &to[i]);
        if (to[i] > receiver.kept[i])
            to[i] = receiver.kept[i];
    }
    if (r == 0)
        r = db_do(store, SQL_RECEIVER_MOVE, db_text(str_of(name)), db_int(to[0]),
                  db_int(to[1]), db_int(to[2]), db_int(receiver.kept[0]),
                  db_int(receiver.kept[1]), db_int(receiver.kept[2]));
    return r;
}
