/* webhooks list, test, retry, replay: what is sent out, and what became of it. */
#include <errno.h>
#include <time.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "sesbounce/listing.h"
#include "sesbounce/store_sending.h"
#include "sesbounce/text.h"

/* --- list ------------------------------------------------------------------------ */

struct webhook_rows {
    struct output *output;
    const char *name; /* NULL: any */
    bool any;
};

static int webhook_row(void *context, const struct store_value *values, size_t count)
{
    struct webhook_rows *rows = context;
    struct str name = output_find_text(values, count, "name");
    if (rows->name && !str_equal(name, str_of(rows->name)))
        return 0;
    rows->any = true;
    return output_row(rows->output, values, count);
}

/* With a name, the messages that wait for it or were given up. */
int cmd_webhooks_list(struct ctl *ctl)
{
    enum store_view view = ctl->word_count ? STORE_WEBHOOK_MESSAGES : STORE_WEBHOOKS;
    const struct output_columns columns = listing_columns(view);
    const struct store_filter all = {.limit = 0};
    struct output output;
    struct webhook_rows rows = {&output, ctl->word_count ? ctl->words[0] : NULL, false};
    if (!ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    ctl_output(ctl, &output, &columns);
    int r = store_query(ctl->store, view, &all, webhook_row, &rows);
    int code = ctl_output_end(ctl, &output, r);
    if (code == CTL_DONE && !rows.any && ctl->format == OUTPUT_TABLE)
        ctl_note(ctl->word_count
                     ? "no message waits for it, and none was given up"
                     : "there is no webhook and no mail: write a section "
                       "[webhook NAME] or [mail NAME], and restart sesbounced");
    return code;
}

/* --- test ------------------------------------------------------------------------ */

struct webhook_order {
    struct ctl *ctl;
    int64_t id;    /* of a message */
    int64_t count; /* of those it concerns */
    int64_t since_ms;
};

static int unknown_fail(struct ctl *ctl)
{
    return ctl_fail("there is no webhook and no mail `%s`, or the daemon has not been "
                    "started with it; type: %s webhooks list",
                    ctl->words[0], command_reads(ctl));
}

static int order_test(void *context, bool *ret_end)
{
    struct webhook_order *order = context;
    *ret_end = true;
    return store_webhook_test(order->ctl->store, order->ctl->words[0], order->ctl->now_ms,
                              &order->id);
}

static int order_untest(void *context, bool *ret_end)
{
    struct webhook_order *order = context;
    *ret_end = true;
    return store_webhook_untest(order->ctl->store, order->id);
}

/* As store_webhook_tested(), once it is over or the time is up. */
static int test_wait(struct webhook_order *order, struct buf *fault)
{
    const struct timespec pause = {0, CTL_WEBHOOK_LOOK_MS * 1000000L};
    int64_t until_ms = clock_mono_ms() + CTL_WEBHOOK_TEST_MS;
    int r;
    while ((r = store_webhook_tested(order->ctl->store, order->id, fault)) == 0 &&
           clock_mono_ms() < until_ms)
        (void)nanosleep(&pause, NULL);
    return r;
}

int cmd_webhooks_test(struct ctl *ctl)
{
    struct webhook_order order = {.ctl = ctl};
    _cleanup_(buf_done) struct buf fault = {.max = CTL_MESSAGE_BYTES_MAX};
    if (!ctl_store(ctl, STORE_WRITE))
        return CTL_COULD_NOT;
    int r = ctl_turn(ctl->store, TURN_COMMITS, order_test, &order);
    if (r == -ENOENT)
        return unknown_fail(ctl);
    if (r < 0)
        return ctl_fail_store(ctl, r);
    r = test_wait(&order, &fault);
    if (r == 1) {
        printf("%s  has received it\n", ctl->words[0]);
        return CTL_DONE;
    }
    int forgotten = ctl_turn(ctl->store, TURN_COMMITS, order_untest, &order);
    if (r < 0 && r != -ECANCELED)
        return ctl_fail_store(ctl, r);
    if (forgotten < 0)
        return ctl_fail_store(ctl, forgotten);
    if (r == 0)
        return ctl_fail("the daemon has not sent it within %d s: is it running, and does "
                        "the receiver answer? Type: %s status",
                        CTL_WEBHOOK_TEST_MS / 1000, command_reads(ctl));
    _cleanup_(buf_done) struct buf safe = {.max = 4 * CTL_MESSAGE_BYTES_MAX};
    (void)text_neutral(&safe, buf_str(&fault), false);
    printf("%s  has not received it: %s\n", ctl->words[0], buf_str(&safe).data);
    return CTL_NO;
}

/* --- retry and replay ------------------------------------------------------------ */

static int order_retry(void *context, bool *ret_end)
{
    struct webhook_order *order = context;
    struct ctl *ctl = order->ctl;
    *ret_end = true;
    if (order->id == 0)
        return store_webhook_retry(ctl->store, ctl->words[0], ctl->now_ms, &order->count);
    order->count = 1;
    return store_webhook_retry_one(ctl->store, order->id, ctl->now_ms);
}

static enum ctl_turn_end order_end(const struct ctl *ctl)
{
    return ctl_given(ctl, OPTION_DRY_RUN) ? TURN_ROLLS_BACK : TURN_COMMITS;
}

int cmd_webhooks_retry(struct ctl *ctl)
{
    struct webhook_order order = {.ctl = ctl};
    uint64_t id = 0;
    bool is_id = str_to_u64(str_of(ctl->words[0]), INT64_MAX, &id) == 0 && id > 0;
    if (!ctl_store(ctl, STORE_WRITE))
        return CTL_COULD_NOT;
    order.id = is_id ? (int64_t)id : 0;
    int r = ctl_turn(ctl->store, order_end(ctl), order_retry, &order);
    if (r == -ENOENT && is_id) {
        printf("%s  neither waits nor was given up; type: %s webhooks list NAME\n",
               ctl->words[0], command_reads(ctl));
        return CTL_NO;
    }
    if (r == -ENOENT)
        return unknown_fail(ctl);
    if (r < 0)
        return ctl_fail_store(ctl, r);
    printf("%s  %lld %s%s tried again now\n", ctl->words[0], (long long)order.count,
           order.count == 1 ? "message " : "messages ",
           ctl_given(ctl, OPTION_DRY_RUN) ? "would be"
           : order.count == 1             ? "is"
                                          : "are");
    return CTL_DONE;
}

static int order_replay(void *context, bool *ret_end)
{
    struct webhook_order *order = context;
    *ret_end = true;
    return store_webhook_replay(order->ctl->store, order->ctl->words[0], order->since_ms);
}

int cmd_webhooks_replay(struct ctl *ctl)
{
    struct webhook_order order = {.ctl = ctl};
    _cleanup_(buf_done) struct buf fault = {.max = CTL_MESSAGE_BYTES_MAX};
    char time[CLOCK_TEXT_BYTES];
    if (!ctl_given(ctl, OPTION_SINCE))
        return ctl_fail("--since says from when on; as in: %s webhooks replay %s --since "
                        "1d",
                        command_writes(ctl), ctl->words[0]);
    if (filter_when(ctl->value[OPTION_SINCE], ctl->now_ms, &order.since_ms, &fault) < 0)
        return ctl_fail("--since: %s", buf_str(&fault).data);
    if (!ctl_store(ctl, STORE_WRITE))
        return CTL_COULD_NOT;
    int r = ctl_turn(ctl->store, order_end(ctl), order_replay, &order);
    if (r == -ENOENT)
        return unknown_fail(ctl);
    if (r < 0)
        return ctl_fail_store(ctl, r);
    clock_format_rfc3339(order.since_ms, time);
    printf("%s  what has happened since %s %s sent again\n", ctl->words[0], time,
           ctl_given(ctl, OPTION_DRY_RUN) ? "would be" : "is");
    return CTL_DONE;
}
