/*
 * How soft bounces are counted, in the words of life.h: five days, ten days apart, within
 * thirty, for fourteen days that double with each repeat (reference: the policy).
 */
#include "life.h"

static const struct claim {
    const char *claim;
    const char *happened;
    const char *entry; /* of the list, with its span */
} CLAIMS[] = {
    {"five days, ten apart, make an entry of 14 days",
     "1 soft, 3 soft, 5 soft, 8 soft, 11 soft", "SOFT 11-25"},
    {"four do not", "1 soft, 3 soft, 5 soft, 11 soft", ""},
    {"a day counts once, however often it bounces",
     "1 soft, 1.1 soft, 1.2 soft, 5 soft, 5.1 soft, 11 soft, 11.5 soft", ""},
    {"nine days apart are too few", "1 soft, 3 soft, 5 soft, 8 soft, 10 soft", ""},
    {"what is older than 30 days does not count",
     "1 soft, 20 soft, 25 soft, 30 soft, 32 soft", ""},
    {"30 days are within the window", "1 soft, 20 soft, 25 soft, 30 soft, 31 soft",
     "SOFT 31-45"},
    {"333 mailboxes that were full on six days",
     "1 soft, 3 soft, 5 soft, 7 soft, 9 soft, 11 soft", "SOFT 11-25"},
    {"whatever the order", "11 soft, 1 soft, 8 soft, 5 soft, 3 soft", "SOFT 11-25"},
    {"a day that becomes known later moves the beginning",
     "1 soft, 3 soft, 5 soft, 13 soft, 15 soft, 11 soft", "SOFT 13-27"},
    {"bounces within the term change nothing",
     "1 soft, 3 soft, 5 soft, 8 soft, 11 soft, 12 soft, 24 soft", "SOFT 11-25"},
    {"the next one after it doubles the term",
     "1 soft, 3 soft, 5 soft, 8 soft, 11 soft, 26 soft", "SOFT 26-54"},
    {"which needs the days again",
     "1 soft, 3 soft, 5 soft, 8 soft, 11 soft, 26 soft, 60 soft", "SOFT 26-54"},
    {"a doubtful bounce completes them as well",
     "1 soft, 3 soft, 5 soft, 8 soft, 11 doubt", "SOFT 11-25"},
    {"a Delivery in between resets",
     "1 soft, 3 soft, 5 soft, 6 delivery, 8 soft, 11 soft", ""},
    {"also one that becomes known later",
     "1 soft, 3 soft, 5 soft, 8 soft, 11 soft, 6 delivery", "lifted SOFT 11-25"},
    {"and one that is known, but was not told",
     "9 delivered, 1 soft, 3 soft, 5 soft, "
     "8 soft, 11 soft",
     ""},
    {"a Delivery from before the first changes nothing",
     "1 soft, 3 soft, 5 soft, 8 soft, 11 soft, 0 delivery", "SOFT 11-25"},
    {"a later Delivery lifts the entry",
     "1 soft, 3 soft, 5 soft, 8 soft, 11 soft, 12 delivery", "lifted SOFT 11-25"},
    {"and forgets how often it was repeated",
     "1 soft, 3 soft, 5 soft, 8 soft, 11 soft, 12 delivery, 13 soft, 15 soft, 17 soft, "
     "20 soft, 24 soft",
     "SOFT 24-38"},
    {"a removal voids what came before it",
     "1 soft, 3 soft, 5 soft, 8 soft, 11 soft, 12 remove, 13 soft", "lifted SOFT 11-25"},
    {"days without Deliveries of the identity do not count",
     "1 soft:silent, 3 soft:silent, 5 soft:silent, 8 soft:silent, 11 soft", ""},
    {"but do once any of that day was from one that reports them",
     "1 soft:silent, 1.1 soft, 3 soft, 5 soft, 8 soft, 11.1 soft", "SOFT 11.1-25.1"},
    {"doubtful bounces of another scope do not count",
     "1 elsewhere, 1.5 soft, 3 soft, 5 soft, 11 soft", ""},
};

static void put_list(const struct life *life, char *to, size_t room)
{
    const struct policy_entry *entry = &life->address.entries[POLICY_REASON_SOFT];

    to[0] = '\0';
    if (entry->exists)
        (void)snprintf(to, room, "%sSOFT %g-%g", entry->lifted ? "lifted " : "",
                       (double)entry->since_ms / DAY, (double)entry->until_ms / DAY);
}

static void soft_bounces_are_counted_as_the_policy_says_10_13(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(CLAIMS); i++) {
        struct life life;
        char kept[100];

        life_lead(&life, CLAIMS[i].happened);
        put_list(&life, kept, sizeof(kept));
        if (strcmp(kept, CLAIMS[i].entry) != 0)
            fail_msg("%s (%s): `%s`, expected `%s`", CLAIMS[i].claim, CLAIMS[i].happened,
                     kept, CLAIMS[i].entry);
        life_assert_totals(&life, CLAIMS[i].claim);
    }
}

static void what_is_behind_an_entry_is_the_same_in_any_order(void **state)
{
    static const char *const orders[] = {
        "1 soft, 3 soft, 5 soft, 8 soft, 11 soft, 12 soft, 24 soft, 24.5 soft",
        "24.5 soft, 24 soft, 12 soft, 11 soft, 8 soft, 5 soft, 3 soft, 1 soft",
        "1 soft, 3 soft, 12 soft, 24 soft, 5 soft, 24.5 soft, 8 soft, 11 soft",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(orders); i++) {
        struct life life;

        life_lead(&life, orders[i]);
        const struct policy_entry *entry = &life.address.entries[POLICY_REASON_SOFT];
        if (entry->since_ms != 11 * DAY || entry->event_count != 8 ||
            entry->first_event_ms != 1 * DAY || entry->last_event_ms != 49 * DAY / 2)
            fail_msg("%s: since %g, %lld events, %g-%g", orders[i],
                     (double)entry->since_ms / DAY, (long long)entry->event_count,
                     (double)entry->first_event_ms / DAY,
                     (double)entry->last_event_ms / DAY);
    }
}

/* Of the last step. */
static void put_lines(const struct life *life, char *to, size_t room)
{
    to[0] = '\0';
    for (size_t i = 0; i < life->last.line_count; i++) {
        const struct policy_line *line = &life->last.lines[i];
        const char *before = policy_reason_word(line->before);
        const char *after = policy_reason_word(line->after);
        size_t len = strlen(to);

        (void)snprintf(to + len, room - len, "%s%s %s-%s", len ? ", " : "",
                       policy_action_word(line->action), before ? before : "",
                       after ? after : "");
    }
}

static void every_change_of_the_list_is_a_line_of_the_log(void **state)
{
    static const struct claim rows[] = {
        {"a new entry", "1 hard", "added -BOUNCE"},
        {"one more event of a permanent entry", "1 hard, 2 hard", ""},
        {"a term that is extended", "1 weak, 2 weak", "changed BOUNCE-BOUNCE"},
        {"a stronger reason", "1 hard, 2 abuse", "changed BOUNCE-COMPLAINT"},
        {"a weaker one below it", "1 abuse, 2 hard", "changed COMPLAINT-COMPLAINT"},
        {"an end that was not noticed, and what follows it", "1 weak, 20 hard",
         "expired BOUNCE-, added -BOUNCE"},
        {"an end that uncovers a weaker reason",
         "1 abuse:import, 2 weak, 3 add:5, 6 soft", "expired MANUAL-COMPLAINT"},
        {"not-spam", "1 abuse, 2 not-spam", "lifted COMPLAINT-"},
        {"not-spam above a bounce", "1 hard, 2 abuse, 3 not-spam",
         "lifted COMPLAINT-BOUNCE"},
        {"a Delivery", "1 soft, 3 soft, 5 soft, 8 soft, 11 soft, 12 delivery",
         "lifted SOFT-"},
        {"a Delivery that changes nothing", "1 hard, 2 delivery", ""},
        {"a complaint that is held", "1 held", "held -"},
        {"and released", "1 held, 2 release", "released -COMPLAINT"},
        {"or dropped", "1 held, 2 drop", "dropped -"},
        {"held beside what is in force", "1 hard, 2 held", "held BOUNCE-BOUNCE"},
        {"a person's removal", "1 hard, 2 remove", "removed BOUNCE-"},
        {"of two entries", "1 hard, 2 abuse, 3 remove",
         "removed COMPLAINT-BOUNCE, removed BOUNCE-"},
        {"of one that is over, and one that is not", "1 weak, 2 abuse, 20 remove",
         "removed COMPLAINT-"},
        {"two entries by one bounce", "1 soft, 3 soft, 5 soft, 10.5 doubt, 11.6 doubt",
         "added -BOUNCE, changed BOUNCE-BOUNCE"},
        {"a person's entry", "1 add", "added -MANUAL"},
        {"whose note changes", "1 add:x, 2 add:y", "changed MANUAL-MANUAL"},
        {"an import", "5 import:1", "added -BOUNCE"},
        {"repeated", "5 import:1, 6 import:1", ""},
        {"the guard", "1 hard:guard", "held -"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct life life;
        char lines[100];

        life_lead(&life, rows[i].happened);
        put_lines(&life, lines, sizeof(lines));
        if (strcmp(lines, rows[i].entry) != 0)
            fail_msg("%s (%s): `%s`, expected `%s`", rows[i].claim, rows[i].happened,
                     lines, rows[i].entry);
    }
}

static void what_is_held_waits_for_a_person(void **state)
{
    static const struct claim rows[] = {
        {"it does not suppress", "1 held", "held COMPLAINT 1-181 1 1-1 9"},
        {"another one is noted", "1 held, 2 held", "held COMPLAINT 1-181 2 1-2 9"},
        {"released, its term begins", "1 held, 5 release", "COMPLAINT 5-185 1 1-1 9"},
        {"dropped, it never does", "1 held, 5 drop", "lifted COMPLAINT 1-181 1 1-1 9"},
        {"what occurred before that stays void", "2 held, 5 drop, 1 held",
         "lifted COMPLAINT 2-182 1 2-2 9"},
        {"what occurs later is held again", "2 held, 5 drop, 6 held",
         "held COMPLAINT 6-186 2 2-6 9"},
        {"a certain complaint takes effect at once", "1 held, 2 abuse",
         "COMPLAINT 2-ever 2 1-2 abuse"},
        {"what is in force stays so", "1 abuse, 2 held", "COMPLAINT 1-ever 2 1-2 abuse"},
        {"a removal voids it", "1 held, 2 remove", "lifted COMPLAINT 1-181 1 1-1 9"},
        {"and what occurred before", "2 remove, 3 hard, 4 remove, 1 held",
         "lifted BOUNCE 3-ever 1 3-3 hard"},
        {"the guard holds a bounce", "1 hard:guard", "held BOUNCE 1-ever 1 1-1 hard"},
        {"never a complaint", "1 abuse:guard", "COMPLAINT 1-ever 1 1-1 abuse"},
        {"nor what SES did not try", "1 hit:guard", "BOUNCE 1-ever 1 1-1 hit"},
        {"nor what is in force", "1 weak, 2 hard:guard", "BOUNCE 1-15 2 1-2 weak"},
        {"a complaint is removed only on purpose", "1 abuse, 2 removal",
         "COMPLAINT 1-ever 1 1-1 abuse"},
        {"a bounce without", "1 hard, 2 removal", "lifted BOUNCE 1-ever 1 1-1 hard"},
        {"an import holds from when it says", "9 import:3", "BOUNCE 3-ever"},
        {"not from before a removal", "1 hard, 5 remove, 9 import:3",
         "lifted BOUNCE 1-ever 1 1-1 hard"},
        {"a later event counts on top of it", "9 import:3, 10 hard",
         "BOUNCE 3-ever 1 10-10 hard"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct life life;
        char kept[400];

        life_lead(&life, rows[i].happened);
        life_put(&life, kept, sizeof(kept));
        if (strcmp(kept, rows[i].entry) != 0)
            fail_msg("%s (%s): `%s`, expected `%s`", rows[i].claim, rows[i].happened,
                     kept, rows[i].entry);
        life_assert_totals(&life, rows[i].claim);
    }
}

static void it_is_known_how_far_counting_has_come(void **state)
{
    static const struct {
        const char *happened;
        int64_t now_days, days, recorded;
    } cases[] = {
        {"1 soft", 2, 1, 0},
        {"1 soft, 1.5 soft, 3 soft", 4, 2, 0},
        {"1 soft, 3 soft", 32, 1, 0}, /* the window has left the first behind */
        {"1 soft:silent, 3 soft", 4, 1, 1},
        {"1 soft, 3 soft, 4 delivery", 5, 0, 0},
        {"1 soft, 3 soft, 5 soft, 8 soft, 11 soft, 12 remove", 13, 0, 0},
    };
    struct policy_soft_count soft;
    struct life life;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        life_lead(&life, cases[i].happened);
        policy_soft_look(&policy_built_in, life.address.softs, life.address.soft_count,
                         cases[i].now_days * DAY, &soft);
        if (soft.days != cases[i].days || soft.recorded != cases[i].recorded)
            fail_msg("%s: %lld days, %lld recorded", cases[i].happened,
                     (long long)soft.days, (long long)soft.recorded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_known_how_far_counting_has_come),
        cmocka_unit_test(soft_bounces_are_counted_as_the_policy_says_10_13),
        cmocka_unit_test(what_is_behind_an_entry_is_the_same_in_any_order),
        cmocka_unit_test(every_change_of_the_list_is_a_line_of_the_log),
        cmocka_unit_test(what_is_held_waits_for_a_person),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
