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
        {"bounce-rate",
         "The share of mail that bounces hard has reached a threshold of [alerts] "
         "bounce_rate; AWS reviews an account at 5 % and pauses it at 10 %.",
         "type: sesbouncectl stats --by domain, and stop the mail that bounces",
         QUIET_RATE_MS},
    [ALERT_COMPLAINT_RATE] =
        {"complaint-rate",
         "The share of mail that recipients complain about has reached a threshold of "
         "[alerts] complaint_rate; AWS reviews an account at 0.1 % and pauses it at 0.5 "
         "%.",
         "type: sesbouncectl stats --by campaign, and stop the mail that nobody asked "
         "for",
         QUIET_RATE_MS},
    [ALERT_SENDING_PAUSED] =
        {"sending-paused", "SES has paused sending: until it is resumed, no mail leaves.",
         "type: sesbouncectl status, which has the command that asks SES why", 0},
    [ALERT_REPUTATION_FINDING] =
        {"reputation-finding",
         "SES has found something that endangers the reputation of the sender.",
         "type: aws sesv2 list-recommendations", 0},
    [ALERT_AUTHENTICATION_REFUSED] =
        {"authentication-refused",
         "Servers refused mail in the last 24 hours because its authentication (SPF, "
         "DKIM or DMARC) failed; nobody is suppressed for that.",
         "type: sesbouncectl events --cause auth --since 1d, and check the DNS records "
         "of the sending domain",
         0},
    [ALERT_REPUTATION_REFUSED] =
        {"reputation-refused",
         "Servers refused mail in the last 24 hours because of the reputation of the "
         "sender, such as a blocklist; nobody is suppressed for that.",
         "type: sesbouncectl events --cause blocked --since 1d", 0},
    [ALERT_VIRUS_REPORTED] =
        {"virus-reported",
         "A provider reported in the last 24 hours that mail contained a virus.",
         "type: sesbouncectl events --rule complaint-virus --since 1d", 0},
    [ALERT_MAIL_TO_SUPPRESSED] =
        {"mail-to-suppressed",
         "Mail was sent in the last 24 hours to addresses that are on the list: its "
         "sender does not check the list.",
         "type: sesbouncectl leaks --since 1d", 0},
    [ALERT_OUTAGE_GUARD] =
        {"outage-guard",
         "A provider suddenly bounces nearly everything, so the outage guard holds its "
         "hard bounces and nobody is suppressed for them.",
         "if it is an outage, type: sesbouncectl suppress drop guard:PROVIDER; if the "
         "addresses are gone: sesbouncectl suppress release guard:PROVIDER",
         0},
    [ALERT_ENTRIES_HELD] =
        {"entries-held",
         "Entries have been waiting for a person's decision for more than a day; until "
         "then, they suppress nobody.",
         "type: sesbouncectl suppress held", 0},
    [ALERT_TOPIC_SILENT] =
        {"topic-silent",
         "Nothing has arrived from a topic for longer than is usual for it: perhaps SES "
         "no longer publishes to it, or cannot reach this machine.",
         "type: sesbouncectl topics list, and send a mail to "
         "bounce@simulator.amazonses.com",
         0},
    [ALERT_SUBSCRIPTION_ENDED] =
        {"subscription-ended",
         "The subscription to a topic was ended, so its bounces and complaints no longer "
         "arrive.",
         "subscribe again: aws sns subscribe --topic-arn ARN --protocol https "
         "--notification-endpoint YOUR-URL; or, if that was meant, type: sesbouncectl "
         "topics forget ARN",
         0},
    [ALERT_SUBSCRIPTION_STUCK] =
        {"subscription-stuck",
         "The subscription to a topic is not confirmed, so its bounces and complaints do "
         "not arrive.",
         "type: sesbouncectl topics list (it says why), then: sesbouncectl topics "
         "confirm "
         "ARN",
         0},
    [ALERT_CERTIFICATES_UNAVAILABLE] =
        {"certificates-unavailable",
         "The certificates that SNS signs with cannot be obtained, so deliveries get "
         "503; "
         "SNS repeats them for an hour, and then they are lost.",
         "type: systemctl status sesbounced (it says why)", QUIET_FLAP_MS},
    [ALERT_QUARANTINE_GROWING] =
        {"quarantine-growing",
         "Genuine messages of the last 24 hours could not be applied and are in "
         "quarantine.",
         "type: sesbouncectl quarantine list", 0},
    [ALERT_CLOCK_WRONG] =
        {"clock-wrong",
         "By the time that SNS gives in its messages, the clock of this machine is "
         "wrong, "
         "so genuine messages are not applied, although they are answered with 200.",
         "type: timedatectl, set the clock, then: sesbouncectl quarantine retry --reason "
         "future (and --reason stale)",
         0},
    [ALERT_DISK_NEARLY_FULL] =
        {"disk-nearly-full",
         "The disk that the database is on is nearly full; once it is, deliveries get "
         "503.",
         "type: df -h, and free some space or make it larger", QUIET_FLAP_MS},
    [ALERT_LOG_PINNED] =
        {"log-pinned",
         "The write-ahead log of the database grows, because a reader does not end its "
         "transaction.",
         "as root, type: fuser -v on the database (it shows the reader), and end it",
         QUIET_FLAP_MS},
    [ALERT_TLS_EXPIRING] =
        {"tls-expiring",
         "The TLS certificate that a listener serves expires soon; once it has, SNS "
         "cannot deliver.",
         "renew it; the daemon picks up the new files by itself", 0},
    [ALERT_TLS_UNUSABLE] =
        {"tls-unusable",
         "The renewed TLS certificate or key of a listener cannot be used, so the "
         "previous ones are still served, and a restart would fail.",
         "type: sudo -u sesbounced sesbounced --check-config (it says why)", 0},
};

const struct alert_kind *alert_kind(enum alert_name name)
{
    return &KINDS[name];
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
