/*
 * What is authentic can be stored: whatever SES writes, only the disk may fail. The first
 * two bytes choose the kind of message, the rest is its Message; all of it is rolled
 * back.
 */
#include "fuzz.h"
#include "sesbounce/limits.h"
#include "sesbounce/store_read.h"

#define CONTROL_BYTES 2
#define NOW_MS        INT64_C(1790000000000)

static struct store *store;
static char directory[256];

static void remove_files(void)
{
    static const char *const names[] = {"db", "db-wal", "db-shm", "db.turn",
                                        "db-journal"};
    char path[300];
    store_close(store);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(directory);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *temporary = getenv("TMPDIR");
    char path[300];

    (void)argc, (void)argv;
    (void)snprintf(directory, sizeof(directory), "%s/sesbounced-fuzz-XXXXXX",
                   temporary ? temporary : "/tmp");
    PROMISE(mkdtemp(directory));
    (void)snprintf(path, sizeof(path), "%s/db", directory);
    PROMISE(store_open(path, STORE_OWN, &store, NULL) == 0);
    PROMISE(atexit(remove_files) == 0);
    return 0;
}

static int read_intake(const uint8_t control[CONTROL_BYTES], struct str text,
                       struct intake *ret)
{
    const struct intake_options options = {
        .policy = &policy_built_in,
        .rules = &fuzz_rules,
        .max_age_ms = 2 * CLOCK_HOUR_MS,
        .now_ms = NOW_MS + (control[0] & 8 ? CLOCK_DAY_MS : 0),
        .confirm_now = control[0] & 16,
        .imported = control[0] & 32,
    };
    const struct sns_message message = {
        .type = (enum sns_type)(control[0] % 3),
        .timestamp_ms = NOW_MS,
        .message_id = STR("id-1"),
        .topic_arn = STR("arn:aws:sns:eu-west-1:123456789012:ses"),
        .message = text,
        .token = STR("token"),
    };
    if (control[0] & 64)
        return intake_from_file(text, &options, ret);
    return intake_from_sns(&message, text, &options, ret);
}

/* Absent is NULL, never ''; no NUL, which would end it for most readers. */
static bool is_proper_text(struct str text)
{
    return text.len > 0 && str_is_utf8(text) && !memchr(text.data, 0, text.len);
}

static int count_row(void *context, const struct store_value *values, size_t count)
{
    size_t *rows = context;
    (*rows)++;
    for (size_t i = 0; i < count; i++) {
        struct str text = values[i].text;
        /* A quarantined body is what was posted, byte for byte. */
        if (values[i].type == STORE_TEXT && strcmp(values[i].name, "body") != 0 &&
            !is_proper_text(text)) {
            (void)fprintf(stderr, "column %s: \"%.*s\"\n", values[i].name, STR_ARG(text));
            PROMISE(is_proper_text(text));
        }
    }
    return 0;
}

/* Inside the transaction: what the views say of it. */
static size_t rows_of(enum store_view view)
{
    struct store_filter filter = {.since_ms = CLOCK_NONE, .until_ms = CLOCK_NONE};
    size_t rows = 0;
    PROMISE(store_query(store, view, &filter, count_row, &rows) == 0);
    return rows;
}

static void check_rows(const struct intake *intake)
{
    size_t events = rows_of(STORE_EVENTS), quarantined = rows_of(STORE_QUARANTINE);

    (void)rows_of(STORE_SUPPRESSED);
    (void)rows_of(STORE_ENTRIES);
    (void)rows_of(STORE_DAILY);
    (void)rows_of(STORE_TOPICS);
    PROMISE(quarantined == (intake->kind == INTAKE_QUARANTINE));
    if (intake->kind == INTAKE_KEEP)
        PROMISE(events ==
                (intake->event.recipient_count ? intake->event.recipient_count : 1));
    else
        PROMISE(events == 0);
}

static void apply_twice(const struct intake *intake)
{
    enum verdict first, second;

    PROMISE(store_begin(store) == 0);
    int r = store_apply(store, intake, &first);
    if (r < 0)
        (void)fprintf(stderr, "%s\n", store_fault(store));
    PROMISE(r == 0 && verdict_is_kept(first));
    PROMISE(store_apply(store, intake, &second) == 0 && verdict_is_kept(second));
    PROMISE(intake->kind != INTAKE_KEEP || second == VERDICT_DUPLICATE);
    check_rows(intake);
    store_rollback(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct intake intake;

    if (size < CONTROL_BYTES)
        return 0;
    struct str text = fuzz_str(data + CONTROL_BYTES, size - CONTROL_BYTES);
    if (!str_is_utf8(text))
        return 0;
    PROMISE(read_intake(data, text, &intake) == 0);
    apply_twice(&intake);
    intake_done(&intake);
    return 0;
}
