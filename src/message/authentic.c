#include "sesbounce/authentic.h"

enum verdict authentic_check(const struct sns_message *message, const struct arn *topic,
                             const struct authentic_rules *rules,
                             struct sns_cert_url *ret_url)
{
    if (!sns_signature_accepts_version(message, rules->min_version))
        return VERDICT_SIGNATURE_VERSION;
    if (!sns_url_certificate(message->signing_cert_url, topic, rules->endpoint, ret_url))
        return VERDICT_CERTIFICATE_URL;
    return VERDICT_NONE;
}

enum verdict authentic_verify(const struct sns_message *message, const struct arn *topic,
                              const struct authentic_rules *rules,
                              const struct sns_certificate *certificate,
                              const char **ret_fault)
{
    /* An endpoint without {region} serves several regions from one place. */
    if (!sns_certificate_is_for(certificate, topic)) {
        *ret_fault = "the certificate is for another region; if you put its file there, "
                     "remove it";
        return VERDICT_NO_CERTIFICATE;
    }
    return sns_signature_verify(certificate, message, rules->min_version, ret_fault);
}
