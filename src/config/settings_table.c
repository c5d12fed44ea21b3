/* The table of settings. Adding a setting means a line here and a member in struct
 * settings, or in the struct of the kind of section that it is in. */
#include <stddef.h>

#include "config/limits.h"
#include "config/settings_private.h"
#include "sesbounce/clock.h"
#include "sesbounce/limits.h"
#include "sesbounce/news.h"

/* How the sections with `events` begin. */
#define SENT_DEFAULT "alert.raised\nalert.resolved\nsending.paused\nsending.resumed"

#define KIB           UINT64_C(1024)
#define MIB           (1024 * KIB)
#define SOFT_DAYS_MAX (SETTINGS_SOFT_WINDOW_MAX_MS / CLOCK_DAY_MS)
/* `member` is that of the section in struct settings. */
#define SETTING(type_, section_, key_, member)                                           \
    .section = #section_, .key = #key_, .type = SETTING_##type_,                         \
    .offset = offsetof(struct settings, section_.member)
/* `member` is that of struct settings_SECTION. */
#define SETTING_OF_KIND(type_, section_, key_, member)                                   \
    .section = #section_, .key = #key_, .type = SETTING_##type_,                         \
    .offset = offsetof(struct settings_##section_, member)

/* Each in the order of its enum. */
static const char *const confirm_words[] = {"auto", "manual", NULL};
static const char *const address_words[] = {"none", "hash", "full", NULL};
static const char *const guard_words[] = {"off", "on", NULL};
static const char *const scope_by_words[] = {"none", "tenant", "configuration_set", NULL};
static const char *const bounces_words[] = {"all", "own", NULL};
static const char *const format_words[] = {"standard", "slack", NULL};
static const char *const sent_addresses_words[] = {"masked", "full", NULL};

const struct setting settings_table[] = {
    {SETTING(LIST, ingest, listen, listen), .max = LISTEN_SOCKETS_MAX,
     .check = settings_check_listen, .value = SETTINGS_DEFAULT_LISTEN,
     .help = "Where deliveries from SNS are accepted: HOST:PORT, [IPV6]:PORT or\n"
             "unix:/PATH. Repeat the line for more than one. A socket that systemd\n"
             "passes replaces this setting, and the log says so; to change it, type\n"
             "`systemctl edit sesbounced.socket`, see sesbounced.conf(5)."},
    {SETTING(TEXT, ingest, path, path), .check = settings_check_url_path, .value = "/sns",
     .help = "The path that SNS posts to: with /sns, the subscription's endpoint is\n"
             "https://bounces.example.com/sns"},
    {SETTING(SIZE, ingest, max_body, max_body_bytes), .min = 4 * KIB, .max = 64 * MIB,
     .value = "2M",
     .help = "The largest body that is accepted, 4K to 64M; a larger one is answered\n"
             "413. SNS messages hold 256K at most, and JSON escaping inflates them."},
    {SETTING(NUMBER, ingest, max_connections, max_connections),
     .min = HTTP_CONNECTIONS_MIN, .max = HTTP_CONNECTIONS_MAX, .value = "1024",
     .help = "How many connections may be open at a time, 16 to 65536; further ones\n"
             "wait in the socket's backlog. One address may have a quarter of them,\n"
             "except on loopback and unix sockets. Other bounds follow from this one;\n"
             "`sesbounced --check-config` prints them. A connection needs an open file:\n"
             "for more than 7800, type `systemctl edit sesbounced`, and write\n"
             "LimitNOFILE=70000 under [Service]."},
    {SETTING(NUMBER, ingest, threads, threads), .max = 64, .value = "0",
     .help = "Number of HTTP worker threads, at most 64. 0 means one per core."},
    {SETTING(OPTIONAL, ingest, certificate, certificate), .check = settings_check_file,
     .help = "PEM file with the TLS certificate and its chain: serve HTTPS instead of\n"
             "HTTP. Needs `key`. SNS must trust the CA that issued it, and the daemon's\n"
             "user must be able to read both. The daemon picks up renewed files without\n"
             "a restart. Example:\n"
             "certificate = /etc/sesbounced/tls/fullchain.pem"},
    {SETTING(OPTIONAL, ingest, key, key), .check = settings_check_file,
     .help = "PEM file with the private key of `certificate`."},
    {SETTING(OPTIONAL, ingest, credentials_file, credentials_file),
     .check = settings_check_file,
     .help = "File with one `user:password` per line: require HTTP Basic\n"
             "authentication. The subscription's endpoint is then\n"
             "https://user:password@bounces.example.com/sns"},
    {SETTING(LIST, sns, topic, topic), .max = SETTINGS_ITEMS_MAX,
     .check = settings_check_topic,
     .help = "The ARN of a topic that may deliver. Repeat the line for more; `*` stands\n"
             "for anything within the region or the name, never in the account. Without\n"
             "a topic, everything is refused.\n"
             "Example: topic = arn:aws:sns:eu-central-1:123456789012:ses-bounces"},
    {SETTING(WORD, sns, confirm, confirm), .words = confirm_words, .value = "auto",
     .help = "What to do when an allowed topic asks to confirm a subscription:\n"
             "auto confirms it, manual waits for `sesbouncectl topics confirm`."},
    {SETTING(TEXT, sns, endpoint, endpoint), .check = settings_check_endpoint,
     .value = "auto",
     .help = "Where to fetch certificates and send confirmations; auto is SNS in the\n"
             "topic's region. For a VPC endpoint or an emulator, give its origin;\n"
             "{region} stands for the region.\n"
             "Example: endpoint = https://vpce-0a1b2c.sns.{region}.example.com"},
    {SETTING(OPTIONAL, sns, ca_file, ca_file), .check = settings_check_file,
     .help = "PEM bundle of the CAs that are trusted for requests to the endpoint.\n"
             "Default: /etc/ssl/certs, as the system has it (Debian: package\n"
             "ca-certificates)."},
    {SETTING(NUMBER, sns, min_signature_version, min_signature_version), .min = 1,
     .max = 2, .value = "1",
     .help = "2 refuses messages signed with SHA-1. First set SignatureVersion to 2 on\n"
             "the topic: aws sns set-topic-attributes --topic-arn ARN\n"
             "--attribute-name SignatureVersion --attribute-value 2"},
    {SETTING(DURATION, sns, max_age, max_age_ms), .max = 3650 * (uint64_t)CLOCK_DAY_MS,
     .value = "2h",
     .help = "A genuine message older than this is put in quarantine and not applied:\n"
             "somebody may be replaying it. 0 turns the check off. It should exceed the\n"
             "time for which the topic's delivery policy retries."},
    {SETTING(TEXT, store, path, path), .check = settings_check_file,
     .value = "/var/lib/sesbounced/sesbounced.db",
     .help = "The SQLite file, on a local disk. Members of the directory's group may\n"
             "read it at any time. For a file outside /var/lib/sesbounced, also type\n"
             "`systemctl edit sesbounced`, and write ReadWritePaths=/srv/mail under\n"
             "[Service]."},
    {SETTING(TEXT, store, certificates, certificates), .check = settings_check_file,
     .value = "/var/lib/sesbounced/certificates",
     .help = "Directory of the signing certificates that were fetched. If the host has\n"
             "no access to the internet, put them there yourself, under the name that\n"
             "SigningCertURL gives them:\n"
             "sns.eu-central-1.amazonaws.com/SimpleNotificationService-HEX.pem"},
    {SETTING(LIST, events, keep, keep), .max = SETTINGS_ITEMS_MAX,
     .check = settings_check_event_type, .spell = settings_spell_event_type,
     .value = "Bounce\nComplaint\nReject\nRendering Failure\nDeliveryDelay\nSubscription",
     .help = "Event types that are stored: one row per recipient, and the verbatim\n"
             "message. A type in no list is kept, too. Naming a type here removes it\n"
             "from the default lists below; `keep = *` keeps every type except those\n"
             "that you name below yourself. Upper and lower case are equivalent."},
    {SETTING(LIST, events, count, count), .max = SETTINGS_ITEMS_MAX,
     .check = settings_check_event_type, .spell = settings_spell_event_type,
     .value = "Send\nDelivery",
     .help =
         "Event types that are only counted: no row and no message is stored, but\n"
         "each event takes about 35 bytes for 72 hours, so that it counts once. A\n"
         "Delivery also ends the counting of soft bounces. `*` stands for every type\n"
         "that no list names, including the default lists."},
    {SETTING(LIST, events, ignore, ignore), .max = SETTINGS_ITEMS_MAX,
     .check = settings_check_event_type, .spell = settings_spell_event_type,
     .value = "Open\nClick\nReceived",
     .help = "Event types that are only acknowledged and counted by type.\n"
             "`ignore =` with no value empties the list."},
    {SETTING(LIST, events, campaign, campaign), .max = 16,
     .check = settings_check_campaign,
     .help = "Where the campaign of a mail is named: tag:NAME is a message tag of SES,\n"
             "header:NAME a header. Repeat the line for more; the first one present\n"
             "is used. Example: campaign = tag:campaign"},
    {SETTING(LIST, admin, listen, listen), .max = LISTEN_SOCKETS_MAX,
     .check = settings_check_listen, .value = "127.0.0.1:9026",
     .help =
         "Where Prometheus metrics, a health check and the JSON API are served: GET\n"
         "/metrics, GET /healthz, and what sesbounced(8) has under API. `listen =`\n"
         "with no value turns them off. Every user of this machine can read the list\n"
         "over loopback; over unix:/PATH only those who may open that. Any other\n"
         "address needs tokens_file, certificate and key."},
    {SETTING(LIST, admin, host, host), .max = SETTINGS_ITEMS_MAX,
     .check = settings_check_host,
     .help =
         "A name under which the address above is reached, such as bounces.internal,\n"
         "without a port. Repeat the line for more. A request under a name that is\n"
         "neither listed here nor `localhost` nor an IP address gets 421, so that no\n"
         "page in a browser can ask in the name of its own site."},
    {SETTING(OPTIONAL, admin, tokens_file, tokens_file), .check = settings_check_file,
     .help = "File with one `NAME:read:SHA256HEX` or `NAME:write:SHA256HEX` per line:\n"
             "a request that changes something, or that does not come over loopback or\n"
             "unix:/PATH, must have the header `Authorization: Bearer TOKEN`. NAME is\n"
             "recorded with each change. To print the hash, type\n"
             "printf %s \"$TOKEN\" | sha256sum"},
    {SETTING(OPTIONAL, admin, certificate, certificate), .check = settings_check_file,
     .help =
         "PEM file with the TLS certificate and its chain: serve HTTPS. Needs `key`."},
    {SETTING(OPTIONAL, admin, key, key), .check = settings_check_file,
     .help = "PEM file with the private key of `certificate`."},
    {SETTING(WORD, log, addresses, addresses), .words = address_words, .value = "none",
     .help = "How mail addresses appear in the log: none leaves them out, hash tells\n"
             "them apart without naming them, full writes them as they are."},
    {SETTING(NUMBER, suppression, soft_days, soft_days), .max = SOFT_DAYS_MAX,
     .value = "5",
     .help =
         "On how many days (UTC) mail to an address must bounce temporarily, with no\n"
         "delivery in between, before the address is suppressed, 0 to 180; 0 means\n"
         "never. Such a soft bounce counts only if SES also reports deliveries of the\n"
         "sending identity."},
    {SETTING(DURATION, suppression, soft_span, soft_span_ms),
     .max = SETTINGS_SOFT_WINDOW_MAX_MS, .value = "10d",
     .help = "How far apart the first and the last of these days are, at least."},
    {SETTING(DURATION, suppression, soft_window, soft_window_ms), .min = CLOCK_DAY_MS,
     .max = SETTINGS_SOFT_WINDOW_MAX_MS, .value = "30d",
     .help = "How far apart they are at most, 1d to 180d."},
    {SETTING(DURATION, suppression, soft_term, soft_term_ms), .min = SETTINGS_TERM_MIN_MS,
     .max = SETTINGS_TERM_MAX_MS, .value = "14d",
     .help =
         "How long the address is suppressed then; twice as long each time that this\n"
         "repeats, up to soft_term_max."},
    {SETTING(DURATION, suppression, soft_term_max, soft_term_max_ms),
     .min = SETTINGS_TERM_MIN_MS, .max = SETTINGS_TERM_MAX_MS, .value = "180d",
     .help = "The longest that an address is suppressed for soft bounces."},
    {SETTING(LIST, suppression, rule, rule), .max = SETTINGS_ITEMS_MAX,
     .spell = settings_spell_rule,
     .help = "What to do instead of what a row of the policy says: NAME EFFECT [TERM].\n"
             "`sesbouncectl policy list` prints the rows with their names. EFFECT is\n"
             "record (only), soft (count as a soft bounce), hold (for a person) or\n"
             "suppress; TERM, for the last two, is a duration or forever. Repeat the\n"
             "line for more rows. To apply it to events that are kept, too, type\n"
             "`sesbouncectl suppress rebuild`.\n"
             "Example: rule = permanent-policy suppress 60d"},
    {SETTING(LIST, suppression, allow, allow), .max = SETTINGS_ITEMS_MAX,
     .spell = settings_spell_allow,
     .help = "An address, or *@DOMAIN for all addresses of a domain, that no event\n"
             "suppresses; a person still can. Repeat the line for more. What is on the\n"
             "list already stays until `sesbouncectl suppress rebuild`.\n"
             "Example: allow = *@example.com"},
    {SETTING(WORD, suppression, guard, guard), .words = guard_words, .value = "on",
     .help =
         "The outage guard. When a provider suddenly refuses far more addresses than\n"
         "it recently did, and most of them in the same words, on holds these\n"
         "bounces until a person releases or drops them (`sesbouncectl suppress held`\n"
         "lists them); off suppresses the addresses."},
    {SETTING(NUMBER, suppression, guard_least, guard_least), .min = 1,
     .max = SETTINGS_GUARD_LEAST_MAX, .value = "50",
     .help =
         "The guard holds nothing until a provider has caused this many hard bounces\n"
         "within an hour."},
    {SETTING(WORD, suppression, scope_by, scope_by), .words = scope_by_words,
     .value = "none",
     .help =
         "With tenant or configuration_set, each tenant or configuration set of SES\n"
         "has a scope of its own, tenant:NAME or configuration_set:NAME: a complaint\n"
         "about its mail does not stop that of others. The sections [scope NAME]\n"
         "take precedence."},
    {SETTING(TERM, retention, bodies, bodies_ms), .min = CLOCK_SECOND_MS,
     .max = SETTINGS_TERM_MAX_MS, .value = "30d",
     .help = "How long verbatim messages are kept: a duration or forever, but no longer\n"
             "than their events."},
    {SETTING(TERM, retention, events, events_ms), .min = CLOCK_SECOND_MS,
     .max = SETTINGS_TERM_MAX_MS, .value = "400d",
     .help =
         "How long events are kept. An address that is suppressed stays so: the list\n"
         "keeps what it rests on, and the counters stay, too."},
    {SETTING(TERM, retention, quarantine, quarantine_ms), .min = CLOCK_SECOND_MS,
     .max = SETTINGS_TERM_MAX_MS, .value = "90d",
     .help = "How long messages stay in quarantine."},
    {SETTING(TERM, retention, log, log_ms), .min = CLOCK_SECOND_MS,
     .max = SETTINGS_TERM_MAX_MS, .value = "1095d",
     .help = "How long the changes of the list (the view suppression_log) are kept."},
    {SETTING(SIZE, retention, quarantine_bytes, quarantine_bytes), .min = MIB,
     .max = MIB * MIB, .value = "1G",
     .help = "How much space the bodies in quarantine may take, 1M to 1024G. Beyond\n"
             "that, the oldest messages are dropped permanently, from the topic and\n"
             "reason that take the most space. The log and `sesbouncectl status` report\n"
             "it."},
    {SETTING(LEVELS, alerts, bounce_rate, bounce_rate), .value = "2.5% 5% 10%",
     .help =
         "At which bounce rates an alert is raised, as warning, alert and pause. AWS\n"
         "reviews an account at 5 % and pauses it at 10 %."},
    {SETTING(LEVELS, alerts, complaint_rate, complaint_rate), .value = "0.05% 0.1% 0.5%",
     .help = "The same of complaints. AWS reviews an account at 0.1 % and pauses it at\n"
             "0.5 %."},
    {SETTING(NUMBER, alerts, least_sends, least_sends), .min = 1,
     .max = SETTINGS_LEAST_SENDS_MAX, .value = "1000",
     .help = "No alert about a rate rests on fewer sends than this in 24 hours, or on\n"
             "fewer than twice as many in an hour. Where 24 hours have fewer, as many\n"
             "days count as have this many, 30 at most."},
    {SETTING(SILENCE, alerts, silence, silence_ms), .min = CLOCK_MINUTE_MS,
     .max = SETTINGS_TERM_MAX_MS, .value = "auto",
     .help = "After which time without a message from a topic an alert is raised: a\n"
             "duration, off, or auto, which learns from the pauses of the last 90 days\n"
             "how long is unusual for the topic."},
    {SETTING(LIST, alerts, each, each), .max = 2, .check = settings_check_each,
     .spell = settings_spell_event_type,
     .help = "Bounce, Complaint or both, a line each: report each event of that type as\n"
             "it arrives. A burst is reported in one message."},
    {SETTING(LIST, alerts, to, to), .max = SETTINGS_ITEMS_MAX,
     .check = settings_check_receiver,
     .help = "The NAME of a section [webhook NAME] or [mail NAME] that gets the alerts.\n"
             "Repeat the line for more; without one, all of them do."},
    {SETTING(SWITCH, simulator, enabled, enabled), .value = "no",
     .help = "yes lets `sesbouncectl simulate` post signed test messages for their own\n"
             "topic. Refused unless each `[ingest] listen` is loopback or unix:/PATH."},
    {SETTING(TEXT, simulator, key, key), .check = settings_check_file,
     .value = "/var/lib/sesbounced/simulator.pem",
     .help = "PEM file with the key and certificate that simulated messages are signed\n"
             "with. If `enabled` is yes and the file is missing, the daemon creates it."},
    {SETTING_OF_KIND(LIST, scope, match, match), .max = SETTINGS_ITEMS_MAX,
     .spell = settings_spell_match,
     .help = "Which mail: configuration_set:NAME, from_domain:DOMAIN, identity:NAME,\n"
             "tenant:NAME or tag:NAME=VALUE (a message tag of SES), where * stands for\n"
             "any characters. Repeat the line for more; one that matches suffices.\n"
             "Example: match = from_domain:*.news.example.com"},
    {SETTING_OF_KIND(WORD, scope, bounces, bounces), .words = bounces_words,
     .value = "all",
     .help = "Where a hard bounce applies: all is all mail, own is this scope alone."},
    {SETTING_OF_KIND(OPTIONAL, webhook, url, url), .check = settings_check_webhook_url,
     .is_secret = true,
     .help = "Where to post: https, or http on loopback. It may be a secret, as Slack's\n"
             "is; the log never shows it.\n"
             "Example: url = https://hooks.example.com/ses"},
    {SETTING_OF_KIND(WORD, webhook, format, format), .words = format_words,
     .value = "standard",
     .help = "standard is Standard Webhooks 1.0.0: JSON, one event per request, signed.\n"
             "slack is the body of an incoming webhook of Slack, Mattermost, or Discord\n"
             "(/slack): a text, in which many events become one message."},
    {SETTING_OF_KIND(OPTIONAL, webhook, secret_file, secret_file),
     .check = settings_check_file,
     .help =
         "File with the secret that requests are signed with, `whsec_` and base64 of\n"
         "24 to 64 bytes; while you change it, the old and the new one, each on a\n"
         "line. Required with format = standard. To make one, type:\n"
         "echo whsec_$(openssl rand -base64 32)"},
    {SETTING_OF_KIND(LIST, webhook, events, events), .max = NEWS_TYPES,
     .check = settings_check_sent, .value = SENT_DEFAULT,
     .help = "What to send; repeat the line for more: suppression.added,\n"
             "suppression.removed, suppression.held, event.bounce, event.complaint,\n"
             "alert.raised, alert.resolved, sending.paused, sending.resumed. What an\n"
             "import brings is never sent."},
    {SETTING_OF_KIND(WORD, webhook, addresses, addresses), .words = sent_addresses_words,
     .value = "masked",
     .help = "How mail addresses are sent: masked is j***@example.com. An application\n"
             "that keeps the list needs full, or asks /v1/changes by data.change_id."},
    {SETTING_OF_KIND(DURATION, webhook, timeout, timeout_ms), .min = CLOCK_SECOND_MS,
     .max = SETTINGS_TIMEOUT_MAX_MS, .value = "15s",
     .help = "How long to wait for the answer, 1s to 60s."},
    {SETTING_OF_KIND(OPTIONAL, mail, smtp, smtp), .check = settings_check_smtp,
     .help = "The mail server: smtps://HOST[:PORT], or smtp://HOST[:PORT], which must\n"
             "offer STARTTLS unless it is on loopback. Do not send through the SES\n"
             "account that the alerts are about.\n"
             "Example: smtp = smtp://127.0.0.1"},
    {SETTING_OF_KIND(OPTIONAL, mail, from, from), .check = settings_check_mailbox,
     .help = "The sender's address. Example: from = sesbounced@example.com"},
    {SETTING_OF_KIND(LIST, mail, to, to), .max = SETTINGS_RECIPIENTS_MAX,
     .check = settings_check_mailbox,
     .help = "Who gets it; repeat the line for more. Example: to = ops@example.com"},
    {SETTING_OF_KIND(OPTIONAL, mail, user, user),
     .help = "The user to log in as. Needs `password_file`."},
    {SETTING_OF_KIND(OPTIONAL, mail, password_file, password_file),
     .check = settings_check_file,
     .help = "File with the password of `user`, on its first line."},
    {SETTING_OF_KIND(LIST, mail, events, events), .max = NEWS_TYPES,
     .check = settings_check_sent, .value = SENT_DEFAULT,
     .help = "What to send, as for a webhook; many events become one mail."},
    {SETTING_OF_KIND(WORD, mail, addresses, addresses), .words = sent_addresses_words,
     .value = "masked",
     .help = "How mail addresses are written: masked is j***@example.com, or full."},
};
const size_t settings_table_count = sizeof(settings_table) / sizeof(*settings_table);

const struct settings_kind settings_kinds[] = {
    {.section = "scope",
     .title = "scope NAME",
     .offset = offsetof(struct settings, scopes),
     .bytes = sizeof(struct settings_scope),
     .check = settings_check_scope_name,
     .help =
         "A kind of mail that has a list of its own: a complaint, a soft bounce or a\n"
         "person's decision about it does not stop other mail. Repeat the section,\n"
         "with another NAME, for more; the first one that matches an event is its\n"
         "scope. What matches none concerns all mail, the scope `*`."},
    {.section = "webhook",
     .title = "webhook NAME",
     .offset = offsetof(struct settings, webhooks),
     .bytes = sizeof(struct settings_webhook),
     .check = settings_check_receiver_name,
     .help =
         "Where to send what happens, over HTTP. Repeat the section, with another NAME,\n"
         "for more. A new one gets what happens from its first start on;\n"
         "`sesbouncectl webhooks` lists, tests, retries and replays."},
    {.section = "mail",
     .title = "mail NAME",
     .offset = offsetof(struct settings, mails),
     .bytes = sizeof(struct settings_mail),
     .check = settings_check_receiver_name,
     .help = "The same by mail. No webhook and no other mail may have the same NAME."},
};
const size_t settings_kinds_count = sizeof(settings_kinds) / sizeof(*settings_kinds);

const struct settings_kind *settings_kind_of(const char *section)
{
    for (size_t i = 0; i < settings_kinds_count; i++)
        if (strcmp(settings_kinds[i].section, section) == 0)
            return &settings_kinds[i];
    return NULL;
}

const char *settings_title(const char *section)
{
    const struct settings_kind *kind = settings_kind_of(section);
    return kind ? kind->title : section;
}

const char *settings_section_find(struct str section)
{
    for (size_t i = 0; i < settings_table_count; i++)
        if (str_equal(section, str_of(settings_table[i].section)))
            return settings_table[i].section;
    return NULL;
}

const struct setting *settings_find(struct str section, struct str key)
{
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *setting = &settings_table[i];
        if (str_equal(section, str_of(setting->section)) &&
            str_equal(key, str_of(setting->key)))
            return setting;
    }
    return NULL;
}
