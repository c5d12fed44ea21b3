/* topics confirm, forget: the subscriptions. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "sesbounce/arn.h"

/* The topic as the view has it. */
struct topic {
    const char *arn;
    bool known;
    char state[sizeof("unsubscribed")];
    int64_t waiting;
};

static bool topic_is(const struct topic *topic, const char *state)
{
    return strcmp(topic->state, state) == 0;
}

static int topic_read(void *context, const struct store_value *values, size_t count)
{
    struct topic *topic = context;
    struct str state = output_find_text(values, count, "state");
    const struct store_value *waiting = output_find(values, count, "waiting");
    topic->known = true;
    (void)snprintf(topic->state, sizeof(topic->state), "%.*s", STR_ARG(state));
    topic->waiting = waiting ? waiting->integer : 0;
    return 0;
}

/* Opens the store and looks for the topic named. CTL_DONE: go on. */
static int topic_find(struct ctl *ctl, struct topic *ret)
{
    bool dry_run = ctl_given(ctl, OPTION_DRY_RUN);
    struct store_filter filter = {.topic = ctl->words[0]};
    struct arn arn;
    *ret = (struct topic){.arn = ctl->words[0]};
    if (!arn_parse(str_of(ret->arn), &arn))
        return ctl_fail("`%s` is not the ARN of an SNS topic; type: %s topics list",
                        ret->arn, command_reads(ctl));
    if (!ctl_store(ctl, dry_run ? STORE_READ : STORE_WRITE))
        return CTL_COULD_NOT;
    int r = store_query(ctl->store, STORE_TOPICS, &filter, topic_read, ret);
    return r < 0 ? ctl_fail_store(ctl, r) : CTL_DONE;
}

static int token_explain(const struct topic *topic)
{
    if (topic_is(topic, "confirmed")) {
        printf("%s  is confirmed already\n", topic->arn);
        return CTL_DONE;
    }
    printf("%s  %s; subscribe again, so that SNS sends a new one: aws sns subscribe "
           "--topic-arn %s --protocol https --notification-endpoint YOUR-URL\n",
           topic->arn,
           !topic->known ? "has sent no message yet"
           : topic->waiting > 0 || topic_is(topic, "failed")
               ? "waits, but its token is lost or too old"
               : "has no token to confirm with",
           topic->arn);
    return CTL_NO;
}

int cmd_topics_confirm(struct ctl *ctl)
{
    struct topic topic;
    int code = topic_find(ctl, &topic);
    if (code != CTL_DONE)
        return code;
    if (ctl_given(ctl, OPTION_DRY_RUN)) {
        if (topic.waiting == 0 && !topic_is(&topic, "failed"))
            return token_explain(&topic);
        printf("%s  would be confirmed\n", topic.arn);
        return CTL_DONE;
    }
    int r = store_topic_confirm(ctl->store, topic.arn, ctl->now_ms);
    if (r == -ENOENT)
        return token_explain(&topic);
    if (r < 0)
        return ctl_fail_store(ctl, r);
    printf("%s  the daemon confirms it within seconds; to see it, type: %s topics list\n",
           topic.arn, command_reads(ctl));
    return CTL_DONE;
}

/* A topic that it is useless to forget: its next message brings it back. CTL_DONE: go
 * on. */
static int forgetting_refuse(struct ctl *ctl, const struct topic *topic)
{
    struct arn arn;
    bool is_confirmed = topic_is(topic, "confirmed");
    if (!is_confirmed && !topic_is(topic, "confirming"))
        return CTL_DONE;
    if (!ctl_settings(ctl))
        return CTL_COULD_NOT;
    if (!arn_parse(str_of(topic->arn), &arn) ||
        !settings_topic_is_allowed(ctl->settings, &arn))
        return CTL_DONE;
    printf(
        "%s  %s, and would appear again: unsubscribe it (aws sns "
        "list-subscriptions-by-topic, aws sns unsubscribe), remove it from [sns] topic "
        "and restart the daemon first\n",
        topic->arn, is_confirmed ? "delivers to us" : "is being confirmed");
    return CTL_NO;
}

int cmd_topics_forget(struct ctl *ctl)
{
    struct topic topic;
    int code = topic_find(ctl, &topic);
    if (code == CTL_DONE && !topic.known) {
        printf("%s  is not known; type: %s topics list\n", topic.arn, command_reads(ctl));
        return CTL_NO;
    }
    if (code == CTL_DONE)
        code = forgetting_refuse(ctl, &topic);
    if (code != CTL_DONE)
        return code;
    if (ctl_given(ctl, OPTION_DRY_RUN)) {
        printf("%s  would be forgotten\n", topic.arn);
        return CTL_DONE;
    }
    int r = store_topic_forget(ctl->store, topic.arn);
    if (r < 0 && r != -ENOENT)
        return ctl_fail_store(ctl, r);
    printf("%s  is forgotten; its events stay, and it appears again when it sends\n",
           topic.arn);
    return CTL_DONE;
}
