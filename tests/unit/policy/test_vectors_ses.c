/*
 * Every SES message of the vectors against what a careful reader expects of it. They are
 * not part of this repository: $VECTORS says where they are, and without them this test
 * says that it was skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/policy_list.h"
#include "sesbounce/ses_event.h"

#define FILE_BYTES_MAX (1024 * 1024)

static const char *vectors(void)
{
    const char *folder = getenv("VECTORS");
    return folder ? folder : "../shared/vectors";
}

static int read_file(const char *folder, struct str name, struct buf *ret)
{
    char path[4096];
    char chunk[4096];
    size_t got;

    (void)snprintf(path, sizeof(path), "%s/%s/%.*s", vectors(), folder, STR_ARG(name));
    _cleanup_(fclosep) FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    buf_clear(ret);
    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
        assert_int_equal(buf_append(ret, chunk, got), 0);
    return 0;
}

enum column {
    COLUMN_FILE = 0,
    COLUMN_TYPE = 1,
    COLUMN_RECIPIENTS = 5,
    COLUMN_SUPPRESS = 6,
    COLUMN_SUPPRESSED = 9,
    COLUMN_CONFIDENCE = 12,
    COLUMN_ALSO = 13,
    COLUMNS = 17,
};

static bool in_list(struct str list, const struct address *address)
{
    struct str part;
    struct address listed;

    while (str_split(&list, ',', &part))
        if (address_parse(part, &listed) == 0 && strcmp(listed.key, address->key) == 0)
            return true;
    return false;
}

static bool names_same(const struct ses_event *event, struct str list)
{
    struct str rest = list;
    struct str part;

    for (size_t i = 0; i < event->recipient_count; i++)
        if (event->recipients[i].named != SES_NAMED_UNREADABLE &&
            !in_list(list, &event->recipients[i].address))
            return false;
    while (str_split(&rest, ',', &part)) {
        struct address listed;
        bool found = part.len == 0;
        assert_true(part.len == 0 || address_parse(part, &listed) == 0);
        for (size_t i = 0; !found && i < event->recipient_count; i++)
            found = strcmp(event->recipients[i].address.key, listed.key) == 0;
        if (!found)
            return false;
    }
    return true;
}

/* `yes` when exactly those of `expected` would be on the list afterwards, `no` when
 * nobody would be. */
static const char *suppresses(const struct ses_event *event, struct str expected)
{
    const struct policy_when when = {.occurred_ms = 1000};
    bool any = false;
    bool right = true;

    for (size_t i = 0; i < event->recipient_count; i++) {
        struct policy_judgement judgement;
        struct policy_soft softs[2];
        struct policy_address address = {
            .softs = softs, .removed_ms = CLOCK_NONE, .delivered_ms = CLOCK_NONE};
        const struct policy_scoped scoped = {.name = POLICY_SCOPE_ALL};
        struct policy_share shares[POLICY_SHARES_MAX];
        struct policy_change change = {.entries = 0};
        policy_judge(&policy_built_in, event, &event->recipients[i], &judgement);
        if (policy_share(&judgement, &scoped, shares) == 1)
            policy_fold(&policy_built_in, &shares[0].judgement, &when, &address, &change);
        bool listed = false;
        for (size_t j = 0; j < POLICY_REASONS; j++)
            listed = listed || (address.entries[j].exists && !address.entries[j].held);
        any = any || listed;
        right = right && listed == in_list(expected, &event->recipients[i].address);
    }
    return any ? (right ? "yes" : "others") : "no";
}

static const char *answer_to(struct str text, const struct str column[COLUMNS], bool firm,
                             bool *ret_same)
{
    struct ses_event event;
    enum quarantine_reason reason;
    const char *answer = "no memory";

    *ret_same = true;
    switch (ses_event_parse(text, NULL, &event, &reason)) {
    case SES_PARSED_EVENT:
        answer = suppresses(&event, column[COLUMN_SUPPRESSED]);
        *ret_same = str_equal(event.type_text, column[COLUMN_TYPE]) &&
                    (!firm || names_same(&event, column[COLUMN_RECIPIENTS]));
        break;
    case SES_PARSED_ANNOUNCEMENT:
        answer = "no";
        break;
    case SES_PARSED_QUARANTINE:
        answer = "quarantine";
        break;
    case SES_PARSED_NO_MEMORY:
        break;
    }
    ses_event_done(&event);
    return answer;
}

static bool check_row(struct str row)
{
    struct str column[COLUMNS];
    _cleanup_(buf_done) struct buf text;
    bool same;

    for (size_t i = 0; i < COLUMNS; i++)
        if (!str_split(&row, '\t', &column[i]))
            column[i] = STR("");
    buf_init(&text, FILE_BYTES_MAX);
    assert_int_equal(read_file("ses", column[COLUMN_FILE], &text), 0);

    bool firm = str_equal(column[COLUMN_CONFIDENCE], STR("firm"));
    const char *answer = answer_to(buf_str(&text), column, firm, &same);
    bool right = str_equal(str_of(answer), column[COLUMN_SUPPRESS]) ||
                 (!firm && str_equal(str_of(answer), column[COLUMN_ALSO]));
    if (!right || !same)
        printf("%.*s: %s%s, not %.*s\n", STR_ARG(column[COLUMN_FILE]), answer,
               same ? "" : " about others", STR_ARG(column[COLUMN_SUPPRESS]));
    return right && same;
}

static void every_ses_message_is_read_as_expected(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf table;
    size_t rows = 0;
    size_t wrong = 0;
    struct str row;

    buf_init(&table, FILE_BYTES_MAX);
    if (read_file("ses", STR("EXPECT.tsv"), &table) < 0) {
        printf("skipped: no vectors in %s (set VECTORS)\n", vectors());
        skip();
    }
    struct str rest = buf_str(&table);
    (void)str_split(&rest, '\n', &row);
    while (str_split(&rest, '\n', &row)) {
        if (row.len == 0)
            continue;
        wrong += !check_row(row);
        rows++;
    }
    printf("%zu SES messages, %zu wrong\n", rows, wrong);
    assert_true(rows > 100);
    assert_int_equal(wrong, 0);
}

static void what_is_not_an_ses_message_is_quarantined_or_an_announcement(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf table;
    _cleanup_(buf_done) struct buf text;
    struct str row;

    buf_init(&table, FILE_BYTES_MAX);
    buf_init(&text, FILE_BYTES_MAX);
    if (read_file("ses-not-json", STR("EXPECT.tsv"), &table) < 0) {
        printf("skipped: no vectors in %s (set VECTORS)\n", vectors());
        skip();
    }
    struct str rest = buf_str(&table);
    (void)str_split(&rest, '\n', &row);
    while (str_split(&rest, '\n', &row)) {
        struct str name;
        struct str expect;
        struct ses_event event;
        enum quarantine_reason reason;
        if (!str_split(&row, '\t', &name) || !str_split(&row, '\t', &expect))
            continue;
        assert_int_equal(read_file("ses-not-json", name, &text), 0);
        enum ses_parse parse = ses_event_parse(buf_str(&text), NULL, &event, &reason);
        ses_event_done(&event);
        if (str_starts_with(expect, STR("ignore")))
            assert_int_equal(parse, SES_PARSED_ANNOUNCEMENT);
        else
            assert_int_equal(parse, SES_PARSED_QUARANTINE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_ses_message_is_read_as_expected),
        cmocka_unit_test(what_is_not_an_ses_message_is_quarantined_or_an_announcement),
    };
    return cmocka_run_group_tests_name("vectors: ses", tests, NULL, NULL);
}
