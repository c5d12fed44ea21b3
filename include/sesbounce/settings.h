/*
 * The settings: one table of section, key, type, default, bounds and help, and a strict
 * reader of the INI file that reports every fault with its line.
 *
 * Read once at start and immutable afterwards: any thread may read.
 */
#ifndef SESBOUNCE_SETTINGS_H
#define SESBOUNCE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sesbounce/alert.h"
#include "sesbounce/arn.h"
#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/policy.h"
#include "sesbounce/ses_event.h"

#define SETTINGS_DEFAULT_FILE   "/etc/sesbounced/sesbounced.conf"
#define SETTINGS_DEFAULT_LISTEN "127.0.0.1:9025"

struct settings_list {
    char **items;
    size_t count;
};

/*
 * What stands first in whatever holds the settings of a section: in struct settings, for
 * the sections without a name, and in the struct of each [scope NAME].
 */
struct settings_head {
    char *name;                    /* NAME; NULL in struct settings */
    size_t line;                   /* of its brackets; 0: there are none */
    struct settings_place *places; /* where each setting of the table was given */
};

/* The sections of one kind, in the order of the file. Each is of that kind's struct. */
struct settings_sections {
    struct settings_head **items;
    size_t count;
};

enum settings_bounces { BOUNCES_ALL, BOUNCES_OWN };

/* [scope NAME] */
struct settings_scope {
    struct settings_head head;
    struct settings_list match; /* `KIND:PATTERN`, `tag:NAME=PATTERN` */
    int bounces;                /* enum settings_bounces */
};

enum settings_webhook_format { WEBHOOK_STANDARD, WEBHOOK_SLACK };
enum settings_sent_addresses { SENT_ADDRESSES_MASKED, SENT_ADDRESSES_FULL };

/* [webhook NAME] */
struct settings_webhook {
    struct settings_head head;
    char *url;
    int format; /* enum settings_webhook_format */
    char *secret_file;
    struct settings_list events; /* words of news.h */
    int addresses;               /* enum settings_sent_addresses */
    uint64_t timeout_ms;
};

/* [mail NAME] */
struct settings_mail {
    struct settings_head head;
    char *smtp; /* `smtp://HOST[:PORT]` or `smtps://…` */
    char *from;
    struct settings_list to;
    char *user;
    char *password_file;
    struct settings_list events;
    int addresses;
};

enum settings_confirm { CONFIRM_AUTO, CONFIRM_MANUAL };
enum settings_log_addresses {
    LOG_ADDRESSES_NONE,
    LOG_ADDRESSES_HASH,
    LOG_ADDRESSES_FULL
};

struct settings {
    struct settings_head head;
    struct {
        struct settings_list listen; /* `host:port`, `[v6]:port`, `unix:/path` */
        char *path;
        uint64_t max_body_bytes;
        uint64_t max_connections;
        uint64_t threads;  /* 0 = one per core */
        char *certificate; /* NULL = plain HTTP */
        char *key;
        char *credentials_file;
    } ingest;
    struct {
        struct settings_list topic;
        int confirm;    /* enum settings_confirm */
        char *endpoint; /* "auto" or a template */
        char *ca_file;
        uint64_t min_signature_version;
        uint64_t max_age_ms;
    } sns;
    struct {
        char *path;
        char *certificates;
    } store;
    struct {
        struct settings_list keep, count, ignore, campaign;
        struct ses_rule *rules; /* keep, count and ignore in one table */
        struct ses_rules table; /* what ses_event wants; borrows from the above */
    } events;
    struct {
        struct settings_list listen;
        struct settings_list host;
        char *tokens_file;
        char *certificate;
        char *key;
    } admin;
    struct {
        int addresses; /* enum settings_log_addresses */
    } log;
    struct {
        uint64_t soft_days; /* 0 = soft bounces make no entry */
        uint64_t soft_span_ms;
        uint64_t soft_window_ms;
        uint64_t soft_term_ms;
        uint64_t soft_term_max_ms;
        struct settings_list rule;  /* `NAME EFFECT [TERM]` */
        struct settings_list allow; /* `ADDRESS` in its key form, `*@DOMAIN` */
        int guard;                  /* 0 = off, 1 = on */
        uint64_t guard_least;
        int scope_by; /* enum policy_scope_by */
    } suppression;
    struct settings_sections scopes;   /* of struct settings_scope */
    struct settings_sections webhooks; /* of struct settings_webhook */
    struct settings_sections mails;    /* of struct settings_mail */
    struct policy policy; /* what policy.h wants; borrows from the above and from built */
    struct settings_built {
        struct policy_override *overrides;
        struct policy_scope *scopes;
        struct policy_match *matches; /* of all scopes */
        char *texts;                  /* of all matches */
    } built;
    struct {
        uint64_t bodies_ms; /* these are POLICY_FOR_EVER for `forever` */
        uint64_t events_ms;
        uint64_t quarantine_ms;
        uint64_t log_ms;
        uint64_t quarantine_bytes;
    } retention;
    struct {
        struct alert_levels bounce_rate;
        struct alert_levels complaint_rate;
        uint64_t least_sends;
        uint64_t silence_ms;       /* or ALERT_SILENCE_AUTO, ALERT_SILENCE_OFF */
        struct settings_list each; /* `Bounce`, `Complaint` */
        struct settings_list to;   /* of [webhook NAME] and [mail NAME]; none: all */
    } alerts;
    struct {
        bool enabled;
        char *key; /* PEM file with the simulator's private key and certificate */
    } simulator;
};

/* All defaults. 0 or -ENOMEM. */
int settings_new(struct settings **ret);

/*
 * Reads `file` over the defaults. 0; -EINVAL when there were faults, each appended to
 * `faults` as a line `FILE:LINE: what is wrong and what would be right`; a negative errno
 * when the file cannot be read (also reported in `faults`). NULL `file`: the default
 * file, and all defaults when it does not exist.
 */
int settings_read(const char *file, struct settings **ret, struct buf *faults);
void settings_free(struct settings *settings);
DEFINE_CLEANUP(struct settings, settings_free)

/* The same, but with -EINVAL `*ret` gets what could be read, faulty values at their
 * defaults: only for finding more faults (daemon/files.h) and for `db settle`, which does
 * no harm to a wrong file. */
int settings_read_partly(const char *file, struct settings **ret, struct buf *faults);

/* The line of the file that sets this, of a list the last; 0: it is at its default. For
 * sections without a name. */
size_t settings_line(const struct settings *settings, const char *section,
                     const char *key);

/* The line of the file that gives item `index` of a list; 0: it is a default. */
size_t settings_item_line_of(const struct settings *settings, const char *section,
                             const char *key, size_t index);

/* A bit (1 << enum news) for each type that a webhook or mail gets: those in its list of
 * `events`, without alerts where `[alerts] to` names others, and with what `[alerts]
 * each` adds for those who get alerts. */
unsigned settings_news(const struct settings *settings, const char *name,
                       const struct settings_list *events);

/* The line that sets `key` of a section with a name; that of its brackets when it is not
 * there. */
size_t settings_line_in(const struct settings_head *head, const char *section,
                        const char *key);

/* Prints the effective settings as a configuration file. 0 or a negative errno. */
int settings_print(const struct settings *settings, FILE *to);

/* Prints the sample file: every setting, commented out, at its default, with its help. */
int settings_print_sample(FILE *to);

/* Is this topic in `[sns] topic`? With none there, no topic is. */
bool settings_topic_is_allowed(const struct settings *settings, const struct arn *topic);

/* True for 127.0.0.0/8, [::1], `localhost` with any port, and for `unix:` paths. */
bool settings_listen_is_local(const char *listen);

#endif
