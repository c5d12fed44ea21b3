#include "certificates_fixture.h"

static void what_was_put_is_found(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    assert_int_equal(ask(certificates, &url_1, 0), CERTIFICATES_UNKNOWN);
    assert_int_equal(put(certificates, &url_1, fixture.good, 0), 0);
    assert_int_equal(ask(certificates, &url_1, 0), CERTIFICATES_READY);
}

static void a_certificate_outlives_the_table(void **state)
{
    (void)state;
    struct certificates *certificates = open_certificates();
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate = NULL;
    assert_int_equal(put(certificates, &url_1, fixture.good, 0), 0);
    assert_int_equal(certificates_get(certificates, &url_1, 0, &certificate),
                     CERTIFICATES_READY);
    certificates_free(certificates);
    assert_true(sns_certificate_is_for(certificate, &topic));
}

static void another_host_or_file_is_another_certificate(void **state)
{
    (void)state;
    static const struct sns_cert_url others[] = {
        {STR("sns.eu-test-2.amazonaws.com"), STR(FILE_1)},
        {STR(HOST), STR("SimpleNotificationService-0123456789abcde.pem")},
    };
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    assert_int_equal(put(certificates, &url_1, fixture.good, 0), 0);
    assert_int_equal(ask(certificates, &others[0], 0), CERTIFICATES_UNKNOWN);
    assert_int_equal(ask(certificates, &others[1], 0), CERTIFICATES_UNKNOWN);
}

static void a_fetched_one_replaces_the_present_one(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *first = NULL;
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *second = NULL;
    assert_int_equal(put(certificates, &url_1, fixture.good, 0), 0);
    assert_int_equal(certificates_get(certificates, &url_1, 0, &first),
                     CERTIFICATES_READY);
    assert_int_equal(put(certificates, &url_1, fixture.renewed, 0), 0);
    assert_int_equal(certificates_get(certificates, &url_1, 0, &second),
                     CERTIFICATES_READY);
    assert_ptr_not_equal(first, second);
    assert_int_equal(stat_of(HOST "/" FILE_1).st_size, strlen(fixture.renewed));
}

static void a_host_is_known_once_it_has_given_a_certificate(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    _cleanup_(certificates_freep) struct certificates *later = open_certificates();
    certificates_fail(certificates, &url_1, 0);
    assert_false(certificates_has_host(certificates, url_1.host));
    assert_int_equal(put(certificates, &url_1, fixture.good, 0), 0);
    assert_true(certificates_has_host(certificates, url_1.host));
    assert_true(certificates_has_host(later, url_1.host));
    assert_false(certificates_has_host(later, STR("sns.eu-test-1.amazonaws.co")));
    assert_false(certificates_has_host(later, STR("..")));
}

/* An endpoint without {region} serves several regions from one place. */
static void a_certificate_of_another_region_is_kept_for_who_may_use_it(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    _cleanup_(certificates_freep) struct certificates *later = open_certificates();
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *kept = NULL;
    _cleanup_(freep) char *pem =
        make_pem(fixture.key, "sns-signing.eu-test-2.amazonaws.com", 7);
    assert_int_equal(put(certificates, &url_1, pem, 0), 0);
    assert_int_equal(certificates_get(certificates, &url_1, 0, &kept),
                     CERTIFICATES_READY);
    assert_false(sns_certificate_is_for(kept, &topic));
    assert_int_equal(certificates_load(later, &url_1), 0);
    assert_int_equal(ask(later, &url_1, 0), CERTIFICATES_READY);
}

static void a_failure_is_forgotten_after_its_time(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    certificates_fail(certificates, &url_1, 5000);
    assert_int_equal(ask(certificates, &url_1, 5000), CERTIFICATES_FAILED);
    assert_int_equal(ask(certificates, &url_1, 5000 + CERTIFICATE_FAILURE_MS - 1),
                     CERTIFICATES_FAILED);
    assert_int_equal(ask(certificates, &url_1, 5000 + CERTIFICATE_FAILURE_MS),
                     CERTIFICATES_UNKNOWN);
}

static void a_success_ends_a_failure(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    certificates_fail(certificates, &url_1, 0);
    assert_int_equal(put(certificates, &url_1, fixture.good, 1), 0);
    assert_int_equal(ask(certificates, &url_1, 1), CERTIFICATES_READY);
}

static void a_failure_does_not_take_away_a_certificate(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    assert_int_equal(put(certificates, &url_1, fixture.good, 0), 0);
    certificates_fail(certificates, &url_1, 0);
    assert_int_equal(put(certificates, &url_1, "no certificate", 0), -EINVAL);
    assert_int_equal(ask(certificates, &url_1, 0), CERTIFICATES_READY);
}

static void what_is_not_of_sns_is_a_failure_and_not_kept(void **state)
{
    (void)state;
    const char *const bad[] = {fixture.strange, "", "<html>no</html>"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        _cleanup_(certificates_freep) struct certificates *certificates =
            open_certificates();
        assert_int_equal(put(certificates, &url_1, bad[i], 0), -EINVAL);
        assert_int_equal(ask(certificates, &url_1, 0), CERTIFICATES_FAILED);
        assert_false(exists(HOST "/" FILE_1));
    }
}

struct numbered {
    char file[64];
    struct sns_cert_url url;
};

static void number(struct numbered *ret, unsigned n)
{
    (void)snprintf(ret->file, sizeof(ret->file), "SimpleNotificationService-%08x.pem", n);
    ret->url = (struct sns_cert_url){STR(HOST), str_of(ret->file)};
}

static void the_least_recently_used_certificate_makes_room(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    struct numbered name;
    /* In the way of the folder: this test is about memory. */
    write_file(HOST, "");
    for (unsigned i = 0; i < CERTIFICATES_IN_MEMORY_MAX; i++) {
        number(&name, i);
        (void)put(certificates, &name.url, fixture.good, 0);
    }
    number(&name, 0);
    assert_int_equal(ask(certificates, &name.url, 0), CERTIFICATES_READY);
    number(&name, CERTIFICATES_IN_MEMORY_MAX);
    (void)put(certificates, &name.url, fixture.good, 0);
    assert_int_equal(ask(certificates, &name.url, 0), CERTIFICATES_READY);
    number(&name, 0);
    assert_int_equal(ask(certificates, &name.url, 0), CERTIFICATES_READY);
    number(&name, 1);
    assert_int_equal(ask(certificates, &name.url, 0), CERTIFICATES_UNKNOWN);
    number(&name, 2);
    assert_int_equal(ask(certificates, &name.url, 0), CERTIFICATES_READY);
}

static void strangers_cannot_evict_a_certificate(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    struct numbered name;
    assert_int_equal(put(certificates, &url_1, fixture.good, 0), 0);
    for (unsigned i = 0; i < 3 * CERTIFICATE_FAILURES_MAX; i++) {
        number(&name, i);
        certificates_fail(certificates, &name.url, 0);
    }
    assert_int_equal(ask(certificates, &url_1, 0), CERTIFICATES_READY);
    /* The newest failures are the ones that are remembered. */
    assert_int_equal(ask(certificates, &name.url, 0), CERTIFICATES_FAILED);
    number(&name, 0);
    assert_int_equal(ask(certificates, &name.url, 0), CERTIFICATES_UNKNOWN);
}

static void *ask_and_put(void *context)
{
    struct certificates *certificates = context;
    struct numbered name;
    for (unsigned i = 0; i < 200; i++) {
        const char *fault = NULL;
        struct sns_certificate *certificate = NULL;
        number(&name, i % 7);
        if (certificates_get(certificates, &name.url, i, &certificate) ==
            CERTIFICATES_UNKNOWN)
            (void)certificates_load(certificates, &name.url);
        sns_certificate_unrefp(&certificate);
        if (i % 5 == 0)
            certificates_fail(certificates, &name.url, i);
        if (i % 50 == 0)
            (void)certificates_put(certificates, &name.url, str_of(fixture.renewed), i,
                                   &fault);
    }
    return NULL;
}

static void threads_share_it(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    struct numbered name;
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_and_put, certificates), 0);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    number(&name, 0);
    assert_int_equal(ask(certificates, &name.url, 0), CERTIFICATES_READY);
    assert_true(count_files() <= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_put_is_found),
        TEST(a_certificate_outlives_the_table),
        TEST(another_host_or_file_is_another_certificate),
        TEST(a_fetched_one_replaces_the_present_one),
        TEST(a_host_is_known_once_it_has_given_a_certificate),
        TEST(a_certificate_of_another_region_is_kept_for_who_may_use_it),
        TEST(a_failure_is_forgotten_after_its_time),
        TEST(a_success_ends_a_failure),
        TEST(a_failure_does_not_take_away_a_certificate),
        TEST(what_is_not_of_sns_is_a_failure_and_not_kept),
        TEST(the_least_recently_used_certificate_makes_room),
        TEST(strangers_cannot_evict_a_certificate),
        TEST(threads_share_it),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
