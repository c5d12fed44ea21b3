/* suppress release, drop: what becomes of the entries that wait for a person. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"

/* An entry and a line of the log each, and an entry of the outbox. */
#define TURN_HELD_MAX (STORE_TURN_ROWS_MAX / 4)

struct held {
    struct ctl *ctl;
    struct store_decision decision;
    int64_t *ids; /* owned */
    size_t count, room;
    size_t at;   /* the next of them */
    size_t turn; /* of the present transaction */
    uint64_t done;
    bool any_missing; /* a word names nothing that is held */
};

static int held_note(void *context, const struct store_value *values, size_t count)
{
    struct held *held = context;
    const struct store_value *id = output_find(values, count, "id");

    if (!id)
        return 0;
    if (held->count == held->room) {
        size_t room = held->room > 0 ? 2 * held->room : 64;
        int64_t *more = reallocarray(held->ids, room, sizeof(*more));

        if (!more)
            return -ENOMEM;
        held->ids = more;
        held->room = room;
    }
    held->ids[held->count++] = id->integer;
    return 0;
}

/* What a word names: an id, an address, or why it is held. False after telling. */
static bool held_find_word(struct held *held, const char *word)
{
    struct store_filter filter = {.why = NULL};
    struct address address;
    uint64_t id = 0;
    size_t before = held->count;

    if (str_to_u64(str_of(word), INT64_MAX, &id) == 0 && id == 0) {
        (void)ctl_fail("ID must be a number of 1 or more, not `%s`", word);
        return false;
    }
    if (id > 0)
        filter.id = (int64_t)id;
    else if (strchr(word, '@') && ctl_address(word, &address))
        filter.address = address.key;
    else if (!strchr(word, '@'))
        filter.why = word;
    else
        return false;
    int r = store_query(held->ctl->store, STORE_HELD, &filter, held_note, held);
    if (r < 0)
        (void)ctl_fail_store(held->ctl, r);
    else if (held->count == before) {
        ctl_note("nothing is held for %s", word);
        held->any_missing = true;
    }
    return r == 0;
}

static int id_compare(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

/* Words may name the same entry. */
static void held_keep_distinct(struct held *held)
{
    size_t kept = 0;

    if (held->count > 0)
        qsort(held->ids, held->count, sizeof(*held->ids), id_compare);
    for (size_t i = 0; i < held->count; i++)
        if (kept == 0 || held->ids[i] != held->ids[kept - 1])
            held->ids[kept++] = held->ids[i];
    held->count = kept;
}

static int held_decide_next(void *context, bool *ret_end)
{
    struct held *held = context;
    enum policy_decided decided;

    if (held->at == held->count) {
        *ret_end = true;
        return 0;
    }
    int r = store_decide_held(held->ctl->store, held->ids[held->at], &held->decision,
                              &decided);
    if (r < 0)
        return r;
    held->at++;
    held->turn += decided == POLICY_CHANGED;
    *ret_end = held->at == held->count || held->turn == TURN_HELD_MAX;
    return 0;
}

static int held_decide_all(struct held *held)
{
    int r = 0;

    while (r == 0 && held->at < held->count) {
        held->turn = 0;
        r = ctl_turn(held->ctl->store, TURN_COMMITS, held_decide_next, held);
        if (r == 0)
            held->done += held->turn;
    }
    return r;
}

static int held_tell(struct held *held, const char *done, bool dry_run)
{
    struct ctl *ctl = held->ctl;
    uint64_t n = dry_run ? held->count : held->done;
    const struct store_value row[] = {output_integer("changed", (int64_t)n)};
    int code = n > 0 && !held->any_missing ? CTL_DONE : CTL_NO;

    if (ctl->format != OUTPUT_TABLE)
        return ctl_print_row(ctl, row, 1, code);
    if (printf("%llu %s%s\n", (unsigned long long)n, dry_run ? "would be " : "", done) <
        0)
        return ctl_fail_output(-EIO);
    return code;
}

static int held_run(struct ctl *ctl, enum policy_decide what, const char *done)
{
    const char *note = ctl->value[OPTION_NOTE];
    bool dry_run = ctl_given(ctl, OPTION_DRY_RUN);
    struct held held = {.ctl = ctl,
                        .decision = {.what = what,
                                     .origin = POLICY_ORIGIN_PERSON,
                                     .actor = ctl_actor(),
                                     .note = note && *note ? note : NULL,
                                     .now_ms = ctl->now_ms}};
    int code = CTL_COULD_NOT;

    if (!ctl_store(ctl, dry_run ? STORE_READ : STORE_WRITE))
        return CTL_COULD_NOT;
    bool found = true;
    for (size_t i = 0; found && i < ctl->word_count; i++)
        found = held_find_word(&held, ctl->words[i]);
    held_keep_distinct(&held);
    if (found) {
        int r = dry_run ? 0 : held_decide_all(&held);

        code = r < 0 ? ctl_fail_store(ctl, r) : held_tell(&held, done, dry_run);
    }
    free(held.ids);
    return code;
}

int cmd_suppress_release(struct ctl *ctl)
{
    return held_run(ctl, POLICY_DECIDE_RELEASE, "released");
}

int cmd_suppress_drop(struct ctl *ctl)
{
    return held_run(ctl, POLICY_DECIDE_DROP, "dropped");
}
