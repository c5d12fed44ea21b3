/*
 * What becomes of an address. A row is a claim, what happened, and what is kept of it
 * afterwards, in the words of life.h.
 */
#include "life.h"

struct claim {
    const char *claim;
    const char *happened;
    const char *kept;
};

static void assert_claims(const struct claim *claims, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct life life;
        char kept[400];

        life_lead(&life, claims[i].happened);
        life_put(&life, kept, sizeof(kept));
        if (strcmp(kept, claims[i].kept) != 0)
            fail_msg("%s (%s): `%s`, expected `%s`", claims[i].claim, claims[i].happened,
                     kept, claims[i].kept);
        life_assert_totals(&life, claims[i].claim);
    }
}

static void an_event_holds_from_when_it_occurred_until_its_term_ends(void **state)
{
    static const struct claim claims[] = {
        {"the first one makes an entry", "5 hard", "BOUNCE 5-ever 1 5-5 hard"},
        {"a term in force is extended", "0 weak, 10 meek", "BOUNCE 0-24 2 0-10 meek"},
        {"one that ended begins again", "0 weak, 10 meek, 24 weak",
         "BOUNCE 24-38 3 0-24 weak"},
        {"a weaker one shortens and renames nothing", "0 hard, 3 weak",
         "BOUNCE 0-ever 2 0-3 hard"},
        {"an older one does not speak for the entry", "9 hard, 4 sure",
         "BOUNCE 4-ever 2 4-9 hard"},
        {"one that had ended before the entry counts only", "9 hard, 4 sure, 1 brief",
         "BOUNCE 4-ever 3 1-9 hard"},
        {"an older one that holds longer sets the term", "100 weak, 1 hard",
         "BOUNCE 1-ever 2 1-100 hard"},
        {"a repeat within the term does not double it", "0 listed, 29 listed",
         "BOUNCE 0-59 2 0-29 listed"},
        {"a repeat after the term doubles it", "0 listed, 29 listed, 60 listed",
         "BOUNCE 60-120 3 0-60 listed"},
        {"the next repeat doubles it again", "0 listed, 29 listed, 60 listed, 121 listed",
         "BOUNCE 121-241 4 0-121 listed"},
        {"doubling has an end",
         "0 listed, 30 listed, 90 listed, 210 listed, 450 listed, 930 listed, 1890 "
         "listed, 3810 listed, 7650 listed",
         "BOUNCE 7650-11490 9 0-7650 listed"},
        {"another term ignores earlier repeats", "0 listed, 40 listed, 200 weak",
         "BOUNCE 200-214 3 0-200 weak"},
        {"what is only recorded makes no entry", "1 recorded, 1 not-spam", ""},
    };

    (void)state;
    assert_claims(claims, COUNT(claims));
}

static void a_removal_holds_against_what_occurred_before_it(void **state)
{
    static const struct claim claims[] = {
        {"it lifts what is in force", "1 hard, 5 remove",
         "lifted BOUNCE 1-ever 1 1-1 hard"},
        {"it lifts what ended, too, if anything is in force",
         "1 brief, 2 abuse, 5 remove",
         "lifted COMPLAINT 2-ever 1 2-2 abuse; lifted BOUNCE 1-2 1 1-1 brief"},
        {"it changes nothing where nothing is in force", "1 brief, 5 remove, 4 weak",
         "BOUNCE 4-18 2 1-4 weak"},
        {"an older event counts and lists nobody", "1 hard, 5 remove, 4 hard",
         "lifted BOUNCE 1-ever 2 1-4 hard"},
        {"an older event makes no other entry", "1 hard, 5 remove, 4 abuse",
         "lifted BOUNCE 1-ever 1 1-1 hard"},
        {"nor does one at the same time", "1 hard, 5 remove, 5 abuse",
         "lifted BOUNCE 1-ever 1 1-1 hard"},
        {"a later event lists again", "1 hard, 5 remove, 6 hard",
         "BOUNCE 6-ever 2 1-6 hard"},
        {"a later list hit does not", "1 hard, 5 remove, 9 hit",
         "lifted BOUNCE 1-ever 1 1-1 hard"},
        {"a list hit counts where something later is in force",
         "1 hard, 5 remove, 10 weak, 11 hit", "BOUNCE 10-24 3 1-11 weak"},
        {"a list hit after that ended does not", "1 hard, 5 remove, 10 weak, 30 hit",
         "BOUNCE 10-24 2 1-10 weak"},
        {"what is lifted forgets its repeats",
         "0 listed, 40 listed, 50 remove, 60 listed", "BOUNCE 60-90 3 0-60 listed"},
        {"a guess after it is a first guess again", "0 guess, 5 remove, 10 guess",
         "COMPLAINT 10-190 2 0-10 3"},
        {"soft days are forgotten", "1 hard, 3 soft, 5 remove",
         "lifted BOUNCE 1-ever 1 1-1 hard"},
        {"a soft bounce from before it counts for nothing",
         "1 hard, 5 remove, 4 soft, 5 doubt", "lifted BOUNCE 1-ever 1 1-1 hard"},
    };

    (void)state;
    assert_claims(claims, COUNT(claims));
}

static void a_person_adds_an_entry_of_a_persons_own(void **state)
{
    static const struct claim claims[] = {
        {"beside those of events", "1 hard, 5 add",
         "MANUAL 5-ever; BOUNCE 1-ever 1 1-1 hard"},
        {"with a term", "5 add:9", "MANUAL 5-9"},
        {"a new term keeps the beginning", "5 add:9, 6 add", "MANUAL 5-ever"},
        {"one that ended begins again", "5 add:9, 9 add", "MANUAL 9-ever"},
        {"one that was lifted begins again", "5 add, 6 remove, 7 add", "MANUAL 7-ever"},
        {"a removal lifts it", "5 add, 6 remove", "lifted MANUAL 5-ever"},
        {"events leave it alone", "5 add, 7 not-spam, 8 hard",
         "MANUAL 5-ever; BOUNCE 8-ever 1 8-8 hard"},
    };

    (void)state;
    assert_claims(claims, COUNT(claims));
}

static void a_complaint_holds_until_ses_takes_it_back(void **state)
{
    static const struct claim claims[] = {
        {"a guess has a term", "0 guess", "COMPLAINT 0-180 1 0-0 3"},
        {"a second guess is permanent", "0 guess, 10 guess2",
         "COMPLAINT 0-ever 2 0-10 2"},
        {"even after the first ended", "0 guess, 300 guess2",
         "COMPLAINT 300-ever 2 0-300 2"},
        {"whichever came to us first", "300 guess2, 0 guess",
         "COMPLAINT 300-ever 2 0-300 2"},
        {"not-spam lifts what came before it", "5 abuse, 7 not-spam",
         "lifted COMPLAINT 5-ever 1 5-7 abuse"},
        {"not what came at its time or later", "5 abuse, 4 not-spam, 5 not-spam",
         "COMPLAINT 5-ever 1 5-5 abuse"},
        {"a complaint from before it stays lifted", "5 abuse, 7 not-spam, 6 abuse",
         "lifted COMPLAINT 5-ever 2 5-7 abuse"},
        {"a later one lists again", "5 abuse, 7 not-spam, 9 abuse",
         "COMPLAINT 9-ever 2 5-9 abuse"},
        {"bounces are not lifted", "5 hard, 7 not-spam", "BOUNCE 5-ever 1 5-5 hard"},
    };

    (void)state;
    assert_claims(claims, COUNT(claims));
}

static void a_doubtful_bounce_lists_when_another_confirms_it_12(void **state)
{
    static const struct claim claims[] = {
        {"one alone is a soft day", "10 doubt", "doubt 10"},
        {"not within 24 hours", "9.5 doubt, 10.4 doubt", "doubt 9.5; doubt 10.4"},
        {"not after 30 days", "10 doubt, 40.5 doubt", "doubt 10; doubt 40.5"},
        {"from the later one on", "9 doubt, 10 doubt",
         "BOUNCE 10-ever 2 9-10 doubt; doubt 9; doubt 10"},
        {"whichever came to us first", "10 doubt, 9 doubt",
         "BOUNCE 10-ever 2 9-10 doubt; doubt 9; doubt 10"},
        {"the last of a day confirms as well", "11.2 doubt, 11.9 doubt, 10.8 doubt",
         "BOUNCE 11.9-ever 2 10.8-11.9 doubt; doubt 10.8; doubt 11.2; doubt 11.9"},
        {"soft bounces confirm nothing", "8 soft, 10 doubt", "soft 8; doubt 10"},
        {"doubts from before a removal confirm nothing",
         "1 hard, 4 doubt, 5 remove, 4.5 doubt, 10 doubt",
         "lifted BOUNCE 1-ever 1 1-1 hard; doubt 10"},
        {"doubts after a removal do", "1 hard, 5 remove, 6 doubt, 10 doubt",
         "BOUNCE 10-ever 3 1-10 doubt; doubt 6; doubt 10"},
        {"nor across a Delivery", "9 doubt, 10 delivered, 8.5 elsewhere, 11 doubt",
         "doubt 8.5; doubt 9; delivery 10; doubt 11"},
        {"a Delivery after both changes nothing", "9 doubt, 20 delivered, 11 doubt",
         "BOUNCE 11-ever 2 9-11 doubt; doubt 9; doubt 11; delivery 20"},
    };

    (void)state;
    assert_claims(claims, COUNT(claims));
}

static void a_delivery_ends_the_soft_bounces_before_it(void **state)
{
    static const struct claim claims[] = {
        {"soft bounces before it are forgotten, doubtful ones are not",
         "3 soft, 5 doubt, 6 delivery", "doubt 5; delivery 6"},
        {"those after it are not", "3 soft, 7 soft, 6 delivery", "delivery 6; soft 7"},
        {"nor those later on its day", "10.2 soft, 10.8 soft, 10.5 delivery",
         "delivery 10.5; soft 10.8"},
        {"the first of several Deliveries is enough", "3 soft, 5 delivery, 6 delivery",
         "delivery 5"},
        {"unless it comes late", "3 soft, 6 delivery, 5 delivery",
         "delivery 5; delivery 6"},
        {"a soft bounce that it came after counts for nothing", "6 delivered, 5 soft",
         "delivery 6"},
        {"a soft bounce at its time or later is one", "6 delivered, 6 soft, 7 soft",
         "soft 6; soft 7"},
        {"entries stay", "1 hard, 2 soft, 6 delivery",
         "BOUNCE 1-ever 1 1-1 hard; delivery 6"},
    };

    (void)state;
    assert_claims(claims, COUNT(claims));
}

/* --- who and why ------------------------------------------------------------------ */

static void the_origin_is_of_the_event_that_the_term_begins_with(void **state)
{
    static const struct {
        const char *happened;
        enum policy_origin origin;
    } rows[] = {
        {"5 hard", POLICY_ORIGIN_EVENT},
        {"5 hard:import", POLICY_ORIGIN_IMPORT},
        {"5 hard, 6 hard:import", POLICY_ORIGIN_EVENT},
        {"5 hard, 4 hard:import", POLICY_ORIGIN_IMPORT},
        {"5 brief:import, 8 brief", POLICY_ORIGIN_EVENT},
    };
    struct life life;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        life_lead(&life, rows[i].happened);
        assert_int_equal(life.address.entries[POLICY_REASON_BOUNCE].origin,
                         rows[i].origin);
    }
    life_lead(&life, "5 add");
    assert_int_equal(life.address.entries[POLICY_REASON_MANUAL].origin,
                     POLICY_ORIGIN_PERSON);
}

static void who_lifted_an_entry_is_kept_until_it_is_renewed(void **state)
{
    struct life life;
    const struct policy_entry *entry = &life.address.entries[POLICY_REASON_COMPLAINT];

    (void)state;
    life_lead(&life, "5 abuse, 7 not-spam, 6 abuse");
    assert_true(entry->lifted_ms == 7 * DAY);
    assert_true(str_equal(entry->lifted_by, STR("not-spam")));
    life_lead(&life, "5 abuse, 7 remove:asked");
    assert_true(entry->lifted_ms == 7 * DAY);
    assert_true(str_equal(entry->lifted_by, STR("ann")));
    assert_true(str_equal(entry->lifted_note, STR("asked")));
    life_lead(&life, "5 abuse, 7 remove:asked, 9 abuse");
    assert_false(entry->lifted);
}

static void the_rule_is_of_the_event_whose_words_are_shown(void **state)
{
    struct life life;

    (void)state;
    life_lead(&life, "5 hard, 4 sure");
    assert_true(str_equal(life.address.entries[POLICY_REASON_BOUNCE].rule, STR("a")));
    life_lead(&life, "5 hard, 6 sure");
    assert_true(str_equal(life.address.entries[POLICY_REASON_BOUNCE].rule, STR("b")));
}

static void only_what_changed_is_written(void **state)
{
    static const struct {
        const char *happened;
        unsigned entries;
        bool days;
        bool in_force;
    } rows[] = {
        {"5 hard", 1 << POLICY_REASON_BOUNCE, false, true},
        {"5 hard, 6 hard", 1 << POLICY_REASON_BOUNCE, false, false},
        {"5 weak, 6 weak", 1 << POLICY_REASON_BOUNCE, false, true},
        {"5 hard, 6 abuse", 1 << POLICY_REASON_COMPLAINT, false, true},
        {"5 hard, 6 not-spam", 0, false, false},
        {"5 abuse, 6 not-spam", 1 << POLICY_REASON_COMPLAINT, false, true},
        {"5 hard, 4 hard", 1 << POLICY_REASON_BOUNCE, false, false},
        {"5 soft", 0, true, false},
        {"5 doubt, 6 doubt", 1 << POLICY_REASON_BOUNCE, true, true},
        {"6 delivery", 0, false, false},
        {"6 soft, 5 delivery", 0, true, false},
        {"5 add", 1 << POLICY_REASON_MANUAL, false, true},
        {"5 add, 6 add", 0, false, false},
        {"5 add:x, 6 add:x", 0, false, false},
        {"5 add:x, 6 add:y", 1 << POLICY_REASON_MANUAL, false, false},
        {"5 remove", 0, false, false},
        /* its end is noted */
        {"1 brief, 5 remove", 1 << POLICY_REASON_BOUNCE, false, false},
        {"5 hard, 5 soft, 6 remove", 1 << POLICY_REASON_BOUNCE, true, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct life life;

        life_lead(&life, rows[i].happened);
        if (life.last.entries != rows[i].entries || life.last.softs != rows[i].days ||
            life.last.in_force != rows[i].in_force)
            fail_msg("%s: entries %x, days %d, in force %d", rows[i].happened,
                     life.last.entries, life.last.softs, life.last.in_force);
    }
}

/* A weaker entry that lasts longer is shown when the stronger one has ended. */
static void the_totals_follow_the_strongest_entry(void **state)
{
    static const char *const lives[] = {
        "1 weak, 2 abuse, 3 add:9",         "1 hard, 2 guess, 3 add:9, 4 add:200",
        "1 hard, 2 guess, 3 remove",        "1 weak, 5 remove, 6 weak, 7 guess, 8 guess",
        "1 hard, 2 abuse, 3 not-spam",      "1 weak, 2 guess, 30 weak, 31 add:32, 40 add",
        "1 add:5, 2 hard, 3 add:2, 4 hard", "1 guess, 2 weak, 3 listed, 90 listed",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lives); i++) {
        struct life life;

        life_lead(&life, lives[i]);
        life_assert_totals(&life, lives[i]);
    }
}

static void a_part_that_is_not_needed_may_be_left_empty(void **state)
{
    (void)state;
    assert_int_equal(policy_fold_needs(life_judgement("recorded")), 0);
    assert_int_equal(policy_fold_needs(life_judgement("held")), POLICY_PART_LIST);
    assert_int_equal(policy_fold_needs(life_judgement("hard")), POLICY_PART_LIST);
    assert_int_equal(policy_fold_needs(life_judgement("not-spam")), POLICY_PART_LIST);
    assert_int_equal(policy_fold_needs(life_judgement("delivery")),
                     POLICY_PART_LIST | POLICY_PART_SOFT);
    assert_int_equal(policy_fold_needs(life_judgement("soft")), POLICY_PARTS_ALL);
    assert_int_equal(policy_fold_needs(life_judgement("doubt")), POLICY_PARTS_ALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_holds_from_when_it_occurred_until_its_term_ends),
        cmocka_unit_test(a_removal_holds_against_what_occurred_before_it),
        cmocka_unit_test(a_person_adds_an_entry_of_a_persons_own),
        cmocka_unit_test(a_complaint_holds_until_ses_takes_it_back),
        cmocka_unit_test(a_doubtful_bounce_lists_when_another_confirms_it_12),
        cmocka_unit_test(a_delivery_ends_the_soft_bounces_before_it),
        cmocka_unit_test(the_origin_is_of_the_event_that_the_term_begins_with),
        cmocka_unit_test(who_lifted_an_entry_is_kept_until_it_is_renewed),
        cmocka_unit_test(the_rule_is_of_the_event_whose_words_are_shown),
        cmocka_unit_test(only_what_changed_is_written),
        cmocka_unit_test(the_totals_follow_the_strongest_entry),
        cmocka_unit_test(a_part_that_is_not_needed_may_be_left_empty),
    };
    return cmocka_run_group_tests_name("policy_fold", tests, NULL, NULL);
}
