/*
 * Want of memory: a delivery from its body to the commit, as the daemon drives it, with
 * the N-th allocation failing, for every N there is: ours, OpenSSL's and SQLite's, once
 * or from then on. The answer is that it is stored, or 503 and nothing is kept; never a
 * 4xx, which would be final. The same delivery afterwards is stored.
 */
#include "../unit/store/store_fixture.h"

#include <jansson.h>
#include <openssl/crypto.h>

#include "../fuzz/signer.h"
#include "allocations.h"
#include "daemon/delivery.h"
#include "report.h"
#include "vfs.h"
#include "workload.h"

#define HOST "sns.eu-west-1.amazonaws.com"
#define URL  "https://" HOST "/SimpleNotificationService-0a.pem"

#define ALLOCATIONS_MAX 20000

/* --- hooks ------------------------------------------------------------------------ */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
int __wrap_asprintf(char **ret, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void *__wrap_malloc(size_t size)
{
    return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return allocation_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return allocation_fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return allocation_fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return allocation_fails() ? NULL : __real_strndup(text, len);
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
    va_list arguments;
    int n;

    if (allocation_fails())
        return -1;
    va_start(arguments, format);
    n = vasprintf(ret, format, arguments);
    va_end(arguments);
    return n;
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return size == 0 || allocation_fails() ? NULL : __real_malloc(size);
}

static void *openssl_realloc(void *old, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return allocation_fails() ? NULL : __real_realloc(old, size);
}

static void openssl_free(void *old, const char *file, int line)
{
    (void)file, (void)line;
    free(old);
}

/* --- deliveries ------------------------------------------------------------------- */

struct letter {
    const char *name, *type, *version;
    char message[TEXT_ROOM];
};

#define LETTERS 6
static struct letter letters[LETTERS] = {
    {.name = "hard bounce", .type = "Notification", .version = "2"},
    {.name = "complaint", .type = "Notification", .version = "1"},
    {.name = "counted delivery", .type = "Notification", .version = "2"},
    {.name = "doubtful bounce", .type = "Notification", .version = "2"},
    {.name = "quarantine", .type = "Notification", .version = "2"},
    {.name = "confirmation", .type = "SubscriptionConfirmation", .version = "2"},
};

static struct settings *settings;
static struct report report = {.kind = "allocation failure"};

struct course {
    struct place place;
    char certificates[96];
    struct snapshot base;
    struct state before, after[LETTERS];
    struct buf bodies[LETTERS];
};

static void set(json_t *envelope, const char *key, const char *value)
{
    assert_int_equal(json_object_set_new(envelope, key, json_string(value)), 0);
}

static void write_body(const struct letter *letter, const char *id, struct buf *ret)
{
    json_t *envelope = json_object();
    char *text;

    set(envelope, "Type", letter->type);
    set(envelope, "MessageId", id);
    set(envelope, "TopicArn", TOPIC_A);
    set(envelope, "Message", letter->message);
    set(envelope, "Timestamp", "2026-09-21T14:13:20.000Z");
    if (strcmp(letter->type, "Notification") != 0) {
        set(envelope, "Token", "2336412f37");
        set(envelope, "SubscribeURL", "https://" HOST "/?Action=ConfirmSubscription");
    }
    set(envelope, "SignatureVersion", letter->version);
    set(envelope, "Signature", "SIGN");
    set(envelope, "SigningCertURL", URL);
    text = json_dumps(envelope, JSON_COMPACT);
    json_decref(envelope);
    assert_non_null(text);
    buf_init(ret, SNS_ENVELOPE_BYTES_MAX);
    assert_true(signer_sign(str_of(text), ret));
    free(text);
}

static void write_letters(struct course *course)
{
    const char *const texts[LETTERS] = {
        hard("a@example.com", "f1"),
        complaint("abuse", "b@example.com", "f2"),
        delivery("c@example.com", "m3", WORKLOAD_NOW_MS),
        doubtful("d@example.com", "f4"),
        "no JSON",
        "You have chosen to subscribe",
    };

    for (size_t i = 0; i < LETTERS; i++) {
        char id[16];

        (void)snprintf(id, sizeof(id), "sns-%zu", i);
        (void)snprintf(letters[i].message, TEXT_ROOM, "%s", texts[i]);
        write_body(&letters[i], id, &course->bodies[i]);
    }
}

static struct certificates *new_certificates(const struct course *course)
{
    struct certificates *certificates = NULL;

    assert_int_equal(certificates_new(course->certificates, &certificates), 0);
    return certificates;
}

static void put_certificate(struct certificates *certificates)
{
    const char *fault = NULL;
    struct sns_cert_url url;
    struct arn topic;

    assert_true(arn_parse(STR(TOPIC_A), &topic));
    assert_true(sns_url_certificate(STR(URL), &topic, STR_ABSENT, &url));
    (void)certificates_put(certificates, &url, signer_certificate(), 0, &fault);
}

static int store_it(struct store *store, struct delivery *delivery)
{
    int r = store_begin(store);

    if (r < 0)
        return r;
    r = store_apply(store, &delivery->intake, &delivery->applied);
    if (r == 0)
        r = store_commit(store);
    if (r < 0)
        store_rollback(store);
    return r;
}

/* What the HTTP thread and the writer do with one; its verdict. */
static enum verdict deliver_body(struct store *store, struct certificates *certificates,
                                 struct str body)
{
    const struct delivery_rules rules = {settings, certificates, NULL};
    struct delivery delivery;
    enum verdict verdict = VERDICT_NO_MEMORY;
    enum delivery_step step;
    int r = 0;

    delivery_init(&delivery, settings, 0);
    if (buf_append_str(&delivery.body, body) == 0) {
        step = delivery_advance(&delivery, &rules, WORKLOAD_NOW_MS, 1);
        verdict = delivery.verdict;
        if (step == DELIVERY_WAITS)
            verdict = VERDICT_NO_CERTIFICATE;
        if (step == DELIVERY_STORABLE) {
            r = store_it(store, &delivery);
            verdict = delivery.applied;
        }
    }
    if (r < 0)
        verdict = r == -ENOMEM ? VERDICT_NO_MEMORY : VERDICT_STORE;
    if (r < 0 && r != -ENOMEM)
        fail_msg("%d: %s", r, store_fault(store));
    delivery_done(&delivery);
    return verdict;
}

/* --- one fault -------------------------------------------------------------------- */

static void begin(struct course *course)
{
    place_clear(&course->place);
    snapshot_put(&course->base, &course->place);
    place_open(&course->place);
}

static void expect_state(struct course *course, const struct state *expected,
                         const char *what)
{
    struct state state;

    state_read(&course->place, &state);
    if (state.messages < expected->messages)
        report.lost++;
    if (state.messages > expected->messages)
        report.doubled++;
    state_expect(&state, expected, what);
    state_done(&state);
}

/* False: there is no N-th allocation. */
static bool inject(struct course *course, size_t which, long at, bool lasting,
                   bool fetched)
{
    struct certificates *certificates = new_certificates(course);
    struct str body = buf_str(&course->bodies[which]);
    char what[120];
    enum verdict verdict;
    unsigned status;
    bool fired;

    (void)snprintf(what, sizeof(what), "%s, allocation %ld fails %s%s",
                   letters[which].name, at, lasting ? "on" : "once",
                   fetched ? ", with the certificate" : "");
    begin(course);
    if (!fetched)
        put_certificate(certificates);
    allocations_arm(at, lasting);
    if (fetched)
        put_certificate(certificates);
    verdict = deliver_body(course->place.store, certificates, body);
    fired = allocations_disarm();
    status = verdict_info(verdict)->http_status;
    if (status != 200 && status != 503)
        fail_msg("%s: %s", what, verdict_info(verdict)->name);
    expect_state(course, status == 200 ? &course->after[which] : &course->before, what);
    if (fetched) /* asked for again after a while */
        put_certificate(certificates);
    verdict = deliver_body(course->place.store, certificates, body);
    if (!verdict_is_kept(verdict) || (status == 200) != (verdict == VERDICT_DUPLICATE))
        fail_msg("%s, then again: %s", what, verdict_info(verdict)->name);
    expect_state(course, &course->after[which], what);
    certificates_free(certificates);
    report.injected += fired;
    report.acknowledged += fired;
    return fired;
}

static void inject_each(struct course *course, size_t which, bool lasting, bool fetched)
{
    long stride = 1, at;

    for (at = 1; inject(course, which, at, lasting, fetched); at += stride) {
        assert_true(at < ALLOCATIONS_MAX);
        /* The first ones differ most from each other: envelope, signature, message. */
        if (fault_is_short() && at >= 64)
            stride = at / 16;
    }
    assert_true(at > 30);
}

static void every_allocation_of_a_delivery_may_fail(void **state)
{
    for (size_t i = 0; i < LETTERS; i++) {
        inject_each(*state, i, false, false);
        inject_each(*state, i, true, false);
    }
}

static void every_allocation_for_a_certificate_may_fail(void **state)
{
    inject_each(*state, 0, false, true);
    inject_each(*state, 1, true, true);
}

/* --- all of them ------------------------------------------------------------------ */

static void learn(struct course *course)
{
    struct certificates *certificates = new_certificates(course);

    put_certificate(certificates);
    place_open(&course->place);
    state_read(&course->place, &course->before);
    place_close(&course->place);
    snapshot_take(&course->place, &course->base);
    for (size_t i = 0; i < LETTERS; i++) {
        enum verdict verdict;

        begin(course);
        verdict =
            deliver_body(course->place.store, certificates, buf_str(&course->bodies[i]));
        if (!verdict_is_kept(verdict))
            fail_msg("%s: %s", letters[i].name, verdict_info(verdict)->name);
        state_read(&course->place, &course->after[i]);
        assert_string_not_equal(course->after[i].text, course->before.text);
    }
    certificates_free(certificates);
}

static int setup(void **state)
{
    static char topic[] = TOPIC_A;
    static char *topics[] = {topic};
    struct course *course = calloc(1, sizeof(*course));

    assert_non_null(course);
    assert_int_equal(settings_new(&settings), 0);
    settings->sns.topic = (struct settings_list){topics, 1};
    signer_start();
    place_make(&course->place);
    (void)snprintf(course->certificates, sizeof(course->certificates), "%s/certificates",
                   course->place.directory);
    write_letters(course);
    learn(course);
    *state = course;
    return 0;
}

static int teardown(void **state)
{
    struct course *course = *state;
    char name[200];

    if (!course)
        return -1;
    report_end(&report);
    (void)snprintf(name, sizeof(name), "%s/" HOST "/SimpleNotificationService-0a.pem",
                   course->certificates);
    (void)unlink(name);
    (void)snprintf(name, sizeof(name), "%s/" HOST, course->certificates);
    (void)rmdir(name);
    (void)rmdir(course->certificates);
    place_remove(&course->place);
    snapshot_done(&course->base);
    state_done(&course->before);
    for (size_t i = 0; i < LETTERS; i++) {
        state_done(&course->after[i]);
        buf_done(&course->bodies[i]);
    }
    settings->sns.topic = (struct settings_list){0};
    settings_free(settings);
    free(course);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_a_delivery_may_fail),
        cmocka_unit_test(every_allocation_for_a_certificate_may_fail),
    };

    if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1 ||
        allocations_install() < 0 || vfs_install() < 0)
        return 1;
    return cmocka_run_group_tests_name("memory", tests, setup, teardown);
}
