#include "sesbounce/store_alert.h"

#include <errno.h>
#include <stdio.h>

#include "store/limits.h"
#include "store/store_internal.h"

/* --- what they are measured by --------------------------------------------------- */

static struct alert_counts sender_counts_read(struct db_call *call)
{
    struct alert_counts counts;

    counts.sends = db_get_int(call);
    counts.deliveries = db_get_int(call);
    counts.hard_bounces = db_get_int(call);
    counts.soft_bounces = db_get_int(call);
    counts.complaints = db_get_int(call);
    return counts;
}

int store_alert_senders(struct store *store, const struct store_alert_hours *hours,
                        store_alert_sender_fn *each, void *context)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_ALERT_SENDERS, db_int(hours->from), db_int(hours->until),
                db_int(hours->late));
    int r;

    while ((r = db_step(&call)) == 1) {
        struct str identity = db_get_text(&call);
        struct alert_counts all = sender_counts_read(&call);
        struct alert_counts late = sender_counts_read(&call);

        r = each(context, identity, &all, &late);
        if (r != 0)
            return r;
    }
    return r < 0 ? r : db_read_check(store);
}

/* The numbers of one row, into `to`. */
static int numbers_find(struct store *store, enum sql which,
                        const struct db_value *values, size_t count, int64_t *const *to)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, which, values, count);
    int r = db_step(&call);

    if (r < 0)
        return r;
    for (; r == 1 && *to; to++)
        **to = db_get_int_or(&call, CLOCK_NONE);
    return 0;
}

int store_alert_figures(struct store *store, struct alert_figures *ret)
{
    int64_t day_ms = ret->now_ms - CLOCK_DAY_MS, stale = 0;
    struct store_clock_signs signs;
    int r = store_clock_signs(store, ret->now_ms, &signs);

    if (r == 0)
        r = numbers_find(store, SQL_ALERT_REFUSED,
                         DB_VALUES(db_time(day_ms), db_int(STORE_ALERT_COUNT_MAX)),
                         (int64_t *const[]){&ret->auth_refused, &ret->reputation_refused,
                                            &ret->viruses, NULL});
    if (r == 0)
        r = numbers_find(store, SQL_ALERT_LEAKS,
                         DB_VALUES(db_time(day_ms), db_int(STORE_ALERT_COUNT_MAX)),
                         (int64_t *const[]){&ret->leaks, NULL});
    if (r == 0)
        r = numbers_find(
            store, SQL_ALERT_QUARANTINE,
            DB_VALUES(db_time(day_ms), db_int(STORE_CLOCK_ROWS_MAX), db_day(day_ms)),
            (int64_t *const[]){&ret->quarantined, &stale, &ret->quarantine_dropped,
                               NULL});
    if (r == 0)
        r = numbers_find(store, SQL_ALERT_HELD, NULL, 0,
                         (int64_t *const[]){&ret->held, &ret->held_since_ms, NULL});
    if (r < 0)
        return r;
    ret->future = signs.future;
    ret->stale = signs.is_surge ? signs.stale : 0;
    ret->quarantined += signs.is_surge ? 0 : stale;
    return db_read_check(store);
}

int store_alert_findings(struct store *store, store_alert_party_fn *each, void *context)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_ALERT_FINDINGS, db_int(ALERT_SUBJECTS_MAX));
    int r;

    while ((r = db_step(&call)) == 1) {
        struct alert_party party;

        party.account_id = db_get_text(&call);
        party.region = db_get_text(&call);
        party.tenant = db_get_text(&call);
        party.configuration_set = db_get_text(&call);
        party.identity = db_get_text(&call);
        party.kind = db_get_text(&call);
        party.since_ms = db_get_time(&call);
        party.cause = db_get_text(&call);
        r = each(context, &party);
        if (r != 0)
            return r;
    }
    return r < 0 ? r : db_read_check(store);
}

int store_alert_topic_hours(struct store *store, int64_t now_ms, struct alert_topic *ret)
{
    int64_t span = 0, pause = 0;
    int r = numbers_find(store, SQL_ALERT_TOPIC_HOURS,
                         DB_VALUES(db_text(ret->arn), db_int(now_ms / CLOCK_HOUR_MS -
                                                             STORE_TOPIC_HOURS_MAX)),
                         (int64_t *const[]){&ret->hours, &span, &pause, NULL});

    ret->span_ms = span * CLOCK_HOUR_MS;
    ret->pause_ms = pause * CLOCK_HOUR_MS;
    return r < 0 ? r : db_read_check(store);
}

/* --- they themselves ------------------------------------------------------------- */

int store_alert_open(struct store *store, store_alert_open_fn *each, void *context)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_ALERT_OPEN, db_int(STORE_ALERTS_OPEN_MAX));
    int r;

    while ((r = db_step(&call)) == 1) {
        struct alert_open open = {.id = db_get_int(&call)};
        bool is_known = alert_find(db_get_text(&call), &open.name);
        struct str subject = db_get_text(&call);

        open.level = alert_level_of(db_get_text(&call));
        open.since_ms = db_get_time(&call);
        open.gone_ms = db_get_int_or(&call, CLOCK_NONE);
        (void)snprintf(open.subject, sizeof(open.subject), "%.*s", STR_ARG(subject));
        /* Of a newer program: it ends there. */
        r = is_known ? each(context, &open, db_get_text(&call)) : 0;
        if (r != 0)
            return r;
    }
    return r < 0 ? r : db_read_check(store);
}

/* Its last columns, in their order. */
#define ALERT_VALUES(alert)                                                              \
    db_real_if((alert)->reading->has_value, (alert)->reading->value),                    \
        db_real_if((alert)->reading->threshold > 0, (alert)->reading->threshold),        \
        db_text((alert)->text), db_text((alert)->about)

int store_alert_raise(struct store *store, const struct store_alert *alert,
                      int64_t *ret_id)
{
    const struct alert_reading *reading = alert->reading;
    int r =
        db_change(store, SQL_ALERT_ADD, db_text(str_of(alert_kind(reading->name)->name)),
                  db_text(str_of(reading->subject)),
                  db_text(str_of(alert_level_word(reading->reached))),
                  db_time(alert->now_ms), ALERT_VALUES(alert));

    if (r <= 0)
        return r;
    *ret_id = db_last_id(store);
    r = db_do(store, SQL_ALERT_BOUND, db_int(*ret_id - STORE_ALERTS_MAX));
    return r < 0 ? r : 1;
}

int store_alert_rise(struct store *store, int64_t id, const struct store_alert *alert)
{
    return db_change(store, SQL_ALERT_RISE, db_int(id),
                     db_text(str_of(alert_level_word(alert->reading->reached))),
                     ALERT_VALUES(alert));
}

int store_alert_gone(struct store *store, int64_t id, int64_t gone_ms)
{
    return db_change(store, SQL_ALERT_GONE, db_int(id),
                     db_int_if(gone_ms != CLOCK_NONE, gone_ms));
}

int store_alert_resolve(struct store *store, int64_t id, int64_t now_ms)
{
    return db_change(store, SQL_ALERT_RESOLVE, db_int(id), db_time(now_ms));
}
