#include "deliver.h"

#include "fuzz.h"
#include "sesbounce/limits.h"
#include "sesbounce/verdict.h"
#include "signer.h"

/* A second pattern of `[sns] topic`. */
#define OTHERS "arn:aws:sns:us-*-1:123456789012:o*"

static struct delivery_rules rules;
static struct sns_certificate *simulator;
static int64_t mono_ms; /* beyond every failure that earlier inputs left behind */

static void remove_directory(const char *directory)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/" DELIVER_HOST "/%s", directory,
                   "SimpleNotificationService-0a.pem");
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/" DELIVER_HOST, directory);
    (void)rmdir(path);
    (void)rmdir(directory);
}

/* The certificate stays in memory; what it leaves on disk goes at once. */
static void start_certificates(void)
{
    char directory[256];
    const char *temporary = getenv("TMPDIR"), *fault = NULL;
    struct sns_cert_url url;
    struct arn topic;

    (void)snprintf(directory, sizeof(directory), "%s/sesbounced-fuzz-XXXXXX",
                   temporary ? temporary : "/tmp");
    PROMISE(mkdtemp(directory));
    PROMISE(certificates_new(directory, &rules.certificates) == 0);
    PROMISE(arn_parse(STR(DELIVER_TOPIC), &topic));
    PROMISE(sns_url_certificate(STR(DELIVER_URL), &topic, STR_ABSENT, &url));
    PROMISE(certificates_put(rules.certificates, &url, signer_certificate(), 0, &fault) ==
            0);
    remove_directory(directory);
}

void deliver_start(void)
{
    static char topic[] = DELIVER_TOPIC, others[] = OTHERS;
    static char *topics[] = {topic, others};
    static struct settings *settings;
    const char *fault;

    PROMISE(settings_new(&settings) == 0);
    settings->sns.topic = (struct settings_list){topics, 2};
    rules.settings = settings;
    signer_start();
    PROMISE(sns_certificate_parse(signer_certificate(), &simulator, &fault) == 0);
    start_certificates();
}

/* Whose message it is: the simulator's, or one of an allowed topic with a certificate of
 * that topic's region. */
static void check_origin(const struct delivery *delivery,
                         const struct deliver_options *options)
{
    char host[128];
    const struct arn *topic = &delivery->topic;

    if (str_equal(topic->text, STR(ARN_SIMULATOR_TOPIC)) && !options->no_simulator)
        return;
    PROMISE(str_equal(topic->text, STR(DELIVER_TOPIC)) ||
            arn_matches(topic, STR(OTHERS)));
    (void)snprintf(host, sizeof(host), "sns.%.*s.amazonaws.com", STR_ARG(topic->region));
    PROMISE(str_equal(delivery->certificate_url.host, str_of(host)));
}

/* What it is sent as, or stale; never anything else. */
static void check_subscription(const struct delivery *delivery)
{
    const struct intake *intake = &delivery->intake;
    bool is_stale =
        intake->kind == INTAKE_QUARANTINE && intake->reason == QUARANTINE_STALE;
    struct str arn = intake->subscription_arn;

    if (delivery->message.type == SNS_SUBSCRIPTION_CONFIRMATION)
        PROMISE(intake->kind == INTAKE_CONFIRM || is_stale);
    else
        PROMISE(intake->kind != INTAKE_CONFIRM);
    if (delivery->message.type == SNS_UNSUBSCRIBE_CONFIRMATION)
        PROMISE(intake->kind == INTAKE_UNSUBSCRIBED || is_stale);
    else
        PROMISE(intake->kind != INTAKE_UNSUBSCRIBED && !str_present(arn));
    PROMISE(!str_present(arn) || (str_starts_with(arn, intake->topic_arn) &&
                                  arn.len > intake->topic_arn.len + 1 &&
                                  arn.data[intake->topic_arn.len] == ':'));
}

static void check_storable(const struct delivery *delivery,
                           const struct deliver_options *options)
{
    const struct intake *intake = &delivery->intake;

    PROMISE(delivery->verdict == VERDICT_NONE);
    PROMISE(delivery->stage == DELIVERY_GENUINE && !options->raw_header);
    PROMISE(signer_has_signed(&delivery->message));
    check_origin(delivery, options);
    PROMISE(!options->type_header ||
            str_equal(delivery->message.type_text, str_of(options->type_header)));
    PROMISE(str_present(intake->topic_arn) && str_present(intake->sns_message_id));
    PROMISE(str_equal(intake->body, buf_str(&delivery->body)));
    check_subscription(delivery);
    switch (intake->kind) {
    case INTAKE_KEEP:
    case INTAKE_COUNT:
    case INTAKE_IGNORE:
        fuzz_check_event(&intake->event);
        break;
    case INTAKE_QUARANTINE:
        PROMISE(quarantine_word(intake->reason));
        break;
    case INTAKE_CONFIRM:
        PROMISE(str_present(intake->token));
        PROMISE(!str_equal(intake->topic_arn, STR(ARN_SIMULATOR_TOPIC)) ||
                options->no_simulator);
        break;
    case INTAKE_ANNOUNCEMENT:
    case INTAKE_UNSUBSCRIBED:
        break;
    }
}

static void check_decided(const struct delivery *delivery)
{
    PROMISE(delivery->verdict != VERDICT_NONE);
    PROMISE(!verdict_is_kept(delivery->verdict));
    PROMISE(verdict_info(delivery->verdict)->http_status >= 400);
    /* A 4xx is final: never because a certificate or memory is missing. */
    PROMISE(delivery->verdict != VERDICT_NO_MEMORY);
}

/* What outbound would ask for, and then could not get. */
static enum delivery_step wait_in_vain(struct delivery *delivery, int64_t wall_ms)
{
    PROMISE(str_present(delivery->certificate_url.host));
    PROMISE(delivery_advance(delivery, &rules, wall_ms, mono_ms) == DELIVERY_WAITS);
    certificates_fail(rules.certificates, &delivery->certificate_url, mono_ms);
    enum delivery_step step = delivery_advance(delivery, &rules, wall_ms, mono_ms);
    PROMISE(step == DELIVERY_DECIDED);
    PROMISE(delivery->verdict == VERDICT_NO_CERTIFICATE);
    return step;
}

void deliver_run(struct str body, const struct deliver_options *options)
{
    mono_ms += 2 * CERTIFICATE_FAILURE_MS;
    rules.simulator = options->no_simulator ? NULL : simulator;
    struct delivery delivery;
    delivery_init(&delivery, rules.settings, mono_ms);
    PROMISE(buf_append_str(&delivery.body, body) == 0);
    delivery.is_raw = options->raw_header;
    if (options->type_header)
        (void)snprintf(delivery.claimed_type, sizeof(delivery.claimed_type), "%s",
                       options->type_header);

    enum delivery_step step =
        delivery_advance(&delivery, &rules, options->wall_ms, mono_ms);
    PROMISE(step == DELIVERY_STORABLE || !options->must_be_storable);
    if (step == DELIVERY_WAITS)
        step = wait_in_vain(&delivery, options->wall_ms);
    if (step == DELIVERY_STORABLE) {
        check_storable(&delivery, options);
    } else {
        check_decided(&delivery);
        enum verdict verdict = delivery.verdict;
        PROMISE(delivery_advance(&delivery, &rules, options->wall_ms, mono_ms) == step);
        PROMISE(delivery.verdict == verdict);
    }
    delivery_done(&delivery);
}
