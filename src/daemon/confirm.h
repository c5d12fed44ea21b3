/*
 * The kind of task that confirms a subscription: which URL is asked, and what its answer
 * means. Outbound's thread only.
 */
#ifndef SESBOUNCED_CONFIRM_H
#define SESBOUNCED_CONFIRM_H

#include "daemon/task.h"
#include "sesbounce/https.h"

/* Appends the URL. 0; -ECANCELED, and the task is concluded, when there is nothing to ask
 * any more; another negative errno. */
int confirm_url(struct task *task, const struct settings *settings, struct buf *ret);

/* Concludes the task with what was answered; `answer` has no fault. */
void confirm_judge(struct task *task, const struct https_answer *answer);

#endif
