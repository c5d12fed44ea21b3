#include "daemon/delivery.h"

#include <errno.h>

#include "daemon/limits.h"
#include "sesbounce/authentic.h"
#include "sesbounce/limits.h"
#include "sesbounce/store.h"

/* --- while it is lent ------------------------------------------------------------ */

static struct delivery *delivery_of(struct job *job)
{
    return queue_entry(job, struct delivery, job);
}

static int delivery_apply(struct job *job, struct store *store)
{
    struct delivery *delivery = delivery_of(job);

    return store_apply(store, &delivery->intake, &delivery->applied);
}

/* After the commit, and only then, what was applied becomes the verdict. */
static void delivery_conclude(struct job *job, int fault)
{
    struct delivery *delivery = delivery_of(job);

    if (fault == 0)
        delivery_decide(delivery, delivery->applied, NULL);
    else if (fault == -ETIME)
        delivery_decide(delivery, VERDICT_BUSY, "waited too long for the disk");
    else
        delivery_decide(delivery, fault == -ENOMEM ? VERDICT_NO_MEMORY : VERDICT_STORE,
                        store_advice(fault));
    delivery->give_back(delivery);
}

void delivery_give_back_all(struct delivery *first, enum verdict verdict,
                            const char *fault)
{
    while (first) {
        struct delivery *delivery = first;

        first = delivery->next_waiting;
        if (verdict != VERDICT_NONE)
            delivery_decide(delivery, verdict, fault);
        delivery->give_back(delivery);
    }
}

/* --- the checks ------------------------------------------------------------------ */

void delivery_init(struct delivery *delivery, const struct settings *settings,
                   int64_t arrived_ms)
{
    *delivery = (struct delivery){
        .job = {.deadline_ms = arrived_ms + ANSWER_MS,
                .add = delivery_apply,
                .done = delivery_conclude},
        .arrived_ms = arrived_ms,
    };
    buf_init(&delivery->body, settings->ingest.max_body_bytes);
}

void delivery_done(struct delivery *delivery)
{
    if (delivery->stage >= DELIVERY_GENUINE)
        intake_done(&delivery->intake);
    if (delivery->stage >= DELIVERY_PARSED)
        sns_message_done(&delivery->message);
    buf_done(&delivery->body);
}

enum delivery_step delivery_decide(struct delivery *delivery, enum verdict verdict,
                                   const char *fault)
{
    delivery->verdict = verdict;
    delivery->fault = fault;
    return DELIVERY_DECIDED;
}

static bool delivery_is_simulated(const struct delivery *delivery,
                                  const struct delivery_rules *rules)
{
    return rules->simulator && str_equal(delivery->topic.text, STR(ARN_SIMULATOR_TOPIC));
}

static struct authentic_rules authentic_rules_of(const struct settings *settings)
{
    return (struct authentic_rules){str_of(settings->sns.endpoint),
                                    (unsigned)settings->sns.min_signature_version};
}

/* Everything that needs neither a certificate nor trust. */
static enum delivery_step delivery_check_envelope(struct delivery *delivery,
                                                  const struct delivery_rules *rules)
{
    const struct authentic_rules authentic = authentic_rules_of(rules->settings);
    const char *fault = NULL;
    enum verdict verdict;

    if (delivery->is_raw)
        return delivery_decide(delivery, VERDICT_RAW_DELIVERY, NULL);
    verdict = sns_message_parse(buf_str(&delivery->body), &delivery->message, &fault);
    delivery->stage = DELIVERY_PARSED;
    if (verdict != VERDICT_NONE)
        return delivery_decide(delivery, verdict, fault);
    if (delivery->claimed_type[0] &&
        !str_equal(delivery->message.type_text, str_of(delivery->claimed_type)))
        return delivery_decide(delivery, VERDICT_TYPE_CONTRADICTED, NULL);
    if (!arn_parse(delivery->message.topic_arn, &delivery->topic))
        return delivery_decide(delivery, VERDICT_NOT_ENVELOPE, "TopicArn");
    if (delivery_is_simulated(delivery, rules))
        return DELIVERY_GOES_ON;
    if (!settings_topic_is_allowed(rules->settings, &delivery->topic))
        return delivery_decide(delivery, VERDICT_TOPIC_REFUSED, NULL);
    verdict = authentic_check(&delivery->message, &delivery->topic, &authentic,
                              &delivery->certificate_url);
    return verdict == VERDICT_NONE ? DELIVERY_GOES_ON
                                   : delivery_decide(delivery, verdict, NULL);
}

/* DELIVERY_GOES_ON, and `*ret` holds a reference. */
static enum delivery_step delivery_find_certificate(struct delivery *delivery,
                                                    const struct delivery_rules *rules,
                                                    int64_t mono_ms,
                                                    struct sns_certificate **ret)
{
    if (delivery_is_simulated(delivery, rules)) {
        *ret = sns_certificate_ref(rules->simulator);
        return DELIVERY_GOES_ON;
    }
    switch (
        certificates_get(rules->certificates, &delivery->certificate_url, mono_ms, ret)) {
    case CERTIFICATES_READY:
        return DELIVERY_GOES_ON;
    case CERTIFICATES_UNKNOWN:
        return DELIVERY_WAITS;
    case CERTIFICATES_FAILED:
    default:
        return delivery_decide(delivery, VERDICT_NO_CERTIFICATE,
                               "could not be fetched a moment ago");
    }
}

static enum delivery_step delivery_verify(struct delivery *delivery,
                                          const struct delivery_rules *rules,
                                          int64_t wall_ms,
                                          const struct sns_certificate *certificate)
{
    const struct settings *settings = rules->settings;
    const struct intake_options options = {
        .rules = &settings->events.table,
        .policy = &settings->policy,
        .max_age_ms = (int64_t)settings->sns.max_age_ms,
        .now_ms = wall_ms,
        .confirm_now = settings->sns.confirm == CONFIRM_AUTO,
    };
    const struct authentic_rules authentic = authentic_rules_of(settings);
    const char *fault = NULL;
    /* The simulator's certificate is of no region. */
    enum verdict verdict = delivery_is_simulated(delivery, rules)
                               ? sns_signature_verify(certificate, &delivery->message,
                                                      authentic.min_version, &fault)
                               : authentic_verify(&delivery->message, &delivery->topic,
                                                  &authentic, certificate, &fault);

    if (verdict != VERDICT_NONE)
        return delivery_decide(delivery, verdict, fault);
    delivery->stage = DELIVERY_GENUINE;
    if (intake_from_sns(&delivery->message, buf_str(&delivery->body), &options,
                        &delivery->intake) < 0)
        return delivery_decide(delivery, VERDICT_NO_MEMORY, NULL);
    /* The simulator's topic lives on this machine: there is nobody to confirm with. */
    if (delivery->intake.kind == INTAKE_CONFIRM && delivery_is_simulated(delivery, rules))
        return delivery_decide(delivery, VERDICT_TOPIC_REFUSED, "the simulator's topic");
    (void)store_pack(&delivery->intake);
    return DELIVERY_STORABLE;
}

enum delivery_step delivery_advance(struct delivery *delivery,
                                    const struct delivery_rules *rules, int64_t wall_ms,
                                    int64_t mono_ms)
{
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate = NULL;
    enum delivery_step step;

    if (delivery->verdict != VERDICT_NONE)
        return DELIVERY_DECIDED;
    if (delivery->stage == DELIVERY_GENUINE)
        return DELIVERY_STORABLE;
    if (delivery->stage == DELIVERY_ARRIVES) {
        step = delivery_check_envelope(delivery, rules);
        if (step != DELIVERY_GOES_ON)
            return step;
    }
    step = delivery_find_certificate(delivery, rules, mono_ms, &certificate);
    if (step != DELIVERY_GOES_ON)
        return step;
    return delivery_verify(delivery, rules, wall_ms, certificate);
}
