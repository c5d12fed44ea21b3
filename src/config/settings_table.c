/* The table of settings, and what is printed from it: the effective settings and the
 * sample file. Adding a setting means a line here and a member in struct settings. */
#include <errno.h>
#include <stddef.h>

#include "config/settings_private.h"
#include "sesbounce/clock.h"
#include "sesbounce/limits.h"

#define KIB        UINT64_C(1024)
#define MIB        (1024 * KIB)
#define AT(member) offsetof(struct settings, member)

/* In the order of enum settings_confirm and enum settings_log_addresses. */
static const char *const confirm_words[] = {"auto", "manual", NULL};
static const char *const address_words[] = {"none", "hash", "full", NULL};

const struct setting settings_table[] = {
    {
        .section = "ingest",
        .key = "listen",
        .type = SETTING_LIST,
        .offset = AT(ingest.listen),
        .max = LISTEN_SOCKETS_MAX,
        .check = settings_check_listen,
        .value = SETTINGS_DEFAULT_LISTEN,
        .help = "Where deliveries from SNS are accepted: HOST:PORT, [IPV6]:PORT or\n"
                "unix:/PATH. Repeat the line for more than one. A socket that systemd\n"
                "passes replaces this setting, and the log says so; to change it, type\n"
                "`systemctl edit sesbounced.socket`, see sesbounced.conf(5).",
    },
    {
        .section = "ingest",
        .key = "path",
        .type = SETTING_TEXT,
        .offset = AT(ingest.path),
        .check = settings_check_url_path,
        .value = "/sns",
        .help = "The path that SNS posts to: with /sns, the subscription's endpoint is\n"
                "https://bounces.example.com/sns",
    },
    {
        .section = "ingest",
        .key = "max_body",
        .type = SETTING_SIZE,
        .offset = AT(ingest.max_body_bytes),
        .min = 4 * KIB,
        .max = 64 * MIB,
        .value = "2M",
        .help = "The largest body that is accepted, 4K to 64M; a larger one is answered\n"
                "413. SNS messages hold 256K at most, and JSON escaping inflates them.",
    },
    {
        .section = "ingest",
        .key = "max_connections",
        .type = SETTING_NUMBER,
        .offset = AT(ingest.max_connections),
        .min = HTTP_CONNECTIONS_MIN,
        .max = HTTP_CONNECTIONS_MAX,
        .value = "1024",
        .help =
            "How many connections may be open at a time, 16 to 65536; further ones\n"
            "wait in the socket's backlog. One address may have a quarter of them,\n"
            "except on loopback and unix sockets. Other bounds follow from this one;\n"
            "`sesbounced --check-config` prints them. A connection needs an open file:\n"
            "for more than 7800, type `systemctl edit sesbounced`, and write\n"
            "LimitNOFILE=70000 under [Service].",
    },
    {
        .section = "ingest",
        .key = "threads",
        .type = SETTING_NUMBER,
        .offset = AT(ingest.threads),
        .max = 64,
        .value = "0",
        .help = "Number of HTTP worker threads, at most 64. 0 means one per core.",
    },
    {
        .section = "ingest",
        .key = "certificate",
        .type = SETTING_OPTIONAL,
        .offset = AT(ingest.certificate),
        .check = settings_check_file,
        .help =
            "PEM file with the TLS certificate and its chain: serve HTTPS instead of\n"
            "HTTP. Needs `key`. SNS must trust the CA that issued it, and the daemon's\n"
            "user must be able to read both. The daemon picks up renewed files without\n"
            "a restart. Example:\n"
            "certificate = /etc/sesbounced/tls/fullchain.pem",
    },
    {
        .section = "ingest",
        .key = "key",
        .type = SETTING_OPTIONAL,
        .offset = AT(ingest.key),
        .check = settings_check_file,
        .help = "PEM file with the private key of `certificate`.",
    },
    {
        .section = "ingest",
        .key = "credentials_file",
        .type = SETTING_OPTIONAL,
        .offset = AT(ingest.credentials_file),
        .check = settings_check_file,
        .help = "File with one `user:password` per line: require HTTP Basic\n"
                "authentication. The subscription's endpoint is then\n"
                "https://user:password@bounces.example.com/sns",
    },
    {
        .section = "sns",
        .key = "topic",
        .type = SETTING_LIST,
        .offset = AT(sns.topic),
        .max = SETTINGS_ITEMS_MAX,
        .check = settings_check_topic,
        .help =
            "The ARN of a topic that may deliver. Repeat the line for more; `*` stands\n"
            "for anything within the region or the name, never in the account. Without\n"
            "a topic, everything is refused.\n"
            "Example: topic = arn:aws:sns:eu-central-1:123456789012:ses-bounces",
    },
    {
        .section = "sns",
        .key = "confirm",
        .type = SETTING_WORD,
        .offset = AT(sns.confirm),
        .words = confirm_words,
        .value = "auto",
        .help = "What to do when an allowed topic asks to confirm a subscription:\n"
                "auto confirms it, manual waits for `sesbouncectl topics confirm`.",
    },
    {
        .section = "sns",
        .key = "endpoint",
        .type = SETTING_TEXT,
        .offset = AT(sns.endpoint),
        .check = settings_check_endpoint,
        .value = "auto",
        .help = "Where to fetch certificates and send confirmations; auto is SNS in the\n"
                "topic's region. For a VPC endpoint or an emulator, give its origin;\n"
                "{region} stands for the region.\n"
                "Example: endpoint = https://vpce-0a1b2c.sns.{region}.example.com",
    },
    {
        .section = "sns",
        .key = "ca_file",
        .type = SETTING_OPTIONAL,
        .offset = AT(sns.ca_file),
        .check = settings_check_file,
        .help = "PEM bundle of the CAs that are trusted for requests to the endpoint.\n"
                "Default: /etc/ssl/certs, as the system has it (Debian: package\n"
                "ca-certificates).",
    },
    {
        .section = "sns",
        .key = "min_signature_version",
        .type = SETTING_NUMBER,
        .offset = AT(sns.min_signature_version),
        .min = 1,
        .max = 2,
        .value = "1",
        .help =
            "2 refuses messages signed with SHA-1. First set SignatureVersion to 2 on\n"
            "the topic: aws sns set-topic-attributes --topic-arn ARN\n"
            "--attribute-name SignatureVersion --attribute-value 2",
    },
    {
        .section = "sns",
        .key = "max_age",
        .type = SETTING_DURATION,
        .offset = AT(sns.max_age_ms),
        .max = 3650 * (uint64_t)CLOCK_DAY_MS,
        .value = "2h",
        .help =
            "A genuine message older than this is put in quarantine and not applied:\n"
            "somebody may be replaying it. 0 turns the check off. It should exceed the\n"
            "time for which the topic's delivery policy retries.",
    },
    {
        .section = "store",
        .key = "path",
        .type = SETTING_TEXT,
        .offset = AT(store.path),
        .check = settings_check_file,
        .value = "/var/lib/sesbounced/sesbounced.db",
        .help = "The SQLite file, on a local disk. Members of the directory's group may\n"
                "read it at any time. For a file outside /var/lib/sesbounced, also type\n"
                "`systemctl edit sesbounced`, and write ReadWritePaths=/srv/mail under\n"
                "[Service].",
    },
    {
        .section = "store",
        .key = "certificates",
        .type = SETTING_TEXT,
        .offset = AT(store.certificates),
        .check = settings_check_file,
        .value = "/var/lib/sesbounced/certificates",
        .help =
            "Directory of the signing certificates that were fetched. If the host has\n"
            "no access to the internet, put them there yourself, under the name that\n"
            "SigningCertURL gives them:\n"
            "sns.eu-central-1.amazonaws.com/SimpleNotificationService-HEX.pem",
    },
    {
        .section = "events",
        .key = "keep",
        .type = SETTING_LIST,
        .offset = AT(events.keep),
        .max = SETTINGS_ITEMS_MAX,
        .check = settings_check_event_type,
        .spell = ses_type_word,
        .value =
            "Bounce\nComplaint\nReject\nRendering Failure\nDeliveryDelay\nSubscription",
        .help = "Event types that are stored: one row per recipient, and the verbatim\n"
                "message. A type in no list is kept, too. Naming a type here removes it\n"
                "from the default lists below; `keep = *` keeps every type except those\n"
                "that you name below yourself. Upper and lower case are equivalent.",
    },
    {
        .section = "events",
        .key = "count",
        .type = SETTING_LIST,
        .offset = AT(events.count),
        .max = SETTINGS_ITEMS_MAX,
        .check = settings_check_event_type,
        .spell = ses_type_word,
        .value = "Send\nDelivery",
        .help =
            "Event types that are only counted: no row and no message is stored, but\n"
            "each event takes about 35 bytes for 72 hours, so that it counts once. A\n"
            "Delivery also ends the counting of soft bounces. `*` stands for every type\n"
            "that no list names, including the default lists.",
    },
    {
        .section = "events",
        .key = "ignore",
        .type = SETTING_LIST,
        .offset = AT(events.ignore),
        .max = SETTINGS_ITEMS_MAX,
        .check = settings_check_event_type,
        .spell = ses_type_word,
        .value = "Open\nClick\nReceived",
        .help = "Event types that are only acknowledged and counted by type.\n"
                "`ignore =` with no value empties the list.",
    },
    {
        .section = "events",
        .key = "campaign",
        .type = SETTING_LIST,
        .offset = AT(events.campaign),
        .max = 16,
        .check = settings_check_campaign,
        .help =
            "Where the campaign of a mail is named: tag:NAME is a message tag of SES,\n"
            "header:NAME a header. Repeat the line for more; the first one present\n"
            "is used. Example: campaign = tag:campaign",
    },
    {
        .section = "admin",
        .key = "listen",
        .type = SETTING_LIST,
        .offset = AT(admin.listen),
        .max = LISTEN_SOCKETS_MAX,
        .check = settings_check_listen,
        .value = "127.0.0.1:9026",
        .help =
            "Where Prometheus metrics and a health check are served: GET /metrics and\n"
            "GET /healthz. `listen =` with no value turns them off. Any address except\n"
            "loopback and unix:/PATH needs tokens_file, certificate and key.",
    },
    {
        .section = "admin",
        .key = "tokens_file",
        .type = SETTING_OPTIONAL,
        .offset = AT(admin.tokens_file),
        .check = settings_check_file,
        .help =
            "File with one `NAME:read:SHA256HEX` or `NAME:write:SHA256HEX` per line:\n"
            "requests must have the header `Authorization: Bearer TOKEN`. Both kinds\n"
            "may read, and there is nothing to write yet. To print the hash, type\n"
            "printf %s \"$TOKEN\" | sha256sum",
    },
    {
        .section = "admin",
        .key = "certificate",
        .type = SETTING_OPTIONAL,
        .offset = AT(admin.certificate),
        .check = settings_check_file,
        .help =
            "PEM file with the TLS certificate and its chain: serve HTTPS. Needs `key`.",
    },
    {
        .section = "admin",
        .key = "key",
        .type = SETTING_OPTIONAL,
        .offset = AT(admin.key),
        .check = settings_check_file,
        .help = "PEM file with the private key of `certificate`.",
    },
    {
        .section = "log",
        .key = "addresses",
        .type = SETTING_WORD,
        .offset = AT(log.addresses),
        .words = address_words,
        .value = "none",
        .help = "How mail addresses appear in the log: none leaves them out, hash tells\n"
                "them apart without naming them, full writes them as they are.",
    },
    {
        .section = "retention",
        .key = "quarantine_bytes",
        .type = SETTING_SIZE,
        .offset = AT(retention.quarantine_bytes),
        .min = MIB,
        .max = MIB * MIB,
        .value = "1G",
        .help =
            "How much space the bodies in quarantine may take, 1M to 1024G. Beyond\n"
            "that, the oldest messages are dropped permanently, from the topic and\n"
            "reason that take the most space. The log and `sesbouncectl status` report\n"
            "it.",
    },
    {
        .section = "simulator",
        .key = "enabled",
        .type = SETTING_SWITCH,
        .offset = AT(simulator.enabled),
        .value = "no",
        .help =
            "yes lets `sesbouncectl simulate` post signed test messages for their own\n"
            "topic. Refused unless each `[ingest] listen` is loopback or unix:/PATH.",
    },
    {
        .section = "simulator",
        .key = "key",
        .type = SETTING_TEXT,
        .offset = AT(simulator.key),
        .check = settings_check_file,
        .value = "/var/lib/sesbounced/simulator.pem",
        .help =
            "PEM file with the key and certificate that simulated messages are signed\n"
            "with. If `enabled` is yes and the file is missing, the daemon creates it.",
    },
};
const size_t settings_table_count = sizeof settings_table / sizeof settings_table[0];

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

static int set_default(struct settings *settings, const struct setting *setting)
{
    struct str rest = str_of(setting->value);
    struct str item;
    struct buf fault;
    buf_init(&fault, SETTINGS_LINE_BYTES_MAX);
    int r = 0;

    while (r == 0 && str_split(&rest, '\n', &item))
        r = settings_value_set(settings, setting, item, &fault);
    buf_done(&fault);
    return r;
}

int settings_new(struct settings **ret)
{
    _cleanup_(settings_freep) struct settings *settings = calloc(1, sizeof *settings);
    if (!settings)
        return -ENOMEM;
    settings->lines = calloc(settings_table_count, sizeof *settings->lines);
    if (!settings->lines)
        return -ENOMEM;
    for (size_t i = 0; i < settings_table_count; i++) {
        int r = set_default(settings, &settings_table[i]);
        if (r < 0)
            return r;
    }
    int r = settings_rules_build(settings);
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

static bool begins_section(size_t index)
{
    return index == 0 ||
           strcmp(settings_table[index].section, settings_table[index - 1].section) != 0;
}

static int flushed(FILE *to)
{
    return fflush(to) != 0 || ferror(to) ? -EIO : 0;
}

int settings_print(const struct settings *settings, FILE *to)
{
    for (size_t i = 0; i < settings_table_count; i++) {
        if (begins_section(i))
            fprintf(to, "%s[%s]\n", i ? "\n" : "", settings_table[i].section);
        settings_value_print(settings, &settings_table[i], "", to);
    }
    return flushed(to);
}

static void print_help(const char *help, FILE *to)
{
    struct str rest = str_of(help);
    struct str line;
    while (str_split(&rest, '\n', &line))
        fprintf(to, "# %.*s\n", STR_ARG(line));
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
    for (size_t i = 0; i < settings_table_count; i++) {
        if (begins_section(i))
            fprintf(to, "\n[%s]\n", settings_table[i].section);
        fputc('\n', to);
        print_help(settings_table[i].help, to);
        settings_value_print(defaults, &settings_table[i], "#", to);
    }
    return flushed(to);
}
