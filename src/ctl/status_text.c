#include "ctl/status_text.h"

#include <string.h>

#include "ctl/limits.h"
#include "sesbounce/text.h"

int status_text_about(struct buf *to, struct ctl *ctl, const char *pattern,
                      struct str word)
{
    int r = 0;
    while (r == 0 && *pattern) {
        size_t plain = strcspn(pattern, "@$");
        r = buf_append(to, pattern, plain);
        pattern += plain;
        if (r == 0 && *pattern == '@')
            r = buf_append_str(to, word);
        else if (r == 0 && *pattern)
            r = buf_append_str(
                to, str_of(pattern[1] == 'r' ? command_reads(ctl) : command_writes(ctl)));
        pattern += *pattern == '@' ? 1 : *pattern ? 2 : 0;
    }
    return r;
}

/* --- pauses --- */

/* Whom SES pauses, the narrowest first, and how it is asked about them. */
static const struct sender {
    const char *column, *what, *ask;
} senders[] = {
    {"tenant", "; tenant ", "; type: aws sesv2 get-tenant --tenant-name"},
    {"configuration_set", "; configuration set ",
     "; type: aws sesv2 get-configuration-set --configuration-set-name"},
    {"identity", "; identity ", "; type: aws sesv2 get-email-identity --email-identity"},
    {"account_id", "; account ", "; type: aws sesv2 get-account"},
};
#define SENDER_ACCOUNT (&senders[3])

/* Names are what a message said they are, and may pretend to be something to type: each
 * is a word for the shell. */
int status_text_pause(struct buf *to, const struct store_value *values, size_t count)
{
    const struct sender *sender = senders;
    while (sender != SENDER_ACCOUNT &&
           output_find_text(values, count, sender->column).len == 0)
        sender++;
    struct str name = output_find_text(values, count, sender->column);
    struct str region = output_find_text(values, count, "region");
    struct str cause =
        str_cut(output_find_text(values, count, "cause"), CTL_CAUSE_BYTES_MAX);
    const struct {
        const char *before;
        struct str word;
        bool is_fixed;  /* `before` stands there even without the word */
        bool is_option; /* `before` ends with one, and the word is its argument */
    } parts[] = {
        {cause.len ? "" : " (SES gave no reason)", STR_ABSENT, true, false},
        {", because ", cause, false, false},
        {sender->what, name, true, false},
        {", ", region, false, false},
        {", decided as ", output_find_text(values, count, "origin"), false, false},
        {sender->ask, sender == SENDER_ACCOUNT ? STR_ABSENT : name, true, true},
        {" --region", region, false, true},
    };
    const struct store_value *since = output_find(values, count, "since");
    int r = buf_append_str(to, STR("sending has been paused since "));
    if (r == 0)
        r = since ? output_plain(to, since) : buf_append_str(to, STR("an unknown time"));
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && r == 0; i++) {
        if (parts[i].is_fixed || parts[i].word.len > 0)
            r = buf_append_str(to, str_of(parts[i].before));
        if (r == 0 && parts[i].word.len > 0)
            r = parts[i].is_option ? text_shell_argument(to, parts[i].word)
                                   : text_shell(to, parts[i].word);
    }
    return r;
}

/* --- what SES does not publish --- */

/* Ends a query. */
#define ENOUGH 1

static int topic_take(void *context, const struct store_value *values, size_t count)
{
    struct buf *to = context;
    struct str arn = output_find_text(values, count, "topic_arn");
    if (str_equal(arn, STR(SETTINGS_SIMULATOR_TOPIC)))
        return 0;
    int r = buf_append_str(to, arn);
    if (r == 0)
        r = buf_append(to, "", 1);
    if (r == 0)
        r = buf_append_str(to, output_find_text(values, count, "region"));
    return r == 0 ? ENOUGH : r;
}

static int set_take(void *context, const struct store_value *values, size_t count)
{
    struct buf *to = context;
    struct str name = output_find_text(values, count, "configuration_set");
    if (name.len == 0)
        return 0;
    int r = buf_append_str(to, name);
    return r == 0 ? ENOUGH : r;
}

int status_text_publish(struct buf *to, struct store *store, const char *types,
                        struct str configuration_set)
{
    const struct store_filter newest = {.newest_first = true};
    _cleanup_(buf_done) struct buf topic = {.max = CTL_MESSAGE_BYTES_MAX};
    const struct store_filter events = {.newest_first = true,
                                        .limit = CTL_EVENTS_LOOKED_AT_MAX};
    _cleanup_(buf_done) struct buf destination = {.max = CTL_MESSAGE_BYTES_MAX};
    _cleanup_(buf_done) struct buf set = {.max = CTL_MESSAGE_BYTES_MAX};
    int r = store_query(store, STORE_TOPICS, &newest, topic_take, &topic);
    if (r >= 0 && !str_present(configuration_set))
        r = store_query(store, STORE_EVENTS, &events, set_take, &set);
    if (set.len > 0)
        configuration_set = buf_str(&set);
    struct str arn = STR("TOPIC-ARN"), region = STR_ABSENT;
    if (r < 0)
        return r;
    if (topic.len > 0) {
        arn = str_of(buf_str(&topic).data);
        region = str_skip(buf_str(&topic), arn.len + 1);
    }
    r = buf_printf(&destination,
                   "Enabled=true,MatchingEventTypes=[%s],SnsDestination={TopicArn=%.*s}",
                   types, STR_ARG(arn));
    if (r == 0)
        r = buf_append_str(to, STR("aws sesv2 create-configuration-set-event-destination"
                                   " --configuration-set-name"));
    if (r == 0)
        r = text_shell_argument(to, str_present(configuration_set)
                                        ? configuration_set
                                        : STR("CONFIGURATION-SET"));
    if (r == 0)
        r = buf_append_str(to, STR(" --event-destination-name sesbounced-counts"
                                   " --event-destination "));
    if (r == 0)
        r = text_shell(to, buf_str(&destination));
    if (r == 0 && region.len > 0) {
        r = buf_append_str(to, STR(" --region"));
        return r == 0 ? text_shell_argument(to, region) : r;
    }
    return r;
}

struct identities {
    struct buf *to;
    size_t count;
};

static int identity_add(void *context, const struct store_value *values, size_t count)
{
    struct identities *identities = context;
    struct str identity = output_find_text(values, count, "identity");
    if (identities->count++ >= CTL_IDENTITIES_TOLD_MAX)
        return 0;
    if (!str_present(identity))
        identity = STR("senders that SES does not name");
    int r = identities->count > 1 ? buf_append_str(identities->to, STR(", ")) : 0;
    return r == 0 ? buf_append_str(identities->to, identity) : r;
}

int status_text_soft_counting(struct buf *to, struct ctl *ctl)
{
    struct identities identities = {.to = to};
    if (ctl->settings->policy.soft_days == 0)
        return buf_append_str(to, STR("off: [suppression] soft_days is 0"));
    size_t begin = to->len;
    int r = buf_append_str(to, STR("on, except for mail of "));
    if (r == 0)
        r = store_recorded_only(ctl->store, ctl->now_ms, identity_add, &identities);
    if (r == 0 && identities.count == 0) {
        buf_cut(to, begin);
        return buf_append_str(to, STR("on"));
    }
    if (r == 0 && identities.count > CTL_IDENTITIES_TOLD_MAX)
        r = buf_printf(to, " and %zu more", identities.count - CTL_IDENTITIES_TOLD_MAX);
    if (r == 0)
        r = buf_append_str(to, STR(": no Delivery event arrived in the last 7 days, and "
                                   "only these end the counting, so soft bounces are "
                                   "only recorded; to let SES publish them, type: "));
    return r == 0 ? status_text_publish(to, ctl->store, "DELIVERY", STR_ABSENT) : r;
}
