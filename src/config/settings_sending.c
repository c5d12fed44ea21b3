/* The settings of what is sent out: [webhook NAME] and [mail NAME]. */
#include "config/limits.h"
#include "config/settings_private.h"
#include "sesbounce/net_address.h"
#include "sesbounce/news.h"

static bool list_has(const struct settings_list *list, const char *word)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], word) == 0)
            return true;
    return false;
}

unsigned settings_news(const struct settings *settings, const char *name,
                       const struct settings_list *events)
{
    const unsigned alerts = 1u << NEWS_ALERT_RAISED | 1u << NEWS_ALERT_RESOLVED;
    const unsigned sending = 1u << NEWS_SENDING_PAUSED | 1u << NEWS_SENDING_RESUMED;
    const struct settings_list *to = &settings->alerts.to;
    unsigned mask = 0;
    for (size_t i = 0; i < events->count; i++)
        mask |= 1u << news_of_word(str_of(events->items[i]));
    if (to->count > 0)
        mask = list_has(to, name) ? mask | alerts : mask & ~(alerts | sending);
    if (!(mask & 1u << NEWS_ALERT_RAISED))
        return mask;
    if (list_has(&settings->alerts.each, "Bounce"))
        mask |= 1u << NEWS_EVENT_BOUNCE;
    if (list_has(&settings->alerts.each, "Complaint"))
        mask |= 1u << NEWS_EVENT_COMPLAINT;
    return mask;
}

size_t settings_line_in(const struct settings_head *head, const char *section,
                        const char *key)
{
    const struct setting *setting = settings_find(str_of(section), str_of(key));
    size_t line = setting ? settings_place(head, setting)->line : 0;
    return line ? line : head->line;
}

/* --- values ---------------------------------------------------------------------- */

const char *settings_check_sent(struct str text)
{
    if (news_of_word(text) < NEWS_TYPES)
        return NULL;
    if (memchr(text.data, ',', text.len) || memchr(text.data, ' ', text.len))
        return "looks like several types: give each a line of its own";
    return "is not sent: give suppression.added, suppression.removed, suppression.held, "
           "event.bounce, event.complaint, alert.raised, alert.resolved, sending.paused "
           "or sending.resumed";
}

static bool name_byte_is_right(char c)
{
    return ascii_is_alnum(c) || c == '.' || c == '_' || c == '-';
}

const char *settings_check_receiver_name(struct str name)
{
    if (name.len > SETTINGS_RECEIVER_NAME_MAX)
        return "has a name that is too long: 64 bytes are allowed";
    if (!str_all(name, name_byte_is_right))
        return "has a name with other characters than letters, digits, `.`, `_` and `-`";
    return NULL;
}

static bool byte_is_of_url(char c)
{
    return c > ' ' && c <= '~' && c != '"' && c != '\\' && c != '<' && c != '>';
}

/* The host of what stands behind `//`, in brackets if it is IPv6; absent: there is none,
 * or its port is not one. */
static struct str authority_host(struct str authority)
{
    size_t from = 0;
    const char *colon;
    uint64_t port;
    if (str_starts_with(authority, STR("["))) {
        const char *end = str_find(authority, ']');
        from = end ? (size_t)(end - authority.data) : authority.len;
    }
    colon = str_find(str_skip(authority, from), ':');
    struct str host = {authority.data,
                       colon ? (size_t)(colon - authority.data) : authority.len};
    if (host.len == 0 ||
        (colon && (str_to_u64(str_skip(authority, host.len + 1), UINT16_MAX, &port) < 0 ||
                   port == 0)))
        return STR_ABSENT;
    return host;
}

/* What stands before the first `/`, `?` or `#`. */
static struct str authority_cut(struct str rest)
{
    size_t i = 0;
    while (i < rest.len && !strchr("/?#", rest.data[i]))
        i++;
    return (struct str){rest.data, i};
}

const char *settings_check_webhook_url(struct str text)
{
    struct str rest = text;
    bool is_plain = str_take_prefix(&rest, STR("http://"));
    if (!is_plain && !str_take_prefix(&rest, STR("https://")))
        return "is not a URL that begins with `https://`";
    if (!str_all(rest, byte_is_of_url))
        return "contains a blank, a quote or a non-ASCII character, which no URL does: "
               "write it as %XX";
    if (str_find(rest, '#'))
        return "has a `#`: what follows is never sent, so leave it out";
    struct str authority = authority_cut(rest);
    if (str_find(authority, '@'))
        return "has a user or a password before the host: leave them out, requests are "
               "signed instead";
    struct str host = authority_host(authority);
    if (!str_present(host))
        return "names no host, or no port of 1 to 65535 behind its colon";
    if (is_plain && !net_host_is_loopback(host))
        return "is `http://` to another machine, where anybody on the way could read it: "
               "write `https://`";
    return NULL;
}

const char *settings_check_smtp(struct str text)
{
    struct str rest = text;
    if (!str_take_prefix(&rest, STR("smtp://")) &&
        !str_take_prefix(&rest, STR("smtps://")))
        return "is not a mail server: write `smtp://HOST[:PORT]` or "
               "`smtps://HOST[:PORT]`";
    if (!str_all(rest, byte_is_of_url) || authority_cut(rest).len < rest.len)
        return "is more than a mail server: leave out what is behind host and port";
    if (str_find(rest, '@'))
        return "has a user before the host: give it as `user`, and the password in "
               "`password_file`";
    if (!str_present(authority_host(rest)))
        return "names no host, or no port of 1 to 65535 behind its colon";
    return NULL;
}

/* Nothing that could end a line of SMTP or begin a header. */
static bool byte_is_of_mailbox(char c)
{
    return c > ' ' && c <= '~' && !strchr("<>()[]\\,;:\"", c);
}

const char *settings_check_mailbox(struct str text)
{
    const char *at = str_find(text, '@');
    size_t local = at ? (size_t)(at - text.data) : 0;
    if (!at || local == 0 || local + 1 == text.len ||
        str_find(str_skip(text, local + 1), '@') || !str_all(text, byte_is_of_mailbox) ||
        text.len > SETTINGS_MAILBOX_BYTES_MAX)
        return "is not a bare mail address, as in `ops@example.com`";
    return NULL;
}

/* --- together -------------------------------------------------------------------- */

static bool setting_is_faulty(const struct settings_head *head, const char *section,
                              const char *key)
{
    const struct setting *setting = settings_find(str_of(section), str_of(key));
    return settings_place(head, setting)->faulty;
}

static void setting_require(struct settings_reader *reader,
                            const struct settings_head *head, const char *section,
                            const char *key, const char *why)
{
    struct str name = settings_quote(str_of(head->name));
    if (!setting_is_faulty(head, section, key))
        settings_fault(reader, head->line, "[%s%s%.*s] needs `%s`%s", section,
                       name.len > 0 ? " " : "", STR_ARG(name), key, why);
}

static void webhook_check(struct settings_reader *reader,
                          const struct settings_webhook *webhook)
{
    const struct settings_head *head = &webhook->head;
    if (!webhook->url)
        setting_require(reader, head, "webhook", "url",
                        ", as in `url = https://hooks.example.com/ses`");
    if (webhook->format == WEBHOOK_STANDARD && !webhook->secret_file)
        setting_require(reader, head, "webhook", "secret_file",
                        ", the file with the secret that requests are signed with, "
                        "unless `format = slack`");
    if (webhook->format == WEBHOOK_SLACK && webhook->secret_file)
        settings_fault(reader, settings_line_in(head, "webhook", "secret_file"),
                       "[webhook %s] secret_file: nothing is signed with `format = "
                       "slack`: leave it out",
                       head->name);
}

static void mail_check(struct settings_reader *reader, const struct settings_mail *mail)
{
    const struct settings_head *head = &mail->head;
    if (!mail->smtp)
        setting_require(reader, head, "mail", "smtp",
                        ", as in `smtp = smtp://127.0.0.1`");
    if (!mail->from)
        setting_require(reader, head, "mail", "from",
                        ", as in `from = sesbounced@example.com`");
    if (mail->to.count == 0)
        setting_require(reader, head, "mail", "to", ", as in `to = ops@example.com`");
    if (mail->user && !mail->password_file)
        setting_require(reader, head, "mail", "password_file", " beside `user`");
    if (!mail->user && mail->password_file)
        setting_require(reader, head, "mail", "user", " beside `password_file`");
}

static void names_check(struct settings_reader *reader)
{
    const struct settings *s = reader->settings;
    for (size_t i = 0; i < s->mails.count; i++)
        for (size_t j = 0; j < s->webhooks.count; j++)
            if (strcmp(s->mails.items[i]->name, s->webhooks.items[j]->name) == 0)
                settings_fault(reader, s->mails.items[i]->line,
                               "[mail %s]: the webhook of line %zu has this name "
                               "already: choose another",
                               s->mails.items[i]->name, s->webhooks.items[j]->line);
    if (s->mails.count + s->webhooks.count > SETTINGS_RECEIVERS_MAX) {
        const struct settings_sections *last = s->mails.count ? &s->mails : &s->webhooks;
        settings_fault(reader, last->items[last->count - 1]->line,
                       "too many sections [webhook NAME] and [mail NAME]: %d are allowed",
                       SETTINGS_RECEIVERS_MAX);
    }
}

static bool section_is_there(const struct settings_sections *sections, const char *name)
{
    for (size_t i = 0; i < sections->count; i++)
        if (strcmp(sections->items[i]->name, name) == 0)
            return true;
    return false;
}

static void alerts_check(struct settings_reader *reader)
{
    const struct settings *s = reader->settings;
    const struct settings_list *to = &s->alerts.to;
    for (size_t i = 0; i < to->count; i++)
        if (!section_is_there(&s->webhooks, to->items[i]) &&
            !section_is_there(&s->mails, to->items[i]))
            settings_fault(
                reader,
                settings_item_line(settings_place_named(reader, "alerts", "to"), i),
                "[alerts] to: there is no section [webhook %s] and no [mail %s]",
                to->items[i], to->items[i]);
}

void settings_check_sending(struct settings_reader *reader)
{
    const struct settings *s = reader->settings;
    for (size_t i = 0; i < s->webhooks.count; i++)
        webhook_check(reader, (const void *)s->webhooks.items[i]);
    for (size_t i = 0; i < s->mails.count; i++)
        mail_check(reader, (const void *)s->mails.items[i]);
    names_check(reader);
    alerts_check(reader);
}
