#include "daemon/alerts.h"

#include <errno.h>
#include <string.h>

#include "daemon/limits.h"
#include "daemon/metrics.h"

static struct alerts *alerts_of_question(struct question *question)
{
    return queue_entry(question, struct alerts, question);
}

static struct alerts *alerts_of_job(struct job *job)
{
    return queue_entry(job, struct alerts, job);
}

static void alerts_end(struct alerts *alerts)
{
    alert_look_done(&alerts->look);
    atomic_store(&alerts->is_lent, false);
}

static void levels_publish(struct alerts *alerts)
{
    for (size_t i = 0; i < ALERTS; i++)
        atomic_store(&alerts->levels[i], (int)alerts->look.levels[i]);
    atomic_store(&alerts->seen_ms, alerts->look.now_ms);
}

/* --- the writer's ---------------------------------------------------------------- */

/* A mail address is left out of the log unless the settings want it. */
static struct str subject_shown(const struct alerts *alerts, const char *subject)
{
    bool is_address = strchr(subject, '@') != NULL;

    return subject[0] == '\0' || (is_address && alerts->look.settings->log.addresses !=
                                                    LOG_ADDRESSES_FULL)
               ? STR_ABSENT
               : str_of(subject);
}

static void alert_tell(const struct alerts *alerts, const struct alert_change *change)
{
    const struct alert_kind *kind = alert_kind(change->open.name);
    struct str subject = subject_shown(alerts, change->open.subject);
    struct str level = str_of(alert_level_word(change->open.level));
    struct buf text = {.max = ALERT_TEXT_BYTES_MAX};

    if (change->step == ALERT_RESOLVED) {
        log_event(LOG_LEVEL_NOTICE, "an alert is over", {"NAME", str_of(kind->name)},
                  {"SUBJECT", subject}, {"MEANS", str_of(kind->means)});
        return;
    }
    (void)alert_text(change->open.name, str_of(change->open.subject), STR(""), &text);
    struct str advice = str_skip(buf_str(&text), strlen(kind->means) + 2);
    log_event(LOG_LEVEL_WARNING,
              change->step == ALERT_RAISED ? "an alert is raised"
                                           : "the level of an alert rises",
              {"NAME", str_of(kind->name)}, {"LEVEL", level}, {"SUBJECT", subject},
              {"MEANS", str_of(kind->means)}, {"FACT", str_of(change->reading->fact)},
              {"ADVICE", advice});
    buf_done(&text);
}

static int alerts_add(struct job *job, struct store *store)
{
    return alert_look_save(&alerts_of_job(job)->look, store);
}

static void alerts_saved(struct job *job, int fault)
{
    struct alerts *alerts = alerts_of_job(job);

    for (size_t i = 0; i < alerts->look.count && fault == 0; i++)
        if (alerts->look.changes[i].is_done)
            alert_tell(alerts, &alerts->look.changes[i]);
    if (fault == 0)
        levels_publish(alerts);
    alerts_end(alerts);
}

/* --- the reader's ---------------------------------------------------------------- */

static int alerts_ask(struct question *question, struct store *store)
{
    struct alerts *alerts = alerts_of_question(question);
    int64_t begun_ms = clock_mono_ms();
    int r = alert_look_take(&alerts->look, store);

    atomic_store(&alerts->took_ms, clock_mono_ms() - begun_ms);
    return r;
}

static void alerts_asked(struct question *question, int fault)
{
    struct alerts *alerts = alerts_of_question(question);

    if (fault == 0 && alerts->look.count == 0)
        levels_publish(alerts);
    if (fault == 0 && alerts->look.count > 0 &&
        queue_push(alerts->jobs, &alerts->job.node) == 0)
        return;
    alerts_end(alerts);
}

/* --- main's ---------------------------------------------------------------------- */

void alerts_init(struct alerts *alerts, struct reader *reader, struct queue *jobs)
{
    alerts->reader = reader;
    alerts->jobs = jobs;
    alerts->question = (struct question){.ask = alerts_ask, .done = alerts_asked};
    alerts->job = (struct job){
        .deadline_ms = JOB_WHENEVER, .add = alerts_add, .done = alerts_saved};
    alerts->look.started_ms = clock_wall_ms();
    for (size_t i = 0; i < ALERTS; i++)
        atomic_store(&alerts->levels[i], -1);
}

/* Also when the clock was set back. */
static bool alerts_are_due(struct alerts *alerts, int64_t wall_ms)
{
    int64_t share_ms = ALERT_SHARE * atomic_load(&alerts->took_ms);
    int64_t every_ms = share_ms > ALERT_EVERY_MS ? share_ms : ALERT_EVERY_MS;

    return atomic_load(&alerts->is_wanted) || alerts->looked_ms == 0 ||
           wall_ms < alerts->looked_ms || wall_ms - alerts->looked_ms >= every_ms;
}

void alerts_tick(struct alerts *alerts, int64_t wall_ms)
{
    if (atomic_load(&alerts->is_lent) || !alerts_are_due(alerts, wall_ms))
        return;
    atomic_store(&alerts->is_wanted, false);
    alerts->looked_ms = wall_ms;
    alerts->look.now_ms = wall_ms;
    memset(alerts->look.levels, 0, sizeof(alerts->look.levels));
    atomic_store(&alerts->is_lent, true);
    if (reader_ask(alerts->reader, &alerts->question) < 0)
        alerts_end(alerts);
}

/* --- anybody's ------------------------------------------------------------------- */

void alerts_want(struct alerts *alerts)
{
    atomic_store(&alerts->is_wanted, true);
}

int alerts_print(struct alerts *alerts, struct buf *ret)
{
    static const char name[] = "sesbounced_alert";
    int r = 0;

    if (atomic_load(&alerts->levels[0]) < 0)
        return 0;
    r = metrics_print_head(ret, name, "gauge",
                           "1 while an alert of that name is raised.");
    for (size_t i = 0; i < ALERTS && r == 0; i++)
        r = buf_printf(ret, "%s{name=\"%s\"} %d\n", name,
                       alert_kind((enum alert_name)i)->name,
                       atomic_load(&alerts->levels[i]) > 0);
    return r < 0 ? r
                 : metrics_print_one(ret, "sesbounced_alerts_seen_timestamp_seconds",
                                     "gauge",
                                     "When what alerts are about was last looked at.",
                                     atomic_load(&alerts->seen_ms) / CLOCK_SECOND_MS);
}
