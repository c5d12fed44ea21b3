#include "workload.h"

#include "../unit/store/store_fixture.h"

#define LETTERS_MAX   96
#define TOKEN         STR("2336412f37fb687f5d51e6e241")
#define CROWD         40
#define CROWD_FIRST   40
#define OLD_SOFT_MS   (WORKLOAD_NOW_MS - STORE_SOFT_KEEP_MS - 3 * CLOCK_DAY_MS)
#define OLD_COUNT_MS  (WORKLOAD_NOW_MS - STORE_COUNTED_KEEP_MS - 3 * CLOCK_HOUR_MS)
#define DIAGNOSTIC    "smtp; 550 5.1.1 user unknown. "
#define DIAGNOSTIC_10 DIAGNOSTIC DIAGNOSTIC DIAGNOSTIC DIAGNOSTIC DIAGNOSTIC
#define DIAGNOSTIC_50                                                                    \
    DIAGNOSTIC_10 DIAGNOSTIC_10 DIAGNOSTIC_10 DIAGNOSTIC_10 DIAGNOSTIC_10

/* One SNS message. */
struct letter {
    char id[24];
    char text[TEXT_ROOM];
    const char *topic;
    enum sns_type type;
    int64_t at_ms;
    bool is_counted;
    bool is_forgotten; /* by store_tidy(): counts anew when it is repeated afterwards */
};

static struct letter letters[LETTERS_MAX];
static struct state states[WORKLOAD_STEPS_MAX];

enum step_kind {
    OPEN,
    BATCH,
    ADD,
    REMOVE,
    RETRY,
    CONFIRMED,
    CHECKPOINT,
    TIDY,
    PROBE,
    DROP,
    CLOSE_AND_OPEN,
};

struct step {
    const char *name;
    enum step_kind kind;
    size_t first, end; /* letters */
};

static const struct step steps[] = {
    {"open", OPEN, 0, 0},
    {"events of every kind", BATCH, 0, 10},
    {"a subscription", BATCH, 10, 13},
    {"a confirmation that failed", RETRY, 0, 0},
    {"the first checkpoint", CHECKPOINT, 0, 0},
    {"duplicates and a second feed", BATCH, 13, 19},
    {"a person adds", ADD, 0, 0},
    {"a person removes", REMOVE, 0, 0},
    {"a confirmation that worked", CONFIRMED, 0, 0},
    {"a crowd", BATCH, CROWD_FIRST, CROWD_FIRST + CROWD},
    {"the second checkpoint", CHECKPOINT, 0, 0},
    {"over the old log", BATCH, 19, 22},
    {"tidy", TIDY, 0, 0},
    {"probe", PROBE, 0, 0},
    {"drop from quarantine", DROP, 0, 0},
    {"close and open", CLOSE_AND_OPEN, 0, 0},
    {"after a restart", BATCH, 22, 25},
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

size_t workload_steps(void)
{
    return STEPS;
}

const char *workload_name(size_t step)
{
    return steps[step].name;
}

bool workload_is_batch(size_t step)
{
    return steps[step].kind == BATCH;
}

/* --- what SNS sends --------------------------------------------------------------- */

static struct letter *letter(size_t at, const char *text)
{
    struct letter *ret = &letters[at];

    (void)snprintf(ret->id, sizeof(ret->id), "sns-%zu", at);
    (void)snprintf(ret->text, sizeof(ret->text), "%s", text);
    ret->topic = TOPIC_A;
    ret->at_ms = WORKLOAD_NOW_MS;
    return ret;
}

static struct letter *again(size_t at, size_t earlier)
{
    letters[at] = letters[earlier];
    return &letters[at];
}

static void write_first(void)
{
    int64_t now = WORKLOAD_NOW_MS;
    struct letter *old;

    letter(0, hard("a@example.com", "f1"));
    letter(1, complaint("abuse", "b@example.com", "f2"));
    letter(2, doubtful("c@example.com", "f3"))->at_ms = now - 3 * CLOCK_DAY_MS;
    letter(3, delivery("c@example.com", "m4", now - 5 * CLOCK_DAY_MS))->at_ms =
        now - 5 * CLOCK_DAY_MS;
    letter(4, delivery("d@example.com", "m5", now))->is_counted = true;
    letter(5, soft("e@example.com", "f6"))->at_ms = now - CLOCK_DAY_MS;
    letter(6, soft("f@example.com", "f7"))->at_ms = OLD_SOFT_MS;
    letter(7, "{\"no\":1}");
    letter(8, "not JSON at all");
    old = letter(9, delivery("g@example.com", "m8", OLD_COUNT_MS));
    old->at_ms = OLD_COUNT_MS;
    old->is_counted = old->is_forgotten = true;

    letter(10, "You have chosen to subscribe")->type = SNS_SUBSCRIPTION_CONFIRMATION;
    letter(11, send_of("\"h@example.com\",\"i@example.com\"", "m9", now))->is_counted =
        true;
    letter(12, hard("h@example.com", "f10"));
}

static void write_later(void)
{
    int64_t now = WORKLOAD_NOW_MS;

    again(13, 0);
    letter(14, hard("a@example.com", "f1"))->topic = TOPIC_B;
    letter(15, doubtful("c@example.com", "f11"));
    letter(16, delivery("e@example.com", "m12", now))->is_counted = true;
    again(17, 4);
    again(18, 7);

    letter(19, delivery("d@example.com", "m13", now));
    letter(20, "You have chosen to subscribe")->type = SNS_SUBSCRIPTION_CONFIRMATION;
    letters[20].topic = TOPIC_B;
    letter(21, complaint("abuse", "a@example.com", "f14"));

    letter(22, hard("z@example.com", "f15"));
    letter(23, "{\"no\":2}");
    letter(24, delivery("z@example.com", "m16", now))->is_counted = true;
    for (size_t i = 0; i < CROWD; i++) {
        char address[40], id[16];

        (void)snprintf(address, sizeof(address), "crowd-%zu@example.com", i);
        (void)snprintf(id, sizeof(id), "crowd-%zu", i);
        letter(CROWD_FIRST + i, bounce_of("Permanent", "General", address, id,
                                          "\"diagnosticCode\":\"" DIAGNOSTIC_50 "\""));
    }
}

void workload_start(void)
{
    assert_true(STEPS <= WORKLOAD_STEPS_MAX);
    write_first();
    write_later();
}

static void read_letter(const struct letter *from, struct intake *ret)
{
    const struct intake_options options = {
        .policy = &policy_built_in,
        .rules = from->is_counted ? &counting : &keeping,
        .now_ms = WORKLOAD_NOW_MS,
        .confirm_now = true,
    };
    const struct sns_message message = {
        .type = from->type,
        .timestamp_ms = from->at_ms,
        .message_id = str_of(from->id),
        .topic_arn = str_of(from->topic),
        .message = str_of(from->text),
        .token = TOKEN,
    };

    assert_int_equal(intake_from_sns(&message, message.message, &options, ret), 0);
}

/* --- steps ------------------------------------------------------------------------ */

static int apply(struct store *store, const struct letter *from, enum verdict *ret)
{
    struct intake intake;
    int r;

    read_letter(from, &intake);
    r = store_apply(store, &intake, ret);
    intake_done(&intake);
    return r;
}

static int deliver_all(struct store *store, const struct step *step)
{
    enum verdict verdict;
    int r = store_begin(store);

    if (r < 0)
        return r;
    for (size_t i = step->first; r == 0 && i < step->end; i++)
        r = apply(store, &letters[i], &verdict);
    if (r == 0)
        r = store_commit(store);
    if (r < 0)
        store_rollback(store);
    return r;
}

void workload_repeat(struct place *place, size_t step)
{
    assert_int_equal(store_begin(place->store), 0);
    for (size_t i = steps[step].first; i < steps[step].end; i++) {
        enum verdict verdict = VERDICT_NONE;

        if (letters[i].is_forgotten)
            continue;
        assert_int_equal(apply(place->store, &letters[i], &verdict), 0);
        assert_int_equal(verdict, VERDICT_DUPLICATE);
    }
    assert_int_equal(store_commit(place->store), 0);
}

static int decide(struct store *store, bool add)
{
    const struct store_decision decision = {
        .address = add ? "person@example.com" : "A@example.com",
        .actor = "ann",
        .note = "on the phone",
        .now_ms = WORKLOAD_NOW_MS + (add ? 0 : CLOCK_MINUTE_MS),
        .until_ms = POLICY_FOR_EVER};
    bool changed;

    return add ? decide_add(store, &decision, &changed)
               : decide_remove(store, &decision, &changed);
}

/* As the checkpointer and then the writer do it. */
static int checkpoint(struct place *place)
{
    _cleanup_(store_closep) struct store *second = NULL;
    int r = store_open(place->path, STORE_IDLE, &second, NULL);

    if (r == 0)
        r = store_idle(second);
    return r < 0 ? r : store_idle_end(place->store);
}

static int drop(struct store *store)
{
    int r = store_begin(store);

    if (r < 0)
        return r;
    r = store_quarantine_drop(store, 2);
    if (r == 0)
        r = store_commit(store);
    if (r < 0)
        store_rollback(store);
    return r;
}

int workload_run(struct place *place, size_t which)
{
    const struct step *step = &steps[which];
    struct store *store = place->store;
    bool more;

    switch (step->kind) {
    case CLOSE_AND_OPEN:
        place_close(place);
        return store_open(place->path, STORE_OWN, &place->store, NULL);
    case OPEN:
        return store_open(place->path, STORE_OWN, &place->store, NULL);
    case BATCH:
        return deliver_all(store, step);
    case ADD:
    case REMOVE:
        return decide(store, step->kind == ADD);
    case RETRY:
        return store_task_finish(store, 1, STORE_TASK_RETRY, STR("no route"),
                                 WORKLOAD_NOW_MS);
    case CONFIRMED:
        return store_task_finish(store, 1, STORE_TASK_DONE, STR(TOPIC_A ":sub"),
                                 WORKLOAD_NOW_MS);
    case CHECKPOINT:
        return checkpoint(place);
    case TIDY:
        return store_tidy(store, WORKLOAD_NOW_MS, WORKLOAD_NOW_MS, &more);
    case PROBE:
        return store_probe(store);
    case DROP:
        return drop(store);
    }
    return -EINVAL;
}

/* --- the undisturbed run ---------------------------------------------------------- */

static bool is_repeated(size_t at, size_t first)
{
    for (size_t i = first; i < at; i++)
        if (strcmp(letters[i].id, letters[at].id) == 0)
            return true;
    return false;
}

/* Messages that have a row in sns_message. */
static long distinct_letters(size_t done)
{
    long n = 0;

    for (size_t s = 0; s < done; s++)
        for (size_t i = steps[s].first; i < steps[s].end; i++)
            n += !letters[i].is_counted && !is_repeated(i, 0);
    return n;
}

long workload_acknowledged(size_t done)
{
    long n = 0;

    for (size_t s = 0; s < done; s++)
        n += (long)(steps[s].end - steps[s].first);
    return n;
}

static bool has_tidied(size_t step)
{
    for (size_t i = 0; i <= step; i++)
        if (steps[i].kind == TIDY)
            return true;
    return false;
}

#define COUNTED(kind_) "(SELECT coalesce(sum(" kind_ "), 0) FROM day_count)"

/* Numbers that must agree whatever the step: 0 each. */
static const char *const agreements[] = {
    COUNTED("hard_bounces") " - (SELECT count(*) FROM event WHERE type = 'Bounce' AND "
                            "class IN ('hard', 'policy'))",
    COUNTED("soft_bounces") " - (SELECT count(*) FROM event WHERE class = 'soft')",
    COUNTED("complaints") " - (SELECT count(*) FROM event WHERE class = 'complaint')",
    "(SELECT count(*) FROM event WHERE message_id NOT IN (SELECT message_id FROM body))",
    "(SELECT count(*) FROM (SELECT 1 FROM event GROUP BY key_time, key_hash "
    "HAVING count(*) > 1))",
    "(SELECT count(*) FROM suppression AS s WHERE reason <> 'MANUAL' AND NOT EXISTS "
    "(SELECT 1 FROM event AS e WHERE e.address = s.address))",
    "(SELECT count(*) FROM suppression AS s WHERE reason = 'MANUAL' AND NOT EXISTS "
    "(SELECT 1 FROM decision AS d WHERE d.address = s.address AND action = 'add'))",
    "(SELECT count(*) FROM unapplied WHERE message_id NOT IN (SELECT message_id "
    "FROM body))",
};

/* The undisturbed run is judged by the messages, all others by it. */
static void check_learned(struct place *place, size_t step)
{
    struct fixture reader = {0};
    char expected[24], sql[400];

    (void)snprintf(reader.path, sizeof(reader.path), "%s", place->path);
    for (size_t i = 0; i < sizeof(agreements) / sizeof(agreements[0]); i++) {
        (void)snprintf(sql, sizeof(sql), "SELECT %s", agreements[i]);
        if (strcmp(ask(&reader, sql), "0") != 0)
            fail_msg("after \"%s\": %s is %s", steps[step].name, sql, ask(&reader, sql));
    }
    (void)snprintf(expected, sizeof(expected), "%ld", distinct_letters(step + 1));
    assert_answer(&reader, "SELECT count(DISTINCT sns_message_id) FROM sns_message",
                  expected);
    assert_answer(&reader, "SELECT count(*) FROM sns_message", expected);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT " COUNTED("deliveries") " - %d - (SELECT count(*) FROM event "
                                                   "WHERE type = 'Delivery') - (SELECT "
                                                   "count(*) FROM counted WHERE "
                                                   "is_delivery)",
                   has_tidied(step));
    assert_answer(&reader, sql, "0");
}

void workload_learn(struct place *place, void (*after)(void *context, size_t step),
                    void *context)
{
    for (size_t step = 0; step < STEPS; step++) {
        int r = workload_run(place, step);

        if (r < 0)
            fail_msg("%s: %d: %s", steps[step].name, r,
                     place->store ? store_fault(place->store) : "");
        if (after)
            after(context, step);
        check_learned(place, step);
        state_done(&states[step]);
        state_read(place, &states[step]);
    }
}

const struct state *workload_state(size_t step)
{
    return &states[step];
}

void workload_done(void)
{
    for (size_t step = 0; step < STEPS; step++)
        state_done(&states[step]);
}
