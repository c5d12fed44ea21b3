/* The `mail` object: what is known of the message that an event is about. */
#include <errno.h>

#include "message/ses_parts.h"
#include "sesbounce/limits.h"

/* Most tags fit: then they are written once. */
#define TAGS_USUAL_BYTES 2048

/* Tag names are SES's own (event-publishing-add-event-destination, "auto-tags"; the
 * tenant's: sending-email-suppression-list-tenant-level). */
static struct str tag(const json_t *tags, const char *name)
{
    return ses_text(json_array_get(json_object_get(tags, name), 0));
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

static struct str header(const json_t *mail, struct str name)
{
    const json_t *headers = json_object_get(mail, "headers");

    for (size_t i = 0; i < json_array_size(headers); i++) {
        const json_t *entry = json_array_get(headers, i);
        struct str value = ses_member(entry, "value");
        if (str_present(value) && str_equal_nocase(ses_member(entry, "name"), name))
            return value;
    }
    return STR_ABSENT;
}

static struct str campaign(const json_t *mail, const struct ses_rules *rules)
{
    const json_t *tags = json_object_get(mail, "tags");
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
static int from_domain(const json_t *mail, struct str source, char ret[ADDRESS_BYTES_MAX])
{
    const json_t *from = json_object_get(json_object_get(mail, "commonHeaders"), "from");
    const json_t *author = json_is_array(from) ? json_array_get(from, 0) : from;
    const json_t *tags = json_object_get(mail, "tags");

    ret[0] = '\0';
    int rc = domain_of(ses_text(author), ret);
    if (rc == -EINVAL)
        rc = domain_of_tag(tag(tags, "ses:from-domain"), ret);
    if (rc == -EINVAL)
        rc = domain_of(source, ret);
    return rc == -EINVAL ? 0 : rc;
}

/* One allocation holds both texts: the domain, then the tags. */
static int compose(const json_t *mail, struct ses_event *event)
{
    char domain[ADDRESS_BYTES_MAX];
    char text[TAGS_USUAL_BYTES];
    size_t tags_bytes = 0;
    const json_t *tags = json_object_get(mail, "tags");

    int rc = from_domain(mail, event->source, domain);
    if (rc < 0)
        return rc;
    size_t domain_bytes = strlen(domain);
    if (json_object_size(tags) > 0) {
        tags_bytes = json_dumpb(tags, text, sizeof(text), JSON_COMPACT);
        if (tags_bytes == 0)
            return -ENOMEM;
    }
    if (tags_bytes > SES_TAGS_BYTES_MAX)
        tags_bytes = 0;
    if (domain_bytes + tags_bytes == 0)
        return 0;

    char *owned = malloc(domain_bytes + tags_bytes);
    if (!owned)
        return -ENOMEM;
    event->owned_text = owned;
    memcpy(owned, domain, domain_bytes);
    if (tags_bytes > sizeof(text)) {
        if (json_dumpb(tags, owned + domain_bytes, tags_bytes, JSON_COMPACT) == 0)
            return -ENOMEM;
    } else {
        memcpy(owned + domain_bytes, text, tags_bytes);
    }
    if (domain_bytes)
        event->from_domain = (struct str){owned, domain_bytes};
    if (tags_bytes)
        event->tags = (struct str){owned + domain_bytes, tags_bytes};
    return 0;
}

int ses_mail_read(const json_t *mail, const struct ses_rules *rules,
                  struct ses_event *event)
{
    const json_t *tags = json_object_get(mail, "tags");

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
