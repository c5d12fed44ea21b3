/* The policy that the settings make. */
#include <assert.h>
#include <errno.h>

#include "config/settings_private.h"
#include "sesbounce/limits.h"

void settings_built_free(struct settings_built *built)
{
    free(built->overrides);
    free(built->scopes);
    free(built->matches);
    free(built->texts);
    *built = (struct settings_built){0};
}

static int overrides_build(struct settings *settings)
{
    const struct settings_list *list = &settings->suppression.rule;
    _cleanup_(buf_done) struct buf fault = {.max = SETTINGS_FAULT_BYTES_MAX};
    struct policy_override *overrides = calloc(list->count + 1, sizeof(*overrides));
    settings->built.overrides = overrides;
    if (!overrides)
        return -ENOMEM;
    for (size_t i = 0; i < list->count; i++) {
        /* It was read before it came into the list. */
        int r = settings_rule_read(str_of(list->items[i]), &overrides[i], &fault);
        assert(r == 0);
    }
    return 0;
}

/* Copies `s` to `*to`, with a NUL, and moves that behind it. */
static const char *built_text_put(char **to, struct str s)
{
    char *text = *to;
    memcpy(text, s.data, s.len);
    text[s.len] = '\0';
    *to += s.len + 1;
    return text;
}

static void scope_build(const struct settings_scope *from, struct policy_match *matches,
                        char **texts, struct policy_scope *ret)
{
    _cleanup_(buf_done) struct buf fault = {.max = SETTINGS_FAULT_BYTES_MAX};
    *ret = (struct policy_scope){
        .name = from->head.name,
        .matches = matches,
        .match_count = from->match.count,
        .own_bounces = from->bounces == BOUNCES_OWN,
    };
    for (size_t i = 0; i < from->match.count; i++) {
        struct settings_match match;
        int r = settings_match_read(str_of(from->match.items[i]), &match, &fault);
        assert(r == 0);
        matches[i].kind = match.kind;
        if (str_present(match.tag))
            matches[i].tag = built_text_put(texts, match.tag);
        matches[i].pattern = built_text_put(texts, match.pattern);
    }
}

static const struct settings_scope *scope_at(const struct settings *settings, size_t i)
{
    return (const void *)settings->scopes.items[i];
}

/* A tag and its pattern, with a NUL behind each, take no more than what they are made of:
 * `tag:` stands before them. */
static int scopes_build(struct settings *settings)
{
    struct settings_built *built = &settings->built;
    size_t matches = 0, bytes = 0;
    for (size_t i = 0; i < settings->scopes.count; i++) {
        const struct settings_list *list = &scope_at(settings, i)->match;
        matches += list->count;
        for (size_t m = 0; m < list->count; m++)
            bytes += strlen(list->items[m]) + 1;
    }
    built->scopes = calloc(settings->scopes.count + 1, sizeof(*built->scopes));
    built->matches = calloc(matches + 1, sizeof(*built->matches));
    built->texts = malloc(bytes + 1);
    if (!built->scopes || !built->matches || !built->texts)
        return -ENOMEM;
    struct policy_match *match = built->matches;
    char *text = built->texts;
    for (size_t i = 0; i < settings->scopes.count; i++) {
        scope_build(scope_at(settings, i), match, &text, &built->scopes[i]);
        match += built->scopes[i].match_count;
    }
    assert(text <= built->texts + bytes);
    return 0;
}

int settings_policy_build(struct settings *settings)
{
    settings_built_free(&settings->built);
    int r = overrides_build(settings);
    if (r == 0)
        r = scopes_build(settings);
    if (r < 0)
        return r;
    struct policy *policy = &settings->policy;
    *policy = policy_built_in;
    policy->soft_days = (int64_t)settings->suppression.soft_days;
    policy->soft_span_ms = (int64_t)settings->suppression.soft_span_ms;
    policy->soft_window_ms = (int64_t)settings->suppression.soft_window_ms;
    policy->soft_term_ms = (int64_t)settings->suppression.soft_term_ms;
    policy->soft_term_max_ms = (int64_t)settings->suppression.soft_term_max_ms;
    policy->overrides = settings->built.overrides;
    policy->override_count = settings->suppression.rule.count;
    policy->allow = (const char *const *)settings->suppression.allow.items;
    policy->allow_count = settings->suppression.allow.count;
    policy->scopes = settings->built.scopes;
    policy->scope_count = settings->scopes.count;
    policy->scope_by = (enum policy_scope_by)settings->suppression.scope_by;
    policy->guard = settings->suppression.guard != 0;
    policy->guard_least = (int64_t)settings->suppression.guard_least;
    return 0;
}
