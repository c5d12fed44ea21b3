/*
 * A store in a directory of its own, and SES messages to put into it. Times are
 * milliseconds; NOW_MS is the day of the wall clock, since the views compare with it.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../decide.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/clock.h"
#include "sesbounce/limits.h"
#include "sesbounce/store_retention.h"

#define TOPIC_A "arn:aws:sns:eu-west-1:123456789012:bounces"
#define TOPIC_B "arn:aws:sns:us-east-1:123456789012:other-feed"

struct fixture {
    char directory[64];
    char path[96];
    struct store *store;
    int64_t now_ms; /* the wall clock, in whole minutes */
    unsigned sns_serial;
};

/* One delivery as a test spells it; what is 0 or NULL takes a default. */
struct post {
    const char *json;
    const char *topic;  /* TOPIC_A */
    const char *sns_id; /* one of its own */
    int64_t at_ms;      /* now */
    int64_t received_ms;
    int64_t max_age_ms;
    const struct ses_rules *rules; /* keep everything */
    bool imported;
    bool bare; /* INTAKE_FROM_FILE */
};

static struct ses_rule counting_rules[] = {{(char *)(uintptr_t) "Send", SES_COUNT},
                                           {(char *)(uintptr_t) "Delivery", SES_COUNT},
                                           {(char *)(uintptr_t) "Open", SES_IGNORE}};
static const struct ses_rules counting
    __attribute__((unused)) = {counting_rules, 3, NULL, 0};
static char *const campaign_tags[] = {(char *)(uintptr_t) "tag:campaign"};
static const struct ses_rules keeping = {NULL, 0, campaign_tags, 1};

static inline int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char *base = getenv("TMPDIR");

    assert_non_null(fixture);
    (void)snprintf(fixture->directory, sizeof(fixture->directory), "%s/store-XXXXXX",
                   base && strlen(base) < 40 ? base : "/tmp");
    assert_non_null(mkdtemp(fixture->directory));
    (void)snprintf(fixture->path, sizeof(fixture->path), "%s/s.db", fixture->directory);
    fixture->now_ms = clock_wall_ms() / CLOCK_MINUTE_MS * CLOCK_MINUTE_MS;
    assert_int_equal(store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
    *state = fixture;
    return 0;
}

static inline void fixture_close(struct fixture *fixture)
{
    store_close(take_ptr(fixture->store));
}

static inline void fixture_reopen(struct fixture *fixture)
{
    fixture_close(fixture);
    assert_int_equal(store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
}

/* No row refers to one that is not there, and each event is found by its message; unless
 * the test has damaged the file, moved it or locked it. */
static inline void fixture_check_references(const struct fixture *fixture)
{
    static const char *const checks[] = {
        "SELECT \"table\" || ' ' || rowid || ' ' || parent FROM pragma_foreign_key_check",
        "SELECT 'event ' || e.id || ' of ' || m.id FROM event AS e JOIN sns_message AS m"
        " ON m.id = e.message_id"
        " AND (e.id BETWEEN m.first_event_id AND m.last_event_id) IS NOT TRUE"};
    sqlite3 *db = NULL;

    (void)sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL);
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        sqlite3_stmt *statement = NULL;

        if (sqlite3_prepare_v2(db, checks[i], -1, &statement, NULL) == SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW)
            fail_msg("torn: %s", (const char *)sqlite3_column_text(statement, 0));
        (void)sqlite3_finalize(statement);
    }
    (void)sqlite3_close(db);
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    DIR *directory = opendir(fixture->directory);
    struct dirent *entry;

    fixture_close(fixture);
    (void)chmod(fixture->directory, 0700);
    fixture_check_references(fixture);
    while (directory && (entry = readdir(directory))) {
        char name[400];

        (void)snprintf(name, sizeof(name), "%s/%s", fixture->directory, entry->d_name);
        (void)unlink(name);
    }
    if (directory)
        (void)closedir(directory);
    (void)rmdir(fixture->directory);
    free(fixture);
    return 0;
}

/* Fills `ret`; the post must outlive it. `id` is room for an SNS message id. */
static inline void fixture_intake(struct fixture *fixture, const struct post *post,
                                  char id[40], struct intake *ret)
{
    struct intake_options options = {
        .policy = &policy_built_in,
        .rules = post->rules ? post->rules : &keeping,
        .max_age_ms = post->max_age_ms,
        .now_ms = post->received_ms ? post->received_ms : fixture->now_ms,
        .imported = post->imported,
    };
    struct sns_message message = {.type = SNS_NOTIFICATION};

    (void)snprintf(id, 40, "sns-%u", ++fixture->sns_serial);
    message.message = str_of(post->json);
    message.topic_arn = str_of(post->topic ? post->topic : TOPIC_A);
    message.message_id = str_of(post->sns_id ? post->sns_id : id);
    message.timestamp_ms = post->at_ms ? post->at_ms : fixture->now_ms;
    if (post->bare)
        assert_int_equal(intake_from_file(str_of(post->json), &options, ret), 0);
    else
        assert_int_equal(intake_from_sns(&message, str_of(post->json), &options, ret), 0);
}

static inline enum verdict fixture_apply_intake(struct fixture *fixture,
                                                const struct intake *intake)
{
    enum verdict verdict = VERDICT_NONE;

    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_apply(fixture->store, intake, &verdict), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_true(verdict_is_kept(verdict));
    return verdict;
}

static inline enum verdict fixture_deliver(struct fixture *fixture, struct post post)
{
    struct intake intake;
    enum verdict verdict;
    char id[40];

    fixture_intake(fixture, &post, id, &intake);
    verdict = fixture_apply_intake(fixture, &intake);
    intake_done(&intake);
    return verdict;
}

#define deliver(fixture, text, ...)                                                      \
    fixture_deliver(fixture, (struct post){.json = (text), __VA_ARGS__})

/* SES messages; each call has a buffer of its own until 16 calls later. */
static inline char *text_room(void)
{
    static char rooms[16][4096];
    static unsigned next;

    return rooms[next++ % 16];
}
#define TEXT_ROOM 4096

/* A bounce of `address`; `id` is the feedback id; `rest` are members of the recipient.
 * The destination is read like the list of who bounced, so that `address` may hold
 * several. */
static inline const char *bounce_of(const char *type, const char *subtype,
                                    const char *address, const char *id, const char *rest)
{
    char *text = text_room();

    (void)snprintf(
        text, TEXT_ROOM,
        "{\"eventType\":\"Bounce\",\"bounce\":{\"bounceType\":\"%s\",\"bounceSubType\":"
        "\"%s\",\"bouncedRecipients\":[{\"emailAddress\":\"%s\"%s%s}],\"timestamp\":"
        "\"2024-05-01T10:00:00.000Z\",\"feedbackId\":\"%s\",\"reportingMTA\":\"dns; "
        "mta.example.net\"},\"mail\":{\"timestamp\":\"2024-05-01T09:59:58.000Z\","
        "\"messageId\":\"m-%s\",\"source\":\"News <news@example.org>\",\"sourceArn\":"
        "\"arn:aws:ses:eu-west-1:123456789012:identity/"
        "example.org\",\"sendingAccountId\":"
        "\"123456789012\",\"destination\":[{\"emailAddress\":\"%s\"}],\"tags\":{\"ses:"
        "configuration-set\":"
        "[\"set-one\"],\"campaign\":[\"spring\"]}}}",
        type, subtype, address, rest ? "," : "", rest ? rest : "", id, id, address);
    return text;
}

static inline const char *hard(const char *address, const char *id)
{
    return bounce_of(
        "Permanent", "General", address, id,
        "\"action\":\"failed\",\"status\":\"5.1.1\",\"diagnosticCode\":\"smtp; "
        "550 5.1.1 user unknown\"");
}

static inline const char *soft(const char *address, const char *id)
{
    return bounce_of("Transient", "MailboxFull", address, id, "\"status\":\"4.2.2\"");
}

static inline const char *doubtful(const char *address, const char *id)
{
    return bounce_of("Transient", "General", address, id,
                     "\"status\":\"5.1.1\",\"diagnosticCode\":\"smtp; 550 5.1.1 no such "
                     "user\"");
}

/* Complaint, Delivery or another type with a list of JSON strings of addresses. */
static inline const char *complaint(const char *feedback_type, const char *address,
                                    const char *id)
{
    char *text = text_room();

    (void)snprintf(
        text, TEXT_ROOM,
        "{\"eventType\":\"Complaint\",\"complaint\":{\"complainedRecipients\":[{"
        "\"emailAddress\":\"%s\"}],\"timestamp\":\"2024-05-01T11:00:00.000Z\","
        "\"feedbackId\":\"%s\",\"complaintFeedbackType\":\"%s\",\"userAgent\":"
        "\"ua/1\"},\"mail\":{\"timestamp\":\"2024-05-01T10:00:00.000Z\","
        "\"messageId\":\"m-%s\",\"source\":\"news@example.org\",\"destination\":"
        "[\"%s\"]}}",
        address, id, feedback_type, id, address);
    return text;
}

static inline const char *delivery(const char *address, const char *id, int64_t ses_ms)
{
    char *text = text_room();
    char time[CLOCK_TEXT_BYTES];

    clock_format_rfc3339(ses_ms, time);
    (void)snprintf(text, TEXT_ROOM,
                   "{\"eventType\":\"Delivery\",\"delivery\":{\"timestamp\":\"%s\","
                   "\"recipients\":[\"%s\"],\"smtpResponse\":\"250 ok\"},\"mail\":{"
                   "\"timestamp\":\"%s\",\"messageId\":\"%s\",\"source\":"
                   "\"news@example.org\",\"destination\":[\"%s\"]}}",
                   time, address, time, id, address);
    return text;
}

static inline const char *send_of(const char *addresses, const char *id, int64_t ses_ms)
{
    char *text = text_room();
    char time[CLOCK_TEXT_BYTES];

    clock_format_rfc3339(ses_ms, time);
    (void)snprintf(text, TEXT_ROOM,
                   "{\"eventType\":\"Send\",\"send\":{},\"mail\":{\"timestamp\":\"%s\","
                   "\"messageId\":\"%s\",\"source\":\"news@example.org\",\"destination\":"
                   "[%s]}}",
                   time, id, addresses);
    return text;
}

/* The first column of the first row as text; "" for NULL, "(none)" for no row. Through a
 * connection of its own, as a reader has it. */
static inline const char *ask(struct fixture *fixture, const char *sql)
{
    char *text = text_room();
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int rc;

    assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL),
                     SQLITE_OK);
    rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        const char *value = (const char *)sqlite3_column_text(statement, 0);

        (void)snprintf(text, TEXT_ROOM, "%s", value ? value : "");
    } else {
        assert_int_equal(rc, SQLITE_DONE);
        (void)snprintf(text, TEXT_ROOM, "(none)");
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return text;
}

#define assert_answer(fixture, sql, expected)                                            \
    assert_string_equal(ask(fixture, sql), expected)

/* What is kept of the message of an event. */
static inline void assert_message(struct fixture *fixture, int64_t event_id,
                                  const char *expected)
{
    struct buf body;

    buf_init(&body, STORE_PACKED_BYTES_MAX);
    assert_int_equal(store_message(fixture->store, event_id, &body), 1);
    assert_string_equal(buf_str(&body).data, expected);
    buf_done(&body);
}

/* Changes the file behind the store's back. */
static inline void tamper(struct fixture *fixture, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;

    assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    (void)sqlite3_close(db);
}

/* --- the file --- */

/* Nobody's user, and a group of our own invention. */
#define OTHER_UID   65534
#define READERS_GID 54321

static inline const char *path_of(struct fixture *fixture, const char *suffix)
{
    char *path = text_room();

    (void)snprintf(path, TEXT_ROOM, "%s%s", fixture->path, suffix);
    return path;
}

static inline unsigned mode_of(struct fixture *fixture, const char *suffix)
{
    struct stat st;

    assert_int_equal(stat(path_of(fixture, suffix), &st), 0);
    return st.st_mode & 07777;
}

/* Opens and expects the fault `error` and `words` in its text. */
static inline void assert_fault(struct fixture *fixture, enum store_mode mode, int error,
                                const char *words)
{
    struct store *store = NULL;
    struct buf fault;

    buf_init(&fault, 2048);
    assert_int_equal(store_open(fixture->path, mode, &store, &fault), error);
    assert_null(store);
    if (!fault.data || !strstr(fault.data, words))
        fail_msg("'%s' is not in '%s'", words, fault.data ? fault.data : "");
    buf_done(&fault);
}

static inline void overwrite(struct fixture *fixture, const char *bytes, size_t len,
                             off_t at)
{
    int fd = open(fixture->path, O_WRONLY);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, at), len);
    (void)close(fd);
}

#endif
