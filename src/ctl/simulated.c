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

struct kind {
    const char *name;
    const char *type, *block;          /* of the message */
    const char *bounce_type, *subtype; /* of a bounce */
    const char *diagnostic;            /* NULL: none */
};

static const struct kind kinds[] = {
    {"bounce", "Bounce", "bounce", "Permanent", "General",
     "smtp; 550 5.1.1 user unknown"},
    {"complaint", "Complaint", "complaint", NULL, NULL, NULL},
    /* An automatic answer comes back as a bounce that tells nothing. */
    {"ooto", "Bounce", "bounce", "Transient", "General", NULL},
    {"suppressionlist", "Bounce", "bounce", "Permanent", "Suppressed",
     "Amazon SES has suppressed sending to this address because it has a recent history "
     "of "
     "bouncing as an invalid address."},
    {"delivery", "Delivery", "delivery", NULL, NULL, NULL},
};

static const struct kind *kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (strcmp(name, kinds[i].name) == 0)
            return &kinds[i];
    return NULL;
}

bool simulated_is_known(const char *kind)
{
    return kind_find(kind) != NULL;
}

struct facts {
    const char *address;
    char now[CLOCK_TEXT_BYTES];  /* when SES reports */
    char sent[CLOCK_TEXT_BYTES]; /* a second earlier */
    char message_id[ID_BYTES];
    char feedback_id[ID_BYTES];
};

static int mark_make(char ret[SIMULATED_MARK_BYTES])
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
static void ses_id_make(char ret[ID_BYTES], int64_t ms, const char *uuid)
{
    snprintf(ret, ID_BYTES, "0100%012llx-%s-000000", (unsigned long long)ms, uuid);
}

static json_t *mail_make(const struct facts *facts)
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

static json_t *bounce_make(const struct facts *facts, const struct kind *kind)
{
    json_t *recipient =
        kind->diagnostic
            ? json_pack("{s:s, s:s, s:s, s:s}", "emailAddress", facts->address, "action",
                        "failed", "status", "5.1.1", "diagnosticCode", kind->diagnostic)
            : json_pack("{s:s}", "emailAddress", facts->address);
    return json_pack("{s:s, s:s, s:[o], s:s, s:s, s:s}", "bounceType", kind->bounce_type,
                     "bounceSubType", kind->subtype, "bouncedRecipients", recipient,
                     "timestamp", facts->now, "feedbackId", facts->feedback_id,
                     "reportingMTA", "dsn; " MTA);
}

static json_t *complaint_make(const struct facts *facts)
{
    return json_pack("{s:[{s:s}], s:s, s:s, s:n, s:s, s:s, s:s}", "complainedRecipients",
                     "emailAddress", facts->address, "timestamp", facts->now,
                     "feedbackId", facts->feedback_id, "complaintSubType", "userAgent",
                     "Amazon SES Mailbox Simulator", "complaintFeedbackType", "abuse",
                     "arrivalDate", facts->sent);
}

static json_t *delivery_make(const struct facts *facts)
{
    return json_pack("{s:s, s:i, s:[s], s:s, s:s, s:s}", "timestamp", facts->now,
                     "processingTimeMillis", 500, "recipients", facts->address,
                     "smtpResponse", "250 2.6.0 Message received", "reportingMTA", MTA,
                     "remoteMtaIp", "192.0.2.25");
}

/* json_pack frees what it was to take over when it fails. */
static json_t *message_make(const struct facts *facts, const struct kind *kind)
{
    json_t *block = kind->bounce_type                      ? bounce_make(facts, kind)
                    : strcmp(kind->name, "complaint") == 0 ? complaint_make(facts)
                                                           : delivery_make(facts);
    return json_pack("{s:s, s:o, s:o}", "eventType", kind->type, kind->block, block,
                     "mail", mail_make(facts));
}

int simulated_make(const char *kind, const char *address, int64_t now_ms, struct buf *ret,
                   char ret_mark[SIMULATED_MARK_BYTES])
{
    struct facts facts = {.address = address};
    char feedback[SIMULATED_MARK_BYTES];
    const struct kind *found = kind_find(kind);
    if (!found)
        return -EINVAL;
    int r = mark_make(ret_mark);
    if (r == 0)
        r = mark_make(feedback);
    if (r < 0)
        return r;
    clock_format_rfc3339(now_ms, facts.now);
    clock_format_rfc3339(now_ms - CLOCK_SECOND_MS, facts.sent);
    ses_id_make(facts.message_id, now_ms - CLOCK_SECOND_MS, ret_mark);
    ses_id_make(facts.feedback_id, now_ms, feedback);
    _cleanup_(json_decrefp) json_t *json = message_make(&facts, found);
    _cleanup_(freep) char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    if (!text)
        return -ENOMEM;
    r = buf_append_str(ret, str_of(text));
    /* Event publishing ends its messages with a line feed. */
    return r < 0 ? r : buf_append_char(ret, '\n');
}
