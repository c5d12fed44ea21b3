#include "sesbounce/verdict.h"

#include <assert.h>
#include <stddef.h>

/*
 * Levels: what is refused is a warning, for the operator waits for something that does
 * not come; 503 is one too unless it is our own trouble; what was kept is information; a
 * retry that was known already says nothing.
 */
#define UNAUTHORIZED                                                                     \
    "The user and password are missing or wrong; the subscription's endpoint must be "   \
    "https://USER:PASSWORD@HOST/PATH, with a pair from [ingest] credentials_file.\n"

#define REFUSED                                                                          \
    "Refused: the topic, SigningCertURL, SignatureVersion or signature is not accepted " \
    "here; the log of sesbounced says which, and what to do.\n"

static const struct verdict_info table[VERDICT_COUNT] = {
    [VERDICT_NONE] = {"undecided", 503, LOG_LEVEL_ERROR, "Not decided.\n"},

    [VERDICT_STORED] = {"stored", 200, LOG_LEVEL_INFO, "Stored.\n"},
    [VERDICT_DUPLICATE] = {"duplicate", 200, LOG_LEVEL_DEBUG, "Already known.\n"},
    [VERDICT_COUNTED] = {"counted", 200, LOG_LEVEL_DEBUG, "Counted.\n"},
    [VERDICT_IGNORED] =
        {"ignored", 200, LOG_LEVEL_DEBUG,
         "Acknowledged; events of this type are not kept ([events] ignore).\n"},
    [VERDICT_ERASED] = {"erased", 200, LOG_LEVEL_DEBUG,
                        "Acknowledged; whom it is about was erased since, so nothing is "
                        "kept.\n"},
    [VERDICT_ANNOUNCED] = {"announced", 200, LOG_LEVEL_INFO,
                           "Noted: SES publishes to this topic.\n"},
    [VERDICT_QUARANTINED] = {"quarantined", 200, LOG_LEVEL_WARNING,
                             "Kept in quarantine; see: sesbouncectl quarantine list\n"},
    [VERDICT_CONFIRMING] = {"confirming", 200, LOG_LEVEL_NOTICE,
                            "The subscription will be confirmed.\n"},
    [VERDICT_PENDING] = {"pending", 200, LOG_LEVEL_NOTICE,
                         "The subscription waits for confirmation; type: sesbouncectl "
                         "topics confirm TOPIC-ARN\n"},
    [VERDICT_UNSUBSCRIBED_IN_PART] =
        {"unsubscribed-in-part", 200, LOG_LEVEL_NOTICE,
         "Noted: this subscription has ended; the topic has another one.\n"},
    [VERDICT_UNSUBSCRIBED] =
        {"unsubscribed", 200, LOG_LEVEL_WARNING,
         "Noted: this subscription has ended, so its messages no longer arrive.\n"},

    [VERDICT_EMPTY] = {"empty", 400, LOG_LEVEL_WARNING,
                       "The body is empty: this address takes the JSON envelope that "
                       "Amazon SNS posts.\n"},
    [VERDICT_NOT_JSON] = {"not-json", 400, LOG_LEVEL_WARNING,
                          "The body is not a JSON object: this address takes the JSON "
                          "envelope that Amazon SNS posts (is raw message delivery on? "
                          "turn it off).\n"},
    [VERDICT_HTML] = {"html", 400, LOG_LEVEL_WARNING,
                      "The body is a page of HTML or XML, not an SNS envelope: something "
                      "between SNS and this address replaces what SNS posts.\n"},
    [VERDICT_RAW_DELIVERY] =
        {"raw-delivery", 400, LOG_LEVEL_WARNING,
         "Raw message delivery is on for this subscription, so nothing is signed and "
         "nothing can be verified; turn it off: aws sns set-subscription-attributes "
         "--subscription-arn SUBSCRIPTION-ARN --attribute-name RawMessageDelivery "
         "--attribute-value false\n"},
    [VERDICT_NOT_ENVELOPE] = {"not-envelope", 400, LOG_LEVEL_WARNING,
                              "The body is JSON but not a valid SNS envelope; the log of "
                              "sesbounced names the field at fault.\n"},
    [VERDICT_UNKNOWN_TYPE] = {"unknown-type", 400, LOG_LEVEL_WARNING,
                              "The Type is not Notification, SubscriptionConfirmation "
                              "or UnsubscribeConfirmation.\n"},
    [VERDICT_TYPE_CONTRADICTED] = {"type-contradicted", 400, LOG_LEVEL_WARNING,
                                   "The header x-amz-sns-message-type contradicts the "
                                   "Type in the body.\n"},
    [VERDICT_BAD_FRAMING] = {"bad-framing", 400, LOG_LEVEL_WARNING,
                             "The end of this request is ambiguous: send either one "
                             "Content-Length or Transfer-Encoding: chunked.\n"},

    /* SNS sends its first request without them and repeats it with them. */
    [VERDICT_NO_CREDENTIALS] = {"no-credentials", 401, LOG_LEVEL_INFO, UNAUTHORIZED},
    [VERDICT_CREDENTIALS] = {"credentials", 401, LOG_LEVEL_WARNING, UNAUTHORIZED},

    /* One text, or a stranger could find out which topics are allowed. */
    [VERDICT_TOPIC_REFUSED] = {"topic-refused", 403, LOG_LEVEL_WARNING, REFUSED},
    [VERDICT_CERTIFICATE_URL] = {"certificate-url", 403, LOG_LEVEL_WARNING, REFUSED},
    [VERDICT_SIGNATURE_VERSION] = {"signature-version", 403, LOG_LEVEL_WARNING, REFUSED},
    [VERDICT_SIGNATURE] = {"signature", 403, LOG_LEVEL_WARNING, REFUSED},

    [VERDICT_NOT_FOUND] = {"not-found", 404, LOG_LEVEL_WARNING,
                           "There is nothing at this path; SNS must post to the one in "
                           "[ingest] path.\n"},
    [VERDICT_METHOD] = {"method", 405, LOG_LEVEL_WARNING,
                        "This endpoint accepts only POST requests from Amazon SNS; to "
                        "subscribe it: aws sns subscribe --topic-arn TOPIC-ARN "
                        "--protocol https --notification-endpoint THIS-URL\n"},
    [VERDICT_TOO_LARGE] = {"too-large", 413, LOG_LEVEL_WARNING,
                           "The body is larger than [ingest] max_body; SNS needs at most "
                           "2M.\n"},

    [VERDICT_NO_CERTIFICATE] = {"no-certificate", 503, LOG_LEVEL_WARNING,
                                "The signing certificate cannot be obtained at the "
                                "moment; try again. The log of sesbounced says why.\n"},
    [VERDICT_STORE] =
        {"store", 503, LOG_LEVEL_ERROR,
         "The message cannot be stored at the moment; try again. The log of "
         "sesbounced says why.\n"},
    [VERDICT_BUSY] = {"busy", 503, LOG_LEVEL_WARNING,
                      "Too many requests at the moment; try again.\n"},
    [VERDICT_NO_MEMORY] = {"no-memory", 503, LOG_LEVEL_ERROR,
                           "Out of memory at the moment; try again.\n"},
    [VERDICT_STOPPING] = {"stopping", 503, LOG_LEVEL_INFO,
                          "sesbounced is being stopped or restarted; try again.\n"},
};

const struct verdict_info *verdict_info(enum verdict verdict)
{
    assert((unsigned)verdict < VERDICT_COUNT);
    return &table[verdict];
}

bool verdict_is_kept(enum verdict verdict)
{
    return verdict_info(verdict)->http_status == 200;
}
