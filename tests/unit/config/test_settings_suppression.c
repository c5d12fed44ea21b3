/* The settings of the suppression list and of what is kept, and the policy they make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sesbounce/clock.h"
#include "sesbounce/limits.h"
#include "sesbounce/settings.h"

#include "settings_helper.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct str rule_name(const struct policy_override *override)
{
    return str_of(policy_rule_at(override->rule)->name);
}

/* --- the policy ------------------------------------------------------------------ */

static void defaults_make_the_policy_of_the_contract(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s = settings_accept("");
    const struct policy *policy = &s->policy;
    assert_int_equal(policy->simulator_term_ms, policy_built_in.simulator_term_ms);
    assert_int_equal(policy->doubt_apart_ms, policy_built_in.doubt_apart_ms);
    assert_int_equal(policy->doubt_window_ms, policy_built_in.doubt_window_ms);
    assert_int_equal(policy->doublings_max, policy_built_in.doublings_max);
    assert_int_equal(policy->soft_days, 5);
    assert_int_equal(policy->soft_span_ms, 10 * CLOCK_DAY_MS);
    assert_int_equal(policy->soft_window_ms, 30 * CLOCK_DAY_MS);
    assert_int_equal(policy->soft_term_ms, 14 * CLOCK_DAY_MS);
    assert_int_equal(policy->soft_term_max_ms, 180 * CLOCK_DAY_MS);
    assert_int_equal(policy->override_count, 0);
    assert_int_equal(policy->allow_count, 0);
    assert_int_equal(policy->scope_count, 0);
    assert_int_equal(policy->scope_by, POLICY_SCOPE_BY_NONE);
    assert_true(policy->guard);
    assert_int_equal(policy->guard_least, 50);
}

static void every_number_reaches_the_policy(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s = settings_accept(
        "[suppression]\nsoft_days = 3\nsoft_span = 2d\nsoft_window = 20d\n"
        "soft_term = 7d\nsoft_term_max = 70d\nguard = off\n"
        "guard_least = 9\nscope_by = configuration_set\n");
    assert_int_equal(s->policy.soft_days, 3);
    assert_int_equal(s->policy.soft_span_ms, 2 * CLOCK_DAY_MS);
    assert_int_equal(s->policy.soft_window_ms, 20 * CLOCK_DAY_MS);
    assert_int_equal(s->policy.soft_term_ms, 7 * CLOCK_DAY_MS);
    assert_int_equal(s->policy.soft_term_max_ms, 70 * CLOCK_DAY_MS);
    assert_false(s->policy.guard);
    assert_int_equal(s->policy.guard_least, 9);
    assert_int_equal(s->policy.scope_by, POLICY_SCOPE_BY_CONFIGURATION_SET);
    _cleanup_(settings_freep) struct settings *by_tenant =
        settings_accept("[suppression]\nscope_by = tenant\n");
    assert_int_equal(by_tenant->policy.scope_by, POLICY_SCOPE_BY_TENANT);
}

static void rules_become_overrides(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum policy_effect effect;
        int64_t term_ms;
    } expected[] = {
        {"permanent-policy", POLICY_EFFECT_SUPPRESS, 60 * CLOCK_DAY_MS},
        {"permanent-general", POLICY_EFFECT_SUPPRESS, POLICY_FOR_EVER},
        {"permanent-validation", POLICY_EFFECT_HOLD, 12 * CLOCK_HOUR_MS},
        {"complaint", POLICY_EFFECT_HOLD, 0},
        {"permanent-suppressed", POLICY_EFFECT_SOFT, 0},
        {"complaint-not-spam", POLICY_EFFECT_NONE, 0},
        {"opt-out", POLICY_EFFECT_SUPPRESS, 0},
    };
    _cleanup_(settings_freep) struct settings *s =
        settings_accept("[suppression]\nrule = permanent-policy \t suppress  60d\n"
                        "rule = permanent-general suppress forever\nrule = "
                        "permanent-validation hold 12h\n"
                        "rule = complaint hold\nrule = permanent-suppressed soft\n"
                        "rule = complaint-not-spam record\nrule = opt-out suppress\n");
    assert_int_equal(s->policy.override_count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct policy_override *override = &s->policy.overrides[i];
        assert_true(str_equal(rule_name(override), str_of(expected[i].name)));
        assert_int_equal(override->effect, expected[i].effect);
        assert_int_equal(override->term_ms, expected[i].term_ms);
    }
    assert_string_equal(s->suppression.rule.items[0], "permanent-policy suppress 60d");
}

static void every_row_can_be_named(void **state)
{
    (void)state;
    const struct policy_rule *rule;
    for (size_t i = 0; (rule = policy_rule_at(i)); i++) {
        char text[256];
        if (rule->type == SES_OTHER || rule->type == SES_DELIVERY)
            continue;
        (void)snprintf(text, sizeof text, "[suppression]\nrule = %s record\n",
                       rule->name);
        _cleanup_(settings_freep) struct settings *s = settings_accept(text);
        assert_int_equal(s->policy.overrides[0].rule, i);
    }
}

static void allowed_addresses_are_in_their_key_form(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "jane.doe@example.com", "joe@example.com",        "*@example.net",
        "*@xn--bcher-kva.test", "jan@xn--bcher-kva.test",
    };
    _cleanup_(settings_freep) struct settings *s =
        settings_accept("[suppression]\nallow = Jane.Doe@EXAMPLE.com\n"
                        "allow = Joe <\"joe\"@example.com>\nallow = *@Example.NET.\n"
                        "allow = *@B\xc3\xbc"
                        "cher.test\nallow = Jan@b\xc3\xbc"
                        "cher.test\n");
    assert_int_equal(s->policy.allow_count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_string_equal(s->policy.allow[i], expected[i]);
}

/* --- faults ---------------------------------------------------------------------- */

static void a_wrong_value_says_what_would_be_right(void **state)
{
    (void)state;
    static const struct {
        const char *section, *line, *part;
    } cases[] = {
        {"suppression", "soft_days = 181", "give 0 to 180"},
        {"suppression", "soft_span = 181d", "give 0 to 180d"},
        {"suppression", "soft_window = 23h", "give 1d to 180d"},
        {"suppression", "soft_term = 0", "give 1m to 36500d"},
        {"suppression", "soft_term = forever", "is not a duration"},
        {"suppression", "soft_term_max = 36501d", "give 1m to 36500d"},
        {"suppression", "guard = yes", "give `off` or `on`"},
        {"suppression", "guard_least = 0", "give 1 to 1000000000"},
        {"suppression", "scope_by = tenants",
         "give `none`, `tenant` or `configuration_set`"},
        {"suppression", "rule = complaint",
         "`NAME EFFECT [TERM]`, as in `permanent-policy suppress 60d`"},
        {"suppression", "rule = complaint hold 30d more", "is not `NAME EFFECT [TERM]`"},
        {"suppression", "rule = permanent-genral record",
         "did you mean `permanent-general`?"},
        {"suppression", "rule = Complaint record", "did you mean `complaint`?"},
        {"suppression", "rule = mailbox-full record",
         "did you mean `transient-mailbox-full`?"},
        {"suppression", "rule = bounce record", "`sesbouncectl policy list` prints them"},
        {"suppression", "rule = complaint block",
         "`block` is not an effect: give `record`, `soft`, `hold` or `suppress`"},
        {"suppression", "rule = complaint hold 30w", "`30w` is not a duration"},
        {"suppression", "rule = complaint hold ever", "or `forever`"},
        {"suppression", "rule = complaint suppress 1s",
         "give 1m to 36500d, or `forever`"},
        {"suppression", "rule = complaint record 30d", "`30d` is one word too many"},
        {"suppression", "rule = permanent-general soft 30d",
         "`30d` is one word too many"},
        {"suppression", "rule = complaint soft", "`complaint` is not about a bounce"},
        {"suppression", "rule = opt-out soft", "is not about a bounce"},
        {"suppression", "rule = not-addressed suppress", "is always recorded only"},
        {"suppression", "rule = allowed suppress", "is always recorded only"},
        {"suppression", "rule = no-address record", "is always recorded only"},
        {"suppression", "rule = delivery record", "concerns a delivery"},
        {"suppression", "rule = complaint-not-spam suppress", "nobody objects"},
        {"suppression", "rule = complaint-not-spam-of-many hold", "nobody objects"},
        {"suppression", "allow = example.com", "there is no @ in it"},
        {"suppression", "allow = @example.com", "is neither an address nor `*@DOMAIN`"},
        {"suppression", "allow = *@", "is neither an address nor `*@DOMAIN`"},
        {"suppression", "allow = *@*.example.com", "where it stands for nothing"},
        {"suppression", "allow = jane*@example.com", "where it stands for nothing"},
        {"suppression", "allow = a@example.com, b@example.com", "is neither an address"},
        {"suppression", "allow = *@example.com <jane@example.net>",
         "is neither an address"},
        {"suppression", "allow = ja\xe2\x80\x8bne@example.com", "U+200B"},
        {"retention", "bodies = 0", "give 1s to 36500d, or `forever`"},
        {"retention", "events = never", "or `forever`"},
        {"retention", "log = 36501d", "give 1s to 36500d, or `forever`"},
        {"retention", "quarantine =", "as in `quarantine = 90d`"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        settings_refuse_value(cases[i].section, cases[i].line, cases[i].part);
}

static void items_are_repeated_if_they_are_stored_alike(void **state)
{
    (void)state;
    settings_refuse("[suppression]\nallow = Joe@example.com\nallow = joe@EXAMPLE.com\n"
                    "rule = complaint hold\nrule = complaint\thold\n"
                    "rule = opt-out record\nrule = complaint suppress 30d\n",
                    "@:3: [suppression] allow: `joe@EXAMPLE.com` is already at line 2\n"
                    "@:5: [suppression] rule: `complaint\thold` is already at line 4\n"
                    "@:7: [suppression] rule: `complaint` is already at line 4: keep "
                    "one\n");
}

static void soft_bounces_must_be_able_to_count(void **state)
{
    (void)state;
    settings_refuse(
        "[suppression]\n\nsoft_span = 31d\nsoft_term = 181d\n",
        "@:3: [suppression] soft_span = 31d is longer than soft_window = 30d, "
        "within which all soft bounces must be: make it no longer, or the "
        "other no shorter\n"
        "@:4: [suppression] soft_term = 181d is longer than soft_term_max = "
        "180d, which bounds it: make it no longer, or the other no shorter\n");
    settings_refuse("[suppression]\nsoft_window = 7d\nsoft_term_max = 13d\n",
                    "@:2: [suppression] soft_span = 10d is longer than soft_window = 7d, "
                    "within which all soft bounces must be: make it no longer, or the "
                    "other no shorter\n"
                    "@:3: [suppression] soft_term = 14d is longer than soft_term_max = "
                    "13d, which bounds it: make it no longer, or the other no shorter\n");
    settings_refuse("[suppression]\nsoft_days = 9\nsoft_span = 1d\nsoft_window = 7d\n",
                    "@:2: [suppression] soft_days: `soft_window` has no room for 9 days: "
                    "give 8 at most, or a longer window\n");
    settings_free(settings_accept(
        "[suppression]\nsoft_days = 8\nsoft_span = 7d\nsoft_window = 7d\n"));
    /* What is wrong by itself is reported once. */
    settings_refuse_value("suppression", "soft_window = 1", "give 1d to 180d");
}

static void bodies_go_with_their_events(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s =
        settings_accept("[retention]\nevents = 7d\nquarantine = forever\nlog = 10d\n");
    assert_int_equal(s->retention.events_ms, 7 * CLOCK_DAY_MS);
    assert_int_equal(s->retention.bodies_ms, 7 * CLOCK_DAY_MS);
    assert_true((int64_t)s->retention.quarantine_ms == POLICY_FOR_EVER);
    assert_int_equal(s->retention.log_ms, 10 * CLOCK_DAY_MS);
    _cleanup_(freep) char *text = settings_printed(s);
    assert_non_null(strstr(text, "\nbodies = 7d\nevents = 7d\nquarantine = forever\n"));

    settings_refuse("[retention]\nbodies = forever\n",
                    "@:2: [retention] bodies = forever is longer than events = 400d, and "
                    "goes with its events: make it no longer, or the other no shorter\n");
    settings_free(settings_accept("[retention]\nbodies = forever\nevents = forever\n"));
}

/* --- scopes ---------------------------------------------------------------------- */

static void sections_become_scopes_in_their_order(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s = settings_accept(
        "[scope news]\nmatch = configuration_set:news-*\n"
        "match = from_domain:*.News.Example\nmatch = identity:A@Example.com\n"
        "[suppression]\nguard = off\n"
        "[scope \xc3\xa9t\xc3\xa9]\nbounces = own\nmatch = tenant: Acme\n"
        "match = tag:kind:x = a=b c\n");
    const struct policy *policy = &s->policy;
    assert_int_equal(policy->scope_count, 2);
    const struct policy_scope *news = &policy->scopes[0], *ete = &policy->scopes[1];
    assert_string_equal(news->name, "news");
    assert_false(news->own_bounces);
    assert_int_equal(news->match_count, 3);
    assert_int_equal(news->matches[0].kind, POLICY_MATCH_CONFIGURATION_SET);
    assert_string_equal(news->matches[0].pattern, "news-*");
    assert_null(news->matches[0].tag);
    assert_int_equal(news->matches[1].kind, POLICY_MATCH_FROM_DOMAIN);
    assert_string_equal(news->matches[1].pattern, "*.news.example");
    assert_int_equal(news->matches[2].kind, POLICY_MATCH_IDENTITY);
    assert_string_equal(news->matches[2].pattern, "a@example.com");
    assert_string_equal(ete->name, "\xc3\xa9t\xc3\xa9");
    assert_true(ete->own_bounces);
    assert_int_equal(ete->match_count, 2);
    assert_int_equal(ete->matches[0].kind, POLICY_MATCH_TENANT);
    assert_string_equal(ete->matches[0].pattern, "Acme");
    assert_int_equal(ete->matches[1].kind, POLICY_MATCH_TAG);
    assert_string_equal(ete->matches[1].tag, "kind:x");
    assert_string_equal(ete->matches[1].pattern, "a=b c");
    _cleanup_(freep) char *text = settings_printed(s);
    assert_non_null(strstr(text, "\n\n[scope \xc3\xa9t\xc3\xa9]\nmatch = tenant:Acme\n"
                                 "match = tag:kind:x=a=b c\nbounces = own\n"));
}

static void a_condition_is_one_that_can_hold(void **state)
{
    (void)state;
    static const struct {
        const char *line, *part;
    } cases[] = {
        {"match = news.example.com",
         "is not a condition: write `configuration_set:NAME`"},
        {"match = domain:example.com", "is not a condition"},
        {"match = tenant:", "has nothing behind the colon"},
        {"match = tenant:a, tenant:b", "a line of its own"},
        {"match = identity:a\xc2\xa0", "an invisible character"},
        {"match = from_domain:a@example.com", "is an address"},
        {"match = from_domain:b\xc3\xbc"
         "cher.example",
         "A-labels"},
        {"match = tag:kind", "write `tag:NAME=VALUE`"},
        {"match = tag:=x", "write `tag:NAME=VALUE`"},
        {"match = tag:a b=x", "write `tag:NAME=VALUE`"},
        {"match = tag:kind=", "has nothing behind the colon"},
        {"bounces = none", "give `all` or `own`"},
        {"matches = x", "[scope news] has no key `matches`: did you mean `match`?"},
    };
    for (size_t i = 0; i < COUNT(cases) - 2; i++)
        settings_refuse_value("scope news", cases[i].line, cases[i].part);
    settings_refuse("[scope news]\nmatch = tenant:x\nbounces = none\nmatches = x\n"
                    "[scope news2]\nmatch = tenant:y\nmatch = tenant:y\nsoft_days = 3\n",
                    "@:3: [scope news] bounces: `none` is not known here: give `all` or "
                    "`own`\n"
                    "@:4: [scope news] has no key `matches`: did you mean `match`?\n"
                    "@:7: [scope news2] match: `tenant:y` is already at line 6\n"
                    "@:8: `soft_days` belongs to [suppression], not to [scope news2]\n");
    char text[1024];
    (void)snprintf(text, sizeof text, "match = tenant:%0321d", 0);
    settings_refuse_value("scope news", text, "is longer than any name of SES");
}

static void a_section_has_a_name_of_its_own(void **state)
{
    (void)state;
    const char *match = "match = tenant:x\n";
    static const struct {
        const char *section, *fault;
    } cases[] = {
        {"scope", "[scope] needs a name: write `[scope NAME]`"},
        {"scope ", "[scope] needs a name: write `[scope NAME]`"},
        {"scope a b", "[scope a b] has a blank or an invisible character in its name: "
                      "write `-` instead"},
        {"scope a\xe2\x80\x8b",
         "[scope a\xe2\x80\x8b] has a blank or an invisible character in its name: "
         "write `-` instead"},
        {"scope *", "[scope *] has a `*` in its name: that is the scope of all mail"},
        {"scope \"a\"",
         "[scope \"a\"] has quotes, which would be part of the name: leave them out"},
        {"scope tenant:a", "[scope tenant:a] has a name of the kind that `scope_by` "
                           "gives: choose another"},
        {"scope configuration_set:a",
         "[scope configuration_set:a] has a name of the kind that `scope_by` gives: "
         "choose another"},
        {"scop a", "there is no section [scop a]: did you mean [scope a]?"},
        {"SCOPE", "there is no section [SCOPE]: did you mean [scope NAME]?"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[256], expected[512];
        bool twice = strcmp(cases[i].section, "SCOPE") == 0;
        (void)snprintf(text, sizeof text, "[%s]\n%s", cases[i].section, match);
        (void)snprintf(expected, sizeof expected, "@:1: %s\n%s", cases[i].fault,
                       twice ? "@:1: [scope] needs a name: write `[scope NAME]`\n" : "");
        settings_refuse(text, expected);
    }
    settings_refuse("[scope a]\nmatch = tenant:x\n[scope b]\nmatch = tenant:y\n"
                    "[scope a]\nmatch = tenant:z\n",
                    "@:5: [scope a] is already at line 1: put them together\n");
    settings_refuse("[sns eu]\nconfirm = auto\n",
                    "@:1: [sns] has no name: write `[sns]`\n");
    settings_refuse("[scope a]\n[scope b]\nbounces = own\nmatch =\n",
                    "@:1: [scope a] needs `match`, or no mail belongs to it: as in "
                    "`match = from_domain:news.example.com`\n"
                    "@:2: [scope b] needs `match`, or no mail belongs to it: as in "
                    "`match = from_domain:news.example.com`\n");
    settings_refuse("match = tenant:x\n",
                    "@:1: a key needs its section above it, such as [scope NAME]\n");
    settings_refuse("[sns]\nmatch = tenant:x\n",
                    "@:2: `match` belongs to [scope NAME], not to [sns]\n");
}

static void names_and_sections_are_bounded(void **state)
{
    (void)state;
    char text[512];
    (void)snprintf(text, sizeof text, "[scope %0127d]\nmatch = tenant:x\n", 0);
    _cleanup_(settings_freep) struct settings *s = settings_accept(text);
    assert_int_equal(strlen(s->policy.scopes[0].name), POLICY_SCOPE_BYTES_MAX - 1);
    (void)snprintf(text, sizeof text, "[scope %0128d]\nmatch = tenant:x\n", 0);
    char expected[512]; /* the name is cut where it is quoted */
    (void)snprintf(expected, sizeof expected,
                   "@:1: [scope %0*d] has a name that is too long: 127 bytes are "
                   "allowed\n",
                   SETTINGS_QUOTE_BYTES_MAX, 0);
    settings_refuse(text, expected);

    _cleanup_(buf_done) struct buf many;
    buf_init(&many, SETTINGS_FILE_BYTES_MAX);
    for (int i = 0; i < SETTINGS_SECTIONS_MAX; i++)
        assert_int_equal(buf_printf(&many, "[scope %d]\nmatch = tenant:%d\n", i, i), 0);
    _cleanup_(settings_freep) struct settings *full = settings_accept(many.data);
    assert_int_equal(full->policy.scope_count, SETTINGS_SECTIONS_MAX);
    assert_string_equal(full->policy.scopes[1023].matches[0].pattern, "1023");
    assert_int_equal(buf_printf(&many, "[scope more]\nnothing = is read here\n"), 0);
    settings_refuse(many.data,
                    "@:2049: [scope more] is one too many: there may be 1024\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_make_the_policy_of_the_contract),
        cmocka_unit_test(every_number_reaches_the_policy),
        cmocka_unit_test(rules_become_overrides),
        cmocka_unit_test(every_row_can_be_named),
        cmocka_unit_test(allowed_addresses_are_in_their_key_form),
        cmocka_unit_test(a_wrong_value_says_what_would_be_right),
        cmocka_unit_test(items_are_repeated_if_they_are_stored_alike),
        cmocka_unit_test(soft_bounces_must_be_able_to_count),
        cmocka_unit_test(bodies_go_with_their_events),
        cmocka_unit_test(sections_become_scopes_in_their_order),
        cmocka_unit_test(a_condition_is_one_that_can_hold),
        cmocka_unit_test(a_section_has_a_name_of_its_own),
        cmocka_unit_test(names_and_sections_are_bounded),
    };
    return cmocka_run_group_tests(tests, settings_directory_make,
                                  settings_directory_remove);
}
