/*
 * What webhooks and mail report to those who do not look: the types, by the names
 * that [webhook NAME] `events` and the receivers know, and which of them a change of the
 * list is. Pure; any thread.
 */
#ifndef SESBOUNCE_NEWS_H
#define SESBOUNCE_NEWS_H

#include "sesbounce/str.h"

enum news {
    NEWS_SUPPRESSION_ADDED,
    NEWS_SUPPRESSION_REMOVED,
    NEWS_SUPPRESSION_HELD,
    NEWS_EVENT_BOUNCE,
    NEWS_EVENT_COMPLAINT,
    NEWS_ALERT_RAISED,
    NEWS_ALERT_RESOLVED,
    NEWS_SENDING_PAUSED,
    NEWS_SENDING_RESUMED,
    NEWS_TYPES, /* also: it is not news */
};

/* `suppression.added` and so on. */
const char *news_word(enum news news);
enum news news_of_word(struct str word);

/* Of a line of `suppression_log`: its action, and the reasons under which the address was
 * and is on the list (absent: it was or is not). */
enum news news_of_change(struct str action, struct str before, struct str after);

/* Of an event, by its type as SES has it. */
enum news news_of_event(struct str type);

#endif
