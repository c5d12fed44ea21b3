/* The settings of the suppression list: rules, addresses, scopes, terms. */
#include <errno.h>

#include "config/settings_private.h"
#include "sesbounce/address.h"
#include "sesbounce/clock.h"
#include "sesbounce/limits.h"

/* --- rule = NAME EFFECT [TERM] --------------------------------------------------- */

static const struct {
    const char *word;
    enum policy_effect effect;
    bool has_term;
} effects[] = {
    {"record", POLICY_EFFECT_NONE, false},
    {"soft", POLICY_EFFECT_SOFT, false},
    {"hold", POLICY_EFFECT_HOLD, true},
    {"suppress", POLICY_EFFECT_SUPPRESS, true},
};
#define EFFECTS (sizeof(effects) / sizeof(*effects))

/* The row that was meant; NULL: none resembles it. */
static const char *rule_nearest(struct str name)
{
    const struct policy_rule *rule;
    const char *found = NULL;
    unsigned best = SETTINGS_NEAR;
    for (size_t i = 0; (rule = policy_rule_at(i)); i++)
        if (settings_resembles(name, str_of(rule->name), &best))
            found = rule->name;
    /* Its last words alone: `mailbox-full`. */
    for (size_t i = 0; !found && name.len > 0 && (rule = policy_rule_at(i)); i++) {
        struct str whole = str_of(rule->name);
        if (str_ends_with(whole, name) && whole.len > name.len &&
            whole.data[whole.len - name.len - 1] == '-')
            found = rule->name;
    }
    return found;
}

static int rule_name_read(struct str text, struct str name, size_t *ret,
                          struct buf *fault)
{
    *ret = policy_rule_index(name);
    if (*ret != POLICY_RULE_NONE)
        return 0;
    const char *near = rule_nearest(name);
    if (near)
        return settings_blame(fault, text,
                              "names no row of the policy: did you mean `%s`?", near);
    return settings_blame(fault, text,
                          "names no row of the policy: `sesbouncectl policy list` prints "
                          "them");
}

/* NULL, or why the row cannot have that effect. */
static const char *rule_why_not(const struct policy_rule *rule, enum policy_effect effect)
{
    if (rule->type == SES_OTHER)
        return "says whose address it is, not what happened: it is always recorded only";
    if (rule->type == SES_DELIVERY)
        return "concerns a delivery: all it does is to end the counting of soft bounces";
    if (rule->feedback && strcmp(rule->feedback, "not-spam") == 0 &&
        effect != POLICY_EFFECT_NONE)
        return "says that nobody objects: give `record`, or leave the line out";
    if (effect == POLICY_EFFECT_SOFT && rule->type != SES_BOUNCE)
        return "is not about a bounce: give `record`, `hold` or `suppress`";
    return NULL;
}

static int rule_term_read(struct str term, int64_t *ret, struct buf *fault)
{
    static const struct setting bounds = {
        .type = SETTING_TERM, .min = SETTINGS_TERM_MIN_MS, .max = SETTINGS_TERM_MAX_MS};
    uint64_t term_ms = 0;
    int r = term.len > 0 ? settings_number_read(&bounds, term, &term_ms, fault) : 0;
    *ret = (int64_t)term_ms;
    return r;
}

int settings_rule_read(struct str text, struct policy_override *ret,
                       struct buf *ret_fault)
{
    struct str rest = text;
    struct str name = settings_word_take(&rest);
    struct str word = settings_word_take(&rest);
    struct str term = settings_word_take(&rest);
    if (word.len == 0 || rest.len > 0)
        return settings_blame(ret_fault, text,
                              "is not `NAME EFFECT [TERM]`, as in `permanent-policy "
                              "suppress 60d`");
    int r = rule_name_read(text, name, &ret->rule, ret_fault);
    if (r < 0)
        return r;
    size_t i = 0;
    while (i < EFFECTS && !str_equal(word, str_of(effects[i].word)))
        i++;
    if (i == EFFECTS)
        return settings_blame(ret_fault, word,
                              "is not an effect: give `record`, `soft`, `hold` or "
                              "`suppress`");
    ret->effect = effects[i].effect;
    const char *why = rule_why_not(policy_rule_at(ret->rule), ret->effect);
    if (why)
        return settings_blame(ret_fault, name, "%s", why);
    if (term.len > 0 && !effects[i].has_term)
        return settings_blame(ret_fault, term,
                              "is one word too many: only `hold` and `suppress` have a "
                              "term");
    return rule_term_read(term, &ret->term_ms, ret_fault);
}

int settings_spell_rule(struct str value, struct buf *ret, struct buf *ret_fault)
{
    struct policy_override override;
    struct str word;
    int r = settings_rule_read(value, &override, ret_fault);
    while (r == 0 && (word = settings_word_take(&value)).len > 0) {
        r = ret->len > 0 ? buf_append_char(ret, ' ') : 0;
        if (r == 0)
            r = buf_append_str(ret, word);
    }
    return r;
}

/* --- allow = ADDRESS, *@DOMAIN --------------------------------------------------- */

int settings_spell_allow(struct str value, struct buf *ret, struct buf *ret_fault)
{
    char why[ADDRESS_FAULT_BYTES];
    char text[SETTINGS_LINE_BYTES_MAX + 1];
    struct address address;
    bool is_domain = str_starts_with(value, STR("*@"));

    /* A domain is read as that of some address. */
    (void)snprintf(text, sizeof(text), "%.*s", STR_ARG(value));
    if (is_domain)
        text[0] = 'x';
    if (strchr(text, '*'))
        return settings_blame(ret_fault, value,
                              "has a `*` where it stands for nothing: give an address, "
                              "or `*@DOMAIN`");
    int r = address_read(str_of(text), &address, why);
    if (r == -EINVAL)
        return settings_blame(ret_fault, value,
                              "is neither an address nor `*@DOMAIN`: %s", why);
    if (r < 0)
        return r;
    return is_domain ? buf_printf(ret, "*@%s", address.domain)
                     : buf_printf(ret, "%s", address.key);
}

/* --- [scope NAME] ---------------------------------------------------------------- */

/* The first character that a person cannot see, or blank; absent: there is none. */
static struct str unseen_take(struct str text)
{
    while (text.len > 0) {
        struct str character = {text.data, str_utf8_sequence(text)};
        if (character.len == 0 || *text.data == ' ' || str_character_unseen(character))
            return character;
        text = str_skip(text, character.len);
    }
    return STR_ABSENT;
}

const char *settings_check_scope_name(struct str name)
{
    if (name.len >= POLICY_SCOPE_BYTES_MAX)
        return "has a name that is too long: 127 bytes are allowed";
    if (str_present(unseen_take(name)))
        return "has a blank or an invisible character in its name: write `-` instead";
    if (str_find(name, '*'))
        return "has a `*` in its name: that is the scope of all mail";
    if (name.data[0] == '"' || name.data[0] == '\'')
        return "has quotes, which would be part of the name: leave them out";
    if (str_starts_with(name, STR("tenant:")) ||
        str_starts_with(name, STR("configuration_set:")))
        return "has a name of the kind that `scope_by` gives: choose another";
    return NULL;
}

static const char *const match_kinds[] = {
    [POLICY_MATCH_CONFIGURATION_SET] = "configuration_set",
    [POLICY_MATCH_FROM_DOMAIN] = "from_domain",
    [POLICY_MATCH_IDENTITY] = "identity",
    [POLICY_MATCH_TENANT] = "tenant",
    [POLICY_MATCH_TAG] = "tag",
};
#define MATCH_KINDS (sizeof(match_kinds) / sizeof(*match_kinds))

/* Names of domains have no case, and SES has them as A-labels. */
static bool match_is_of_domains(enum policy_match_kind kind)
{
    return kind == POLICY_MATCH_FROM_DOMAIN || kind == POLICY_MATCH_IDENTITY;
}

static bool is_ascii(char c)
{
    return (unsigned char)c < 0x80;
}

/* NULL, or what is wrong with the pattern. */
static const char *match_why_not(const struct settings_match *match)
{
    struct str unseen = unseen_take(match->pattern);
    bool is_tag = match->kind == POLICY_MATCH_TAG;
    if (match->pattern.len == 0)
        return "has nothing behind the colon: give a name, or `*` for any";
    if (match->pattern.len > SES_NAME_BYTES_MAX)
        return "is longer than any name of SES: 320 bytes are allowed";
    if (str_present(unseen) && !(is_tag && *unseen.data == ' '))
        return "contains a blank or an invisible character: give each condition a line "
               "of its own";
    if (match->kind == POLICY_MATCH_FROM_DOMAIN && str_find(match->pattern, '@'))
        return "is an address: leave out what stands before the domain, and the @";
    if (match_is_of_domains(match->kind) && !str_all(match->pattern, is_ascii))
        return "is not how SES spells a domain: write its A-labels, as in "
               "`xn--bcher-kva.example`";
    return NULL;
}

int settings_match_read(struct str text, struct settings_match *ret,
                        struct buf *ret_fault)
{
    struct str rest = text;
    struct str word;
    size_t kind = 0;
    (void)str_split(&rest, ':', &word);
    while (kind < MATCH_KINDS && !str_equal(str_trim(word), str_of(match_kinds[kind])))
        kind++;
    if (!str_present(rest) || kind == MATCH_KINDS)
        return settings_blame(ret_fault, text,
                              "is not a condition: write `configuration_set:NAME`, "
                              "`from_domain:DOMAIN`, `identity:NAME`, `tenant:NAME` or "
                              "`tag:NAME=VALUE`");
    *ret = (struct settings_match){.kind = (enum policy_match_kind)kind};
    if (kind == POLICY_MATCH_TAG) {
        (void)str_split(&rest, '=', &ret->tag);
        ret->tag = str_trim(ret->tag);
        if (!str_present(rest) || ret->tag.len == 0 || str_present(unseen_take(ret->tag)))
            return settings_blame(
                ret_fault, text,
                "names no tag and its value: write `tag:NAME=VALUE`, or "
                "`tag:NAME=*` for any value");
    }
    ret->pattern = str_trim(rest);
    const char *why = match_why_not(ret);
    return why ? settings_blame(ret_fault, text, "%s", why) : 0;
}

int settings_spell_match(struct str value, struct buf *ret, struct buf *ret_fault)
{
    struct settings_match match;
    int r = settings_match_read(value, &match, ret_fault);
    if (r == 0)
        r = buf_printf(ret, "%s:", match_kinds[match.kind]);
    if (r == 0 && match.kind == POLICY_MATCH_TAG)
        r = buf_printf(ret, "%.*s=", STR_ARG(match.tag));
    for (size_t i = 0; r == 0 && i < match.pattern.len; i++) {
        char c = match.pattern.data[i];
        r = buf_append_char(ret, match_is_of_domains(match.kind) ? ascii_lower(c) : c);
    }
    return r;
}

/* --- together -------------------------------------------------------------------- */

static void rules_check(struct settings_reader *reader)
{
    const struct settings_list *list = &reader->settings->suppression.rule;
    const struct settings_place *place =
        settings_place_named(reader, "suppression", "rule");
    for (size_t i = 1; i < list->count; i++) {
        struct str rest = str_of(list->items[i]);
        struct str name = settings_word_take(&rest);
        for (size_t j = 0; j < i; j++) {
            struct str other_rest = str_of(list->items[j]);
            if (str_equal(name, settings_word_take(&other_rest))) {
                settings_fault(reader, settings_item_line(place, i),
                               "[suppression] rule: `%.*s` is already at line %zu: keep "
                               "one",
                               STR_ARG(name), settings_item_line(place, j));
                break;
            }
        }
    }
}

/* Two durations of a section, the first no longer than the second. */
struct settings_pair {
    const char *section;
    const char *less;
    uint64_t less_ms;
    const char *more;
    uint64_t more_ms;
    const char *why;
};

static void durations_check(struct settings_reader *reader,
                            const struct settings_pair *pair)
{
    const struct settings_place *less =
        settings_place_named(reader, pair->section, pair->less);
    const struct settings_place *more =
        settings_place_named(reader, pair->section, pair->more);
    char less_text[SETTINGS_NUMBER_BYTES];
    char more_text[SETTINGS_NUMBER_BYTES];
    if (pair->less_ms <= pair->more_ms || less->faulty || more->faulty)
        return;
    settings_number_format(SETTING_TERM, pair->less_ms, less_text);
    settings_number_format(SETTING_TERM, pair->more_ms, more_text);
    settings_fault(reader, less->line ? less->line : more->line,
                   "[%s] %s = %s is longer than %s = %s, %s: make it no longer, or the "
                   "other no shorter",
                   pair->section, pair->less, less_text, pair->more, more_text,
                   pair->why);
}

static void soft_check(struct settings_reader *reader)
{
    const struct settings *s = reader->settings;
    const struct settings_pair pairs[] = {
        {"suppression", "soft_span", s->suppression.soft_span_ms, "soft_window",
         s->suppression.soft_window_ms, "within which all soft bounces must be"},
        {"suppression", "soft_term", s->suppression.soft_term_ms, "soft_term_max",
         s->suppression.soft_term_max_ms, "which bounds it"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
        durations_check(reader, &pairs[i]);

    const struct settings_place *days =
        settings_place_named(reader, "suppression", "soft_days");
    const struct settings_place *window =
        settings_place_named(reader, "suppression", "soft_window");
    /* From the first to the last, both included. */
    uint64_t days_max = s->suppression.soft_window_ms / CLOCK_DAY_MS + 1;
    if (s->suppression.soft_days > days_max && !days->faulty && !window->faulty)
        settings_fault(
            reader, days->line ? days->line : window->line,
            "[suppression] soft_days: `soft_window` has no room for %llu days: "
            "give %llu at most, or a longer window",
            (unsigned long long)s->suppression.soft_days, (unsigned long long)days_max);
}

static void scopes_check(struct settings_reader *reader)
{
    const struct settings_sections *scopes = &reader->settings->scopes;
    const struct setting *match = settings_find(STR("scope"), STR("match"));
    for (size_t i = 0; i < scopes->count; i++) {
        const struct settings_scope *scope = (const void *)scopes->items[i];
        struct str name = settings_quote(str_of(scope->head.name));
        if (scope->match.count == 0 && !settings_place(&scope->head, match)->faulty)
            settings_fault(reader, scope->head.line,
                           "[scope%s%.*s] needs `match`, or no mail belongs to it: as "
                           "in `match = from_domain:news.example.com`",
                           name.len > 0 ? " " : "", STR_ARG(name));
    }
}

static void retention_check(struct settings_reader *reader)
{
    struct settings *s = reader->settings;
    if (settings_place_named(reader, "retention", "bodies")->line == 0 &&
        s->retention.bodies_ms > s->retention.events_ms)
        s->retention.bodies_ms = s->retention.events_ms;
    durations_check(reader, &(struct settings_pair){
                                "retention", "bodies", s->retention.bodies_ms, "events",
                                s->retention.events_ms, "and goes with its events"});
}

void settings_check_suppression(struct settings_reader *reader)
{
    rules_check(reader);
    soft_check(reader);
    scopes_check(reader);
    retention_check(reader);
}
