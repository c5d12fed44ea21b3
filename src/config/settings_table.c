/* The table of settings, and what is printed from it: the effective settings and the
 * sample file. Adding a setting means a line here and a member in struct settings. */
#include <errno.h>
#include <stddef.h>

#include "config/settings_private.h"
#include "sesbounce/clock.h"
#include "sesbounce/limits.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
/* `member` is that of the section in struct settings. */
#define SETTING(type_, section_, key_, member)                                           \
    .section = #section_, .key = #key_, .type = SETTING_##type_,                         \
    .offset = offsetof(struct settings, section_.member)

/* In the order of enum settings_confirm and enum settings_log_addresses. */
static const char *const confirm_words[] = {"auto", "manual", NULL};
static const char *const address_words[] = {"none", "hash", "full", NULL};

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
     .check = settings_check_event_type, .spell = ses_type_word,
     .value = "Bounce\nComplaint\nReject\nRendering Failure\nDeliveryDelay\nSubscription",
     .help = "Event types that are stored: one row per recipient, and the verbatim\n"
             "message. A type in no list is kept, too. Naming a type here removes it\n"
             "from the default lists below; `keep = *` keeps every type except those\n"
             "that you name below yourself. Upper and lower case are equivalent."},
    {SETTING(LIST, events, count, count), .max = SETTINGS_ITEMS_MAX,
     .check = settings_check_event_type, .spell = ses_type_word,
     .value = "Send\nDelivery",
     .help =
         "Event types that are only counted: no row and no message is stored, but\n"
         "each event takes about 35 bytes for 72 hours, so that it counts once. A\n"
         "Delivery also ends the counting of soft bounces. `*` stands for every type\n"
         "that no list names, including the default lists."},
    {SETTING(LIST, events, ignore, ignore), .max = SETTINGS_ITEMS_MAX,
     .check = settings_check_event_type, .spell = ses_type_word,
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
     .help = "Where Prometheus metrics and a health check are served: GET /metrics and\n"
             "GET /healthz. `listen =` with no value turns them off. Any address except\n"
             "loopback and unix:/PATH needs tokens_file, certificate and key."},
    {SETTING(OPTIONAL, admin, tokens_file, tokens_file), .check = settings_check_file,
     .help = "File with one `NAME:read:SHA256HEX` or `NAME:write:SHA256HEX` per line:\n"
             "requests must have the header `Authorization: Bearer TOKEN`. Both kinds\n"
             "may read, and there is nothing to write yet. To print the hash, type\n"
             "printf %s \"$TOKEN\" | sha256sum"},
    {SETTING(OPTIONAL, admin, certificate, certificate), .check = settings_check_file,
     .help =
         "PEM file with the TLS certificate and its chain: serve HTTPS. Needs `key`."},
    {SETTING(OPTIONAL, admin, key, key), .check = settings_check_file,
     .help = "PEM file with the private key of `certificate`."},
    {SETTING(WORD, log, addresses, addresses), .words = address_words, .value = "none",
     .help = "How mail addresses appear in the log: none leaves them out, hash tells\n"
             "them apart without naming them, full writes them as they are."},
    {SETTING(SIZE, retention, quarantine_bytes, quarantine_bytes), .min = MIB,
     .max = MIB * MIB, .value = "1G",
     .help = "How much space the bodies in quarantine may take, 1M to 1024G. Beyond\n"
             "that, the oldest messages are dropped permanently, from the topic and\n"
             "reason that take the most space. The log and `sesbouncectl status` report\n"
             "it."},
    {SETTING(SWITCH, simulator, enabled, enabled), .value = "no",
     .help = "yes lets `sesbouncectl simulate` post signed test messages for their own\n"
             "topic. Refused unless each `[ingest] listen` is loopback or unix:/PATH."},
    {SETTING(TEXT, simulator, key, key), .check = settings_check_file,
     .value = "/var/lib/sesbounced/simulator.pem",
     .help = "PEM file with the key and certificate that simulated messages are signed\n"
             "with. If `enabled` is yes and the file is missing, the daemon creates it."},
};
const size_t settings_table_count = sizeof(settings_table) / sizeof(*settings_table);

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

/* --- names that were nearly written, to be offered in a fault --- */

/* The beginning of a name, or one with a slip or two. */
static bool name_resembles(struct str word, struct str name, unsigned *best)
{
    unsigned d = str_distance(word, name);
    if (word.len >= 3 && str_starts_with(name, word))
        d = 1;
    if (d >= *best || d > 1 + word.len / 4 || d >= name.len)
        return false;
    *best = d;
    return true;
}

const char *settings_nearest(struct str word, const char *section)
{
    const char *found = NULL;
    unsigned best = 4;
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *setting = &settings_table[i];
        const char *name = section ? setting->key : setting->section;
        if (section && strcmp(section, setting->section) != 0)
            continue;
        if (name_resembles(word, str_of(name), &best))
            found = name;
    }
    return found;
}

void settings_list_names(const char *section, struct buf *ret)
{
    const char *last = "";
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *setting = &settings_table[i];
        const char *name = section ? setting->key : setting->section;
        if ((section && strcmp(section, setting->section) != 0) ||
            strcmp(name, last) == 0)
            continue;
        (void)buf_printf(ret, section ? "%s%s" : "%s[%s]", last[0] ? ", " : "", name);
        last = name;
    }
}

const char *settings_section_of(struct str key)
{
    const char *found = NULL;
    for (size_t i = 0; i < settings_table_count; i++) {
        if (!str_equal(key, str_of(settings_table[i].key)))
            continue;
        if (found)
            return NULL;
        found = settings_table[i].section;
    }
    return found;
}

/* --- the settings as a whole --- */

static int default_set(struct settings *settings, const struct setting *setting)
{
    struct str rest = str_of(setting->value);
    struct str item;
    _cleanup_(buf_done) struct buf fault = {.max = SETTINGS_LINE_BYTES_MAX};
    int r = 0;
    while (r == 0 && str_split(&rest, '\n', &item))
        r = settings_value_set(settings, setting, item, &fault);
    return r;
}

int settings_new(struct settings **ret)
{
    _cleanup_(settings_freep) struct settings *settings = calloc(1, sizeof(*settings));
    if (!settings)
        return -ENOMEM;
    settings->lines = calloc(settings_table_count, sizeof(*settings->lines));
    if (!settings->lines)
        return -ENOMEM;
    int r = 0;
    for (size_t i = 0; i < settings_table_count && r == 0; i++)
        r = default_set(settings, &settings_table[i]);
    if (r == 0)
        r = settings_rules_build(settings);
    if (r < 0)
        return r;
    *ret = take_ptr(settings);
    return 0;
}

void settings_free(struct settings *settings)
{
    if (!settings)
        return;
    for (size_t i = 0; i < settings_table_count; i++)
        settings_value_clear(settings, &settings_table[i]);
    free(settings->events.rules);
    free(settings->lines);
    free(settings);
}

static void help_print(const char *help, FILE *to)
{
    struct str rest = str_of(help);
    struct str line;
    fputc('\n', to);
    while (str_split(&rest, '\n', &line))
        fprintf(to, "# %.*s\n", STR_ARG(line));
}

static int table_print(const struct settings *settings, bool is_sample, FILE *to)
{
    const char *section = "";
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *setting = &settings_table[i];
        if (strcmp(section, setting->section) != 0)
            fprintf(to, "%s[%s]\n", *section || is_sample ? "\n" : "", setting->section);
        section = setting->section;
        if (is_sample)
            help_print(setting->help, to);
        settings_value_print(settings, setting, is_sample ? "#" : "", to);
    }
    return fflush(to) != 0 || ferror(to) ? -EIO : 0;
}

int settings_print(const struct settings *settings, FILE *to)
{
    return table_print(settings, false, to);
}

static const char sample_head[] =
    "# Settings of sesbounced: all of them, commented out, with their defaults.\n"
    "# To change one, remove the `#` before its key. `sesbounced --check-config` prints\n"
    "# the settings in effect, or each fault with its line; see sesbounced.conf(5).\n"
    "#\n"
    "# A comment is a line that begins with # or ;. For a list, repeat the key; its\n"
    "# values replace the default. Sizes take K, M or G; durations take s, m, h or d.\n";

int settings_print_sample(FILE *to)
{
    _cleanup_(settings_freep) struct settings *defaults = NULL;
    int r = settings_new(&defaults);
    if (r < 0)
        return r;
    fputs(sample_head, to);
    return table_print(defaults, true, to);
}
