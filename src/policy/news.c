#include "sesbounce/news.h"

#include "sesbounce/policy_list.h"

static const char *const words[NEWS_TYPES] = {
    [NEWS_SUPPRESSION_ADDED] = "suppression.added",
    [NEWS_SUPPRESSION_REMOVED] = "suppression.removed",
    [NEWS_SUPPRESSION_HELD] = "suppression.held",
    [NEWS_EVENT_BOUNCE] = "event.bounce",
    [NEWS_EVENT_COMPLAINT] = "event.complaint",
    [NEWS_ALERT_RAISED] = "alert.raised",
    [NEWS_ALERT_RESOLVED] = "alert.resolved",
    [NEWS_SENDING_PAUSED] = "sending.paused",
    [NEWS_SENDING_RESUMED] = "sending.resumed",
};

const char *news_word(enum news news)
{
    return words[news];
}

enum news news_of_word(struct str word)
{
    unsigned i = 0;

    while (i < NEWS_TYPES && !str_equal(word, str_of(words[i])))
        i++;
    return (enum news)i;
}

static bool action_is(struct str word, enum policy_action action)
{
    return str_equal(word, str_of(policy_action_word(action)));
}

enum news news_of_change(struct str action, struct str before, struct str after)
{
    if (action_is(action, POLICY_ACTION_HELD))
        return NEWS_SUPPRESSION_HELD;
    /* What was held was never on the list; who is erased is not named. */
    if (action_is(action, POLICY_ACTION_DROPPED) ||
        action_is(action, POLICY_ACTION_ERASED))
        return NEWS_TYPES;
    if (str_present(before) && !str_present(after))
        return NEWS_SUPPRESSION_REMOVED;
    if (str_present(after) &&
        (!str_present(before) || action_is(action, POLICY_ACTION_ADDED)))
        return NEWS_SUPPRESSION_ADDED;
    return NEWS_TYPES;
}

enum news news_of_event(struct str type)
{
    if (str_equal(type, STR("Bounce")))
        return NEWS_EVENT_BOUNCE;
    return str_equal(type, STR("Complaint")) ? NEWS_EVENT_COMPLAINT : NEWS_TYPES;
}
