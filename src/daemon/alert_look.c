#include "daemon/alert_look.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "daemon/limits.h"
#include "sesbounce/arn.h"
#include "sesbounce/output.h"

/* What a callback has found. */
struct looking {
    struct alert_look *look;
    struct store *store;
    struct alert_sender *senders; /* owned; the first is everybody */
    size_t count, room;
    enum alert_window all, late; /* what a row's counts are of */
};

/* --- rates ----------------------------------------------------------------------- */

static bool senders_make_room(struct looking *looking)
{
    size_t room = looking->room > 0 ? 2 * looking->room : 8;
    struct alert_sender *more;

    if (looking->count < looking->room)
        return true;
    more = reallocarray(looking->senders, room, sizeof(*more));
    if (!more)
        return false;
    looking->senders = more;
    looking->room = room;
    return true;
}

/* Of an identity that is not known only everybody's counts have something. NULL: there
 * are too many, or memory is short. */
static struct alert_sender *sender_get(struct looking *looking, struct str identity)
{
    for (size_t i = 1; i < looking->count; i++)
        if (str_equal(identity, str_of(looking->senders[i].identity)))
            return &looking->senders[i];
    if (looking->count > ALERT_IDENTITIES_MAX || !senders_make_room(looking))
        return NULL;
    struct alert_sender *sender = &looking->senders[looking->count++];
    *sender = (struct alert_sender){.long_days = 0};
    (void)snprintf(sender->identity, sizeof(sender->identity), "%.*s", STR_ARG(identity));
    return sender;
}

static int sender_take(void *context, struct str identity, const struct alert_counts *all,
                       const struct alert_counts *late)
{
    struct looking *looking = context;
    struct alert_sender *sender = NULL;

    if (identity.len > 0)
        sender = sender_get(looking, identity);
    for (int i = 0; i < 2; i++) {
        struct alert_sender *to = i == 0 ? &looking->senders[0] : sender;

        if (!to)
            continue;
        alert_counts_add(&to->counts[looking->all], all);
        if (looking->late != looking->all)
            alert_counts_add(&to->counts[looking->late], late);
    }
    return 0;
}

/* Where 24 hours have too few, one day more after the other; everybody's decide. */
static int senders_look_back(struct looking *looking, int64_t hour)
{
    const struct settings *settings = looking->look->settings;
    struct store_alert_hours hours = {.until = hour - 23, .late = hour};
    struct alert_sender *senders = looking->senders;
    int64_t days = 1;
    int r = 0;

    if (alert_volume(&senders[0].counts[ALERT_DAY]) >=
        (int64_t)settings->alerts.least_sends)
        return 0;
    for (size_t i = 0; i < looking->count; i++)
        senders[i].counts[ALERT_LONG] = senders[i].counts[ALERT_DAY];
    looking->all = looking->late = ALERT_LONG;
    while (r == 0 && days < ALERT_DAYS_MAX &&
           alert_volume(&looking->senders[0].counts[ALERT_LONG]) <
               (int64_t)settings->alerts.least_sends) {
        hours.from = hours.until - 24;
        r = store_alert_senders(looking->store, &hours, sender_take, looking);
        hours.until = hours.from;
        days++;
    }
    for (size_t i = 0; i < looking->count; i++)
        looking->senders[i].long_days = days;
    return r;
}

static int rates_look(struct alert_look *look, struct store *store)
{
    const struct settings *settings = look->settings;
    const struct alert_rates rates = {.bounce = settings->alerts.bounce_rate,
                                      .complaint = settings->alerts.complaint_rate,
                                      .least_sends =
                                          (int64_t)settings->alerts.least_sends};
    int64_t hour = look->now_ms / CLOCK_HOUR_MS;
    /* By clocks that differ, some are of the next one already. */
    const struct store_alert_hours hours = {hour - 23, hour + 2, hour - 1};
    struct looking looking = {
        .look = look, .store = store, .all = ALERT_DAY, .late = ALERT_HOUR};
    int r = senders_make_room(&looking) ? 0 : -ENOMEM;

    if (r == 0) {
        looking.senders[looking.count++] = (struct alert_sender){.long_days = 0};
        r = store_alert_senders(store, &hours, sender_take, &looking);
    }
    if (r == 0)
        r = senders_look_back(&looking, hour);
    if (r == 0)
        r = alert_read_rates(&look->readings, &rates, looking.senders, looking.count);
    free(looking.senders);
    return r;
}

/* --- what receivers get ----------------------------------------------------------- */

/* NULL for what is absent. */
static json_t *json_word(struct str text)
{
    return text.len > 0 ? json_stringn(text.data, text.len) : json_null();
}

/* About the reading that was added last. */
static int about_add(struct alert_look *look, const struct alert_party *party,
                     struct str origin)
{
    char since[CLOCK_TEXT_BYTES];
    json_t *object;

    if (look->about_count == sizeof(look->abouts) / sizeof(*look->abouts))
        return 0;
    clock_format_rfc3339(party->since_ms, since);
    object =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "account_id",
                  json_word(party->account_id), "region", json_word(party->region),
                  "tenant", json_word(party->tenant), "configuration_set",
                  json_word(party->configuration_set), "identity",
                  json_word(party->identity), "cause", json_word(party->cause), "type",
                  json_word(party->kind), "origin", json_word(origin), "since", since);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (!text)
        return -ENOMEM;
    look->abouts[look->about_count++] =
        (struct alert_about){look->readings.count - 1, text};
    return 0;
}

/* The caller owns it; NULL: memory is short. */
static char *about_of(const struct alert_look *look, const struct alert_reading *reading,
                      struct str before)
{
    for (size_t i = 0; i < look->about_count && reading; i++)
        if (&look->readings.items[look->abouts[i].reading] == reading)
            return str_dup(str_of(look->abouts[i].json));
    return str_dup(before);
}

/* --- rows of views --------------------------------------------------------------- */

static int64_t value_time(const struct store_value *values, size_t count,
                          const char *name)
{
    const struct store_value *value = output_find(values, count, name);

    return value && value->type == STORE_TIME ? value->integer : CLOCK_NONE;
}

static int64_t value_number(const struct store_value *values, size_t count,
                            const char *name)
{
    const struct store_value *value = output_find(values, count, name);

    return value ? value->integer : 0;
}

static int topic_look(void *context, const struct store_value *values, size_t count)
{
    const struct looking *looking = context;
    struct alert_look *look = looking->look;
    uint64_t silence_ms = look->settings->alerts.silence_ms;
    struct alert_topic topic = {
        .arn = output_find_text(values, count, "topic_arn"),
        .state = output_find_text(values, count, "state"),
        .since_ms = value_time(values, count, "since"),
        .last_ms = value_time(values, count, "last_message_at"),
    };
    int r = 0;

    if (str_equal(topic.arn, STR(ARN_SIMULATOR_TOPIC)))
        return 0;
    if (alert_topic_may_be_silent(&topic, silence_ms, look->now_ms))
        r = store_alert_topic_hours(looking->store, look->now_ms, &topic);
    return r < 0 ? r
                 : alert_read_topic(&look->readings, &topic, silence_ms, look->started_ms,
                                    look->now_ms);
}

static int pause_look(void *context, const struct store_value *values, size_t count)
{
    const struct looking *looking = context;
    const struct alert_party party = {
        .account_id = output_find_text(values, count, "account_id"),
        .region = output_find_text(values, count, "region"),
        .tenant = output_find_text(values, count, "tenant"),
        .configuration_set = output_find_text(values, count, "configuration_set"),
        .identity = output_find_text(values, count, "identity"),
        .cause = output_find_text(values, count, "cause"),
        .since_ms = value_time(values, count, "since"),
    };

    size_t before = looking->look->readings.count;
    int r = alert_read_pause(&looking->look->readings, &party);

    return r < 0 || looking->look->readings.count == before
               ? r
               : about_add(looking->look, &party,
                           output_find_text(values, count, "origin"));
}

static int finding_look(void *context, const struct alert_party *party)
{
    const struct looking *looking = context;

    size_t before = looking->look->readings.count;
    int r = alert_read_finding(&looking->look->readings, party);

    return r < 0 || looking->look->readings.count == before
               ? r
               : about_add(looking->look, party, STR_ABSENT);
}

static int guards_look(void *context, const struct store_value *values, size_t count)
{
    const struct looking *looking = context;

    if (value_number(values, count, "is_open") == 0)
        return 0;
    return alert_read_guard(&looking->look->readings,
                            output_find_text(values, count, "provider"),
                            value_number(values, count, "hard_bounces"),
                            value_number(values, count, "usual"));
}

/* --- what the daemon knows ------------------------------------------------------- */

static void disk_look(const char *path, struct alert_figures *figures)
{
    struct statvfs disk;

    if (statvfs(path, &disk) < 0)
        return;
    figures->disk_bytes = (int64_t)(disk.f_blocks * disk.f_frsize);
    figures->disk_free_bytes = (int64_t)(disk.f_bavail * disk.f_frsize);
}

static void listeners_look(struct metrics *metrics, struct alert_figures *figures)
{
    static const char *const names[ALERT_LISTENERS] = {
        [LISTENER_INGEST] = "ingest", [LISTENER_ADMIN] = "admin"};

    for (size_t i = 0; i < ALERT_LISTENERS; i++) {
        int64_t expires_ms = atomic_load(&metrics->tls[i].expires_ms);

        figures->listeners[i].name = names[i];
        figures->listeners[i].expires_ms = expires_ms == 0 ? CLOCK_NONE : expires_ms;
        figures->listeners[i].begins_ms = atomic_load(&metrics->tls[i].begins_ms);
        figures->listeners[i].is_outdated = atomic_load(&metrics->tls[i].is_outdated);
    }
}

static int figures_look(struct alert_look *look, struct store *store)
{
    struct alert_figures figures = {.now_ms = look->now_ms,
                                    .log_pinned_bytes = STORE_WAL_PINNED_BYTES,
                                    .certificates_lost_ms = CLOCK_NONE};
    struct health_now health;
    int r = store_alert_figures(store, &figures);

    if (r < 0)
        return r;
    disk_look(look->settings->store.path, &figures);
    listeners_look(look->metrics, &figures);
    figures.log_bytes = atomic_load(&look->metrics->log_bytes);
    health_look(look->health, &health);
    if (health.state == HEALTH_NOT_VERIFYING) {
        figures.certificates_lost_ms = health.loss.since_ms;
        figures.certificates_origin = str_of(health.loss.origin);
    }
    return alert_read_figures(&look->readings, &figures);
}

/* --- what follows ---------------------------------------------------------------- */

static int open_count(void *context, const struct alert_open *open, struct str about)
{
    (void)open;
    (void)about;
    ++*(size_t *)context;
    return 0;
}

/* For what is open and for what may be raised. */
static int changes_make_room(struct alert_look *look, struct store *store)
{
    int r = store_alert_open(store, open_count, &look->room);

    look->room += look->readings.count;
    look->changes = r == 0 ? calloc(look->room + 1, sizeof(*look->changes)) : NULL;
    return r == 0 && !look->changes ? -ENOMEM : r;
}

static void level_note(struct alert_look *look, enum alert_name name,
                       enum alert_level level)
{
    if (level > look->levels[name])
        look->levels[name] = level;
}

/* A reading that has been seen to is not one that raises something. */
static int open_decide(void *context, const struct alert_open *open, struct str about)
{
    const struct looking *looking = context;
    struct alert_look *look = looking->look;
    const struct alert_reading *reading =
        alert_reading_of(&look->readings, open->name, str_of(open->subject));
    enum alert_step step = alert_decide(open, reading, look->now_ms);
    struct alert_change *change;

    if (step != ALERT_RESOLVED)
        level_note(look, open->name,
                   step == ALERT_RISES ? reading->reached : open->level);
    if (look->count == look->room)
        return 0; /* the next look has room for it */
    change = &look->changes[look->count++];
    change->step = step;
    change->open = *open;
    change->reading = reading;
    change->about = about_of(look, reading, about);
    return change->about ? 0 : -ENOMEM;
}

static bool reading_is_open(const struct alert_look *look, size_t open_count,
                            const struct alert_reading *reading)
{
    for (size_t i = 0; i < open_count; i++)
        if (look->changes[i].reading == reading)
            return true;
    return false;
}

static int readings_decide(struct alert_look *look)
{
    size_t open_count = look->count;

    for (size_t i = 0; i < look->readings.count; i++) {
        const struct alert_reading *reading = &look->readings.items[i];
        struct alert_change *change;

        if (reading_is_open(look, open_count, reading) ||
            alert_decide(NULL, reading, look->now_ms) != ALERT_RAISED)
            continue;
        if (look->count == look->room)
            return 0;
        change = &look->changes[look->count++];
        change->step = ALERT_RAISED;
        change->reading = reading;
        change->open.name = reading->name;
        change->open.since_ms = look->now_ms;
        change->open.level = reading->reached;
        change->about = about_of(look, reading, STR(""));
        if (!change->about)
            return -ENOMEM;
        (void)snprintf(change->open.subject, sizeof(change->open.subject), "%s",
                       reading->subject);
        level_note(look, reading->name, reading->reached);
    }
    return 0;
}

/* Leaves out what stays. */
static void changes_keep(struct alert_look *look)
{
    size_t kept = 0;

    for (size_t i = 0; i < look->count; i++) {
        if (look->changes[i].step == ALERT_STAYS)
            free(look->changes[i].about);
        else
            look->changes[kept++] = look->changes[i];
    }
    look->count = kept;
}

int alert_look_take(struct alert_look *look, struct store *store)
{
    const struct store_filter all = {.limit = 0};
    const struct store_filter guards = {.newest_first = true,
                                        .limit = ALERT_SUBJECTS_MAX};
    struct looking looking = {.look = look, .store = store};
    int r = rates_look(look, store);

    if (r == 0)
        r = store_query(store, STORE_PAUSED, &all, pause_look, &looking);
    if (r == 0)
        r = store_alert_findings(store, finding_look, &looking);
    if (r == 0)
        r = store_query(store, STORE_TOPICS, &all, topic_look, &looking);
    if (r == 0)
        r = store_query(store, STORE_GUARDS, &guards, guards_look, &looking);
    if (r == 0)
        r = figures_look(look, store);
    if (r == 0)
        r = changes_make_room(look, store);
    if (r == 0)
        r = store_alert_open(store, open_decide, &looking);
    if (r == 0)
        r = readings_decide(look);
    changes_keep(look);
    return r;
}

void alert_look_done(struct alert_look *look)
{
    for (size_t i = 0; i < look->count; i++)
        free(look->changes[i].about);
    free(look->changes);
    for (size_t i = 0; i < look->about_count; i++)
        free(look->abouts[i].json);
    look->about_count = 0;
    alert_readings_done(&look->readings);
    look->changes = NULL;
    look->count = look->room = 0;
}
