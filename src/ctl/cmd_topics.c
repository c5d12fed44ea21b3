/* topics list, confirm, forget: the subscriptions. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "sesbounce/arn.h"

int cmd_topics_list(struct ctl *ctl)
{
    struct filter filter;
    if (!ctl_filter(ctl, STORE_TOPICS, &filter) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    return ctl_print_view(ctl, &filter);
}

/* The topic as the view has it; confirmed and the like: its state. */
struct found {
    bool known;
    bool confirmed;
    bool confirming;
    bool failed;
    int64_t waiting;
};

static int on_topic(void *context, const struct store_value *values, size_t count)
{
    struct found *found = context;
    const struct store_value *state = output_find(values, count, "state");
    const struct store_value *waiting = output_find(values, count, "waiting");
    struct str word = state ? state->text : STR_ABSENT;
    found->known = true;
    found->confirmed = str_equal(word, STR("confirmed"));
    found->confirming = str_equal(word, STR("confirming"));
    found->failed = str_equal(word, STR("failed"));
    found->waiting = waiting ? waiting->integer : 0;
    return 0;
}

/* Opens the store and looks for the topic named. CTL_DONE: go on. */
static int find_topic(struct ctl *ctl, struct found *ret)
{
    const char *topic = ctl->words[0];
    bool dry_run = ctl_given(ctl, OPTION_DRY_RUN);
    struct store_filter filter = {
        .topic = topic, .since_ms = CLOCK_NONE, .until_ms = CLOCK_NONE};
    struct arn arn;
    if (!arn_parse(str_of(topic), &arn))
        return ctl_fail("`%s` is not the ARN of an SNS topic; see sesbouncectl topics "
                        "list",
                        topic);
    if (!ctl_store(ctl, dry_run ? STORE_READ : STORE_WRITE))
        return CTL_COULD_NOT;
    int r = store_query(ctl->store, STORE_TOPICS, &filter, on_topic, ret);
    return r < 0 ? ctl_fail_store(ctl, r) : CTL_DONE;
}

static int no_token(const char *topic, const struct found *found)
{
    if (found->confirmed)
        printf("%s  is confirmed already\n", topic);
    else
        printf("%s  %s; subscribe again, so that SNS sends a new one: aws sns subscribe "
               "--topic-arn %s "
               "--protocol https --notification-endpoint YOUR-URL\n",
               topic,
               !found->known ? "has sent no message yet"
               : found->waiting > 0 || found->failed
                   ? "waits, but its token is lost or too old"
                   : "has no token to confirm with",
               topic);
    return found->confirmed ? CTL_DONE : CTL_NO;
}

int cmd_topics_confirm(struct ctl *ctl)
{
    const char *topic = ctl->words[0];
    struct found found = {0};
    int code = find_topic(ctl, &found);
    if (code != CTL_DONE)
        return code;
    if (ctl_given(ctl, OPTION_DRY_RUN)) {
        if (found.waiting == 0 && !found.failed)
            return no_token(topic, &found);
        printf("%s  would be confirmed\n", topic);
        return CTL_DONE;
    }
    int r = store_topic_confirm(ctl->store, topic, ctl->now_ms);
    if (r == -ENOENT)
        return no_token(topic, &found);
    if (r < 0)
        return ctl_fail_store(ctl, r);
    printf("%s  the daemon confirms it within seconds; see sesbouncectl topics list\n",
           topic);
    return CTL_DONE;
}

/* A topic that it is useless to forget: its next message brings it back. */
static int refuse_to_forget(struct ctl *ctl, const struct found *found, bool *ret)
{
    struct arn arn;
    if (!found->confirmed && !found->confirming)
        return CTL_DONE;
    if (!ctl_settings(ctl))
        return CTL_COULD_NOT;
    *ret = arn_parse(str_of(ctl->words[0]), &arn) &&
           settings_topic_is_allowed(ctl->settings, &arn);
    if (*ret)
        printf("%s  %s, and would appear again: unsubscribe it (aws sns "
               "list-subscriptions-by-topic, aws sns unsubscribe), remove it from [sns] "
               "topic and restart the daemon first\n",
               ctl->words[0], found->confirmed ? "delivers to us" : "is being confirmed");
    return CTL_DONE;
}

int cmd_topics_forget(struct ctl *ctl)
{
    const char *topic = ctl->words[0];
    struct found found = {0};
    bool refused = false;
    int code = find_topic(ctl, &found);
    if (code != CTL_DONE)
        return code;
    if (!found.known) {
        printf("%s  is not known; see sesbouncectl topics list\n", topic);
        return CTL_NO;
    }
    code = refuse_to_forget(ctl, &found, &refused);
    if (code != CTL_DONE || refused)
        return refused ? CTL_NO : code;
    if (ctl_given(ctl, OPTION_DRY_RUN)) {
        printf("%s  would be forgotten\n", topic);
        return CTL_DONE;
    }
    int r = store_topic_forget(ctl->store, topic);
    if (r < 0 && r != -ENOENT)
        return ctl_fail_store(ctl, r);
    printf("%s  is forgotten; its events stay, and it appears again when it sends\n",
           topic);
    return CTL_DONE;
}
