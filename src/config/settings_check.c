/* What a value may be, and how the settings must go together. */
#include <assert.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "config/settings_private.h"
#include "sesbounce/arn.h"
#include "sesbounce/limits.h"
#include "sesbounce/net_address.h"
#include "sesbounce/sns_url.h"

static bool text_is_printable(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    return true;
}

/* --- listen --- */

static bool host_is_name(struct str host)
{
    bool letters = false;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.data[i];
        letters = letters || ascii_is_alpha(c);
        if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '.' && c != '-')
            return false;
    }
    return letters && host.len <= 253 && host.data[0] != '-' && host.data[0] != '.';
}

static const char *unix_path_check(struct str path)
{
    const struct sockaddr_un *address = NULL;
    if (path.len == 0 || path.data[0] != '/')
        return "names no socket: write the whole path, as in `unix:/run/sesbounced.sock`";
    if (path.len >= sizeof(address->sun_path))
        return "is too long for a socket's path: the kernel allows 107 bytes";
    return NULL;
}

const char *settings_check_listen(struct str text)
{
    struct net_address address;
    uint64_t number;
    unsigned char ip[sizeof(struct in6_addr)];

    if (!net_address_split(text, &address))
        return "is not an address to listen on: write `HOST:PORT`, `[IPV6]:PORT` or "
               "`unix:/PATH`";
    if (address.kind == NET_UNIX)
        return unix_path_check(address.host);
    if (address.kind == NET_HOST && memchr(address.port.data, ':', address.port.len))
        return "looks like an IPv6 address: write it in brackets, as in `[::1]:9025`";
    if (str_to_u64(address.port, UINT16_MAX, &number) < 0)
        return "has no port of 0 to 65535 after the colon, as in `127.0.0.1:9025`";
    if (address.kind == NET_IPV6)
        return net_ip_parse(AF_INET6, address.host, ip)
                   ? NULL
                   : "has no IPv6 address in its brackets";
    if (address.host.len == 0 || str_equal(address.host, STR("*")))
        return "does not say where: for every address write `0.0.0.0:PORT` or "
               "`[::]:PORT`";
    if (!host_is_name(address.host) && !net_ip_parse(AF_INET, address.host, ip))
        return "has neither an IP address nor a host name before the colon";
    return NULL;
}

bool settings_listen_is_local(const char *listen)
{
    struct net_address address;
    return net_address_split(str_of(listen), &address) && net_address_is_local(&address);
}

/* --- the other kinds --- */

const char *settings_check_host(struct str text)
{
    return host_is_name(text) ? NULL
                              : "is not a name: write `bounces.internal`, without "
                                "`http://` and without a port; IP addresses need no line";
}

const char *settings_check_url_path(struct str text)
{
    if (text.data[0] != '/')
        return "is not a path: it must begin with a slash, as in `/sns`";
    if (!text_is_printable(text))
        return "contains a blank or a non-ASCII character, which no URL path does";
    if (memchr(text.data, '?', text.len) || memchr(text.data, '#', text.len) ||
        memchr(text.data, '%', text.len))
        return "is more than a path: leave out `?`, `#` and `%`";
    if (str_equal(text, STR("/healthz")))
        return "is reserved for the health check";
    return NULL;
}

const char *settings_check_file(struct str text)
{
    if (text.data[0] == '"' || text.data[0] == '\'')
        return "is in quotes, which would be part of the name: leave them out";
    if (text.data[0] == '~' || text.data[0] == '$')
        return "is not expanded here: write the whole path";
    return NULL;
}

const char *settings_check_topic(struct str text)
{
    if (arn_pattern_is_valid(text))
        return NULL;
    if (arn_pattern_is_for_any_account(text))
        return "has a `*` in the account, which would let every AWS customer deliver: "
               "write the 12 digits, and repeat the line for each account";
    return "is not the ARN of a topic: write `arn:aws:sns:REGION:ACCOUNT:NAME`, where "
           "`*` may "
           "stand within REGION and NAME";
}

const char *settings_check_endpoint(struct str text)
{
    const char *fault = NULL;
    return sns_url_check_endpoint(text, &fault) == 0 ? NULL : fault;
}

/* How SES spells them; a type that is not here may be a new one. */
static const char *const event_types[] = {
    "Bounce", "Complaint",         "Delivery",      "Send",         "Reject",   "Open",
    "Click",  "Rendering Failure", "DeliveryDelay", "Subscription", "Received", NULL,
};

/* The same except for case, blanks, dashes and underscores. */
static bool word_is_like(struct str text, const char *word)
{
    size_t i = 0;
    for (;;) {
        while (i < text.len &&
               (text.data[i] == ' ' || text.data[i] == '-' || text.data[i] == '_'))
            i++;
        while (*word == ' ')
            word++;
        if (i == text.len || !*word)
            return i == text.len && !*word;
        if (ascii_lower(text.data[i++]) != ascii_lower(*word++))
            return false;
    }
}

const char *settings_check_event_type(struct str text)
{
    if (str_equal(text, STR("*")))
        return NULL;
    if (memchr(text.data, ',', text.len))
        return "looks like several types: give each a line of its own";
    if (text.len > SES_TYPE_BYTES_MAX)
        return "is too long for an event type of SES";
    for (size_t i = 0; event_types[i]; i++) {
        if (!str_equal_nocase(text, str_of(event_types[i])) &&
            word_is_like(text, event_types[i]))
            return "is not how SES spells it: Bounce, Complaint, Delivery, Send, Reject, "
                   "Open, Click, Rendering Failure, DeliveryDelay, Subscription, "
                   "Received";
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != ' ')
            return "is not an event type of SES: give one such as `Bounce`, or `*` for "
                   "all";
    }
    return NULL;
}

int settings_spell_event_type(struct str text, struct buf *ret, struct buf *ret_fault)
{
    (void)ret_fault;
    return buf_append_str(ret, ses_type_word(text));
}

const char *settings_check_campaign(struct str text)
{
    struct str rest = text;
    struct str kind;
    (void)str_split(&rest, ':', &kind);
    if ((!str_equal(kind, STR("tag")) && !str_equal(kind, STR("header"))) ||
        rest.len == 0 || !text_is_printable(rest))
        return "names no campaign: write `tag:NAME` or `header:NAME`, as in "
               "`tag:campaign`";
    if (str_equal(kind, STR("header")) && memchr(rest.data, ':', rest.len))
        return "is not a header's name: omit the colon at its end";
    return NULL;
}

/* --- together --- */

static const struct setting *setting_named(const char *section, const char *key)
{
    const struct setting *setting = settings_find(str_of(section), str_of(key));
    assert(setting);
    return setting;
}

struct settings_place *settings_place_named(struct settings_reader *reader,
                                            const char *section, const char *key)
{
    return settings_place(&reader->settings->head, setting_named(section, key));
}

size_t settings_item_line(const struct settings_place *place, size_t index)
{
    return place->item_lines ? place->item_lines[index] : 0;
}

static void pair_check(struct settings_reader *reader, const char *section,
                       const char *certificate, const char *key)
{
    const struct settings_place *cert_at =
        settings_place_named(reader, section, "certificate");
    const struct settings_place *key_at = settings_place_named(reader, section, "key");
    if (cert_at->faulty || key_at->faulty)
        return;
    if (certificate && !key)
        settings_fault(reader, cert_at->line,
                       "[%s] certificate needs `key` beside it: the PEM file with its "
                       "private key",
                       section);
    if (key && !certificate)
        settings_fault(reader, key_at->line,
                       "[%s] key needs `certificate` beside it: the PEM file with the "
                       "certificate and its chain",
                       section);
}

static void admin_check(struct settings_reader *reader)
{
    const struct settings *s = reader->settings;
    const struct settings_place *place = settings_place_named(reader, "admin", "listen");
    const struct {
        const char *key;
        const char *value;
    } needed[] = {
        {"tokens_file", s->admin.tokens_file},
        {"certificate", s->admin.certificate},
        {"key", s->admin.key},
    };
    for (size_t i = 0; i < s->admin.listen.count; i++) {
        if (settings_listen_is_local(s->admin.listen.items[i]))
            continue;
        for (size_t n = 0; n < sizeof(needed) / sizeof(*needed); n++)
            if (!needed[n].value &&
                !settings_place_named(reader, "admin", needed[n].key)->faulty)
                settings_fault(reader, settings_item_line(place, i),
                               "[admin] listen: `%s` is not loopback, so it needs `%s`; "
                               "or listen on 127.0.0.1 or unix:/PATH",
                               s->admin.listen.items[i], needed[n].key);
    }
}

static void simulator_check(struct settings_reader *reader)
{
    const struct settings *s = reader->settings;
    const struct settings_place *listen =
        settings_place_named(reader, "ingest", "listen");
    for (size_t i = 0; s->simulator.enabled && i < s->ingest.listen.count; i++)
        if (!settings_listen_is_local(s->ingest.listen.items[i]))
            settings_fault(reader,
                           settings_place_named(reader, "simulator", "enabled")->line,
                           "[simulator] enabled: not while [ingest] listen = %s (line "
                           "%zu) lets strangers in: listen on loopback only, or set it "
                           "to `no`",
                           s->ingest.listen.items[i], settings_item_line(listen, i));
}

static const char *const event_lists[] = {"keep", "count", "ignore"};
#define EVENT_LISTS (sizeof(event_lists) / sizeof(*event_lists))

/* Tells a type of `a` that is in `b` too, or takes it out of the one that is a default.
 */
static void lists_part(struct settings_reader *reader, const struct setting *a,
                       const struct setting *b)
{
    struct settings_head *head = &reader->settings->head;
    struct settings_list *list_a = settings_value_list(head, a);
    struct settings_list *list_b = settings_value_list(head, b);
    const struct settings_place *at_a = settings_place(head, a);
    const struct settings_place *at_b = settings_place(head, b);

    for (size_t i = 0; i < list_a->count; i++) {
        for (size_t j = 0; j < list_b->count;) {
            if (!str_equal_nocase(str_of(list_a->items[i]), str_of(list_b->items[j]))) {
                j++;
            } else if (at_b->line) {
                settings_fault(reader, settings_item_line(at_b, j),
                               "[events] %s: `%s` is also in `%s` (line %zu): a type "
                               "can be in one list only",
                               b->key, list_b->items[j], a->key,
                               settings_item_line(at_a, i));
                j++;
            } else {
                settings_list_remove(list_b, j);
            }
        }
    }
}

/* Where the file says `keep = *`, only what it says itself goes elsewhere. */
static void keep_widen(struct settings_reader *reader)
{
    struct settings_head *head = &reader->settings->head;
    const struct settings_list *keep = &reader->settings->events.keep;
    bool is_all = false;
    for (size_t i = 0; i < keep->count; i++)
        is_all = is_all || strcmp(keep->items[i], "*") == 0;
    for (size_t i = 0; is_all && i < EVENT_LISTS; i++) {
        const struct setting *list = setting_named("events", event_lists[i]);
        if (!settings_place(head, list)->line)
            settings_value_clear(head, list);
    }
}

static void events_check(struct settings_reader *reader)
{
    const struct settings_head *head = &reader->settings->head;
    keep_widen(reader);
    for (size_t i = 0; i < EVENT_LISTS; i++) {
        const struct setting *a = setting_named("events", event_lists[i]);
        for (size_t j = 0; j < EVENT_LISTS && settings_place(head, a)->line; j++) {
            const struct setting *b = setting_named("events", event_lists[j]);
            /* Two lists of the file are compared once. */
            if (i != j && (j > i || !settings_place(head, b)->line))
                lists_part(reader, a, b);
        }
    }
}

void settings_check_whole(struct settings_reader *reader)
{
    const struct settings *s = reader->settings;
    pair_check(reader, "ingest", s->ingest.certificate, s->ingest.key);
    pair_check(reader, "admin", s->admin.certificate, s->admin.key);
    admin_check(reader);
    simulator_check(reader);
    events_check(reader);
    settings_check_suppression(reader);
    settings_check_sending(reader);
}

bool settings_topic_is_allowed(const struct settings *settings, const struct arn *topic)
{
    for (size_t i = 0; i < settings->sns.topic.count; i++) {
        if (arn_matches(topic, str_of(settings->sns.topic.items[i])))
            return true;
    }
    return false;
}
