/* topics list, confirm: the subscriptions. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "sesbounce/arn.h"

int cmd_topics_list(struct ctl *ctl)
{
    struct store_filter filter = {.since_ms = CLOCK_NONE, .until_ms = CLOCK_NONE};
    if (!ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    return ctl_print_view(ctl, STORE_TOPICS, &filter);
}

struct found {
    bool known;
    bool confirmed;
};

static int on_topic(void *context, const struct store_value *values, size_t count)
{
    struct found *found = context;
    const struct store_value *state = output_find(values, count, "state");
    found->known = true;
    found->confirmed = state && str_equal(state->text, STR("confirmed"));
    return 0;
}

static int no_token(const char *topic, const struct found *found)
{
    if (found->confirmed)
        printf("%s  is confirmed already\n", topic);
    else
        printf("%s  %s: ask SNS to send a confirmation: aws sns subscribe --topic-arn %s "
               "--protocol https --notification-endpoint YOUR-URL\n",
               topic,
               found->known ? "has no token to confirm with" : "has never talked to us",
               topic);
    return found->confirmed ? CTL_DONE : CTL_NO;
}

int cmd_topics_confirm(struct ctl *ctl)
{
    const char *topic = ctl->words[0];
    struct found found = {0};
    struct arn arn;
    bool dry_run = ctl_given(ctl, OPTION_DRY_RUN);
    struct store_filter filter = {
        .topic = topic, .since_ms = CLOCK_NONE, .until_ms = CLOCK_NONE};
    if (!arn_parse(str_of(topic), &arn))
        return ctl_fail("`%s` is not the ARN of an SNS topic; see sesbouncectl topics "
                        "list",
                        topic);
    if (!ctl_store(ctl, dry_run ? STORE_READ : STORE_WRITE))
        return CTL_COULD_NOT;
    int r = store_query(ctl->store, STORE_TOPICS, &filter, on_topic, &found);
    if (r == 0 && (dry_run || found.confirmed)) {
        if (!found.known || found.confirmed)
            return no_token(topic, &found);
        printf("%s  would be confirmed\n", topic);
        return CTL_DONE;
    }
    if (r == 0)
        r = store_topic_confirm(ctl->store, topic, ctl->now_ms);
    if (r == -ENOENT)
        return no_token(topic, &found);
    if (r < 0)
        return ctl_fail_store(ctl, r);
    printf("%s  the daemon confirms it within seconds; see sesbouncectl topics list\n",
           topic);
    return CTL_DONE;
}
