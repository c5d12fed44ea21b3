#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/limits.h"
#include "daemon/sightings.h"

static const struct sns_cert_url url = {STR("sns.eu-west-1.amazonaws.com"),
                                        STR("SimpleNotificationService-0a.pem")};

static struct sightings begin(void)
{
    struct sightings sightings;

    assert_int_equal(sightings_init(&sightings), 0);
    return sightings;
}

static void a_url_is_wanted_again_when_a_second_has_passed(void **state)
{
    struct sightings sightings = begin();
    uint64_t hash = sightings_hash(&sightings, &url);

    (void)state;
    assert_int_equal(sightings_note(&sightings, hash, 5), SIGHTING_NEW);
    assert_int_equal(sightings_note(&sightings, hash, 5 + SIGHTING_AGAIN_MS - 1),
                     SIGHTING_NEW);
    assert_int_equal(sightings_note(&sightings, hash, 5 + SIGHTING_AGAIN_MS),
                     SIGHTING_AGAIN);
    sightings_done(&sightings);
}

static void a_url_that_failed_stays_so_until_it_is_forgotten(void **state)
{
    struct sightings sightings = begin();
    uint64_t hash = sightings_hash(&sightings, &url);

    (void)state;
    sightings_fail(&sightings, hash, 5);
    assert_int_equal(sightings_note(&sightings, hash, 5), SIGHTING_FAILED);
    assert_int_equal(sightings_note(&sightings, hash, 5 + SIGHTING_KEEP_MS),
                     SIGHTING_FAILED);
    assert_int_equal(sightings_note(&sightings, hash, 6 + SIGHTING_KEEP_MS),
                     SIGHTING_NEW);
    sightings_done(&sightings);
}

static void host_and_file_are_distinguished_under_a_key_of_each_start(void **state)
{
    static const struct sns_cert_url shifted = {STR("sns.eu-west-1.amazonaws.co"),
                                                STR("mSimpleNotificationService-0a.pem")};
    struct sightings one = begin();
    struct sightings other = begin();

    (void)state;
    assert_int_equal(sightings_hash(&one, &url), sightings_hash(&one, &url));
    assert_int_not_equal(sightings_hash(&one, &url), sightings_hash(&one, &shifted));
    assert_int_not_equal(sightings_hash(&one, &url), sightings_hash(&other, &url));
    sightings_done(&one);
    sightings_done(&other);
}

/* At 1,000 new URLs a second for ten seconds nearly nine of ten are remembered. */
static void a_flood_of_new_urls_leaves_most_of_what_was_seen(void **state)
{
    struct sightings sightings = begin();
    uint64_t hash = 1;
    unsigned kept = 0;

    (void)state;
    for (int i = 0; i < 100; i++)
        (void)sightings_note(&sightings, (hash += UINT64_C(0x9e3779b97f4a7c15)), 1);
    for (int i = 0; i < 10000; i++)
        (void)sightings_note(&sightings, (hash += UINT64_C(0x9e3779b97f4a7c15)), 2);
    hash = 1;
    for (int i = 0; i < 100; i++) {
        hash += UINT64_C(0x9e3779b97f4a7c15);
        kept += sightings_note(&sightings, hash, 10001) == SIGHTING_AGAIN;
    }
    assert_in_range(kept, 75, 100);
    sightings_done(&sightings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_wanted_again_when_a_second_has_passed),
        cmocka_unit_test(a_url_that_failed_stays_so_until_it_is_forgotten),
        cmocka_unit_test(host_and_file_are_distinguished_under_a_key_of_each_start),
        cmocka_unit_test(a_flood_of_new_urls_leaves_most_of_what_was_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
