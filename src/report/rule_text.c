#include "sesbounce/rule_text.h"

#include <string.h>

static int words_append(struct buf *to, const char *text)
{
    return buf_append_str(to, str_of(text));
}

static int subject_add(struct buf *to, const struct policy_rule *rule)
{
    static const char *const types[] = {
        [SES_OTHER] = "Bounce or Complaint", [SES_BOUNCE] = "Bounce",
        [SES_COMPLAINT] = "Complaint",       [SES_DELIVERY] = "Delivery",
        [SES_SUBSCRIPTION] = "Subscription",
    };
    static const char *const bounces[] = {"", ", Permanent", ", Transient",
                                          ", Undetermined"};
    const char *between = rule->bounce_type ? "/" : ", ";
    bool is_of_any = strcmp(rule->name, "no-address") == 0;
    return buf_printf(to, "%s%s%s%s%s%s", is_of_any ? "Any type" : types[rule->type],
                      bounces[rule->bounce_type], rule->subtype ? between : "",
                      rule->subtype ? rule->subtype : "", rule->feedback ? ", " : "",
                      rule->feedback ? rule->feedback : "");
}

int rule_condition(struct buf *to, const struct policy_rule *rule)
{
    const char *text;
    int r = subject_add(to, rule);
    for (unsigned fact = 1; r == 0 && (text = policy_fact_text(fact)); fact <<= 1)
        if (rule->facts & fact)
            r = buf_printf(to, "; %s", text);
    return r;
}

int rule_effect(struct buf *to, const struct policy_judgement *judgement)
{
    static const char *const effects[] = {
        [POLICY_EFFECT_NONE] = "recorded only",
        [POLICY_EFFECT_SUPPRESS] = "",
        [POLICY_EFFECT_SOFT] = "a soft bounce",
        [POLICY_EFFECT_DOUBTFUL] = "a soft bounce; if repeated a day later: ",
        [POLICY_EFFECT_HOLD] = "held for a person's decision: ",
        [POLICY_EFFECT_LIFT] = "ends a COMPLAINT entry",
        [POLICY_EFFECT_RESET] = "sets the count of soft bounces back to 0",
    };
    const char *reason = policy_reason_word(judgement->reason);
    int r = words_append(to, effects[judgement->effect]);
    if (r < 0 || !reason || judgement->effect == POLICY_EFFECT_SOFT)
        return r;
    r = words_append(to, reason);
    if (r == 0 && judgement->term_ms == POLICY_FOR_EVER)
        return words_append(to, ", permanent");
    if (r == 0)
        r = words_append(to, " for ");
    return r < 0 ? r : rule_duration(to, judgement->term_ms);
}

int rule_flags(struct buf *to, const struct policy_judgement *judgement)
{
    const struct {
        bool is_set;
        const char *words;
    } flags[] = {
        {judgement->doubles, "twice as long if repeated after the term"},
        {judgement->second_for_ever, "permanent after a second"},
        {judgement->list_hit, "never undoes a removal"},
        {!judgement->counts_in_rates, "not in the rates"},
        {judgement->alert, "the sender's fault"},
        {judgement->own_scope, "in the event's scope"},
        {judgement->needs_scope, "only where the event has a scope"},
    };
    const char *before = "";
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(flags) / sizeof(*flags); i++)
        if (flags[i].is_set) {
            r = buf_printf(to, "%s%s", before, flags[i].words);
            before = "; ";
        }
    return r;
}

int rule_duration(struct buf *to, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *one, *many;
    } units[] = {{CLOCK_DAY_MS, "day", "days"},
                 {CLOCK_HOUR_MS, "hour", "hours"},
                 {CLOCK_MINUTE_MS, "minute", "minutes"},
                 {CLOCK_SECOND_MS, "second", "seconds"}};
    size_t i = 0;
    if (ms == POLICY_FOR_EVER)
        return words_append(to, "permanently");
    while (i < 3 && ms % units[i].ms != 0)
        i++;
    int64_t n = ms / units[i].ms;
    return buf_printf(to, "%lld %s", (long long)n, n == 1 ? units[i].one : units[i].many);
}
