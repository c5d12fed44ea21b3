/* Which changes of the list are news. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sesbounce/news.h"

#define NONE NULL

static void a_change_is_news_when_the_address_comes_or_goes(void **state)
{
    static const struct {
        const char *action, *before, *after;
        enum news news;
    } cases[] = {
        {"added", NONE, "BOUNCE", NEWS_SUPPRESSION_ADDED},
        {"added", "SOFT", "COMPLAINT", NEWS_SUPPRESSION_ADDED},
        {"released", NONE, "BOUNCE", NEWS_SUPPRESSION_ADDED},
        {"changed", NONE, "BOUNCE", NEWS_SUPPRESSION_ADDED},
        {"changed", "BOUNCE", "BOUNCE", NEWS_TYPES},
        {"removed", "BOUNCE", NONE, NEWS_SUPPRESSION_REMOVED},
        {"removed", "COMPLAINT", "BOUNCE", NEWS_TYPES},
        {"lifted", "SOFT", NONE, NEWS_SUPPRESSION_REMOVED},
        {"expired", "SOFT", NONE, NEWS_SUPPRESSION_REMOVED},
        {"expired", "MANUAL", "BOUNCE", NEWS_TYPES},
        {"held", NONE, NONE, NEWS_SUPPRESSION_HELD},
        {"dropped", NONE, NONE, NEWS_TYPES},
        {"erased", "BOUNCE", NONE, NEWS_TYPES},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (news_of_change(str_of(cases[i].action), str_of(cases[i].before),
                           str_of(cases[i].after)) != cases[i].news)
            fail_msg("%s, case %zu", cases[i].action, i);
}

static void every_type_has_a_word_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NEWS_TYPES; i++)
        assert_int_equal(news_of_word(str_of(news_word((enum news)i))), i);
    assert_int_equal(news_of_word(STR("suppression")), NEWS_TYPES);
    assert_int_equal(news_of_word(STR_ABSENT), NEWS_TYPES);
    assert_int_equal(news_of_event(STR("Bounce")), NEWS_EVENT_BOUNCE);
    assert_int_equal(news_of_event(STR("Delivery")), NEWS_TYPES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_news_when_the_address_comes_or_goes),
        cmocka_unit_test(every_type_has_a_word_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
