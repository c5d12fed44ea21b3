/* The `mail` object: what is known of the message that an event is about. */
#include <errno.h>

#include "message/ses_parts.h"
#include "sesbounce/limits.h"

/* Tag names are SES's own (event-publishing-add-event-destination, "auto-tags"; the
 * tenant's: sending-email-suppression-list-tenant-level). */
static struct str tag(const struct json_value *tags, const char *name)
{
    return json_tree_text(json_tree_first(json_tree_member(tags, name)));
}

static struct str first_present(struct str a, struct str b)
{
    return str_present(a) ? a : b;
}

/* arn:PARTITION:ses:REGION:ACCOUNT:identity/NAME */
static void read_source_arn(struct str arn, struct ses_event *event)
{
    struct str field[5];
    struct str rest = arn;

    for (size_t i = 0; i < 5; i++)
        if (!str_split(&rest, ':', &field[i]))
            return;
    if (!str_present(rest) || !str_equal(field[0], STR("arn")))
        return;
    if (field[3].len)
        event->region = field[3];
    if (field[4].len && !str_present(event->account_id))
        event->account_id = field[4];
    struct str prefix = STR("identity/");
    if (str_starts_with(rest, prefix) && rest.len > prefix.len)
        event->identity = (struct str){rest.data + prefix.len, rest.len - prefix.len};
}

/* --- campaign -------------------------------------------------------------------- */

static struct str header(const struct json_value *mail, struct str name)
{
    const struct json_value *headers = json_tree_member(mail, "headers");

    for (const struct json_value *entry = json_tree_first(headers); entry;
         entry = json_tree_next(headers, entry)) {
        struct str value = ses_member(entry, "value");
        if (str_present(value) && str_equal_nocase(ses_member(entry, "name"), name))
            return value;
    }
    return STR_ABSENT;
}

static struct str campaign(const struct json_value *mail, const struct ses_rules *rules)
{
    const struct json_value *tags = json_tree_member(mail, "tags");
    struct str value = STR_ABSENT;

    for (size_t i = 0; rules && !str_present(value) && i < rules->campaign_count; i++) {
        struct str where = STR_ABSENT;
        struct str name = str_of(rules->campaigns[i]);
        (void)str_split(&name, ':', &where);
        if (str_equal(where, STR("tag")) && str_present(name))
            value = tag(tags, name.data);
        else if (str_equal(where, STR("header")) && str_present(name))
            value = header(mail, name);
    }
    return value;
}

/* --- what has to be composed ----------------------------------------------------- */

static int domain_of(struct str address_text, char ret[ADDRESS_BYTES_MAX])
{
    struct address address;

    int rc = address_parse(address_text, &address);
    if (rc == 0)
        memcpy(ret, address.domain, strlen(address.domain) + 1);
    return rc;
}

/* SES's tag holds the bare domain: given a local part, it is read like the others. */
static int domain_of_tag(struct str domain, char ret[ADDRESS_BYTES_MAX])
{
    char text[ADDRESS_BYTES_MAX];

    if (!str_present(domain) || domain.len + 2 > sizeof(text))
        return -EINVAL;
    memcpy(text, "x@", 2);
    memcpy(text + 2, domain.data, domain.len);
    return domain_of((struct str){text, domain.len + 2}, ret);
}

/* The domain of the author: From, else SES's own tag, else the envelope's sender. */
static int from_domain(const struct json_value *mail, struct str source,
                       char ret[ADDRESS_BYTES_MAX])
{
    const struct json_value *from =
        json_tree_member(json_tree_member(mail, "commonHeaders"), "from");
    const struct json_value *author =
        json_tree_is(from, JSON_TREE_ARRAY) ? json_tree_first(from) : from;
    const struct json_value *tags = json_tree_member(mail, "tags");

    ret[0] = '\0';
    int rc = domain_of(json_tree_text(author), ret);
    if (rc == -EINVAL)
        rc = domain_of_tag(tag(tags, "ses:from-domain"), ret);
    if (rc == -EINVAL)
        rc = domain_of(source, ret);
    return rc == -EINVAL ? 0 : rc;
}

/* JSON without the white space between its parts, and how long that is; `to` has room for
 * all of `json`. */
static size_t compact(struct str json, char *to)
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
static int compose(const struct json_value *mail, struct ses_event *event)
{
    char domain[ADDRESS_BYTES_MAX];
    const struct json_value *tags = json_tree_member(mail, "tags");

    int rc = from_domain(mail, event->source, domain);
    if (rc < 0)
        return rc;
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
        tags_bytes = compact(tags->text, owned + domain_bytes);
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
    event->source_ip =
        first_present(ses_member(mail, "sourceIp"), tag(tags, "ses:source-ip"));
    event->configuration_set = tag(tags, "ses:configuration-set");
    event->tenant = tag(tags, "ses:tenant-name");
    event->campaign = campaign(mail, rules);
    read_source_arn(ses_member(mail, "sourceArn"), event);
    return compose(mail, event);
}
