/* The `mail` object: what is known of the message that an event is about. */
#include <errno.h>

#include "message/ses_parts.h"
#include "sesbounce/limits.h"

/* Tag names are SES's own (event-publishing-add-event-destination, "auto-tags"; the
 * tenant's: sending-email-suppression-list-tenant-level). */
static struct str tag_value(const struct json_value *tags, const char *name)
{
    return json_tree_text(json_tree_first(json_tree_member(tags, name)));
}

/* arn:PARTITION:ses:REGION:ACCOUNT:identity/NAME */
static void source_arn_read(struct str arn, struct ses_event *event)
{
    struct str field[5];

    for (size_t i = 0; i < 5; i++)
        if (!str_split(&arn, ':', &field[i]))
            return;
    if (!str_present(arn) || !str_equal(field[0], STR("arn")))
        return;
    if (field[3].len)
        event->region = field[3];
    if (field[4].len && !str_present(event->account_id))
        event->account_id = field[4];
    if (str_take_prefix(&arn, STR("identity/")) && arn.len > 0)
        event->identity = arn;
}

/* --- campaign -------------------------------------------------------------------- */

static struct str header_value(const struct json_value *mail, struct str name)
{
    const struct json_value *headers = json_tree_member(mail, "headers");

    for (const struct json_value *entry = json_tree_first(headers); entry;
         entry = json_tree_next(headers, entry)) {
        struct str value = STR_ABSENT;
        if (str_equal_nocase(ses_member(entry, "name"), name))
            value = ses_member(entry, "value");
        if (str_present(value))
            return value;
    }
    return STR_ABSENT;
}

/* SES has decoded what is in commonHeaders. */
static struct str header_of(const struct json_value *mail, const char *common,
                            struct str name)
{
    struct str value =
        ses_text_trimmed(ses_member(json_tree_member(mail, "commonHeaders"), common));

    return str_present(value) ? value : ses_text_trimmed(header_value(mail, name));
}

static struct str campaign_find(const struct json_value *mail,
                                const struct ses_rules *rules)
{
    const struct json_value *tags = json_tree_member(mail, "tags");
    struct str value = STR_ABSENT;

    for (size_t i = 0; rules && !str_present(value) && i < rules->campaign_count; i++) {
        struct str where = STR_ABSENT;
        struct str name = str_of(rules->campaigns[i]);
        (void)str_split(&name, ':', &where);
        if (str_equal(where, STR("tag")) && str_present(name))
            value = tag_value(tags, name.data);
        else if (str_equal(where, STR("header")) && str_present(name))
            value = header_value(mail, name);
    }
    return value;
}

/* --- what has to be composed ----------------------------------------------------- */

static int domain_parse(struct str address_text, char ret[ADDRESS_BYTES_MAX])
{
    struct address address;

    int r = address_parse(address_text, &address);
    if (r == 0)
        memcpy(ret, address.domain, strlen(address.domain) + 1);
    return r;
}

/* SES's tag holds the bare domain: given a local part, it is read like the others. */
static int domain_from_tag(struct str domain, char ret[ADDRESS_BYTES_MAX])
{
    char text[ADDRESS_BYTES_MAX];

    if (!str_present(domain) || domain.len + 2 > sizeof(text))
        return -EINVAL;
    memcpy(text, "x@", 2);
    memcpy(text + 2, domain.data, domain.len);
    return domain_parse((struct str){text, domain.len + 2}, ret);
}

/* The domain of the author: From, else SES's own tag, else the envelope's sender. */
static int author_domain(const struct json_value *mail, struct str source,
                         char ret[ADDRESS_BYTES_MAX])
{
    const struct json_value *from =
        json_tree_member(json_tree_member(mail, "commonHeaders"), "from");
    const struct json_value *author =
        json_tree_is(from, JSON_TREE_ARRAY) ? json_tree_first(from) : from;
    const struct json_value *tags = json_tree_member(mail, "tags");

    ret[0] = '\0';
    int r = domain_parse(json_tree_text(author), ret);
    if (r == -EINVAL)
        r = domain_from_tag(tag_value(tags, "ses:from-domain"), ret);
    if (r == -EINVAL)
        r = domain_parse(source, ret);
    return r == -EINVAL ? 0 : r;
}

/* JSON without the white space between its parts, and how long that is; `to` has room for
 * all of `json`. */
static size_t json_compact(struct str json, char *to)
{
    size_t len = 0;
    bool quoted = false, escaped = false;

    for (size_t i = 0; i < json.len; i++) {
        char c = json.data[i];
        if (!quoted && (c == ' ' || c == '\n' || c == '\r' || c == '\t'))
            continue;
        to[len++] = c;
        if (c == '"' && !escaped)
            quoted = !quoted;
        escaped = c == '\\' && !escaped;
    }
    return len;
}

/* One allocation holds both texts: the domain, then the tags. */
static int event_compose(const struct json_value *mail, struct ses_event *event)
{
    char domain[ADDRESS_BYTES_MAX];
    const struct json_value *tags = json_tree_member(mail, "tags");

    int r = author_domain(mail, event->source, domain);
    if (r < 0)
        return r;
    size_t domain_bytes = strlen(domain), tags_bytes = 0;
    if (json_tree_is(tags, JSON_TREE_OBJECT) && json_tree_first(tags))
        tags_bytes = tags->text.len;
    if (domain_bytes + tags_bytes == 0)
        return 0;

    char *owned = malloc(domain_bytes + tags_bytes);
    if (!owned)
        return -ENOMEM;
    event->owned_text = owned;
    event->owned_bytes += domain_bytes + tags_bytes;
    memcpy(owned, domain, domain_bytes);
    if (domain_bytes > 0)
        event->from_domain = (struct str){owned, domain_bytes};
    if (tags_bytes > 0)
        tags_bytes = json_compact(tags->text, owned + domain_bytes);
    if (tags_bytes > 0 && tags_bytes <= SES_TAGS_BYTES_MAX)
        event->tags = (struct str){owned + domain_bytes, tags_bytes};
    return 0;
}

int ses_mail_read(const struct json_value *mail, const struct ses_rules *rules,
                  struct ses_event *event)
{
    const struct json_value *tags = json_tree_member(mail, "tags");

    event->sent_ms = ses_member_time(mail, "timestamp");
    event->ses_message_id = ses_member(mail, "messageId");
    event->source = ses_member(mail, "source");
    event->account_id = ses_member(mail, "sendingAccountId");
    event->source_ip = ses_member(mail, "sourceIp");
    if (!str_present(event->source_ip))
        event->source_ip = tag_value(tags, "ses:source-ip");
    event->configuration_set = tag_value(tags, "ses:configuration-set");
    event->tenant = tag_value(tags, "ses:tenant-name");
    event->campaign = campaign_find(mail, rules);
    event->subject = header_of(mail, "subject", STR("Subject"));
    event->message_id_header = header_of(mail, "messageId", STR("Message-ID"));
    source_arn_read(ses_member(mail, "sourceArn"), event);
    return event_compose(mail, event);
}
