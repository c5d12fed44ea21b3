#include "daemon/confirm.h"

#include <errno.h>

#include "sesbounce/limits.h"

int confirm_url(struct task *task, const struct settings *settings, struct buf *ret)
{
    struct str topic_arn = str_of(task->row.target);
    struct sns_origin origin;
    struct arn topic;

    if (!task->row.payload) {
        task_conclude(task, STORE_TASK_FAILED,
                      STR("its token is lost or unreadable (it is in no backup of the "
                          "database); subscribe again"));
        return -ECANCELED;
    }
    if (!arn_parse(topic_arn, &topic) || !settings_topic_is_allowed(settings, &topic) ||
        sns_url_origin(&topic, str_of(settings->sns.endpoint), &origin) < 0) {
        task_conclude(task, STORE_TASK_FAILED,
                      STR("the topic is no longer in [sns] topic"));
        return -ECANCELED;
    }
    return sns_url_confirmation(&origin, topic_arn, str_of(task->row.payload), ret);
}

/* What stands between the tags, without XML's comments or escapes: an ARN needs
 * neither.
 */
static struct str text_between(struct str body, const char *open, const char *close)
{
    const char *begin = memmem(body.data, body.len, open, strlen(open));
    const char *end;

    if (!begin)
        return STR_ABSENT;
    begin += strlen(open);
    end = memmem(begin, body.len - (size_t)(begin - body.data), close, strlen(close));
    return end ? (struct str){begin, (size_t)(end - begin)} : STR_ABSENT;
}

/* A token confirms any topic name in its region: the answer must name ours. */
static bool subscription_belongs_to(struct str subscription, const char *topic)
{
    size_t len = strlen(topic);

    return subscription.len > len + 1 && memcmp(subscription.data, topic, len) == 0 &&
           subscription.data[len] == ':' && subscription.len < ARN_BYTES_MAX &&
           !memchr(subscription.data, '<', subscription.len);
}

void confirm_judge(struct task *task, const struct https_answer *answer)
{
    struct str subscription;
    char text[64];

    (void)snprintf(text, sizeof(text), "the answer was HTTP %ld", answer->status);
    if (answer->status != 200) {
        bool final = answer->status >= 400 && answer->status < 500;

        task_conclude(task, final ? STORE_TASK_FAILED : STORE_TASK_RETRY, str_of(text));
        return;
    }
    subscription =
        str_trim(text_between(answer->body, "<SubscriptionArn>", "</SubscriptionArn>"));
    if (subscription_belongs_to(subscription, task->row.target))
        task_conclude(task, STORE_TASK_DONE, subscription);
    else if (str_present(subscription))
        task_conclude(task, STORE_TASK_FAILED, STR("the answer named another topic"));
    else
        task_conclude(task, STORE_TASK_RETRY, STR("the answer held no SubscriptionArn"));
}
