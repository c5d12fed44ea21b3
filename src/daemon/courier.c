#include "daemon/courier.h"

#include <errno.h>

#include "daemon/dispatch.h"
#include "sesbounce/clock.h"
#include "sesbounce/log.h"

void courier_init(struct courier *courier, struct service *service)
{
    *courier = (struct courier){.service = service};
}

/* --- the beginning --------------------------------------------------------------- */

static int courier_begin(struct courier *courier, struct store *store)
{
    struct store_receiver receivers[SETTINGS_RECEIVERS_MAX];
    size_t count = courier->service->receivers.count;
    int64_t dropped = 0;
    char number[24];
    int r;

    for (size_t i = 0; i < count; i++)
        receivers[i] = courier->service->receivers.items[i].store;
    r = store_receivers_begin(store, receivers, count, &dropped);
    if (r == 0)
        r = store_instance(store, courier->instance);
    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++) {
        courier->service->receivers.items[i].store = receivers[i];
        courier->places[i] = (struct courier_place){.next_ms = 0};
    }
    if (dropped > 0) {
        (void)snprintf(number, sizeof(number), "%lld", (long long)dropped);
        log_event(LOG_LEVEL_WARNING,
                  "messages waited for a webhook or mail that is not in the settings any "
                  "more, and are dropped",
                  {"COUNT", str_of(number)});
    }
    courier->begun = true;
    return 0;
}

/* --- what has changed ------------------------------------------------------------ */

/* An outcome came, or somebody typed `webhooks retry`. */
static int place_look(struct courier *courier, size_t i, struct store *store)
{
    struct courier_place *place = &courier->places[i];
    int r = store_receiver_load(store, &courier->service->receivers.items[i].store);

    place->next_ms = 0;
    if (r == 0 && place->is_out) {
        r = store_message_is_out(store, &place->message);
        place->is_out = r != 0;
    }
    return r < 0 ? r : 0;
}

static int courier_look(struct courier *courier, struct store *store)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < courier->service->receivers.count; i++)
        r = place_look(courier, i, store);
    /* Somebody has put another database in place, or taken a row away. */
    if (r == -ENOENT)
        courier->begun = false;
    return r == -ENOENT ? 0 : r;
}

/* --- into the outbox ------------------------------------------------------------- */

static int64_t place_gap_ms(const struct receiver *receiver)
{
    int64_t gap_ms = receiver->kind == RECEIVER_MAIL    ? COURIER_MAIL_GAP_MS
                     : receiver->kind == RECEIVER_SLACK ? COURIER_SLACK_GAP_MS
                                                        : 0;
    int64_t failing_ms = COURIER_FAILING_GAP_MAX_MS;

    if (receiver->store.failures == 0)
        return gap_ms;
    if (receiver->store.failures < 7)
        failing_ms = CLOCK_SECOND_MS << (receiver->store.failures - 1);
    if (failing_ms > COURIER_FAILING_GAP_MAX_MS)
        failing_ms = COURIER_FAILING_GAP_MAX_MS;
    return failing_ms > gap_ms ? failing_ms : gap_ms;
}

/* Many things become one message only if they may wait for each other. */
static bool place_has_room(const struct courier *courier, size_t i, int64_t mono_ms)
{
    const struct receiver *receiver = &courier->service->receivers.items[i];
    const struct courier_place *place = &courier->places[i];
    int64_t fresh_max =
        receiver->store.batches || receiver->store.failures > 0 ? 0 : COURIER_FRESH_MAX;

    return !receiver->store.is_off && receiver->store.fresh <= fresh_max &&
           receiver->store.waiting < COURIER_WAITING_MAX &&
           (place->put_ms == 0 || mono_ms - place->put_ms >= place_gap_ms(receiver));
}

static bool place_is_behind(const struct store_receiver *receiver,
                            const int64_t ends[STORE_SOURCES])
{
    for (unsigned i = 0; i < STORE_SOURCES; i++)
        if (receiver->at[i] < ends[i])
            return true;
    return false;
}

static int courier_put(struct courier *courier, struct store *store, int64_t mono_ms)
{
    int64_t ends[STORE_SOURCES];
    int r = store_sending_ends(store, ends);

    for (size_t i = 0; r == 0 && i < courier->service->receivers.count; i++) {
        struct store_receiver *receiver = &courier->service->receivers.items[i].store;
        size_t put = 0;

        if (!place_is_behind(receiver, ends) || !place_has_room(courier, i, mono_ms))
            continue;
        r = store_receiver_put(store, receiver, ends, clock_wall_ms(), &put);
        if (put > 0) {
            courier->places[i].put_ms = mono_ms;
            courier->places[i].next_ms = 0;
        }
    }
    return r;
}

/* --- out of it ------------------------------------------------------------------- */

/* Nothing is left of it; or no message can be made of it, which must not stop others. */
static int message_drop(struct store *store, const struct store_message *message,
                        bool is_void)
{
    const struct store_outcome outcome = {
        .sent = is_void ? STORE_SENT_VOID : STORE_SENT_NEVER,
        .text = is_void ? STR_ABSENT : STR("no message can be made of it")};
    int r = store_begin(store);

    if (r < 0)
        return r;
    r = store_message_finish(store, message->id, &outcome, clock_wall_ms());
    if (r == 0)
        r = store_commit(store);
    if (r < 0)
        store_rollback(store);
    return r;
}

/* Gives it away, or leaves it in the outbox. */
static void message_give(struct courier *courier, size_t i,
                         const struct store_message *message, struct composed *composed,
                         int64_t mono_ms)
{
    const struct receiver *receiver = &courier->service->receivers.items[i];
    struct courier_place *place = &courier->places[i];
    struct dispatch *dispatch = dispatch_new(receiver, message, composed);

    if (!dispatch || service_send(courier->service, &dispatch->job) < 0) {
        dispatch_free(dispatch);
        return;
    }
    place->next_ms = 0;
    place->is_out = true;
    place->message = *message;
    place->out_until_ms = mono_ms + receiver->timeout_ms + COURIER_RESULT_MS;
}

static int place_hand_out(struct courier *courier, size_t i, struct store *store,
                          bool may_write, int64_t mono_ms)
{
    const struct receiver *receiver = &courier->service->receivers.items[i];
    struct courier_place *place = &courier->places[i];
    struct store_message message;
    struct composed composed = {.id = ""};
    int r = store_message_next(store, &receiver->store, clock_wall_ms(), &message,
                               &place->next_ms);

    if (place->next_ms == CLOCK_NONE)
        place->next_ms = INT64_MAX;
    if (r <= 0)
        return r;
    place->next_ms = clock_wall_ms() + CLOCK_SECOND_MS; /* unless it is given away */
    r = compose(store, receiver, &message, courier->instance, &composed);
    if (r == 1) {
        message_give(courier, i, &message, &composed, mono_ms);
    } else if ((r == 0 || r == -E2BIG || r == -EINVAL) && may_write) {
        place->next_ms = 0;
        r = message_drop(store, &message, r == 0);
    }
    buf_done(&composed.body);
    return r < 0 && r != -ENOMEM ? r : 0;
}

static int courier_hand_out(struct courier *courier, struct store *store, bool may_write,
                            int64_t mono_ms)
{
    int64_t wall_ms = clock_wall_ms();
    int r = 0;

    for (size_t i = 0; r == 0 && i < courier->service->receivers.count; i++) {
        struct courier_place *place = &courier->places[i];

        if (place->is_out && mono_ms >= place->out_until_ms)
            place->is_out = false;
        if (!place->is_out && wall_ms >= place->next_ms)
            r = place_hand_out(courier, i, store, may_write, mono_ms);
    }
    return r;
}

/* --- all of it ------------------------------------------------------------------- */

static int courier_work(struct courier *courier, struct store *store, bool may_write,
                        int64_t mono_ms)
{
    int r = 0;

    if (!courier->begun && may_write)
        r = courier_begin(courier, store);
    if (r < 0 || !courier->begun || courier->service->receivers.count == 0)
        return r;
    if (store_sending_changed(store))
        r = courier_look(courier, store);
    if (r == 0 && courier->begun && may_write)
        r = courier_put(courier, store, mono_ms);
    if (r == 0 && courier->begun)
        r = courier_hand_out(courier, store, may_write, mono_ms);
    return r;
}

int courier_step(struct courier *courier, struct store *store, bool may_write)
{
    int64_t mono_ms = clock_mono_ms();
    int r;

    if (!store) {
        courier->begun = false;
        return 0;
    }
    /* Deliveries first: SNS waits for them. */
    if (mono_ms < courier->rest_until_ms ||
        (queue_count(&courier->service->jobs) > 0 &&
         mono_ms - courier->looked_ms < COURIER_BUSY_MS))
        return 0;
    courier->looked_ms = mono_ms;
    r = courier_work(courier, store, may_write, mono_ms);
    courier->rest_until_ms = r < 0 ? mono_ms + CLOCK_SECOND_MS : 0;
    return r;
}

int64_t courier_next_ms(const struct courier *courier, int64_t mono_ms)
{
    int64_t wall_ms = clock_wall_ms();
    int64_t next_ms = INT64_MAX;

    for (size_t i = 0; courier->begun && i < courier->service->receivers.count; i++) {
        const struct courier_place *place = &courier->places[i];

        if (!place->is_out && place->next_ms < next_ms)
            next_ms = place->next_ms;
    }
    if (next_ms == INT64_MAX)
        return INT64_MAX;
    next_ms = mono_ms + (next_ms > wall_ms ? next_ms - wall_ms : 0);
    return next_ms > courier->rest_until_ms ? next_ms : courier->rest_until_ms;
}
