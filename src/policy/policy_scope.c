/* Which scope an event belongs to. */
#include "sesbounce/cleanup.h"
#include "sesbounce/json_scan.h"
#include "sesbounce/policy.h"

/*
 * `*` matches any run of bytes. In linear time: the first part stands at the beginning
 * and the last at the end, and for any between them the first place is the best one.
 */
static bool pattern_matches(struct str pattern, struct str text)
{
    struct str part;
    if (!str_present(text))
        return false;
    if (!str_find(pattern, '*'))
        return str_equal(pattern, text);
    (void)str_split(&pattern, '*', &part);
    if (!str_take_prefix(&text, part))
        return false;
    while (str_split(&pattern, '*', &part)) {
        if (!str_present(pattern))
            return str_ends_with(text, part);
        const char *found = memmem(text.data, text.len, part.data, part.len);
        if (!found)
            return false;
        text = str_skip(text, (size_t)(found - text.data) + part.len);
    }
    return true;
}

/* What an event has of one kind. Names of domains have no case; SES has 320 bytes at
 * most. */
struct scope_name {
    char room[SES_NAME_BYTES_MAX];
    struct str text;
};

static void scope_name_lower(struct str name, struct scope_name *ret)
{
    name = str_cut(name, sizeof(ret->room));
    for (size_t i = 0; i < name.len; i++)
        ret->room[i] = ascii_lower(name.data[i]);
    ret->text = str_present(name) ? (struct str){ret->room, name.len} : STR_ABSENT;
}

/* --- tags ------------------------------------------------------------------------ */

/* Takes the value of a tag, of which any text may match. False: it is not JSON. */
static bool tag_value_take(struct json_scan *json, struct str pattern, bool *ret_matches)
{
    struct str value;
    bool is_array = json_scan_take(json, '[');
    if (is_array && json_scan_take(json, ']'))
        return true;
    do {
        if (json_scan_peek(json) != '"') {
            if (!json_scan_skip(json))
                return false;
        } else if (!json_scan_string(json, &value)) {
            return false;
        } else if (pattern_matches(pattern, value)) {
            *ret_matches = true;
        }
    } while (is_array && json_scan_take(json, ','));
    return !is_array || json_scan_take(json, ']');
}

/* `tags` is {"NAME":["VALUE",…],…}. */
static bool tag_matches(struct str tags, struct str name, struct str pattern)
{
    /* Room for every text with an escape, so that nothing is allocated. */
    _uninitialized_ char room[SES_TAGS_BYTES_MAX + sizeof(uint64_t)];
    struct json_scan json;
    struct str member;
    bool matches = false;
    if (tags.len == 0 || tags.len > SES_TAGS_BYTES_MAX)
        return false;
    json_scan_init(&json, tags);
    json.decoded = json.out = room;
    json.replaces_halves = true;
    if (!json_scan_take(&json, '{'))
        return false;
    while (!matches && json_scan_peek(&json) == '"') {
        if (!json_scan_string(&json, &member) || !json_scan_take(&json, ':') ||
            !(str_equal(member, name) ? tag_value_take(&json, pattern, &matches)
                                      : json_scan_skip(&json)))
            return false;
        (void)json_scan_take(&json, ',');
    }
    return matches;
}

/* --- scopes ---------------------------------------------------------------------- */

/* An event, and its names that are compared in lower case. */
struct scope_event {
    const struct ses_event *event;
    struct scope_name from_domain;
    struct scope_name identity;
};

static bool match_holds(const struct policy_match *match, const struct scope_event *of)
{
    struct str pattern = str_of(match->pattern);
    switch (match->kind) {
    case POLICY_MATCH_CONFIGURATION_SET:
        return pattern_matches(pattern, of->event->configuration_set);
    case POLICY_MATCH_FROM_DOMAIN:
        return pattern_matches(pattern, of->from_domain.text);
    case POLICY_MATCH_IDENTITY:
        return pattern_matches(pattern, of->identity.text);
    case POLICY_MATCH_TENANT:
        return pattern_matches(pattern, of->event->tenant);
    case POLICY_MATCH_TAG:
        return tag_matches(of->event->tags, str_of(match->tag), pattern);
    }
    return false;
}

static const struct policy_scope *scope_matching(const struct policy *policy,
                                                 const struct ses_event *event)
{
    _uninitialized_ struct scope_event of;
    if (policy->scope_count == 0)
        return NULL;
    of.event = event;
    scope_name_lower(event->from_domain, &of.from_domain);
    scope_name_lower(event->identity, &of.identity);
    for (size_t i = 0; i < policy->scope_count; i++) {
        const struct policy_scope *scope = &policy->scopes[i];
        for (size_t m = 0; m < scope->match_count; m++)
            if (match_holds(&scope->matches[m], &of))
                return scope;
    }
    return NULL;
}

/* PREFIX and NAME, as much of it as fits in whole characters. A character that nobody
 * sees becomes `?`: people type scopes, and settings refuse such names. */
static void scope_name_put(struct policy_scoped *ret, struct str prefix, struct str name)
{
    size_t at = prefix.len;
    memcpy(ret->name, prefix.data, prefix.len);
    while (name.len > 0) {
        size_t len = str_utf8_sequence(name);
        struct str character = {name.data, len > 0 ? len : 1};
        name = str_skip(name, character.len);
        if (len == 0 || *character.data == ' ' || str_character_unseen(character))
            character = STR("?");
        if (at + character.len >= sizeof(ret->name))
            break;
        memcpy(ret->name + at, character.data, character.len);
        at += character.len;
    }
    ret->name[at] = '\0';
}

void policy_scope_find(const struct policy *policy, const struct ses_event *event,
                       struct policy_scoped *ret)
{
    const struct policy_scope *scope = scope_matching(policy, event);
    *ret = (struct policy_scoped){.own_bounces = scope && scope->own_bounces};
    if (scope)
        scope_name_put(ret, STR(""), str_of(scope->name));
    else if (policy->scope_by == POLICY_SCOPE_BY_TENANT && event->tenant.len > 0)
        scope_name_put(ret, STR("tenant:"), event->tenant);
    else if (policy->scope_by == POLICY_SCOPE_BY_CONFIGURATION_SET &&
             event->configuration_set.len > 0)
        scope_name_put(ret, STR("configuration_set:"), event->configuration_set);
    else
        scope_name_put(ret, STR(""), STR(POLICY_SCOPE_ALL));
}
