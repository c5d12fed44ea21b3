/*
 * Alerts: what is wrong, or about to be, and needs a person. From what was measured and
 * what is raised already follows what is raised and what is over.
 *
 * An alert is known by its name and by what it is about (its subject; "" where there is
 * only one), and of each at most one is open. It is raised once, announced again only
 * when its level rises, and ends once, when what it rests on has been gone for its quiet
 * period; until then its level stays. Pure; one thread at a time.
 */
#ifndef SESBOUNCE_ALERT_H
#define SESBOUNCE_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sesbounce/buf.h"
#include "sesbounce/clock.h"
#include "sesbounce/limits.h"
#include "sesbounce/str.h"

/* --- settings -------------------------------------------------------------------- */

/* A rate of 100 %. */
#define ALERT_RATE_ONE 1000000u
#define ALERT_LEVELS   3

/* From which rate on an alert has the levels warning, alert and pause. */
struct alert_levels {
    uint32_t rate[ALERT_LEVELS];
};

/* `[alerts] silence`, beside a duration. */
#define ALERT_SILENCE_AUTO 0
#define ALERT_SILENCE_OFF  UINT64_MAX

/* --- the table ------------------------------------------------------------------- */

/* Rows of the database, metrics and webhooks have their names: never rename one. */
enum alert_name {
    ALERT_BOUNCE_RATE,
    ALERT_COMPLAINT_RATE,
    ALERT_SENDING_PAUSED,
    ALERT_REPUTATION_FINDING,
    ALERT_AUTHENTICATION_REFUSED,
    ALERT_REPUTATION_REFUSED,
    ALERT_VIRUS_REPORTED,
    ALERT_MAIL_TO_SUPPRESSED,
    ALERT_OUTAGE_GUARD,
    ALERT_ENTRIES_HELD,
    ALERT_TOPIC_SILENT,
    ALERT_SUBSCRIPTION_ENDED,
    ALERT_SUBSCRIPTION_STUCK,
    ALERT_CERTIFICATES_UNAVAILABLE,
    ALERT_QUARANTINE_GROWING,
    ALERT_CLOCK_WRONG,
    ALERT_DISK_NEARLY_FULL,
    ALERT_LOG_PINNED,
    ALERT_TLS_EXPIRING,
    ALERT_TLS_UNUSABLE,
    ALERTS
};

enum alert_level { ALERT_NONE, ALERT_WARNING, ALERT_ALERT, ALERT_PAUSE };

struct alert_kind {
    const char *name;
    const char *subject; /* what it is about; NULL: there is only one */
    const char *means;   /* a sentence without its end, behind which a fact may follow */
    const char *advice;  /* what to type: a sentence without its end; $: the subject */
    int64_t quiet_ms;    /* for so long it must be gone, so that it does not flap */
};
const struct alert_kind *alert_kind(enum alert_name name);

/* What it means, `fact` (may be empty) and what to type; `subject` absent: `TOPIC` and
 * the like stand in its place. Errors as buf_append. */
int alert_text(enum alert_name name, struct str subject, struct str fact,
               struct buf *ret);

/* False: there is not one of that name. */
bool alert_find(struct str name, enum alert_name *ret);

/* `warning`, `alert`, `pause`; NULL for ALERT_NONE. */
const char *alert_level_word(enum alert_level level);
enum alert_level alert_level_of(struct str word);

/* --- what was measured ----------------------------------------------------------- */

/* What was found out about one name and subject. */
struct alert_reading {
    enum alert_name name;
    enum alert_level reached; /* raises the alert, or lets its level rise */
    enum alert_level kept;    /* ALERT_NONE: what it rests on is gone */
    bool has_value;
    double value, threshold; /* of rates: 0 to 1 */
    char subject[ALERT_SUBJECT_BYTES];
    char fact[ALERT_FACT_BYTES]; /* a sentence without its end */
};

/* All of them, of ALERT_SUBJECTS_MAX subjects of a name at most. */
struct alert_readings {
    struct alert_reading *items; /* owned */
    size_t count, room;
    size_t of_name[ALERTS];
};
void alert_readings_done(struct alert_readings *readings);

/* Appends one with a level, and its fact. A second one of a name and subject, and what is
 * beyond the maximum, is left out. 0 or -ENOMEM. */
int alert_add(struct alert_readings *readings, const struct alert_reading *reading,
              const char *format, ...) __attribute__((format(printf, 3, 4)));

/* NULL: there is none, so what it is about is well. */
const struct alert_reading *alert_reading_of(const struct alert_readings *readings,
                                             enum alert_name name, struct str subject);

/* The rates of everybody's mail, or of an identity's. */
enum alert_window {
    ALERT_HOUR, /* clock hours: the present one, and the one before */
    ALERT_DAY,  /* 24 of them */
    ALERT_LONG, /* as many days as have `least_sends`, where 24 hours have fewer */
    ALERT_WINDOWS
};
struct alert_counts {
    int64_t sends, deliveries, hard_bounces, soft_bounces, complaints;
};
struct alert_sender {
    char identity[ALERT_SUBJECT_BYTES]; /* "": everybody */
    struct alert_counts counts[ALERT_WINDOWS];
    int64_t long_days; /* of ALERT_LONG; 0: it is not needed */
};
struct alert_rates {
    struct alert_levels bounce, complaint;
    int64_t least_sends;
};
/* What `[alerts] least_sends` is compared with: sends, or where nobody reports these,
 * what was delivered or bounced. */
int64_t alert_volume(const struct alert_counts *counts);
void alert_counts_add(struct alert_counts *to, const struct alert_counts *counts);

/* `senders[0]` is everybody. An identity is only told of when it reaches a level that
 * everybody's mail does not. 0 or -ENOMEM. */
int alert_read_rates(struct alert_readings *readings, const struct alert_rates *rates,
                     const struct alert_sender *senders, size_t count);

/* A topic and its best subscription. */
struct alert_topic {
    struct str arn;
    struct str state; /* as in the view */
    int64_t since_ms; /* of the state */
    int64_t last_ms;  /* last message; CLOCK_NONE: none yet */
    /* What is known of the hours in which it sent anything: how many there are, the time
     * between the first and the last, and the third-longest pause between two of them. */
    int64_t hours, span_ms, pause_ms;
};
/* Is the pause so far long enough for a silence, so that its hours matter? */
bool alert_topic_may_be_silent(const struct alert_topic *topic, uint64_t silence_ms,
                               int64_t now_ms);
/* After how long it is silent; ALERT_SILENCE_OFF: never. */
uint64_t alert_silence_limit(const struct alert_topic *topic, uint64_t silence_ms);
/* `started_ms` is when the daemon began to listen. 0 or -ENOMEM. */
int alert_read_topic(struct alert_readings *readings, const struct alert_topic *topic,
                     uint64_t silence_ms, int64_t started_ms, int64_t now_ms);

/* Whose sending SES pauses, or about whom SES has a finding: any may be absent. */
struct alert_party {
    struct str account_id, region, tenant, configuration_set, identity;
    int64_t since_ms;
    struct str cause; /* SES's words */
    struct str kind;  /* of a finding: BOUNCE, DKIM, … */
};
/* `tenant acme (eu-central-1)`, the narrowest. */
void alert_party_print(const struct alert_party *party, char ret[ALERT_SUBJECT_BYTES]);
int alert_read_pause(struct alert_readings *readings, const struct alert_party *party);
int alert_read_finding(struct alert_readings *readings, const struct alert_party *party);

/* The outage guard holds bounces of this provider. */
int alert_read_guard(struct alert_readings *readings, struct str provider,
                     int64_t hard_bounces, int64_t usual);

/* Everything of which there is one. Numbers are 0, and times CLOCK_NONE, where there is
 * nothing to tell. */
#define ALERT_LISTENERS 2
struct alert_figures {
    int64_t now_ms;
    int64_t auth_refused, reputation_refused, viruses; /* events of the last 24 hours */
    int64_t leaks;                                     /* likewise */
    int64_t held, held_since_ms;
    int64_t quarantined, quarantine_dropped; /* in the last 24 hours */
    int64_t future, stale;                   /* these are not among them */
    int64_t disk_free_bytes, disk_bytes;     /* 0 bytes: not known */
    int64_t log_bytes, log_pinned_bytes;
    int64_t certificates_lost_ms; /* since when none can be obtained */
    struct str certificates_origin;
    struct {
        const char *name;
        int64_t begins_ms, expires_ms; /* CLOCK_NONE: plain HTTP */
        bool is_outdated;              /* its renewed files cannot be used */
    } listeners[ALERT_LISTENERS];
};
int alert_read_figures(struct alert_readings *readings,
                       const struct alert_figures *figures);

/* --- what becomes of it ---------------------------------------------------------- */

/* An alert that is raised and has not ended. */
struct alert_open {
    int64_t id;
    enum alert_name name;
    enum alert_level level;
    int64_t since_ms;
    int64_t gone_ms; /* since when what it rests on is gone; CLOCK_NONE: it is not */
    char subject[ALERT_SUBJECT_BYTES];
};

enum alert_step {
    ALERT_STAYS,
    ALERT_RAISED,
    ALERT_RISES,   /* its level does */
    ALERT_FADES,   /* its quiet period begins */
    ALERT_RETURNS, /* within that */
    ALERT_RESOLVED
};
/* `open` NULL: it is not raised; `reading` NULL: there is nothing to be raised. */
enum alert_step alert_decide(const struct alert_open *open,
                             const struct alert_reading *reading, int64_t now_ms);

#endif
