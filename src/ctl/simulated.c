#include "ctl/simulated.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/clock.h"

#define SOURCE   "sender@example.com"
#define MTA      "a8-70.smtp-out.amazonses.com"
#define ID_BYTES 64

const char *const simulated_kinds[] = {"bounce",          "complaint", "ooto",
                                       "suppressionlist", "delivery",  NULL};

struct facts {
    const char *address;
    char now[CLOCK_TEXT_BYTES];  /* when SES reports */
    char sent[CLOCK_TEXT_BYTES]; /* a second earlier */
    char message_id[ID_BYTES];
    char feedback_id[ID_BYTES];
};

static int make_uuid(char ret[SIMULATED_MARK_BYTES])
{
    unsigned char b[16];
    if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
        return -errno;
    snprintf(ret, SIMULATED_MARK_BYTES,
             "%02x%02x%02x%02x-%02x%02x-4%x%02x-8%x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6] & 15u, b[7], b[8] & 15u, b[9], b[10],
             b[11], b[12], b[13], b[14], b[15]);
    return 0;
}

/* SES's ids begin with the Region (0100 is us-east-1) and the milliseconds in hex. */
static void make_id(char ret[ID_BYTES], int64_t ms, const char *uuid)
{
    snprintf(ret, ID_BYTES, "0100%012llx-%s-000000", (unsigned long long)ms, uuid);
}

static json_t *mail(const struct facts *facts)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:[s], s:b, s:[{s:s,s:s},{s:s,s:s},{s:s,s:s}],"
        " s:{s:[s], s:[s], s:s, s:s}, s:{s:[s], s:[s], s:[s], s:[s]}}",
        "timestamp", facts->sent, "messageId", facts->message_id, "source", SOURCE,
        "sourceArn", "arn:aws:ses:us-east-1:000000000000:identity/example.com",
        "sendingAccountId", "000000000000", "destination", facts->address,
        "headersTruncated", 0, "headers", "name", "From", "value", SOURCE, "name", "To",
        "value", facts->address, "name", "Subject", "value", "A simulated message",
        "commonHeaders", "from", SOURCE, "to", facts->address, "messageId",
        facts->message_id, "subject", "A simulated message", "tags",
        "ses:configuration-set", "sesbounced-simulator", "ses:from-domain", "example.com",
        "ses:source-ip", "192.0.2.1", "ses:caller-identity", "sesbouncectl");
}

static json_t *bounce(const struct facts *facts, const char *type, const char *subtype,
                      const char *diagnostic)
{
    json_t *recipient = json_pack("{s:s}", "emailAddress", facts->address);
    if (recipient && diagnostic &&
        (json_object_set_new(recipient, "action", json_string("failed")) < 0 ||
         json_object_set_new(recipient, "status", json_string("5.1.1")) < 0 ||
         json_object_set_new(recipient, "diagnosticCode", json_string(diagnostic)) < 0)) {
        json_decref(recipient);
        return NULL;
    }
    return json_pack("{s:s, s:s, s:[o], s:s, s:s, s:s}", "bounceType", type,
                     "bounceSubType", subtype, "bouncedRecipients", recipient,
                     "timestamp", facts->now, "feedbackId", facts->feedback_id,
                     "reportingMTA", "dsn; " MTA);
}

static json_t *complaint(const struct facts *facts)
{
    return json_pack("{s:[{s:s}], s:s, s:s, s:n, s:s, s:s, s:s}", "complainedRecipients",
                     "emailAddress", facts->address, "timestamp", facts->now,
                     "feedbackId", facts->feedback_id, "complaintSubType", "userAgent",
                     "Amazon SES Mailbox Simulator", "complaintFeedbackType", "abuse",
                     "arrivalDate", facts->sent);
}

static json_t *delivery(const struct facts *facts)
{
    return json_pack("{s:s, s:i, s:[s], s:s, s:s, s:s}", "timestamp", facts->now,
                     "processingTimeMillis", 500, "recipients", facts->address,
                     "smtpResponse", "250 2.6.0 Message received", "reportingMTA", MTA,
                     "remoteMtaIp", "192.0.2.25");
}

static json_t *whole(const char *kind, const struct facts *facts)
{
    const char *type = "Bounce", *name = "bounce";
    json_t *block = NULL;
    if (strcmp(kind, "bounce") == 0) {
        block = bounce(facts, "Permanent", "General", "smtp; 550 5.1.1 user unknown");
    } else if (strcmp(kind, "suppressionlist") == 0) {
        block = bounce(facts, "Permanent", "Suppressed",
                       "Amazon SES has suppressed sending to this address because it has "
                       "a recent history of bouncing as an invalid address.");
    } else if (strcmp(kind, "ooto") == 0) {
        /* An automatic answer comes back as a bounce that tells nothing. */
        block = bounce(facts, "Transient", "General", NULL);
    } else if (strcmp(kind, "complaint") == 0) {
        type = "Complaint";
        name = "complaint";
        block = complaint(facts);
    } else {
        type = "Delivery";
        name = "delivery";
        block = delivery(facts);
    }
    /* json_pack frees what it was to take over when it fails. */
    return json_pack("{s:s, s:o, s:o}", "eventType", type, name, block, "mail",
                     mail(facts));
}

static bool is_known(const char *kind)
{
    for (size_t i = 0; simulated_kinds[i]; i++)
        if (strcmp(kind, simulated_kinds[i]) == 0)
            return true;
    return false;
}

int simulated_make(const char *kind, const char *address, int64_t now_ms, struct buf *ret,
                   char ret_mark[SIMULATED_MARK_BYTES])
{
    struct facts facts = {.address = address};
    char feedback[SIMULATED_MARK_BYTES];
    if (!is_known(kind))
        return -EINVAL;
    int r = make_uuid(ret_mark);
    if (r == 0)
        r = make_uuid(feedback);
    if (r < 0)
        return r;
    clock_format_rfc3339(now_ms, facts.now);
    clock_format_rfc3339(now_ms - CLOCK_SECOND_MS, facts.sent);
    make_id(facts.message_id, now_ms - CLOCK_SECOND_MS, ret_mark);
    make_id(facts.feedback_id, now_ms, feedback);
    _cleanup_(json_decrefp) json_t *json = whole(kind, &facts);
    _cleanup_(freep) char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    if (!text)
        return -ENOMEM;
    r = buf_append_str(ret, str_of(text));
    /* Event publishing ends its messages with a line feed. */
    return r < 0 ? r : buf_append_char(ret, '\n');
}
