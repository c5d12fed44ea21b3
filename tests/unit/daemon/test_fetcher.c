/* What a failed fetch says of the way to SNS and of its URL. HTTPS is played by this
 * file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/fetcher.h"
#include "daemon/limits.h"

#define MANY (CERTIFICATE_UNHURRIED_MAX + 1)

/* Of the last fetch that was begun. */
static https_done_fn *done;
static void *done_context;
static long begun_ms;
static size_t begun;

int https_begin(struct https *https, const struct https_request *request,
                https_done_fn *fn, void *context)
{
    (void)https;
    assert_non_null(strstr(request->url, "https://sns.eu-west-1.amazonaws.com/"));
    done = fn;
    done_context = context;
    begun_ms = request->total_ms;
    begun++;
    return 0;
}

void https_wake(struct https *https)
{
    (void)https;
}

static void give_back(struct delivery *delivery)
{
    (void)delivery;
}

struct fixture {
    char folder[48];
    struct settings *settings;
    struct service service;
    struct fetcher fetcher;
    struct delivery deliveries[MANY];
    char files[MANY][80];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    begun = 0;
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/test_fetcher.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    assert_int_equal(settings_new(&f->settings), 0);
    assert_int_equal(certificates_new(f->folder, &f->service.rules.certificates), 0);
    assert_int_equal(waiting_room_init(&f->service.room, MANY), 0);
    assert_int_equal(health_init(&f->service.health), 0);
    f->service.settings = f->settings;
    fetcher_init(&f->fetcher, &f->service);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    (void)waiting_room_close(&f->service.room);
    waiting_room_done(&f->service.room);
    health_done(&f->service.health);
    certificates_free(f->service.rules.certificates);
    settings_free(f->settings);
    (void)rmdir(f->folder);
    free(f);
    return 0;
}

/* Another URL for each `i`. */
static struct delivery *wait_for(struct fixture *f, size_t i, int64_t mono_ms)
{
    struct delivery *delivery = &f->deliveries[i];
    struct delivery *displaced;

    (void)snprintf(f->files[i], sizeof(f->files[i]),
                   "SimpleNotificationService-%032zx.pem", i);
    *delivery = (struct delivery){
        .certificate_url = {STR("sns.eu-west-1.amazonaws.com"), str_of(f->files[i])},
        .topic = {.text = STR("arn:aws:sns:eu-west-1:123456789012:t")},
        .give_back = give_back,
    };
    assert_int_equal(waiting_room_enter(&f->service.room, delivery, mono_ms, &displaced),
                     0);
    return delivery;
}

/* The last of `count` that are under way ends so. */
static void end_last_of(struct fixture *f, size_t count,
                        const struct https_answer *answer)
{
    for (size_t i = 0; i < count; i++)
        (void)wait_for(f, i, clock_mono_ms());
    (void)fetcher_serve(&f->fetcher);
    assert_int_equal(begun, count);
    done(done_context, answer);
}

static bool is_lost(struct fixture *f)
{
    return atomic_load(&f->service.health.lost);
}

/* Is what was fetched alone held against its URL? */
static bool is_held_against(struct fixture *f)
{
    int64_t later_ms = clock_mono_ms() + 2 * SIGHTING_AGAIN_MS;

    return wait_for(f, 0, later_ms)->waiting_as == SIGHTING_FAILED;
}

static void no_way_to_sns_is_a_loss_and_not_held_against_the_url(void **state)
{
    const struct https_answer answer = {.fault = "refused", .brief = "refused"};

    end_last_of(*state, 1, &answer);
    assert_true(is_lost(*state));
    assert_false(is_held_against(*state));
}

static void a_firewall_is_suspected_only_where_trust_is_not_the_fault(void **state)
{
    const struct https_answer refused = {.fault = "refused", .brief = "refused"};
    const struct https_answer untrusted = {
        .fault = "expired", .brief = "expired", .untrusted = true};
    struct fixture *f = *state;

    end_last_of(f, 1, &refused);
    assert_string_equal(f->service.health.loss.hint, "outbound HTTPS must be allowed");
    assert_int_equal(tear_down(state), 0);
    assert_int_equal(set_up(state), 0);
    f = *state;
    end_last_of(f, 1, &untrusted);
    assert_true(is_lost(f));
    assert_null(f->service.health.loss.hint);
}

static void what_sns_does_not_have_is_not_a_loss_and_held_against_the_url(void **state)
{
    const struct https_answer answer = {.status = 404};

    end_last_of(*state, 1, &answer);
    assert_false(is_lost(*state));
    assert_true(is_held_against(*state));
}

static void a_time_out_is_a_loss_and_held_against_the_url(void **state)
{
    const struct https_answer answer = {
        .fault = "timed out", .brief = "timed out", .timed_out = true};

    end_last_of(*state, 1, &answer);
    assert_int_equal(begun_ms, HTTPS_TOTAL_MS);
    assert_true(is_lost(*state));
    assert_true(is_held_against(*state));
}

static void a_fetch_that_was_hurried_and_timed_out_is_not_a_loss(void **state)
{
    const struct https_answer answer = {
        .fault = "timed out", .brief = "timed out", .timed_out = true};

    end_last_of(*state, MANY, &answer);
    assert_int_equal(begun_ms, CERTIFICATE_HURRIED_MS);
    assert_false(is_lost(*state));
}

static void a_hurried_fetch_that_is_refused_is_a_loss(void **state)
{
    const struct https_answer answer = {.fault = "refused", .brief = "refused"};

    end_last_of(*state, MANY, &answer);
    assert_true(is_lost(*state));
}

static void every_failure_is_remembered_of_its_url(void **state)
{
    static const struct https_answer answers[] = {
        {.fault = "refused", .brief = "refused"},
        {.status = 404},
        {.status = 200, .body = {"junk", 4}},
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct sns_certificate *certificate = NULL;
        struct fixture *f;

        assert_int_equal(set_up(state), 0);
        f = *state;
        end_last_of(f, 1, &answers[i]);
        assert_int_equal(certificates_get(f->service.rules.certificates,
                                          &f->deliveries[0].certificate_url,
                                          clock_mono_ms(), &certificate),
                         CERTIFICATES_FAILED);
        assert_int_equal(tear_down(state), 0);
    }
}

#define FETCHED(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FETCHED(no_way_to_sns_is_a_loss_and_not_held_against_the_url),
        FETCHED(a_firewall_is_suspected_only_where_trust_is_not_the_fault),
        FETCHED(what_sns_does_not_have_is_not_a_loss_and_held_against_the_url),
        FETCHED(a_time_out_is_a_loss_and_held_against_the_url),
        FETCHED(a_fetch_that_was_hurried_and_timed_out_is_not_a_loss),
        FETCHED(a_hurried_fetch_that_is_refused_is_a_loss),
        cmocka_unit_test(every_failure_is_remembered_of_its_url),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
