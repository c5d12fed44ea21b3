/* Which scope an event belongs to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sesbounce/policy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct policy_scoped scope_of(const struct policy *policy,
                                     const struct ses_event *event)
{
    struct policy_scoped scoped;
    policy_scope_find(policy, event, &scoped);
    return scoped;
}

/* Does a scope with this one condition match? */
static bool holds(enum policy_match_kind kind, const char *tag, const char *pattern,
                  const struct ses_event *event)
{
    const struct policy_match match = {kind, tag, pattern};
    const struct policy_scope scope = {"it", &match, 1, false};
    const struct policy policy = {.scopes = &scope, .scope_count = 1};
    struct policy_scoped scoped = scope_of(&policy, event);
    assert_true(strcmp(scoped.name, "it") == 0 || strcmp(scoped.name, "*") == 0);
    return strcmp(scoped.name, "it") == 0;
}

static bool tenant_holds(const char *pattern, struct str tenant)
{
    const struct ses_event event = {.tenant = tenant};
    return holds(POLICY_MATCH_TENANT, NULL, pattern, &event);
}

/* --- patterns -------------------------------------------------------------------- */

static void a_star_stands_for_any_characters(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"a", "a", true},          {"a", "A", false},         {"a", "ab", false},
        {"a", "", false},          {"*", "", true},           {"*", "anything", true},
        {"a*", "a", true},         {"a*", "abc", true},       {"a*", "ba", false},
        {"*a", "a", true},         {"*a", "cba", true},       {"*a", "ab", false},
        {"a*b", "ab", true},       {"a*b", "axxb", true},     {"a*b", "a", false},
        {"ab*ba", "aba", false},   {"ab*ba", "abba", true},   {"*a*", "xax", true},
        {"*a*", "xxx", false},     {"a**b", "ab", true},      {"***", "x", true},
        {"*ab*ba*", "aba", false}, {"*ab*ba*", "abba", true}, {"*x*y*z", "xyzxz", true},
        {"*x*y*z", "xzyx", false}, {"a*a*a", "aa", false},    {"a*a*a", "aaa", true},
        {"?", "a", false},         {"[a]", "a", false},       {"*.b", "a.b.b", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (tenant_holds(cases[i].pattern, str_of(cases[i].text)) != cases[i].matches)
            fail_msg("`%s` and `%s`", cases[i].pattern, cases[i].text);
    assert_false(tenant_holds("*", STR_ABSENT));
}

/* The plain way, which goes back to every star. */
static bool slowly_matches(const char *pattern, const char *text)
{
    if (*pattern == '*')
        return slowly_matches(pattern + 1, text) ||
               (*text && slowly_matches(pattern, text + 1));
    return *pattern == *text && (!*pattern || slowly_matches(pattern + 1, text + 1));
}

static void all_short_patterns_match_as_they_should(void **state)
{
    (void)state;
    for (unsigned p = 0; p < 3 * 3 * 3 * 3 * 3; p++) {
        for (unsigned t = 0; t < 1 << 6; t++) {
            char pattern[6] = "", text[7] = "";
            for (unsigned i = 0, digits = p; i < 5; i++, digits /= 3)
                pattern[i] = "ab*"[digits % 3];
            for (unsigned i = 0; i < 6; i++)
                text[i] = t >> i & 1 ? 'a' : 'b';
            if (tenant_holds(pattern, str_of(text)) != slowly_matches(pattern, text))
                fail_msg("`%s` and `%s`", pattern, text);
        }
    }
}

/* --- what is compared ------------------------------------------------------------ */

static void each_condition_looks_at_its_own(void **state)
{
    (void)state;
    const struct ses_event event = {
        .configuration_set = STR("set"),
        .from_domain = STR("From.Example"),
        .identity = STR("Jane@Mail.example"),
        .tenant = STR("acme"),
        .tags = STR("{\"kind\":[\"news\"]}"),
    };
    static const struct {
        enum policy_match_kind kind;
        const char *pattern;
    } own[] = {
        {POLICY_MATCH_CONFIGURATION_SET, "set"},
        {POLICY_MATCH_FROM_DOMAIN, "from.*"},
        {POLICY_MATCH_IDENTITY, "jane@mail.*"},
        {POLICY_MATCH_TENANT, "acme"},
        {POLICY_MATCH_TAG, "news"},
    };
    const struct ses_event none = {.type = SES_BOUNCE};
    for (size_t i = 0; i < COUNT(own); i++) {
        for (size_t j = 0; j < COUNT(own); j++)
            assert_int_equal(holds(own[i].kind, "kind", own[j].pattern, &event), i == j);
        assert_false(holds(own[i].kind, "kind", "*", &none));
    }
}

static void a_long_identity_is_compared_by_its_beginning(void **state)
{
    (void)state;
    char name[SES_NAME_BYTES_MAX + 10];
    memset(name, 'A', sizeof name);
    const struct ses_event event = {.identity = {name, sizeof name}};
    assert_true(holds(POLICY_MATCH_IDENTITY, NULL, "aaa*a", &event));
    assert_false(holds(POLICY_MATCH_IDENTITY, NULL, "aaa*b", &event));
}

static void tags_are_found_in_their_json(void **state)
{
    (void)state;
    static const struct {
        const char *tags, *name, *pattern;
        bool matches;
    } cases[] = {
        {"{\"a\":[\"1\"],\"kind\":[\"news\"]}", "kind", "news", true},
        {"{\"a\":[\"1\"],\"kind\":[\"news\"]}", "a", "news", false},
        {"{\"a\":[\"kind\"],\"b\":[\"news\"]}", "kind", "*", false},
        {"{\"kind\":[\"x\",\"news\"]}", "kind", "n*s", true},
        {"{\"kind\":[\"x\",\"y\"],\"z\":[\"news\"]}", "kind", "news", false},
        {"{\"kind\":\"news\"}", "kind", "news", true},
        {"{\"kind\":[]}", "kind", "*", false},
        {"{\"kind\":[\"\"]}", "kind", "*", true},
        {"{\"kind\":[1,null,{\"news\":[\"x\"]},\"news\"]}", "kind", "news", true},
        {"{\"kind\":7,\"kind\":[\"news\"]}", "kind", "news", true},
        {"{\"ki\\u006ed\":[\"n\\u0065ws\\n\"]}", "kind", "news\n", true},
        {"{\"kind\":[\"a\\\"],[\\\"news\"]}", "kind", "news", false},
        {"{\"kind\":[\"\\ud83d\"]}", "kind", "\xef\xbf\xbd", true},
        {"{\"Kind\":[\"news\"]}", "kind", "news", false},
        {"{\"kind\":[\"News\"]}", "kind", "news", false},
        {"{}", "kind", "*", false},
        {"{\"kind\":[\"news\"", "kind", "newsletter", false},
        {"[\"kind\"]", "kind", "*", false},
        {"", "kind", "*", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct ses_event event = {.tags = str_of(cases[i].tags)};
        if (holds(POLICY_MATCH_TAG, cases[i].name, cases[i].pattern, &event) !=
            cases[i].matches)
            fail_msg("%s=%s in %s", cases[i].name, cases[i].pattern, cases[i].tags);
    }
}

static void the_longest_tags_fit(void **state)
{
    (void)state;
    static char tags[SES_TAGS_BYTES_MAX + 64];
    int room = SES_TAGS_BYTES_MAX - (int)strlen("{\"a\\n\":[\"\"],\"kind\":[\"\\n\"]}");
    int len =
        snprintf(tags, sizeof tags, "{\"a\\n\":[\"%0*d\"],\"kind\":[\"\\n\"]}", room, 0);
    assert_int_equal(len, SES_TAGS_BYTES_MAX);
    const struct ses_event event = {.tags = {tags, (size_t)len}};
    assert_true(holds(POLICY_MATCH_TAG, "kind", "\n", &event));
    /* What is longer, no event has. */
    const struct ses_event longer = {.tags = {tags, (size_t)len + 1}};
    assert_false(holds(POLICY_MATCH_TAG, "kind", "\n", &longer));
}

/* --- which one ------------------------------------------------------------------- */

static void the_first_section_that_matches_is_the_scope(void **state)
{
    (void)state;
    static const struct policy_match news[] = {
        {POLICY_MATCH_FROM_DOMAIN, NULL, "news.example"},
        {POLICY_MATCH_TENANT, NULL, "acme*"},
    };
    static const struct policy_match all = {POLICY_MATCH_TENANT, NULL, "*"};
    static const struct policy_scope scopes[] = {
        {"empty", NULL, 0, true},
        {"news", news, COUNT(news), true},
        {"others", &all, 1, false},
    };
    struct policy policy = {.scopes = scopes,
                            .scope_count = COUNT(scopes),
                            .scope_by = POLICY_SCOPE_BY_TENANT};
    struct ses_event event = {.tenant = STR("acme-eu"), .from_domain = STR("x.example")};
    struct policy_scoped scoped = scope_of(&policy, &event);
    assert_string_equal(scoped.name, "news");
    assert_true(scoped.own_bounces);

    event = (struct ses_event){.from_domain = STR("NEWS.example")};
    assert_string_equal(scope_of(&policy, &event).name, "news");

    event = (struct ses_event){.tenant = STR("beta")};
    scoped = scope_of(&policy, &event);
    assert_string_equal(scoped.name, "others");
    assert_false(scoped.own_bounces);

    policy.scope_count = 2;
    scoped = scope_of(&policy, &event);
    assert_string_equal(scoped.name, "tenant:beta");
    assert_false(scoped.own_bounces);
}

static void what_matches_nothing_is_all_mail_or_has_a_scope_of_its_own(void **state)
{
    (void)state;
    struct policy policy = {.scope_by = POLICY_SCOPE_BY_NONE};
    const struct ses_event event = {.tenant = STR("acme"),
                                    .configuration_set = STR("news")};
    const struct ses_event none = {.tenant = {"", 0}};
    assert_string_equal(scope_of(&policy, &event).name, POLICY_SCOPE_ALL);
    policy.scope_by = POLICY_SCOPE_BY_TENANT;
    assert_string_equal(scope_of(&policy, &event).name, "tenant:acme");
    assert_string_equal(scope_of(&policy, &none).name, POLICY_SCOPE_ALL);
    policy.scope_by = POLICY_SCOPE_BY_CONFIGURATION_SET;
    assert_string_equal(scope_of(&policy, &event).name, "configuration_set:news");
    assert_string_equal(scope_of(&policy, &none).name, POLICY_SCOPE_ALL);
    assert_string_equal(scope_of(&policy_built_in, &event).name, POLICY_SCOPE_ALL);
}

static void names_that_ses_would_not_give_are_made_harmless(void **state)
{
    (void)state;
    const struct policy policy = {.scope_by = POLICY_SCOPE_BY_TENANT};
    struct ses_event event = {.tenant = STR("a\0b\n c\xe2\x80\xae\xffz\xc3\xa9")};
    assert_string_equal(scope_of(&policy, &event).name, "tenant:a?b??c??z\xc3\xa9");

    /* 7 bytes of prefix, 118 of name, and a character of two that does not fit. */
    char name[200], expected[POLICY_SCOPE_BYTES_MAX];
    (void)snprintf(name, sizeof name, "%0119d\xc3\xa9\xc3\xa9", 0);
    (void)snprintf(expected, sizeof expected, "tenant:%0119d", 0);
    event.tenant = str_of(name);
    assert_string_equal(scope_of(&policy, &event).name, expected);
    (void)snprintf(name, sizeof name, "%0118d\xc3\xa9\xc3\xa9", 0);
    (void)snprintf(expected, sizeof expected, "tenant:%0118d\xc3\xa9", 0);
    event.tenant = str_of(name);
    assert_string_equal(scope_of(&policy, &event).name, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_star_stands_for_any_characters),
        cmocka_unit_test(all_short_patterns_match_as_they_should),
        cmocka_unit_test(each_condition_looks_at_its_own),
        cmocka_unit_test(a_long_identity_is_compared_by_its_beginning),
        cmocka_unit_test(tags_are_found_in_their_json),
        cmocka_unit_test(the_longest_tags_fit),
        cmocka_unit_test(the_first_section_that_matches_is_the_scope),
        cmocka_unit_test(what_matches_nothing_is_all_mail_or_has_a_scope_of_its_own),
        cmocka_unit_test(names_that_ses_would_not_give_are_made_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
