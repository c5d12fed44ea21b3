#include "daemon/fetcher.h"

#include <errno.h>

#include "daemon/limits.h"

void fetcher_init(struct fetcher *fetcher, struct service *service)
{
    *fetcher = (struct fetcher){.service = service};
    for (size_t i = 0; i < CERTIFICATE_FETCHES_MAX; i++)
        fetcher->fetches[i].fetcher = fetcher;
}

static struct certificates *fetch_certificates(const struct fetch *fetch)
{
    return fetch->fetcher->service->rules.certificates;
}

/* While VERDICT_NONE, the HTTP threads look again and find the certificate, or the
 * remembered failure. */
static void fetch_let_out(const struct fetch *fetch, enum verdict verdict)
{
    delivery_give_back_all(
        waiting_room_leave(&fetch->fetcher->service->room, &fetch->url), verdict, NULL);
}

/* --- health ---------------------------------------------------------------------- */

static bool pattern_names_region(struct str pattern, struct str region)
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
static bool fetch_host_is_certain(const struct fetch *fetch)
{
    const struct settings *settings = fetch->fetcher->service->settings;
    struct arn topic;

    if (strcmp(settings->sns.endpoint, "auto") != 0 &&
        !strstr(settings->sns.endpoint, "{region}"))
        return true;
    if (!arn_parse(str_of(fetch->wish.topic), &topic))
        return false;
    for (size_t i = 0; i < settings->sns.topic.count; i++) {
        if (pattern_names_region(str_of(settings->sns.topic.items[i]), topic.region))
            return true;
    }
    return certificates_has_host(fetch_certificates(fetch), fetch->url.host);
}

/* Would it have failed for any certificate of this origin? */
static bool fetch_is_loss(const struct fetch *fetch, const struct https_answer *answer)
{
    if (answer->ours || (answer->timed_out && fetch->hurried))
        return false;
    if (!fetch_host_is_certain(fetch) &&
        (answer->unresolved || certificates_have_any(fetch_certificates(fetch))))
        return false;
    if (answer->fault)
        return true;
    /* SNS has nothing under what a stranger names, and says so with 403 or 404. */
    return answer->status < 400 || answer->status >= 500 || answer->status == 407 ||
           answer->status == 408 || answer->status == 429;
}

static const char *answer_hint(const struct https_answer *answer)
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

/* They are kept by the host in SigningCertURL, which is AWS's or the origin's. */
static bool fetch_has_any_at_hand(const struct fetch *fetch)
{
    struct certificates *certificates = fetch_certificates(fetch);
    struct sns_origin host;
    struct arn topic;

    if (certificates_has_host(certificates, fetch->url.host) ||
        certificates_has_host(certificates, sns_url_origin_host(&fetch->origin)))
        return true;
    return arn_parse(str_of(fetch->wish.topic), &topic) &&
           sns_url_aws_host(&topic, &host) == 0 &&
           certificates_has_host(certificates, str_of(host.text));
}

static void fetch_lose_origin(const struct fetch *fetch,
                              const struct https_answer *answer, const char *fault)
{
    struct fetcher *fetcher = fetch->fetcher;
    struct health_loss loss = {.since_ms = clock_wall_ms(),
                               .hint = answer_hint(answer),
                               .is_guess = !fetch_host_is_certain(fetch)};
    int64_t now_ms = clock_mono_ms();

    (void)snprintf(loss.origin, sizeof(loss.origin), "%s", fetch->origin.text);
    (void)snprintf(loss.brief, sizeof(loss.brief), "%s",
                   answer->fault ? answer->brief : fault);
    (void)snprintf(loss.detail, sizeof(loss.detail), "%s", fault);
    if (!health_lose(&fetcher->service->health, &loss, fetch_has_any_at_hand(fetch),
                     now_ms))
        return;
    fetcher->lost = fetch->wish;
    fetcher->lost_again_ms = now_ms + CERTIFICATE_AGAIN_MS;
}

/* --- what a fetch came to -------------------------------------------------------- */

static void fetch_log_failure(const struct fetch *fetch, const char *fault)
{
    struct fetcher *fetcher = fetch->fetcher;
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

/* What a failure says of more than its URL. */
static void fetch_fail(const struct fetch *fetch, const struct https_answer *answer,
                       const char *fault)
{
    const struct waiting_wish *lost = &fetch->fetcher->lost;
    struct service *service = fetch->fetcher->service;
    struct str origin = str_of(fetch->origin.text);
    bool is_loss = fetch_is_loss(fetch, answer);

    fetch_log_failure(fetch, fault);
    /* Not when all would have failed: that is not held against this one. */
    if (answer->timed_out || !is_loss)
        waiting_room_failed(&service->room, &fetch->wish, clock_mono_ms());
    if (is_loss)
        fetch_lose_origin(fetch, answer, fault);
    else if (answer->fault)
        return;
    /* Every whole answer of SNS ends what was lost when it is about the URL that was. */
    else if (strcmp(lost->file, fetch->wish.file) == 0 &&
             strcmp(lost->host, fetch->wish.host) == 0)
        (void)health_find(&service->health, origin);
    else
        health_answered(&service->health, origin);
}

static void fetch_keep_certificate(const struct fetch *fetch,
                                   const struct https_answer *answer)
{
    struct service *service = fetch->fetcher->service;
    const char *fault = NULL;
    int r = certificates_put(fetch_certificates(fetch), &fetch->url, answer->body,
                             clock_mono_ms(), &fault);

    if (r == -EINVAL) {
        fetch_fail(fetch, answer, fault);
        return;
    }
    if (r == -ENOMEM) { /* says nothing of SNS */
        fetch_log_failure(fetch, fault);
        return;
    }
    metrics_count(&service->metrics.certificates_fetched);
    (void)health_find(&service->health, str_of(fetch->origin.text));
    if (r < 0)
        log_event(LOG_LEVEL_WARNING, "a signing certificate could not be kept on disk",
                  {"FILE", str_of(fetch->wish.file)}, {"ERROR", str_of(strerror(-r))});
    else
        log_event(LOG_LEVEL_NOTICE, "a signing certificate was fetched",
                  {"HOST", str_of(fetch->wish.host)}, {"FILE", str_of(fetch->wish.file)});
}

static void fetch_end(void *context, const struct https_answer *answer)
{
    struct fetch *fetch = context;
    char status[48];

    if (!answer->fault && answer->status == 200) {
        fetch_keep_certificate(fetch, answer);
    } else {
        (void)snprintf(status, sizeof(status), "the answer was HTTP %ld", answer->status);
        certificates_fail(fetch_certificates(fetch), &fetch->url, clock_mono_ms());
        fetch_fail(fetch, answer, answer->fault ? answer->fault : status);
    }
    fetch_let_out(fetch, VERDICT_NONE);
    fetch->under_way = false;
}

/* --- what is fetched ------------------------------------------------------------- */

static size_t fetches_under_way(const struct fetcher *fetcher)
{
    size_t count = 0;

    for (size_t i = 0; i < CERTIFICATE_FETCHES_MAX; i++)
        count += fetcher->fetches[i].under_way;
    return count;
}

static void fetch_wish_for(struct fetch *fetch, const struct waiting_wish *wish)
{
    fetch->wish = *wish;
    fetch->url =
        (struct sns_cert_url){str_of(fetch->wish.host), str_of(fetch->wish.file)};
}

static int fetch_begin(struct fetch *fetch)
{
    struct service *service = fetch->fetcher->service;
    struct https_request request = {.total_ms = HTTPS_TOTAL_MS};
    _cleanup_(buf_done) struct buf url;
    struct arn topic;
    int r;

    buf_init(&url, SNS_URL_BYTES_MAX);
    if (!arn_parse(str_of(fetch->wish.topic), &topic))
        return -EINVAL;
    r = sns_url_origin(&topic, str_of(service->settings->sns.endpoint), &fetch->origin);
    if (r == 0)
        r = buf_printf(&url, "%s/%s", fetch->origin.text, fetch->wish.file);
    if (r < 0)
        return r;
    /* A second attempt gets the whole time, so that a slow answer succeeds in the end. */
    fetch->hurried = !fetch->wish.has_failed &&
                     fetches_under_way(fetch->fetcher) >= CERTIFICATE_UNHURRIED_MAX;
    if (fetch->hurried)
        request.total_ms = CERTIFICATE_HURRIED_MS;
    request.url = url.data;
    r = https_begin(service->https, &request, fetch_end, fetch);
    fetch->under_way = r == 0;
    return r;
}

/* Memory, then disk, then the network. */
static void fetch_serve(struct fetch *fetch)
{
    struct certificates *certificates = fetch_certificates(fetch);
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate = NULL;
    int64_t now_ms = clock_mono_ms();
    int r = 0;

    if (certificates_get(certificates, &fetch->url, now_ms, &certificate) ==
            CERTIFICATES_UNKNOWN &&
        certificates_load(certificates, &fetch->url) < 0) {
        r = fetch_begin(fetch);
        if (r == 0)
            return;
    }
    if (r < 0)
        fetch_log_failure(fetch, strerror(-r));
    /* Want of memory is nothing to remember of the URL. */
    if (r < 0 && r != -ENOMEM)
        certificates_fail(certificates, &fetch->url, now_ms);
    fetch_let_out(fetch, r == -ENOMEM ? VERDICT_NO_MEMORY : VERDICT_NONE);
}

static bool hash_is_under_way(void *context, uint64_t hash)
{
    const struct fetcher *fetcher = context;

    for (size_t i = 0; i < CERTIFICATE_FETCHES_MAX; i++) {
        if (fetcher->fetches[i].under_way && fetcher->fetches[i].wish.hash == hash)
            return true;
    }
    return false;
}

/* Nobody may be waiting for it: who checks /healthz before delivering never would. */
static void fetcher_ask_for_lost(struct fetcher *fetcher)
{
    int64_t now_ms = clock_mono_ms();

    if (now_ms < fetcher->lost_again_ms || !atomic_load(&fetcher->service->health.lost) ||
        hash_is_under_way(fetcher, fetcher->lost.hash))
        return;
    fetcher->lost_again_ms = now_ms + CERTIFICATE_AGAIN_MS;
    for (size_t i = 0; i < CERTIFICATE_FETCHES_MAX; i++) {
        if (fetcher->fetches[i].under_way)
            continue;
        fetch_wish_for(&fetcher->fetches[i], &fetcher->lost);
        (void)fetch_begin(&fetcher->fetches[i]);
        return;
    }
}

/*
 * Strangers can make more wishes than one turn should serve, and transfers under way must
 * go on meanwhile.
 */
int fetcher_serve(struct fetcher *fetcher)
{
    struct waiting_wish wish;
    unsigned served = 0;

    fetcher_ask_for_lost(fetcher);
    for (size_t i = 0; i < CERTIFICATE_FETCHES_MAX; i++) {
        /* A wish that is served at once leaves the place free for the next. */
        while (!fetcher->fetches[i].under_way) {
            if (served++ == OUTBOUND_WISHES_A_TURN)
                return 0;
            if (!waiting_room_wish(&fetcher->service->room, &wish, hash_is_under_way,
                                   fetcher))
                return OUTBOUND_TICK_MS;
            fetch_wish_for(&fetcher->fetches[i], &wish);
            fetch_serve(&fetcher->fetches[i]);
        }
    }
    return OUTBOUND_TICK_MS;
}
