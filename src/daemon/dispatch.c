#include "daemon/dispatch.h"

#include <errno.h>
#include <stdlib.h>

#include "sesbounce/clock.h"

static int dispatch_add(struct job *job, struct store *store)
{
    struct dispatch *dispatch = dispatch_of(&job->node);

    dispatch->outcome.text = str_of(dispatch->text);
    return store_message_finish(store, dispatch->message.id, &dispatch->outcome,
                                clock_wall_ms());
}

/* As with a task: what could not be stored, or what nobody took any more (-ESHUTDOWN), is
 * in the outbox still. */
static void dispatch_done(struct job *job, int fault)
{
    struct dispatch *dispatch = dispatch_of(&job->node);

    if (fault < 0 && fault != -ESHUTDOWN)
        log_event(LOG_LEVEL_WARNING,
                  "the outcome of a message could not be stored, so it is sent again",
                  {"WEBHOOK", str_of(dispatch->receiver->store.name)},
                  {"ERROR", str_of(strerror(-fault))});
    dispatch_free(dispatch);
}

struct dispatch *dispatch_new(const struct receiver *receiver,
                              const struct store_message *message,
                              struct composed *composed)
{
    struct dispatch *dispatch = calloc(1, sizeof(*dispatch));

    if (!dispatch)
        return NULL;
    *dispatch = (struct dispatch){
        .job = {.deadline_ms = JOB_WHENEVER, .add = dispatch_add, .done = dispatch_done},
        .receiver = receiver,
        .message = *message,
        .composed = *composed,
    };
    composed->body = (struct buf){0};
    return dispatch;
}

void dispatch_free(struct dispatch *dispatch)
{
    if (!dispatch)
        return;
    buf_done(&dispatch->composed.body);
    free(dispatch);
}

void dispatch_report(struct dispatch *dispatch, struct service *service)
{
    if (service_lend_to_writer(service, &dispatch->job) < 0)
        dispatch_free(dispatch);
}
