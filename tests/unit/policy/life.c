#include "life.h"

static const struct {
    const char *word;
    struct policy_judgement judgement;
} JUDGEMENTS[] = {
#define LISTS(reason_, term)                                                             \
    .effect = POLICY_EFFECT_SUPPRESS, .reason = reason_, .term_ms = term
    {"hard", {LISTS(POLICY_REASON_BOUNCE, EVER), .detail = "hard", .rule = "a"}},
    {"sure", {LISTS(POLICY_REASON_BOUNCE, EVER), .detail = "sure", .rule = "b"}},
    {"weak", {LISTS(POLICY_REASON_BOUNCE, 14 * DAY), .detail = "weak"}},
    {"meek", {LISTS(POLICY_REASON_BOUNCE, 14 * DAY), .detail = "meek"}},
    {"brief", {LISTS(POLICY_REASON_BOUNCE, DAY), .detail = "brief"}},
    {"hit", {LISTS(POLICY_REASON_BOUNCE, EVER), .list_hit = true, .detail = "hit"}},
    {"listed",
     {LISTS(POLICY_REASON_BOUNCE, 30 * DAY), .doubles = true, .detail = "listed"}},
    {"abuse", {LISTS(POLICY_REASON_COMPLAINT, EVER), .detail = "abuse"}},
    {"guess",
     {LISTS(POLICY_REASON_COMPLAINT, 180 * DAY), .second_for_ever = true, .detail = "3"}},
    {"guess2",
     {LISTS(POLICY_REASON_COMPLAINT, 180 * DAY), .second_for_ever = true, .detail = "2"}},
    {"not-spam", {.effect = POLICY_EFFECT_LIFT, .rule = "not-spam"}},
    {"soft",
     {.effect = POLICY_EFFECT_SOFT,
      .reason = POLICY_REASON_SOFT,
      .detail = "full",
      .rule = "soft"}},
    {"doubt",
     {.effect = POLICY_EFFECT_DOUBTFUL,
      .reason = POLICY_REASON_BOUNCE,
      .term_ms = EVER,
      .detail = "doubt"}},
    {"delivery", {.effect = POLICY_EFFECT_RESET}},
    {"elsewhere",
     {.effect = POLICY_EFFECT_DOUBTFUL,
      .reason = POLICY_REASON_BOUNCE,
      .term_ms = EVER,
      .doubt_only = true,
      .detail = "doubt"}},
    {"held",
     {.effect = POLICY_EFFECT_HOLD,
      .reason = POLICY_REASON_COMPLAINT,
      .term_ms = 180 * DAY,
      .detail = "9",
      .rule = "many"}},
    {"recorded", {.effect = POLICY_EFFECT_NONE}},
};

const struct policy_judgement *life_judgement(const char *word)
{
    for (size_t i = 0; i < COUNT(JUDGEMENTS); i++)
        if (strcmp(JUDGEMENTS[i].word, word) == 0)
            return &JUDGEMENTS[i].judgement;
    fail_msg("`%s` is not in the table", word);
    return NULL;
}

/* As the store does: what is gone is not found again. */
static void life_save(struct life *life)
{
    struct policy_address *address = &life->address;
    size_t kept = 0;

    assert_true(address->soft_count <= LIFE_SOFTS_MAX);
    for (size_t i = 0; i < address->soft_count; i++) {
        assert_true(life->last.softs || life->softs[i].mark == POLICY_MARK_KEPT);
        if (life->softs[i].mark != POLICY_MARK_GONE)
            life->softs[kept++] = life->softs[i];
    }
    address->soft_count = kept;
    for (size_t i = 0; i < kept; i++)
        life->softs[i].mark = POLICY_MARK_KEPT;
    for (size_t i = 0; i < life->last.total_count; i++) {
        assert_true(life->total_count < LIFE_TOTALS_MAX);
        life->totals[life->total_count++] = life->last.totals[i];
    }
}

static bool decision_read(const char *word, struct policy_decision *ret)
{
    static const struct {
        const char *word;
        struct policy_decision decision;
    } decisions[] = {
        {"add", {.what = POLICY_DECIDE_ADD}},
        {"remove", {.what = POLICY_DECIDE_REMOVE, .complaint = true}},
        {"removal", {.what = POLICY_DECIDE_REMOVE}},
        {"release", {.what = POLICY_DECIDE_RELEASE, .reason = POLICY_REASON_COMPLAINT}},
        {"drop", {.what = POLICY_DECIDE_DROP, .reason = POLICY_REASON_COMPLAINT}},
        {"import",
         {.what = POLICY_DECIDE_IMPORT,
          .reason = POLICY_REASON_BOUNCE,
          .detail = STR("moved")}},
    };

    for (size_t i = 0; i < COUNT(decisions); i++)
        if (strcmp(decisions[i].word, word) == 0) {
            *ret = decisions[i].decision;
            return true;
        }
    return false;
}

/* `WORD`, `WORD:import`, `WORD:guard`, `WORD:silent` (no Deliveries of the identity are
 * seen), a decision, `add:DAY`, `import:SINCE`, or `delivered`: known, not told. */
static void life_step(struct life *life, int64_t ms, const char *word, const char *rest)
{
    struct policy_decision decision;
    struct policy_when when = {.occurred_ms = ms,
                               .received_ms = ms,
                               .imported = strcmp(rest, "import") == 0,
                               .guard = str_of(strcmp(rest, "guard") ? NULL : rest),
                               .deliveries_seen = strcmp(rest, "silent") != 0};
    double day;
    bool has_day = sscanf(rest, "%lf", &day) == 1;

    if (strcmp(word, "delivered") == 0) {
        life->address.delivered_ms = ms;
    } else if (decision_read(word, &decision)) {
        decision.now_ms = ms;
        decision.origin = POLICY_ORIGIN_PERSON;
        decision.actor = STR("ann");
        decision.note = str_of(rest[0] ? rest : NULL);
        decision.until_ms = EVER;
        decision.since_ms = ms;
        if (has_day && decision.what == POLICY_DECIDE_ADD)
            decision.until_ms = (int64_t)(day * DAY);
        else if (has_day)
            decision.since_ms = (int64_t)(day * DAY);
        (void)policy_decide(&decision, &life->address, &life->last);
    } else {
        policy_fold(&policy_built_in, life_judgement(word), &when, &life->address,
                    &life->last);
    }
    life_save(life);
}

void life_begin(struct life *life)
{
    memset(life, 0, sizeof(*life));
    life->address.softs = life->softs;
    life->address.removed_ms = CLOCK_NONE;
    life->address.delivered_ms = CLOCK_NONE;
}

void life_lead(struct life *life, const char *happened)
{
    static char notes[32][16]; /* what entries borrow */
    int next = 0;
    int len;

    life_begin(life);
    while (*happened) {
        char word[16], *rest = notes[next++ % 32];
        double day;

        rest[0] = '\0';
        assert_true(
            sscanf(happened, "%lf %15[a-z0-9-]%n:%15[^,]", &day, word, &len, rest) >= 2);
        life_step(life, (int64_t)(day * DAY + (day < 0 ? -0.5 : 0.5)), word, rest);
        happened += strcspn(happened, ",");
        happened += strspn(happened, ", ");
    }
}

static size_t put_time(char *to, size_t room, int64_t ms)
{
    if (ms == EVER)
        return (size_t)snprintf(to, room, "ever");
    return (size_t)snprintf(to, room, "%g", (double)ms / DAY);
}

static size_t put_span(char *to, size_t room, int64_t from_ms, int64_t until_ms)
{
    size_t len = put_time(to, room, from_ms);

    len += (size_t)snprintf(to + len, room - len, "-");
    return len + put_time(to + len, room - len, until_ms);
}

static void put_entry(char *to, size_t room, enum policy_reason reason,
                      const struct policy_entry *entry)
{
    size_t len = strlen(to);

    len += (size_t)snprintf(to + len, room - len, "%s%s%s ", len ? "; " : "",
                            entry->held     ? "held "
                            : entry->lifted ? "lifted "
                                            : "",
                            policy_reason_word(reason));
    len += put_span(to + len, room - len, entry->since_ms, entry->until_ms);
    if (entry->event_count > 0) {
        len += (size_t)snprintf(to + len, room - len, " %d ", (int)entry->event_count);
        len +=
            put_span(to + len, room - len, entry->first_event_ms, entry->last_event_ms);
        (void)snprintf(to + len, room - len, " %s", entry->detail.data);
    }
}

void life_put(const struct life *life, char *to, size_t room)
{
    to[0] = '\0';
    for (unsigned i = POLICY_REASON_MANUAL; i > POLICY_REASON_NONE; i--)
        if (life->address.entries[i].exists)
            put_entry(to, room, (enum policy_reason)i, &life->address.entries[i]);
    for (size_t i = 0; i < life->address.soft_count; i++) {
        const struct policy_soft *soft = &life->softs[i];
        size_t len = strlen(to);

        (void)snprintf(to + len, room - len, "%s%s %g", len ? "; " : "",
                       soft->is_doubtful  ? "doubt"
                       : soft->is_counted ? "soft"
                                          : "delivery",
                       (double)soft->at_ms / DAY);
    }
}

static int64_t minute_of(int64_t ms)
{
    return ms == EVER ? EVER : ms / CLOCK_MINUTE_MS;
}

/* At each time at which one ends, exactly the strongest entry that lasts longer counts.
 */
void life_assert_totals(const struct life *life, const char *claim)
{
    for (unsigned at = POLICY_REASON_NONE; at < POLICY_REASONS; at++) {
        int64_t minute = minute_of(life->address.entries[at].until_ms);
        bool is_shown = false;

        for (unsigned i = POLICY_REASON_MANUAL; i > POLICY_REASON_NONE; i--) {
            const struct policy_entry *entry = &life->address.entries[i];
            bool lasts = entry->exists && !entry->lifted && !entry->held &&
                         minute_of(entry->until_ms) > minute;
            int64_t n = 0;

            for (size_t j = 0; j < life->total_count; j++)
                if (life->totals[j].reason == (enum policy_reason)i &&
                    life->totals[j].ends > minute)
                    n += life->totals[j].n;
            if (n != (lasts && !is_shown))
                fail_msg("%s: %s counts %d", claim,
                         policy_reason_word((enum policy_reason)i), (int)n);
            is_shown = is_shown || lasts;
        }
    }
}
