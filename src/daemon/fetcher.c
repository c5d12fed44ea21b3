#include "daemon/fetcher.h"

#include <errno.h>

#include "daemon/limits.h"

void fetcher_init(struct fetcher *fetcher, struct service *service)
{
    *fetcher = (struct fetcher){.service = service};
}

static void let_out(struct fetcher *fetcher, const struct sns_cert_url *url)
{
    /* The HTTP threads look again and find the certificate, or the remembered failure. */
    delivery_give_back_all(waiting_room_leave(&fetcher->service->room, url),
                           VERDICT_UNDECIDED, NULL);
}

/* --- health ---------------------------------------------------------------------- */

static bool names_region(struct str pattern, struct str region)
{
    struct str part = STR_ABSENT;

    for (int i = 0; i < 4; i++) { /* arn:PARTITION:sns:REGION */
        if (!str_split(&pattern, ':', &part))
            return false;
    }
    return str_equal(part, region);
}

/*
 * Where the operator wrote `*` for the region, a stranger can name one that does not
 * exist, or that a firewall keeps from us: that it cannot be reached says nothing, unless
 * it has served us before.
 */
static bool is_certain_host(struct fetcher *fetcher, const struct fetch *fetch)
{
    const struct settings *settings = fetcher->service->settings;
    struct arn topic;

    if (strcmp(settings->sns.endpoint, "auto") != 0 &&
        !strstr(settings->sns.endpoint, "{region}"))
        return true;
    if (!arn_parse(str_of(fetch->wish.topic), &topic))
        return false;
    for (size_t i = 0; i < settings->sns.topic.count; i++) {
        if (names_region(str_of(settings->sns.topic.items[i]), topic.region))
            return true;
    }
    return certificates_has_host(fetcher->service->rules.certificates, fetch->url.host);
}

/* Would it have failed for any certificate of this origin? */
static bool is_loss(struct fetcher *fetcher, const struct fetch *fetch,
                    const struct https_answer *answer)
{
    if (answer->ours || (answer->timed_out && fetch->hurried))
        return false;
    if (!is_certain_host(fetcher, fetch) &&
        (answer->unresolved ||
         certificates_have_any(fetcher->service->rules.certificates)))
        return false;
    if (answer->fault)
        return true;
    /* SNS has nothing under what a stranger names, and says so with 403 or 404. */
    return answer->status < 400 || answer->status >= 500 || answer->status == 407 ||
           answer->status == 408 || answer->status == 429;
}

static const char *hint_of(const struct https_answer *answer)
{
    if (answer->unresolved)
        return "outbound DNS must work";
    if (answer->untrusted)
        return NULL;
    if (answer->fault)
        return "outbound HTTPS must be allowed";
    return answer->status < 500 ? "something between here and SNS answers in its place"
                                : NULL;
}

static bool has_host(struct fetcher *fetcher, struct str host)
{
    return certificates_has_host(fetcher->service->rules.certificates, host);
}

/* They are kept by the host in SigningCertURL, which is AWS's or the origin's. */
static bool is_any_at_hand(struct fetcher *fetcher, const struct fetch *fetch)
{
    struct sns_origin host;
    struct arn topic;

    if (has_host(fetcher, fetch->url.host) ||
        has_host(fetcher, sns_url_origin_host(&fetch->origin)))
        return true;
    return arn_parse(str_of(fetch->wish.topic), &topic) &&
           sns_url_aws_host(&topic, &host) == 0 && has_host(fetcher, str_of(host.text));
}

static void origin_lose(struct fetcher *fetcher, const struct fetch *fetch,
                        const struct https_answer *answer, const char *fault)
{
    struct health_loss loss = {.since_ms = clock_wall_ms(),
                               .hint = hint_of(answer),
                               .is_guess = !is_certain_host(fetcher, fetch)};
    int64_t now_ms = clock_mono_ms();
    bool tell;

    (void)snprintf(loss.origin, sizeof(loss.origin), "%s", fetch->origin.text);
    (void)snprintf(loss.brief, sizeof(loss.brief), "%s",
                   answer->fault ? answer->brief : fault);
    (void)snprintf(loss.detail, sizeof(loss.detail), "%s", fault);
    if (!health_lose(&fetcher->service->health, &loss, is_any_at_hand(fetcher, fetch),
                     now_ms, &tell))
        return;
    fetcher->lost = fetch->wish;
    fetcher->lost_again_ms = now_ms + CERTIFICATE_AGAIN_MS;
    if (!tell)
        return;
    log_event(LOG_LEVEL_ERROR,
              "NOT VERIFYING, deliveries get 503 and SNS repeats them: no signing "
              "certificate can be obtained; type: curl -v ORIGIN",
              {"ORIGIN", str_of(loss.origin)}, {"FAULT", str_of(fault)},
              {"ADVICE", str_of(loss.hint)});
}

static void origin_find(struct fetcher *fetcher, const struct fetch *fetch)
{
    if (health_find(&fetcher->service->health, str_of(fetch->origin.text)))
        log_event(LOG_LEVEL_NOTICE, "messages can be verified again",
                  {"ORIGIN", str_of(fetch->origin.text)});
}

/* Every whole answer of SNS ends what was lost when it is about the URL that was lost. */
static bool is_lost_one(const struct fetcher *fetcher, const struct fetch *fetch)
{
    return strcmp(fetcher->lost.file, fetch->wish.file) == 0 &&
           strcmp(fetcher->lost.host, fetch->wish.host) == 0;
}

/* --- what a fetch came to -------------------------------------------------------- */

static void log_failure(struct fetcher *fetcher, const struct fetch *fetch,
                        const char *fault)
{
    unsigned held_back = 0;

    metrics_count(&fetcher->service->metrics.certificates_failed);
    if (!log_ration_pass(&fetcher->fault_ration, clock_mono_ms(),
                         OUTBOUND_FAULT_LOGS_A_MINUTE, &held_back))
        return;
    log_event(LOG_LEVEL_WARNING,
              "a signing certificate cannot be obtained; deliveries get 503 and SNS "
              "repeats them",
              {"TOPIC", str_of(fetch->wish.topic)}, {"HOST", str_of(fetch->wish.host)},
              {"FILE", str_of(fetch->wish.file)}, {"FAULT", str_of(fault)});
}

/* What it says of more than its URL. */
static void note_failure(struct fetcher *fetcher, struct fetch *fetch,
                         const struct https_answer *answer, const char *fault)
{
    log_failure(fetcher, fetch, fault);
    /* Not when all would have failed: that is not held against this one. */
    if (answer->timed_out || !is_loss(fetcher, fetch, answer))
        waiting_room_failed(&fetcher->service->room, &fetch->wish, clock_mono_ms());
    if (is_loss(fetcher, fetch, answer))
        origin_lose(fetcher, fetch, answer, fault);
    else if (!answer->fault && is_lost_one(fetcher, fetch))
        origin_find(fetcher, fetch);
    else if (!answer->fault)
        health_answered(&fetcher->service->health, str_of(fetch->origin.text));
}

static void keep_certificate(struct fetcher *fetcher, struct fetch *fetch,
                             const struct https_answer *answer)
{
    const char *fault = NULL;
    int r = certificates_put(fetcher->service->rules.certificates, &fetch->url,
                             answer->body, clock_mono_ms(), &fault);

    if (r == -EINVAL) {
        note_failure(fetcher, fetch, answer, fault);
        return;
    }
    if (r == -ENOMEM) { /* says nothing of SNS */
        log_failure(fetcher, fetch, fault);
        return;
    }
    metrics_count(&fetcher->service->metrics.certificates_fetched);
    origin_find(fetcher, fetch);
    if (r < 0)
        log_event(LOG_LEVEL_WARNING, "a signing certificate could not be kept on disk",
                  {"FILE", str_of(fetch->wish.file)}, {"ERROR", str_of(strerror(-r))});
    else
        log_event(LOG_LEVEL_NOTICE, "a signing certificate was fetched",
                  {"HOST", str_of(fetch->wish.host)}, {"FILE", str_of(fetch->wish.file)});
}

static void fetched(void *context, const struct https_answer *answer)
{
    struct fetch *fetch = context;
    struct fetcher *fetcher = fetch->fetcher;
    char status[48];

    if (!answer->fault && answer->status == 200) {
        keep_certificate(fetcher, fetch, answer);
    } else {
        (void)snprintf(status, sizeof(status), "the answer was HTTP %ld", answer->status);
        certificates_fail(fetcher->service->rules.certificates, &fetch->url,
                          clock_mono_ms());
        note_failure(fetcher, fetch, answer, answer->fault ? answer->fault : status);
    }
    let_out(fetcher, &fetch->url);
    fetch->under_way = false;
}

/* --- what is fetched ------------------------------------------------------------- */

static size_t count_under_way(const struct fetcher *fetcher)
{
    size_t count = 0;

    for (size_t i = 0; i < CERTIFICATE_FETCHES_MAX; i++)
        count += fetcher->fetches[i].under_way;
    return count;
}

static int begin_fetch(struct fetcher *fetcher, struct fetch *fetch)
{
    struct https_request request = {.total_ms = HTTPS_TOTAL_MS};
    struct arn topic;
    struct buf url;
    int r;

    fetch->fetcher = fetcher;
    if (!arn_parse(str_of(fetch->wish.topic), &topic))
        return -EINVAL;
    r = sns_url_origin(&topic, str_of(fetcher->service->settings->sns.endpoint),
                       &fetch->origin);
    if (r < 0)
        return r;
    buf_init(&url, SNS_URL_BYTES_MAX);
    r = buf_printf(&url, "%s/%s", fetch->origin.text, fetch->wish.file);
    /* A second attempt gets the whole time, so that a slow answer succeeds in the end. */
    fetch->hurried =
        !fetch->wish.has_failed && count_under_way(fetcher) >= CERTIFICATE_UNHURRIED_MAX;
    if (fetch->hurried)
        request.total_ms = CERTIFICATE_HURRIED_MS;
    request.url = url.data;
    if (r == 0)
        r = https_begin(fetcher->service->https, &request, fetched, fetch);
    buf_done(&url);
    fetch->under_way = r == 0;
    return r;
}

/* Memory, then disk, then the network. */
static void serve_wish(struct fetcher *fetcher, struct fetch *fetch)
{
    struct certificates *certificates = fetcher->service->rules.certificates;
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate = NULL;
    int64_t now_ms = clock_mono_ms();
    int r = 0;

    fetch->url =
        (struct sns_cert_url){str_of(fetch->wish.host), str_of(fetch->wish.file)};
    if (certificates_get(certificates, &fetch->url, now_ms, &certificate) ==
            CERTIFICATES_UNKNOWN &&
        certificates_load(certificates, &fetch->url) < 0) {
        r = begin_fetch(fetcher, fetch);
        if (r == 0)
            return;
    }
    if (r < 0)
        log_failure(fetcher, fetch, strerror(-r));
    /* Want of memory is nothing to remember of the URL. */
    if (r == -ENOMEM) {
        delivery_give_back_all(waiting_room_leave(&fetcher->service->room, &fetch->url),
                               VERDICT_NO_MEMORY, NULL);
        return;
    }
    if (r < 0)
        certificates_fail(certificates, &fetch->url, now_ms);
    let_out(fetcher, &fetch->url);
}

static bool is_under_way(void *context, uint64_t hash)
{
    const struct fetcher *fetcher = context;

    for (size_t i = 0; i < CERTIFICATE_FETCHES_MAX; i++) {
        if (fetcher->fetches[i].under_way && fetcher->fetches[i].wish.hash == hash)
            return true;
    }
    return false;
}

/* Nobody may be waiting for it: who checks /healthz before delivering never would. */
static void ask_again_for_lost(struct fetcher *fetcher)
{
    int64_t now_ms = clock_mono_ms();

    if (now_ms < fetcher->lost_again_ms || !atomic_load(&fetcher->service->health.lost) ||
        is_under_way(fetcher, fetcher->lost.hash))
        return;
    fetcher->lost_again_ms = now_ms + CERTIFICATE_AGAIN_MS;
    for (size_t i = 0; i < CERTIFICATE_FETCHES_MAX; i++) {
        struct fetch *fetch = &fetcher->fetches[i];

        if (fetch->under_way)
            continue;
        fetch->wish = fetcher->lost;
        fetch->url =
            (struct sns_cert_url){str_of(fetch->wish.host), str_of(fetch->wish.file)};
        (void)begin_fetch(fetcher, fetch);
        return;
    }
}

/*
 * Strangers can make more wishes than one turn should serve, and transfers under way must
 * go on meanwhile.
 */
int fetcher_serve(struct fetcher *fetcher)
{
    unsigned served = 0;

    ask_again_for_lost(fetcher);
    for (size_t i = 0; i < CERTIFICATE_FETCHES_MAX; i++) {
        struct fetch *fetch = &fetcher->fetches[i];

        /* A wish that is served at once leaves the place free for the next. */
        while (!fetch->under_way) {
            if (served++ == OUTBOUND_WISHES_A_TURN)
                return 0;
            if (!waiting_room_wish(&fetcher->service->room, &fetch->wish, is_under_way,
                                   fetcher))
                return OUTBOUND_TICK_MS;
            serve_wish(fetcher, fetch);
        }
    }
    return OUTBOUND_TICK_MS;
}
