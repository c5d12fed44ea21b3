/* An exchange is lent to the reader or to the writer. */
#include <errno.h>
#include <string.h>

#include "daemon/exchange_private.h"
#include "daemon/limits.h"

struct wanted {
    const char *name;
    size_t nth;
    const char *value;
};

static enum MHD_Result wanted_take(void *context, enum MHD_ValueKind kind,
                                   const char *name, const char *value)
{
    struct wanted *wanted = context;

    (void)kind;
    if (strcmp(name, wanted->name) != 0 || wanted->nth-- > 0)
        return MHD_YES;
    wanted->value = value;
    return MHD_NO;
}

static const char *parameter_find(void *connection, const char *name, size_t nth)
{
    struct wanted wanted = {name, nth, NULL};

    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, wanted_take,
                                    &wanted);
    return wanted.value;
}

static struct api_request exchange_request(struct exchange *exchange)
{
    return (struct api_request){
        .parameter = parameter_find,
        .context = exchange->connection,
        .rest = exchange->rest,
        .body = buf_str(&exchange->body),
        .settings = exchange->desk->service->settings,
        .service = exchange->desk->service,
        .now_ms = clock_wall_ms(),
        .wait = &exchange->wait,
    };
}

static void exchange_decide(struct exchange *exchange, int fault)
{
    const char *why = fault == -EAGAIN      ? "too many questions at a time"
                      : fault == -ESHUTDOWN ? "sesbounced is stopping"
                      : fault == -ETIME     ? store_advice(-ETIMEDOUT)
                                            : store_advice(fault);
    long long changed = exchange->change.done.changed;

    /* What is wrong with the request is not our fault. */
    if (fault == 0 || exchange->problem.status != 0)
        return;
    if (fault == -EAGAIN)
        metrics_count(&exchange->desk->service->metrics.shed[SHED_QUESTIONS]);
    if (changed > 0)
        (void)problem_set(&exchange->problem, MHD_HTTP_SERVICE_UNAVAILABLE,
                          "%lld are done; repeat the request for the rest: %s", changed,
                          why);
    else
        (void)problem_set(&exchange->problem, MHD_HTTP_SERVICE_UNAVAILABLE, "%s", why);
}

/* --- to the reader ---------------------------------------------------------------- */

static int exchange_read_answer(struct exchange *exchange, struct store *store)
{
    const struct api_request request = exchange_request(exchange);

    buf_clear(&exchange->answer);
    int r = exchange->route->read(store, &request, &exchange->answer, &exchange->problem);

    if (r == -E2BIG)
        r = problem_set(&exchange->problem, MHD_HTTP_INTERNAL_SERVER_ERROR,
                        "the answer has more than %d bytes; sesbouncectl prints it",
                        API_ANSWER_BYTES_MAX);
    return exchange->problem.status == 0 ? r : 0;
}

void exchange_read_fixed(struct exchange *exchange)
{
    exchange_decide(exchange, exchange_read_answer(exchange, NULL));
}

static struct exchange *exchange_of_question(struct question *question)
{
    return queue_entry(question, struct exchange, question);
}

/* Is there room for one more answer that somebody may be slow to take? */
static int answer_hold(struct exchange *exchange)
{
    atomic_size_t *held = &exchange->desk->answer_bytes;
    size_t bytes = exchange->answer.cap;

    if (bytes <= API_ANSWER_SMALL_BYTES)
        return 0;
    if (atomic_load(held) + bytes > API_ANSWERS_BYTES_MAX) {
        buf_done(&exchange->answer);
        return -EAGAIN;
    }
    exchange->answer_bytes = bytes;
    atomic_fetch_add(held, bytes);
    return 0;
}

static int exchange_ask(struct question *question, struct store *store)
{
    struct exchange *exchange = exchange_of_question(question);
    const struct api_wait *wait = &exchange->wait;

    int r = exchange_read_answer(exchange, store);

    if (r < 0 || exchange->problem.status != 0)
        return r;
    if (wait->ms == 0)
        return answer_hold(exchange);
    if (question->deadline_ms == 0)
        question->deadline_ms = clock_mono_ms() + wait->ms;
    question->seen_id = wait->after_id;
    return QUESTION_WAITS;
}

static void exchange_asked(struct question *question, int fault)
{
    struct exchange *exchange = exchange_of_question(question);

    exchange_decide(exchange, fault);
    MHD_resume_connection(exchange->connection);
}

static int exchange_lend_to_reader(struct exchange *exchange)
{
    struct service *service = exchange->desk->service;

    exchange->question = (struct question){
        .ask = exchange_ask, .done = exchange_asked, .may_wait = exchange->route->waits};
    return reader_ask(exchange->route->kind == API_REPORTS ? &service->reports
                                                           : &service->reader,
                      &exchange->question);
}

/* --- to the writer ---------------------------------------------------------------- */

static struct exchange *exchange_of_job(struct job *job)
{
    return queue_entry(job, struct exchange, job);
}

static int exchange_change(struct job *job, struct store *store)
{
    return api_change_add(&exchange_of_job(job)->change, store);
}

static void exchange_changed(struct job *job, int fault)
{
    struct exchange *exchange = exchange_of_job(job);

    if (fault == 0 && api_change_go_on(&exchange->change)) {
        fault = service_lend_to_writer(exchange->desk->service, job);
        if (fault == 0)
            return;
    }
    exchange_decide(exchange, fault);
    MHD_resume_connection(exchange->connection);
}

static int exchange_plan(struct exchange *exchange)
{
    const struct api_request request = exchange_request(exchange);
    struct store_decision *decision = &exchange->change.decision;

    decision->origin = POLICY_ORIGIN_API;
    decision->actor = exchange->caller.token->name;
    decision->now_ms = request.now_ms;
    return exchange->route->plan(&request, &exchange->change, &exchange->problem);
}

static int exchange_lend_to_writer(struct exchange *exchange)
{
    exchange->job = (struct job){.deadline_ms = clock_mono_ms() + ANSWER_MS,
                                 .add = exchange_change,
                                 .done = exchange_changed};
    return service_lend_to_writer(exchange->desk->service, &exchange->job);
}

void exchange_tell(struct exchange *exchange)
{
    if (exchange->problem.status == 0)
        exchange_decide(exchange,
                        exchange->route->tell(&exchange->change, &exchange->answer,
                                              &exchange->problem));
}

/* --- either ----------------------------------------------------------------------- */

bool exchange_lend(struct exchange *exchange)
{
    bool writes = exchange->route->kind == API_WRITES;
    int r = writes ? exchange_plan(exchange) : 0;

    exchange_decide(exchange, r);
    if (exchange->problem.status != 0)
        return false;
    exchange->stage = EXCHANGE_IS_LENT;
    atomic_fetch_add(&exchange->desk->lent, 1);
    /* Suspend first, then push, then touch nothing: it may have come back already. */
    MHD_suspend_connection(exchange->connection);
    r = writes ? exchange_lend_to_writer(exchange) : exchange_lend_to_reader(exchange);
    if (r < 0) {
        exchange_decide(exchange, r);
        MHD_resume_connection(exchange->connection);
    }
    return true;
}
