/* What /metrics shows of the database, from a real one. */
#include "../store/store_fixture.h"

#include "daemon/limits.h"
#include "daemon/store_metrics.h"

#define TOPIC "arn:aws:sns:eu-west-1:123456789012:topic-%03d"

/* Each of the topics is heard a second after the one before. */
static void hear_topics(struct fixture *fixture, int count)
{
    for (int i = 0; i < count; i++) {
        int64_t at_ms = fixture->now_ms - (count - i) * CLOCK_SECOND_MS;
        char topic[80], id[16];

        (void)snprintf(topic, sizeof(topic), TOPIC, i);
        (void)snprintf(id, sizeof(id), "%d", i);
        (void)deliver(fixture, hard("a@x.example", id), .topic = topic, .at_ms = at_ms,
                      .received_ms = at_ms);
    }
}

static bool is_told(const struct buf *text, int topic)
{
    char label[100];

    (void)snprintf(label, sizeof(label), "{topic=\"" TOPIC "\"}", topic);
    return strstr(text->data, label) != NULL;
}

static void of_many_topics_those_heard_last_are_reported(void **state)
{
    struct fixture *fixture = *state;
    struct store_metrics metrics;
    struct buf text;

    hear_topics(fixture, STORE_METRICS_TOPICS_MAX + 2);
    assert_int_equal(store_metrics_init(&metrics), 0);
    assert_int_equal(store_metrics_look(&metrics, fixture->store, clock_mono_ms()), 0);
    buf_init(&text, STORE_METRICS_BYTES_MAX);
    assert_int_equal(store_metrics_print(&metrics, &text), 0);
    assert_false(is_told(&text, 0));
    assert_false(is_told(&text, 1));
    for (int i = 2; i < STORE_METRICS_TOPICS_MAX + 2; i++)
        assert_true(is_told(&text, i));
    buf_done(&text);
    store_metrics_done(&metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_many_topics_those_heard_last_are_reported,
                                        fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
