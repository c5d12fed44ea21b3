/*
 * The section ALERTS of sesbounced-alerts(7) is made from the table of alerts, and is
 * checked in. ALERT_MANUAL_WRITE=1 rewrites it, to be read before it is committed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sesbounce/alert.h"
#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"

#define MANUAL         "contrib/man/sesbounced-alerts.7"
#define FILE_BYTES_MAX (256 * 1024)
#define BEGIN          "/test_alert_manual :\n"
#define END            ".\\\" end of alerts\n"

static void put(struct buf *to, const char *text)
{
    assert_int_equal(buf_append_str(to, str_of(text)), 0);
}

/* One sentence to a line, as in the rest of the page. */
static void put_text(struct buf *to, enum alert_name name)
{
    _cleanup_(buf_done) struct buf text = {.max = FILE_BYTES_MAX};

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

static void read_manual(struct buf *ret)
{
    char chunk[4096];
    size_t got;
    _cleanup_(fclosep) FILE *file = fopen(MANUAL, "re");

    assert_non_null(file); /* run from the top of the repository */
    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
        assert_int_equal(buf_append(ret, chunk, got), 0);
}

static void write_manual(struct str before, struct str alerts, struct str behind)
{
    _cleanup_(fclosep) FILE *file = fopen(MANUAL, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(before.data, 1, before.len, file), before.len);
    assert_int_equal(fwrite(alerts.data, 1, alerts.len, file), alerts.len);
    assert_int_equal(fwrite(behind.data, 1, behind.len, file), behind.len);
}

static void the_manual_has_the_alerts_of_the_table(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf manual = {.max = FILE_BYTES_MAX};
    _cleanup_(buf_done) struct buf alerts = {.max = FILE_BYTES_MAX};

    read_manual(&manual);
    put_alerts(&alerts);
    const char *begin = strstr(manual.data, BEGIN);
    const char *end = strstr(manual.data, END);
    assert_true(begin && end && begin < end);
    begin += sizeof(BEGIN) - 1;

    struct str there = {begin, (size_t)(end - begin)};
    struct str before = {manual.data, (size_t)(begin - manual.data)};
    struct str behind = {end, manual.len - before.len - there.len};
    if (getenv("ALERT_MANUAL_WRITE"))
        write_manual(before, buf_str(&alerts), behind);
    else if (!str_equal(there, buf_str(&alerts)))
        fail_msg(MANUAL " differs from the table; type: ALERT_MANUAL_WRITE=1 "
                        "build/unit/policy/test_alert_manual");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_has_the_alerts_of_the_table),
    };
    return cmocka_run_group_tests_name("alert_manual", tests, NULL, NULL);
}
