/*
 * The section ALERTS of sesbounced-alerts(7) is made from the table of alerts, and is
 * checked in. ALERT_MANUAL_WRITE=1 rewrites it, to be read before it is committed.
 */
#include "manual.h"
#include "sesbounce/alert.h"

/* One sentence to a line, as in the rest of the page. */
static void put_text(struct buf *to, enum alert_name name)
{
    _cleanup_(buf_done) struct buf text = {.max = MANUAL_BYTES_MAX};

    assert_int_equal(alert_text(name, STR_ABSENT, STR(""), &text), 0);
    char *advice = strstr(text.data, ". ");
    assert_non_null(advice);
    advice[1] = '\n';
    put(to, text.data);
    put(to, ".\n");
}

static void put_alerts(struct buf *to)
{
    put(to, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < ALERTS; i++) {
        const struct alert_kind *kind = alert_kind((enum alert_name)i);

        put(to, ".It Li ");
        put(to, kind->name);
        if (kind->subject) {
            put(to, " Pq subject : ");
            put(to, kind->subject);
        }
        put(to, "\n");
        put_text(to, (enum alert_name)i);
    }
    put(to, ".El\n");
}

static void the_manual_has_the_alerts_of_the_table(void **state)
{
    static const struct manual manual = {
        .path = "contrib/man/sesbounced-alerts.7",
        .begin = "/test_alert_manual :\n",
        .end = ".\\\" end of alerts\n",
        .write = "ALERT_MANUAL_WRITE",
        .write_with = "build/unit/policy/test_alert_manual",
    };
    _cleanup_(buf_done) struct buf alerts = {.max = MANUAL_BYTES_MAX};

    (void)state;
    put_alerts(&alerts);
    manual_check(&manual, buf_str(&alerts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_has_the_alerts_of_the_table),
    };
    return cmocka_run_group_tests_name("alert_manual", tests, NULL, NULL);
}
