/* The table of alerts, and what becomes of one. */
#include "sesbounce/alert.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A rate, a disk and a connection may go back and forth; what is counted over a day, or
 * ended by one message, does not. */
#define QUIET_RATE_MS (CLOCK_HOUR_MS)
#define QUIET_FLAP_MS (10 * CLOCK_MINUTE_MS)

static const struct alert_kind KINDS[ALERTS] = {
    [ALERT_BOUNCE_RATE] =
        {"bounce-rate", "identity",
         "The share of mail that bounces hard has reached a threshold of [alerts] "
         "bounce_rate; AWS reviews an account at 5 % and pauses it at 10 %",
         "Type: sesbouncectl stats --by domain, and stop the mail that bounces",
         QUIET_RATE_MS},
    [ALERT_COMPLAINT_RATE] =
        {"complaint-rate", "identity",
         "The share of mail that recipients complain about has reached a threshold "
         "of [alerts] complaint_rate; AWS reviews an account at 0.1 % and pauses "
         "it at 0.5 %",
         "Type: sesbouncectl stats --by campaign, and stop the mail that nobody "
         "asked for",
         QUIET_RATE_MS},
    [ALERT_SENDING_PAUSED] =
        {"sending-paused", "sender",
         "SES has paused sending, so no mail leaves until it is resumed",
         "Type: sesbouncectl status (it has the command that asks SES why)", 0},
    [ALERT_REPUTATION_FINDING] =
        {"reputation-finding", "sender",
         "SES has found something that endangers the reputation of the sender",
         "Type: aws sesv2 list-recommendations", 0},
    [ALERT_AUTHENTICATION_REFUSED] =
        {"authentication-refused", NULL,
         "Servers refuse mail because its authentication (SPF, DKIM or DMARC) "
         "fails; nobody is suppressed for that",
         "Type: sesbouncectl events --cause auth --since 1d, and check the DNS "
         "records of the sending domain",
         0},
    [ALERT_REPUTATION_REFUSED] =
        {"reputation-refused", NULL,
         "Servers refuse mail because of the reputation of the sender, such as a "
         "blocklist; nobody is suppressed for that",
         "Type: sesbouncectl events --cause blocked --since 1d", 0},
    [ALERT_VIRUS_REPORTED] =
        {"virus-reported", NULL, "A provider reports a virus in mail that was sent",
         "Type: sesbouncectl events --rule complaint-virus --since 1d", 0},
    [ALERT_MAIL_TO_SUPPRESSED] =
        {"mail-to-suppressed", NULL,
         "Mail is sent to addresses that are on the list, so its sender does not "
         "check the list",
         "Type: sesbouncectl leaks --since 1d", 0},
    [ALERT_OUTAGE_GUARD] =
        {"outage-guard", "provider",
         "A provider suddenly bounces nearly everything, so the outage guard holds "
         "its hard bounces, and nobody is suppressed for them",
         "If it is an outage, type: sesbouncectl suppress drop guard:$; if the "
         "addresses are gone: sesbouncectl suppress release guard:$",
         0},
    [ALERT_ENTRIES_HELD] =
        {"entries-held", NULL,
         "Entries have been waiting for a person's decision for more than a day, "
         "and suppress nobody until then",
         "Type: sesbouncectl suppress held", 0},
    [ALERT_TOPIC_SILENT] =
        {"topic-silent", "topic",
         "Nothing arrives from a topic for longer than is usual for it; perhaps "
         "SES no longer publishes to it, or SNS cannot reach this machine",
         "Type: sesbouncectl topics list, and send a mail to "
         "bounce@simulator.amazonses.com",
         0},
    [ALERT_SUBSCRIPTION_ENDED] =
        {"subscription-ended", "topic",
         "A subscription was ended, so the bounces and complaints of its topic no "
         "longer arrive",
         "Type: aws sns subscribe --topic-arn $ --protocol https "
         "--notification-endpoint YOUR-URL; or, if that was meant: sesbouncectl "
         "topics forget $",
         0},
    [ALERT_SUBSCRIPTION_STUCK] =
        {"subscription-stuck", "topic",
         "A subscription is not confirmed, so the bounces and complaints of its "
         "topic do not arrive",
         "Type: sesbouncectl topics list (it says why), then: sesbouncectl topics "
         "confirm $",
         0},
    [ALERT_CERTIFICATES_UNAVAILABLE] =
        {"certificates-unavailable", "origin",
         "The certificates that SNS signs with cannot be obtained, so deliveries "
         "get 503; SNS repeats them for a time, and then they are lost",
         "Type: systemctl status sesbounced (it says why)", QUIET_FLAP_MS},
    [ALERT_QUARANTINE_GROWING] =
        {"quarantine-growing", NULL,
         "Genuine messages cannot be applied and go to quarantine",
         "Type: sesbouncectl quarantine list", 0},
    [ALERT_CLOCK_WRONG] =
        {"clock-wrong", NULL,
         "The clock of this machine is wrong by the time that SNS gives in its "
         "messages, so these are answered with 200, but not applied",
         "Type: timedatectl, set the clock, then: sesbouncectl quarantine retry "
         "--reason future (or --reason stale)",
         0},
    [ALERT_DISK_NEARLY_FULL] =
        {"disk-nearly-full", NULL,
         "The disk that the database is on is nearly full; once it is, deliveries "
         "get 503",
         "Type: df -h, and free some space or make it larger", QUIET_FLAP_MS},
    [ALERT_LOG_PINNED] =
        {"log-pinned", NULL,
         "The write-ahead log of the database grows, because a reader does not end "
         "its transaction",
         "As root, type: fuser -v FILE*, where FILE is [store] path (it shows the "
         "reader), and end it",
         QUIET_FLAP_MS},
    [ALERT_TLS_EXPIRING] =
        {"tls-expiring", "listener",
         "The TLS certificate of a listener expires soon or has expired; then SNS "
         "cannot deliver",
         "Renew it; the daemon picks up the new files by itself", 0},
    [ALERT_TLS_UNUSABLE] =
        {"tls-unusable", "listener",
         "The renewed TLS certificate or key of a listener cannot be used, so the "
         "previous ones are still served, and a restart would fail",
         "Type: sudo -u sesbounced sesbounced --check-config (it says why)", 0},
};

const struct alert_kind *alert_kind(enum alert_name name)
{
    return &KINDS[name];
}

static int advice_print(const struct alert_kind *kind, struct str subject,
                        struct buf *ret)
{
    struct str rest = str_of(kind->advice), part;
    int r = 0;

    for (bool is_first = true; r == 0 && str_split(&rest, '$', &part); is_first = false) {
        if (!is_first && str_present(subject))
            r = buf_append_str(ret, subject);
        for (const char *at = kind->subject; !is_first && !str_present(subject) && *at;
             at++)
            r = r < 0 ? r : buf_append_char(ret, (char)(*at - 'a' + 'A'));
        if (r == 0)
            r = buf_append_str(ret, part);
    }
    return r;
}

int alert_text(enum alert_name name, struct str subject, struct str fact, struct buf *ret)
{
    const struct alert_kind *kind = &KINDS[name];
    int r = buf_append_str(ret, str_of(kind->means));

    if (r == 0 && fact.len > 0)
        r = buf_printf(ret, ": %.*s", STR_ARG(fact));
    if (r == 0)
        r = buf_append_str(ret, STR(". "));
    return r < 0 ? r : advice_print(kind, subject, ret);
}

bool alert_find(struct str name, enum alert_name *ret)
{
    for (size_t i = 0; i < ALERTS; i++) {
        if (!str_equal(name, str_of(KINDS[i].name)))
            continue;
        *ret = (enum alert_name)i;
        return true;
    }
    return false;
}

static const char *const level_words[] = {
    [ALERT_WARNING] = "warning", [ALERT_ALERT] = "alert", [ALERT_PAUSE] = "pause"};

const char *alert_level_word(enum alert_level level)
{
    return level_words[level];
}

enum alert_level alert_level_of(struct str word)
{
    enum alert_level level = ALERT_PAUSE;

    while (level > ALERT_NONE && !str_equal(word, str_of(level_words[level])))
        level--;
    return level;
}

/* --- readings -------------------------------------------------------------------- */

void alert_readings_done(struct alert_readings *readings)
{
    free(readings->items);
    *readings = (struct alert_readings){.count = 0};
}

const struct alert_reading *alert_reading_of(const struct alert_readings *readings,
                                             enum alert_name name, struct str subject)
{
    for (size_t i = 0; i < readings->count; i++) {
        const struct alert_reading *reading = &readings->items[i];

        if (reading->name == name && str_equal(subject, str_of(reading->subject)))
            return reading;
    }
    return NULL;
}

static bool readings_make_room(struct alert_readings *readings)
{
    struct alert_reading *more;
    size_t room;

    if (readings->count < readings->room)
        return true;
    room = readings->room > 0 ? 2 * readings->room : 8;
    more = reallocarray(readings->items, room, sizeof(*more));
    if (!more)
        return false;
    readings->items = more;
    readings->room = room;
    return true;
}

int alert_add(struct alert_readings *readings, const struct alert_reading *reading,
              const char *format, ...)
{
    va_list arguments;

    if (reading->kept == ALERT_NONE ||
        readings->of_name[reading->name] == ALERT_SUBJECTS_MAX ||
        alert_reading_of(readings, reading->name, str_of(reading->subject)))
        return 0;
    if (!readings_make_room(readings))
        return -ENOMEM;
    readings->of_name[reading->name]++;
    struct alert_reading *added = &readings->items[readings->count++];
    *added = *reading;
    va_start(arguments, format);
    (void)vsnprintf(added->fact, sizeof(added->fact), format, arguments);
    va_end(arguments);
    return 0;
}

/* --- what becomes of it ---------------------------------------------------------- */

static enum alert_step alert_fade(const struct alert_open *open, int64_t now_ms)
{
    int64_t quiet_ms = KINDS[open->name].quiet_ms;

    if (quiet_ms == 0)
        return ALERT_RESOLVED;
    /* Later than now: the clock was set back. */
    if (open->gone_ms == CLOCK_NONE || open->gone_ms > now_ms)
        return ALERT_FADES;
    return now_ms - open->gone_ms >= quiet_ms ? ALERT_RESOLVED : ALERT_STAYS;
}

enum alert_step alert_decide(const struct alert_open *open,
                             const struct alert_reading *reading, int64_t now_ms)
{
    enum alert_level reached = reading ? reading->reached : ALERT_NONE;
    enum alert_level kept = reading ? reading->kept : ALERT_NONE;

    if (!open)
        return reached != ALERT_NONE ? ALERT_RAISED : ALERT_STAYS;
    if (reached > open->level)
        return ALERT_RISES;
    if (kept == ALERT_NONE)
        return alert_fade(open, now_ms);
    return open->gone_ms != CLOCK_NONE ? ALERT_RETURNS : ALERT_STAYS;
}
