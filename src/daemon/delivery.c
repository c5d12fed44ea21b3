#include "daemon/delivery.h"

#include <errno.h>

#include "daemon/limits.h"
#include "sesbounce/authentic.h"

struct delivery *delivery_new(const struct settings *settings, int64_t arrived_ms)
{
    struct delivery *delivery = calloc(1, sizeof(*delivery));

    if (!delivery)
        return NULL;
    delivery->job.kind = WRITER_JOB_DELIVERY;
    delivery->arrived_ms = arrived_ms;
    delivery->deadline_ms = arrived_ms + ANSWER_MS;
    buf_init(&delivery->body, settings->ingest.max_body_bytes);
    return delivery;
}

void delivery_free(struct delivery *delivery)
{
    if (!delivery)
        return;
    if (delivery->verified)
        intake_done(&delivery->intake);
    if (delivery->parsed)
        sns_message_done(&delivery->message);
    buf_done(&delivery->body);
    free(delivery);
}

enum delivery_step delivery_decide(struct delivery *delivery, enum verdict verdict,
                                   const char *fault)
{
    delivery->verdict = verdict;
    delivery->fault = fault;
    return DELIVERY_DECIDED;
}

static bool is_simulated(const struct delivery *delivery,
                         const struct delivery_rules *rules)
{
    return rules->simulator &&
           str_equal(delivery->topic.text, STR(SETTINGS_SIMULATOR_TOPIC));
}

static struct authentic_rules authentic_rules_of(const struct settings *settings)
{
    return (struct authentic_rules){str_of(settings->sns.endpoint),
                                    (unsigned)settings->sns.min_signature_version};
}

/* Everything that needs neither a certificate nor trust. DELIVERY_STORABLE: go on. */
static enum delivery_step check_envelope(struct delivery *delivery,
                                         const struct delivery_rules *rules)
{
    const struct authentic_rules authentic = authentic_rules_of(rules->settings);
    const char *fault = NULL;
    enum verdict verdict;

    if (delivery->raw_header)
        return delivery_decide(delivery, VERDICT_RAW_DELIVERY, NULL);
    verdict = sns_message_parse(buf_str(&delivery->body), &delivery->message, &fault);
    delivery->parsed = true;
    if (verdict != VERDICT_UNDECIDED)
        return delivery_decide(delivery, verdict, fault);
    if (delivery->type_header[0] &&
        !str_equal(delivery->message.type_text, str_of(delivery->type_header)))
        return delivery_decide(delivery, VERDICT_TYPE_CONTRADICTED, NULL);
    if (!arn_parse(delivery->message.topic_arn, &delivery->topic))
        return delivery_decide(delivery, VERDICT_NOT_ENVELOPE, "TopicArn");
    if (is_simulated(delivery, rules))
        return DELIVERY_STORABLE;
    if (!settings_topic_is_allowed(rules->settings, &delivery->topic))
        return delivery_decide(delivery, VERDICT_TOPIC_REFUSED, NULL);
    verdict = authentic_check(&delivery->message, &delivery->topic, &authentic,
                              &delivery->certificate_url);
    return verdict == VERDICT_UNDECIDED ? DELIVERY_STORABLE
                                        : delivery_decide(delivery, verdict, NULL);
}

/* DELIVERY_STORABLE: `*ret` holds a reference. */
static enum delivery_step find_certificate(struct delivery *delivery,
                                           const struct delivery_rules *rules,
                                           int64_t mono_ms, struct sns_certificate **ret)
{
    if (is_simulated(delivery, rules)) {
        *ret = sns_certificate_ref(rules->simulator);
        return DELIVERY_STORABLE;
    }
    switch (
        certificates_get(rules->certificates, &delivery->certificate_url, mono_ms, ret)) {
    case CERTIFICATES_READY:
        return DELIVERY_STORABLE;
    case CERTIFICATES_UNKNOWN:
        return DELIVERY_WAITS;
    case CERTIFICATES_FAILED:
    default:
        return delivery_decide(delivery, VERDICT_NO_CERTIFICATE,
                               "could not be fetched a moment ago");
    }
}

static enum delivery_step verify(struct delivery *delivery,
                                 const struct delivery_rules *rules, int64_t wall_ms,
                                 const struct sns_certificate *certificate)
{
    const struct settings *settings = rules->settings;
    const struct intake_options options = {
        .rules = &settings->events.table,
        .max_age_ms = (int64_t)settings->sns.max_age_ms,
        .now_ms = wall_ms,
        .confirm_now = settings->sns.confirm == CONFIRM_AUTO,
    };
    const struct authentic_rules authentic = authentic_rules_of(settings);
    const char *fault = NULL;
    /* The simulator's certificate is of no region. */
    enum verdict verdict = is_simulated(delivery, rules)
                               ? sns_signature_verify(certificate, &delivery->message,
                                                      authentic.min_version, &fault)
                               : authentic_verify(&delivery->message, &delivery->topic,
                                                  &authentic, certificate, &fault);

    if (verdict != VERDICT_UNDECIDED)
        return delivery_decide(delivery, verdict, fault);
    delivery->verified = true;
    if (intake_from_sns(&delivery->message, buf_str(&delivery->body), &options,
                        &delivery->intake) < 0)
        return delivery_decide(delivery, VERDICT_NO_MEMORY, NULL);
    /* The simulator's topic lives on this machine: there is nobody to confirm with. */
    if (delivery->intake.kind == INTAKE_CONFIRM && is_simulated(delivery, rules))
        return delivery_decide(delivery, VERDICT_TOPIC_REFUSED, "the simulator's topic");
    return DELIVERY_STORABLE;
}

enum delivery_step delivery_advance(struct delivery *delivery,
                                    const struct delivery_rules *rules, int64_t wall_ms,
                                    int64_t mono_ms)
{
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate = NULL;
    enum delivery_step step;

    if (delivery->verdict != VERDICT_UNDECIDED)
        return DELIVERY_DECIDED;
    if (delivery->verified)
        return DELIVERY_STORABLE;
    if (!delivery->parsed) {
        step = check_envelope(delivery, rules);
        if (step != DELIVERY_STORABLE)
            return step;
    }
    step = find_certificate(delivery, rules, mono_ms, &certificate);
    if (step != DELIVERY_STORABLE)
        return step;
    return verify(delivery, rules, wall_ms, certificate);
}
