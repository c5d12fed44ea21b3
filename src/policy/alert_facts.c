/* Alerts about everything that is not a rate. */
#include <stdio.h>
#include <string.h>

#include "sesbounce/alert.h"

/* An alert of one level, about `subject`. */
static struct alert_reading reading_of(enum alert_name name, enum alert_level level,
                                       struct str subject)
{
    struct alert_reading reading = {.name = name, .reached = level, .kept = level};

    subject = str_cut(subject, sizeof(reading.subject) - 1);
    (void)snprintf(reading.subject, sizeof(reading.subject), "%.*s", STR_ARG(subject));
    return reading;
}

static struct alert_reading reading_with_value(enum alert_name name,
                                               enum alert_level level, struct str subject,
                                               int64_t value)
{
    struct alert_reading reading = reading_of(name, level, subject);

    reading.has_value = true;
    reading.value = (double)value;
    return reading;
}

/* --- topics ---------------------------------------------------------------------- */

/* No topic is silent before, however busy it usually is: SNS may be late. */
#define SILENCE_LEAST_MS (6 * CLOCK_HOUR_MS)
/* A subscription that waits for this long does not come by itself. */
#define STUCK_MS CLOCK_HOUR_MS
/* What is known of a topic for less time, or in fewer hours, tells nothing. */
#define KNOWN_LEAST_MS    (7 * CLOCK_DAY_MS)
#define KNOWN_HOURS_LEAST 10
/* Until then, this long is silence: a weekly newsletter is not. */
#define UNKNOWN_SILENCE_MS (8 * CLOCK_DAY_MS)
/* After a start, what was delivered meanwhile is on its way. */
#define STARTED_MS CLOCK_HOUR_MS

static int64_t topic_last_ms(const struct alert_topic *topic)
{
    return topic->last_ms != CLOCK_NONE ? topic->last_ms : topic->since_ms;
}

static bool topic_is_confirmed(const struct alert_topic *topic)
{
    return str_equal(topic->state, STR("confirmed"));
}

bool alert_topic_may_be_silent(const struct alert_topic *topic, uint64_t silence_ms,
                               int64_t now_ms)
{
    return silence_ms == ALERT_SILENCE_AUTO && topic_is_confirmed(topic) &&
           now_ms - topic_last_ms(topic) >= SILENCE_LEAST_MS;
}

/* The third-longest pause, so that one or two outages do not teach that they are usual;
 * half as long again, and the hour that pauses are measured in. */
uint64_t alert_silence_limit(const struct alert_topic *topic, uint64_t silence_ms)
{
    int64_t limit_ms;

    if (silence_ms != ALERT_SILENCE_AUTO)
        return silence_ms;
    if (topic->hours < KNOWN_HOURS_LEAST || topic->span_ms < KNOWN_LEAST_MS)
        return UNKNOWN_SILENCE_MS;
    limit_ms = topic->pause_ms + topic->pause_ms / 2 + CLOCK_HOUR_MS;
    return (uint64_t)(limit_ms > SILENCE_LEAST_MS ? limit_ms : SILENCE_LEAST_MS);
}

/* `3 days`, in the largest unit that it has two of. */
static void span_print(int64_t ms, char ret[32])
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{CLOCK_DAY_MS, "days"},
                 {CLOCK_HOUR_MS, "hours"},
                 {CLOCK_MINUTE_MS, "minutes"},
                 {CLOCK_SECOND_MS, "seconds"}};
    size_t i = 0;

    while (i < 3 && ms < 2 * units[i].ms)
        i++;
    (void)snprintf(ret, 32, "%lld %s", (long long)(ms / units[i].ms), units[i].name);
}

static int topic_read_silence(struct alert_readings *readings,
                              const struct alert_topic *topic, uint64_t silence_ms,
                              int64_t started_ms, int64_t now_ms)
{
    uint64_t limit_ms = alert_silence_limit(topic, silence_ms);
    int64_t silent_ms = now_ms - topic_last_ms(topic);
    struct alert_reading reading = reading_with_value(
        ALERT_TOPIC_SILENT, ALERT_WARNING, topic->arn, silent_ms / CLOCK_SECOND_MS);
    char silent[32], limit[32];

    if (limit_ms == ALERT_SILENCE_OFF || silent_ms <= (int64_t)limit_ms)
        return 0;
    if (now_ms >= started_ms && now_ms - started_ms < STARTED_MS)
        reading.reached = ALERT_NONE;
    reading.threshold = (double)(limit_ms / CLOCK_SECOND_MS);
    span_print(silent_ms, silent);
    span_print((int64_t)limit_ms, limit);
    return alert_add(
        readings, &reading, "nothing has arrived from %.*s for %s%s; expected within %s",
        STR_ARG(topic->arn), silent,
        topic->last_ms == CLOCK_NONE ? ", or ever, since its subscription was confirmed"
                                     : "",
        limit);
}

int alert_read_topic(struct alert_readings *readings, const struct alert_topic *topic,
                     uint64_t silence_ms, int64_t started_ms, int64_t now_ms)
{
    bool failed = str_equal(topic->state, STR("failed"));
    bool waits = str_equal(topic->state, STR("pending")) ||
                 str_equal(topic->state, STR("confirming"));
    char since[CLOCK_TEXT_BYTES];
    struct alert_reading reading =
        reading_of(ALERT_SUBSCRIPTION_STUCK, ALERT_ALERT, topic->arn);

    if (topic_is_confirmed(topic))
        return topic_read_silence(readings, topic, silence_ms, started_ms, now_ms);
    clock_format_rfc3339(topic->since_ms, since);
    if (failed || (waits && now_ms - topic->since_ms >= STUCK_MS))
        return alert_add(readings, &reading, "%.*s, %.*s since %s", STR_ARG(topic->arn),
                         STR_ARG(topic->state), since);
    reading.name = ALERT_SUBSCRIPTION_ENDED;
    return str_equal(topic->state, STR("unsubscribed"))
               ? alert_add(readings, &reading, "%.*s, at %s", STR_ARG(topic->arn), since)
               : 0;
}

/* --- SES about the sender -------------------------------------------------------- */

void alert_party_print(const struct alert_party *party, char ret[ALERT_SUBJECT_BYTES])
{
    const struct {
        const char *word;
        struct str name;
    } parts[] = {{"tenant", party->tenant},
                 {"configuration set", party->configuration_set},
                 {"identity", party->identity},
                 {"account", party->account_id}};
    size_t i = 0;

    while (i < 3 && parts[i].name.len == 0)
        i++;
    struct str name = str_cut(parts[i].name, SES_NAME_BYTES_MAX);
    struct str region = str_cut(party->region, SES_WORD_BYTES_MAX);
    (void)snprintf(ret, ALERT_SUBJECT_BYTES, "%s%s%.*s%s%.*s%s", parts[i].word,
                   name.len > 0 ? " " : "", STR_ARG(name), region.len > 0 ? " (" : "",
                   STR_ARG(region), region.len > 0 ? ")" : "");
}

/* An identity can be a mail address, which a text does not name. */
static struct alert_party party_without_address(const struct alert_party *party)
{
    struct alert_party named = *party;
    const char *at = str_find(named.identity, '@');

    if (at)
        named.identity = str_skip(named.identity, (size_t)(at + 1 - named.identity.data));
    return named;
}

int alert_read_pause(struct alert_readings *readings, const struct alert_party *party)
{
    struct alert_party named = party_without_address(party);
    struct str cause = str_cut(party->cause, ALERT_CAUSE_BYTES_MAX);
    struct alert_reading reading = {
        .name = ALERT_SENDING_PAUSED, .reached = ALERT_PAUSE, .kept = ALERT_PAUSE};
    char since[CLOCK_TEXT_BYTES], who[ALERT_SUBJECT_BYTES];

    alert_party_print(party, reading.subject);
    alert_party_print(&named, who);
    clock_format_rfc3339(party->since_ms, since);
    return alert_add(readings, &reading, "%s, since %s%s%.*s", who, since,
                     cause.len > 0 ? ", because " : "", STR_ARG(cause));
}

int alert_read_finding(struct alert_readings *readings, const struct alert_party *party)
{
    struct alert_party named = party_without_address(party);
    struct str cause = str_cut(party->cause, ALERT_CAUSE_BYTES_MAX);
    struct str kind = str_cut(party->kind, SES_WORD_BYTES_MAX);
    char about[ALERT_SUBJECT_BYTES], who[ALERT_SUBJECT_BYTES];
    char subject[ALERT_SUBJECT_BYTES + SES_WORD_BYTES_MAX + 4];

    alert_party_print(party, about);
    alert_party_print(&named, who);
    (void)snprintf(subject, sizeof(subject), "%.*s%s%s", STR_ARG(kind),
                   kind.len > 0 ? ": " : "", about);
    struct alert_reading reading =
        reading_of(ALERT_REPUTATION_FINDING, ALERT_ALERT, str_of(subject));
    return alert_add(readings, &reading, "%s%s%.*s%s%.*s", who,
                     kind.len > 0 ? ", type " : "", STR_ARG(kind),
                     cause.len > 0 ? ": " : "", STR_ARG(cause));
}

int alert_read_guard(struct alert_readings *readings, struct str provider,
                     int64_t hard_bounces, int64_t usual)
{
    struct alert_reading reading =
        reading_with_value(ALERT_OUTAGE_GUARD, ALERT_WARNING, provider, hard_bounces);

    return alert_add(readings, &reading,
                     "%.*s, with %lld hard bounces in an hour, usually %lld at most",
                     STR_ARG(provider), (long long)hard_bounces, (long long)usual);
}

/* --- one of each ----------------------------------------------------------------- */

/* From how many on a count of 24 hours is more than an accident. */
#define COUNT_ALERT 50

static int count_read(struct alert_readings *readings, enum alert_name name, int64_t n)
{
    enum alert_level level = n >= COUNT_ALERT ? ALERT_ALERT
                             : n > 0          ? ALERT_WARNING
                                              : ALERT_NONE;
    struct alert_reading reading = reading_with_value(name, level, STR(""), n);

    return alert_add(readings, &reading, "%lld in the last 24 hours", (long long)n);
}

static int day_counts_read(struct alert_readings *readings,
                           const struct alert_figures *figures)
{
    const struct {
        enum alert_name name;
        int64_t n;
    } counts[] = {
        {ALERT_AUTHENTICATION_REFUSED, figures->auth_refused},
        {ALERT_REPUTATION_REFUSED, figures->reputation_refused},
        {ALERT_VIRUS_REPORTED, figures->viruses},
        {ALERT_MAIL_TO_SUPPRESSED, figures->leaks},
        {ALERT_QUARANTINE_GROWING, figures->quarantined + figures->quarantine_dropped},
    };
    int r = 0;

    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts) && r == 0; i++)
        r = count_read(readings, counts[i].name, counts[i].n);
    return r;
}

static int clock_read(struct alert_readings *readings,
                      const struct alert_figures *figures)
{
    int64_t n = figures->future + figures->stale;
    struct alert_reading reading = reading_with_value(
        ALERT_CLOCK_WRONG, n > 0 ? ALERT_ALERT : ALERT_NONE, STR(""), n);

    return alert_add(readings, &reading, "%lld %s", (long long)n,
                     figures->future > 0 ? "are dated ahead of it in the last 24 hours"
                                         : "seem too old in the last hour");
}

static int held_read(struct alert_readings *readings, const struct alert_figures *figures)
{
    bool is_long = figures->held > 0 && figures->held_since_ms != CLOCK_NONE &&
                   figures->now_ms - figures->held_since_ms >= CLOCK_DAY_MS;
    struct alert_reading reading = reading_with_value(
        ALERT_ENTRIES_HELD, is_long ? ALERT_WARNING : ALERT_NONE, STR(""), figures->held);
    char since[CLOCK_TEXT_BYTES];

    clock_format_rfc3339(figures->held_since_ms, since);
    return alert_add(readings, &reading, "%lld, the first since %s",
                     (long long)figures->held, since);
}

/* --- the machine ----------------------------------------------------------------- */

/* Nearly full, and a quarter of that: the write-ahead log of a busy hour still fits in
 * the first. On a small disk, a tenth and a fortieth. */
#define DISK_LOW_BYTES (INT64_C(1) << 30)
#define DISK_LOW_SHARE 10
#define DISK_URGENT    4

static int disk_read(struct alert_readings *readings, const struct alert_figures *figures)
{
    int64_t low = figures->disk_bytes / DISK_LOW_SHARE, left = figures->disk_free_bytes;
    struct alert_reading reading =
        reading_with_value(ALERT_DISK_NEARLY_FULL, ALERT_NONE, STR(""), left);

    low = low < DISK_LOW_BYTES ? low : DISK_LOW_BYTES;
    reading.threshold = (double)low;
    if (left < low)
        reading.reached = left < low / DISK_URGENT ? ALERT_ALERT : ALERT_WARNING;
    if (figures->disk_bytes > 0 && left < low + low / 4)
        reading.kept = reading.reached ? reading.reached : ALERT_WARNING;
    return alert_add(readings, &reading, "%lld MiB are left", (long long)(left >> 20));
}

static int log_read(struct alert_readings *readings, const struct alert_figures *figures)
{
    int64_t bytes = figures->log_bytes, pinned = figures->log_pinned_bytes;
    struct alert_reading reading =
        reading_with_value(ALERT_LOG_PINNED, ALERT_NONE, STR(""), bytes);

    reading.threshold = (double)pinned;
    reading.reached = bytes >= pinned ? ALERT_WARNING : ALERT_NONE;
    reading.kept = bytes >= pinned / 2 ? ALERT_WARNING : ALERT_NONE;
    return alert_add(readings, &reading, "it has %lld MiB", (long long)(bytes >> 20));
}

/* A doubt of some minutes is not worth a person's while: SNS repeats. */
#define CERTIFICATES_LOST_MS (2 * CLOCK_MINUTE_MS)

static int certificates_read(struct alert_readings *readings,
                             const struct alert_figures *figures)
{
    bool is_lost = figures->certificates_lost_ms != CLOCK_NONE;
    struct alert_reading reading =
        reading_of(ALERT_CERTIFICATES_UNAVAILABLE, is_lost ? ALERT_ALERT : ALERT_NONE,
                   figures->certificates_origin);
    char since[CLOCK_TEXT_BYTES];

    if (is_lost && figures->now_ms - figures->certificates_lost_ms < CERTIFICATES_LOST_MS)
        reading.reached = ALERT_NONE;
    clock_format_rfc3339(figures->certificates_lost_ms, since);
    return alert_add(readings, &reading, "%.*s, since %s",
                     STR_ARG(figures->certificates_origin), since);
}

/* `status` warns in the last third of its life, when it is time to renew it; a
 * client that does so automatically has done so before half of that is over. */
#define EXPIRY_SHARE 6

static enum alert_level expiry_level(int64_t begins_ms, int64_t expires_ms,
                                     int64_t now_ms)
{
    int64_t left_ms;

    if (begins_ms == CLOCK_NONE || expires_ms == CLOCK_NONE)
        return ALERT_NONE;
    left_ms = expires_ms - now_ms;
    if (left_ms > TLS_EXPIRY_WARNING_MS / 2 ||
        left_ms > (expires_ms - begins_ms) / EXPIRY_SHARE)
        return ALERT_NONE;
    return left_ms <= 0 ? ALERT_ALERT : ALERT_WARNING;
}

static int listeners_read(struct alert_readings *readings,
                          const struct alert_figures *figures)
{
    int r = 0;

    for (size_t i = 0; i < ALERT_LISTENERS && r == 0; i++) {
        struct str name = str_of(figures->listeners[i].name);
        int64_t expires_ms = figures->listeners[i].expires_ms;
        enum alert_level level =
            expiry_level(figures->listeners[i].begins_ms, expires_ms, figures->now_ms);
        struct alert_reading expiring = reading_of(ALERT_TLS_EXPIRING, level, name);
        struct alert_reading unusable = reading_of(
            ALERT_TLS_UNUSABLE,
            figures->listeners[i].is_outdated ? ALERT_ALERT : ALERT_NONE, name);
        char day[CLOCK_TEXT_BYTES];

        clock_format_day(expires_ms, day);
        r = alert_add(readings, &expiring, "[%s], on %s", name.data, day);
        if (r == 0)
            r = alert_add(readings, &unusable, "[%s]", name.data);
    }
    return r;
}

int alert_read_figures(struct alert_readings *readings,
                       const struct alert_figures *figures)
{
    int (*const reads[])(struct alert_readings * readings,
                         const struct alert_figures *figures) = {
        day_counts_read, clock_read,     held_read,        disk_read,
        log_read,        listeners_read, certificates_read};
    int r = 0;

    for (size_t i = 0; i < sizeof(reads) / sizeof(*reads) && r == 0; i++)
        r = reads[i](readings, figures);
    return r;
}
