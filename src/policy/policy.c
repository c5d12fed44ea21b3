#include "sesbounce/policy_list.h"

const struct policy policy_built_in = {
    .simulator_term_ms = CLOCK_DAY_MS,
    .doubt_apart_ms = POLICY_DOUBT_APART_MS,
    .doubt_window_ms = POLICY_DOUBT_WINDOW_MS,
    .doublings_max = POLICY_DOUBLINGS_MAX,
    .soft_days = 5,
    .soft_span_ms = 10 * CLOCK_DAY_MS,
    .soft_window_ms = 30 * CLOCK_DAY_MS,
    .soft_term_ms = 14 * CLOCK_DAY_MS,
    .soft_term_max_ms = 180 * CLOCK_DAY_MS,
    .guard = true,
    .guard_least = 50,
};

const char *policy_class_word(enum policy_class class)
{
    static const char *const words[] = {
        [POLICY_CLASS_HARD] = "hard",           [POLICY_CLASS_SOFT] = "soft",
        [POLICY_CLASS_COMPLAINT] = "complaint", [POLICY_CLASS_POLICY] = "policy",
        [POLICY_CLASS_IGNORED] = "ignored",
    };
    return words[class];
}

const char *policy_cause_word(enum policy_cause cause)
{
    static const char *const words[] = {
        [POLICY_CAUSE_UNKNOWN_USER] = "unknown-user",
        [POLICY_CAUSE_MAILBOX_FULL] = "mailbox-full",
        [POLICY_CAUSE_BLOCKED] = "blocked",
        [POLICY_CAUSE_AUTH] = "auth",
        [POLICY_CAUSE_POLICY] = "policy",
        [POLICY_CAUSE_DNS] = "dns",
        [POLICY_CAUSE_TOO_LARGE] = "too-large",
        [POLICY_CAUSE_TIMEOUT] = "timeout",
        [POLICY_CAUSE_AUTOREPLY] = "autoreply",
        [POLICY_CAUSE_LIST_HIT] = "list-hit",
        [POLICY_CAUSE_OTHER] = "other",
        [POLICY_CAUSE_DIAGNOSED] = NULL,
    };
    return words[cause];
}

const char *policy_reason_word(enum policy_reason reason)
{
    static const char *const words[] = {
        [POLICY_REASON_SOFT] = "SOFT",
        [POLICY_REASON_BOUNCE] = "BOUNCE",
        [POLICY_REASON_COMPLAINT] = "COMPLAINT",
        [POLICY_REASON_MANUAL] = "MANUAL",
    };
    return words[reason];
}

const char *policy_origin_word(enum policy_origin origin)
{
    static const char *const words[] = {
        [POLICY_ORIGIN_EVENT] = "event",
        [POLICY_ORIGIN_IMPORT] = "import",
        [POLICY_ORIGIN_PERSON] = "person",
        [POLICY_ORIGIN_API] = "api",
    };
    return words[origin];
}

const char *policy_action_word(enum policy_action action)
{
    static const char *const words[] = {
        [POLICY_ACTION_ADDED] = "added",       [POLICY_ACTION_CHANGED] = "changed",
        [POLICY_ACTION_REMOVED] = "removed",   [POLICY_ACTION_LIFTED] = "lifted",
        [POLICY_ACTION_EXPIRED] = "expired",   [POLICY_ACTION_HELD] = "held",
        [POLICY_ACTION_RELEASED] = "released", [POLICY_ACTION_DROPPED] = "dropped",
        [POLICY_ACTION_ERASED] = "erased",
    };
    return words[action];
}

const char *policy_effect_word(enum policy_effect effect)
{
    static const char *const words[] = {
        [POLICY_EFFECT_NONE] = "record", [POLICY_EFFECT_SUPPRESS] = "suppress",
        [POLICY_EFFECT_SOFT] = "soft",   [POLICY_EFFECT_DOUBTFUL] = "soft, then suppress",
        [POLICY_EFFECT_HOLD] = "hold",   [POLICY_EFFECT_LIFT] = "lift",
        [POLICY_EFFECT_RESET] = "reset",
    };
    return words[effect];
}
