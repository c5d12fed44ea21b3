/* What /healthz, the metric and STATUS= say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "daemon/limits.h"
#include "daemon/service.h"
#include "log_capture.h"

#define ORIGIN "https://sns.eu-west-1.amazonaws.com"

static const struct health_loss loss = {
    .since_ms = 1790000000000,
    .origin = ORIGIN,
    .brief = "could not connect",
    .detail = "could not connect: to proxy.corp.example port 3128",
    .hint = "outbound HTTPS must be allowed",
};

static int set_up(void **state)
{
    static struct service service;

    service = (struct service){.stopping = false};
    assert_int_equal(queue_init(&service.jobs, 1), 0);
    assert_int_equal(health_init(&service.health), 0);
    *state = &service;
    return 0;
}

static int tear_down(void **state)
{
    struct service *service = *state;

    health_done(&service->health);
    queue_done(&service->jobs);
    return 0;
}

/* No certificate is known, so that what fails is lost at once. Is that logged? */
static bool lose(struct service *service, const struct health_loss *what)
{
    char text[4096];

    log_begin();
    (void)health_lose(&service->health, what, false, 1);
    log_end(text, sizeof(text));
    return strstr(text, "NOT VERIFYING") != NULL;
}

/* A certificate of that origin is known. */
static bool doubt(struct service *service, const struct health_loss *what,
                  int64_t mono_ms)
{
    char text[4096];
    bool lost;

    log_begin();
    lost = health_lose(&service->health, what, true, mono_ms);
    log_end(text, sizeof(text));
    assert_int_equal(strstr(text, "NOT VERIFYING") != NULL, lost);
    return lost;
}

static void expect(struct service *service, enum health_state state, bool detail,
                   const char *text)
{
    struct health_now now;
    struct buf line;

    service_look(service, &now);
    assert_int_equal(now.state, state);
    buf_init(&line, 4096);
    assert_int_equal(health_print(&now, detail, &line), 0);
    if (text)
        assert_string_equal(buf_str(&line).data, text);
    buf_done(&line);
}

static void a_service_without_a_fault_is_well(void **state)
{
    expect(*state, HEALTH_WELL, false, "ok");
}

static void what_is_lost_is_lost_until_it_is_found_at_the_same_origin(void **state)
{
    struct service *service = *state;
    struct health_loss later = loss;
    struct health_now now;

    assert_true(lose(service, &loss));
    later.since_ms++;
    assert_false(lose(service, &later));
    service_look(service, &now);
    assert_int_equal(now.state, HEALTH_NOT_VERIFYING);
    assert_int_equal(now.loss.since_ms, loss.since_ms);
    assert_false(health_find(&service->health, STR("https://sns.eu-west-2.example")));
    service_look(service, &now);
    assert_int_equal(now.state, HEALTH_NOT_VERIFYING);
    assert_true(health_find(&service->health, STR(ORIGIN)));
    assert_false(health_find(&service->health, STR(ORIGIN)));
    expect(service, HEALTH_WELL, false, "ok");
}

static void a_loss_says_since_when_where_why_and_what_to_type(void **state)
{
    struct service *service = *state;

    (void)lose(service, &loss);
    expect(service, HEALTH_NOT_VERIFYING, false,
           "messages cannot be verified: no signing certificate can be obtained from "
           "https://sns.eu-west-1.amazonaws.com since 2026-09-21T14:13:20.000Z: could "
           "not connect; outbound HTTPS must be allowed; type: curl -v "
           "https://sns.eu-west-1.amazonaws.com/");
}

static void only_the_operator_reads_about_the_proxy(void **state)
{
    struct service *service = *state;
    struct health_now now;
    struct buf line;

    (void)lose(service, &loss);
    service_look(service, &now);
    for (int detail = 0; detail < 2; detail++) {
        buf_init(&line, 4096);
        assert_int_equal(health_print(&now, detail, &line), 0);
        assert_int_equal(strstr(buf_str(&line).data, "proxy.corp") != NULL, detail);
        buf_done(&line);
    }
}

static void a_full_queue_and_a_broken_store_are_not_well(void **state)
{
    struct service *service = *state;
    struct job job;

    assert_int_equal(service_lend_to_writer(service, &job), 0);
    expect(service, HEALTH_OVERLOADED, false,
           "messages cannot be stored: more arrive than the disk can write");
    (void)lose(service, &loss);
    health_store_fails(&service->health, -ENOSPC);
    expect(service, HEALTH_NOT_STORING, false,
           "messages cannot be stored: the disk is full: `df`");
    atomic_store(&service->stopping, true);
    expect(service, HEALTH_STOPPING, false, "sesbounced is being stopped or restarted");
    (void)queue_take(&service->jobs, 1, 0);
}

static void a_stranger_who_wants_what_sns_does_not_have_proves_nothing(void **state)
{
    struct service *service = *state;
    int64_t now_ms = 1;

    for (int i = 0; i < 100; i++, now_ms += HEALTH_DOUBT_MS - 1) {
        assert_false(doubt(service, &loss, now_ms));
        /* Genuine deliveries are verified meanwhile. */
        assert_false(health_find(&service->health, STR(ORIGIN)));
        expect(service, HEALTH_WELL, false, "ok");
    }
    assert_false(doubt(service, &loss, now_ms));
    assert_false(doubt(service, &loss, now_ms + HEALTH_DOUBT_MS - 1));
    expect(service, HEALTH_WELL, false, "ok");
}

static void
a_renewed_certificate_that_cannot_be_obtained_is_a_loss_in_the_end(void **state)
{
    struct service *service = *state;
    struct health_loss later = loss;
    struct health_now now;

    assert_false(doubt(service, &loss, 1));
    later.since_ms += HEALTH_DOUBT_MS;
    assert_true(doubt(service, &later, 1 + HEALTH_DOUBT_MS));
    service_look(service, &now);
    assert_int_equal(now.state, HEALTH_NOT_VERIFYING);
    assert_int_equal(now.loss.since_ms, loss.since_ms); /* since the first */
    assert_true(health_find(&service->health, STR(ORIGIN)));
    assert_false(doubt(service, &later, 2 + HEALTH_DOUBT_MS));
    expect(service, HEALTH_WELL, false, "ok");
}

static void an_answer_of_sns_ends_a_doubt_and_no_loss(void **state)
{
    struct service *service = *state;

    assert_false(doubt(service, &loss, 1));
    health_answered(&service->health, STR(ORIGIN));
    assert_false(doubt(service, &loss, 1 + HEALTH_DOUBT_MS));
    assert_true(doubt(service, &loss, 1 + 2 * HEALTH_DOUBT_MS));
    health_answered(&service->health, STR(ORIGIN));
    assert_true(atomic_load(&service->health.lost));
}

static void what_verifies_at_one_origin_says_nothing_of_another(void **state)
{
    struct service *service = *state;

    assert_false(doubt(service, &loss, 1));
    assert_false(health_find(&service->health, STR("https://sns.eu-west-2.example")));
    assert_true(doubt(service, &loss, 1 + HEALTH_DOUBT_MS));
}

static void origins_beyond_those_in_doubt_are_lost_at_once(void **state)
{
    struct service *service = *state;
    struct health_loss other = loss;

    for (int i = 0; i < HEALTH_DOUBTS_MAX; i++) {
        (void)snprintf(other.origin, sizeof(other.origin), "https://%d.example", i);
        assert_false(doubt(service, &other, 1));
    }
    assert_true(doubt(service, &loss, 1));
}

static void losses_and_their_ends_are_logged_in_pairs_and_with_a_ration(void **state)
{
    struct service *service = *state;
    unsigned lines = 0;

    for (int i = 0; i < 1000; i++) {
        bool told = lose(service, &loss);

        expect(service, HEALTH_NOT_VERIFYING, false, NULL);
        assert_int_equal(health_find(&service->health, STR(ORIGIN)), told);
        lines += told;
    }
    assert_int_equal(lines, HEALTH_LOGS_A_MINUTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_service_without_a_fault_is_well, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            what_is_lost_is_lost_until_it_is_found_at_the_same_origin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_loss_says_since_when_where_why_and_what_to_type,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_operator_reads_about_the_proxy, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_queue_and_a_broken_store_are_not_well,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_stranger_who_wants_what_sns_does_not_have_proves_nothing, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            a_renewed_certificate_that_cannot_be_obtained_is_a_loss_in_the_end, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(an_answer_of_sns_ends_a_doubt_and_no_loss, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            what_verifies_at_one_origin_says_nothing_of_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(origins_beyond_those_in_doubt_are_lost_at_once,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            losses_and_their_ends_are_logged_in_pairs_and_with_a_ration, set_up,
            tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
