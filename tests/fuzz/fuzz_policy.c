/*
 * A life of one address: events of any kind in any order, decisions of people in between,
 * carried into its entries as the store does. Five bytes per step: what, subtype, what
 * the server said, and when, in units of two hours.
 */
#include "fuzz.h"
#include "sesbounce/policy_list.h"

#define STEP_BYTES 5
#define STEPS_MAX  64
#define FIRST_MS   INT64_C(1600000000000)
#define UNIT_MS    (2 * CLOCK_HOUR_MS)
#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))

struct life {
    struct policy_address address;
    struct policy_soft softs[2 * STEPS_MAX + 2];
    struct policy_judgement judgements[STEPS_MAX]; /* which the entries borrow from */
};

static const struct {
    enum ses_type type;
    enum ses_bounce_type bounce;
    const char *word;
} kinds[] = {
    {SES_BOUNCE, SES_BOUNCE_PERMANENT, "Permanent"},
    {SES_BOUNCE, SES_BOUNCE_TRANSIENT, "Transient"},
    {SES_BOUNCE, SES_BOUNCE_UNDETERMINED, "Undetermined"},
    {SES_COMPLAINT, SES_BOUNCE_NONE, NULL},
    {SES_DELIVERY, SES_BOUNCE_NONE, NULL},
    {SES_DELIVERY_DELAY, SES_BOUNCE_NONE, NULL},
    {SES_SUBSCRIPTION, SES_BOUNCE_NONE, NULL},
    {SES_REJECT, SES_BOUNCE_NONE, NULL},
    {SES_OTHER, SES_BOUNCE_NONE, NULL},
};

static const char *const subtypes[] = {
    NULL,
    "General",
    "NoEmail",
    "Suppressed",
    "OnAccountSuppressionList",
    "OnTenantSuppressionList",
    "EmailValidationSuppressed",
    "UnsubscribedRecipient",
    "MailboxFull",
    "MessageTooLarge",
    "ContentRejected",
    "AttachmentRejected",
    "CustomTimeoutExceeded",
    "A subtype that is as long as no word of SES ever was, so that the detail is cut "
    "\xc3\xa9"
    "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
    "\xa9"
    "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
    "\xa9",
};

static const char *const feedbacks[] = {NULL,    "abuse", "not-spam",    "fraud",
                                        "virus", "other", "auth-failure"};

static const char *const diagnostics[] = {
    NULL,
    "smtp; 550 5.1.1 user unknown",
    "smtp; 550 5.4.4 host or domain name not found",
    "smtp; 452 4.2.2 mailbox full",
    "smtp; 450 4.4.7 message expired",
    "smtp; 550 5.7.26 unauthenticated, DMARC",
    "smtp; 554 5.7.1 listed by spamhaus",
    "smtp; 554 5.7.1 no",
    "out of office",
    "smtp; 550 nxdomain",
    "550 5.0.0 sender address rejected: domain not found",
};

static struct str pick(const char *const *words, size_t count, unsigned char at)
{
    return str_of(words[at % count]);
}

static void judge(const uint8_t step[STEP_BYTES], struct policy_judgement *ret)
{
    size_t kind = (step[0] & 15) % COUNT(kinds);
    struct ses_recipient recipient = {
        .diagnostic = pick(diagnostics, COUNT(diagnostics), step[2]),
        .action = step[0] & 16 ? STR("delayed") : STR_ABSENT,
    };
    struct ses_event event = {
        .type = kinds[kind].type,
        .bounce_type = kinds[kind].bounce,
        .bounce_type_text = str_of(kinds[kind].word),
        .bounce_subtype = pick(subtypes, COUNT(subtypes), step[1]),
        .feedback_type = pick(feedbacks, COUNT(feedbacks), step[1]),
        .complaint_subtype = step[0] & 32 ? STR("OnAccountSuppressionList") : STR_ABSENT,
        .ses_time_ms = CLOCK_NONE,
        .sent_ms = CLOCK_NONE,
        .opt_out = step[0] & 32,
        .candidates = kinds[kind].type == SES_COMPLAINT ? 1 + (step[0] >> 6) * 2U : 0,
        .recipients = &recipient,
        .recipient_count = 1,
    };
    const char *address =
        step[2] & 128 ? "bounce@simulator.amazonses.com" : "jane@example.org";
    PROMISE(address_parse(str_of(address), &recipient.address) == 0);
    policy_judge(&policy_built_in, &event, &recipient, ret);
    PROMISE(ret->rule && memchr(ret->detail, 0, sizeof(ret->detail)));
    PROMISE(str_is_utf8(str_of(ret->detail)));
}

/* Its term is as it was. */
static bool same_term(const struct policy_entry *a, const struct policy_entry *b)
{
    return a->exists == b->exists && a->lifted == b->lifted &&
           a->since_ms == b->since_ms && a->until_ms == b->until_ms;
}

static void check_entry(const struct policy_judgement *judgement, int64_t at_ms,
                        int64_t removed_ms, const struct policy_entry *old,
                        const struct policy_entry *new)
{
    bool removed = removed_ms != CLOCK_NONE;

    PROMISE(new->exists &&new->first_event_ms <= new->last_event_ms);
    PROMISE(new->since_ms < new->until_ms);
    PROMISE(new->event_count >= old->event_count &&new->event_count > 0);
    PROMISE(str_present(new->rule));
    if (judgement->effect == POLICY_EFFECT_LIFT) {
        PROMISE(new->lifted && !old->lifted &&at_ms > old->last_event_ms);
        return;
    }
    PROMISE(!new->lifted || old->lifted);
    /* What a person removed comes back for what happens later, and not for a list hit. */
    if (removed && (at_ms <= removed_ms || judgement->list_hit))
        PROMISE(same_term(old, new));
    /* One more event never makes it shorter. */
    if (old->exists && !old->lifted)
        PROMISE(new->until_ms >= old->until_ms);
}

/* What the store does with a change: what is gone is not found again. */
static void save(struct life *life, const struct policy_change *change)
{
    size_t kept = 0;
    int64_t n = 0;

    PROMISE(change->total_count <= POLICY_TOTALS_MAX);
    for (size_t i = 0; i < life->address.soft_count; i++) {
        struct policy_soft soft = life->softs[i];

        PROMISE(change->softs || soft.mark == POLICY_MARK_KEPT);
        PROMISE(i == 0 || life->softs[i - 1].at_ms <= soft.at_ms);
        if (soft.mark == POLICY_MARK_GONE)
            continue;
        soft.mark = POLICY_MARK_KEPT;
        life->softs[kept++] = soft;
    }
    life->address.soft_count = kept;
    /* The address is shown once or not at all, whenever that is looked at. */
    for (size_t i = 0; i < change->total_count; i++)
        n += change->totals[i].n;
    PROMISE(n >= -1 && n <= 1);
}

static void carry(struct life *life, const struct policy_judgement *judgement,
                  int64_t at_ms)
{
    const struct policy_when when = {
        .occurred_ms = at_ms, .received_ms = at_ms + UNIT_MS, .deliveries_seen = true};
    struct policy_entry old[POLICY_REASONS];
    struct policy_change change;

    memcpy(old, life->address.entries, sizeof(old));
    policy_fold(&policy_built_in, judgement, &when, &life->address, &change);
    for (size_t i = 0; i < POLICY_REASONS; i++) {
        const struct policy_entry *new = &life->address.entries[i];

        if (change.entries & 1u << i)
            check_entry(judgement, at_ms, life->address.removed_ms, &old[i], new);
        else
            PROMISE(memcmp(&old[i], new, sizeof(*new)) == 0);
    }
    if (judgement->effect == POLICY_EFFECT_RESET && at_ms > life->address.delivered_ms)
        life->address.delivered_ms = at_ms;
    save(life, &change);
}

static void decide(struct life *life, bool is_add, int64_t at_ms)
{
    const struct policy_decision decision = {.what = is_add ? POLICY_DECIDE_ADD
                                                            : POLICY_DECIDE_REMOVE,
                                             .complaint = true,
                                             .now_ms = at_ms,
                                             .until_ms = at_ms + 100 * UNIT_MS,
                                             .actor = STR("ann")};
    struct policy_change change;

    if (policy_decide(&decision, &life->address, &change))
        save(life, &change);
    for (size_t i = 0; !is_add && i < POLICY_REASONS; i++)
        PROMISE(!life->address.entries[i].exists || life->address.entries[i].lifted ||
                life->address.entries[i].until_ms <= at_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct life life;
    size_t steps = size / STEP_BYTES;

    life = (struct life){.address = {.softs = life.softs,
                                     .removed_ms = CLOCK_NONE,
                                     .delivered_ms = CLOCK_NONE}};
    for (size_t i = 0; i < steps && i < STEPS_MAX; i++) {
        const uint8_t *step = data + i * STEP_BYTES;
        int64_t at_ms = FIRST_MS + UNIT_MS * (step[3] << 8 | step[4]);

        if ((step[0] & 15) >= 14) {
            decide(&life, (step[0] & 15) == 14, at_ms);
            continue;
        }
        judge(step, &life.judgements[i]);
        carry(&life, &life.judgements[i], at_ms);
    }
    return 0;
}
