#include "daemon/api_change.h"

#include "daemon/limits.h"
#include "sesbounce/output.h"

void api_change_done(struct api_change *change)
{
    json_decref(change->body);
    change->body = NULL;
}

struct held_found {
    int64_t ids[API_HELD_AT_ONCE];
    size_t count;
};

static int held_found_add(void *context, const struct store_value *values, size_t count)
{
    struct held_found *found = context;
    const struct store_value *id = output_find(values, count, "id");

    if (id)
        found->ids[found->count++] = id->integer;
    return 0;
}

/* The next ids that the request gives, or that are held for what it gives. */
static int held_find_next(struct api_change *change, struct store *store,
                          struct held_found *found)
{
    struct api_progress *next = &change->next;
    const struct store_filter filter = {
        .why = change->why, .after_id = next->after_id, .limit = API_HELD_AT_ONCE};
    int r = 0;

    if (!change->ids)
        r = store_query(store, STORE_HELD, &filter, held_found_add, found);
    for (; found->count < API_HELD_AT_ONCE && next->ids < json_array_size(change->ids);
         next->ids++)
        found->ids[found->count++] =
            json_integer_value(json_array_get(change->ids, next->ids));
    if (r == 0 && found->count > 0)
        next->after_id = found->ids[found->count - 1];
    next->has_more = found->count == API_HELD_AT_ONCE;
    return r;
}

static int held_decide(struct api_change *change, struct store *store)
{
    struct held_found found = {.count = 0};
    int r = held_find_next(change, store, &found);

    for (size_t i = 0; r == 0 && i < found.count; i++) {
        enum policy_decided decided;

        r = store_decide_held(store, found.ids[i], &change->decision, &decided);
        change->next.changed += decided == POLICY_CHANGED;
    }
    return r;
}

int api_change_add(struct api_change *change, struct store *store)
{
    int r;

    change->next = change->done;
    if (!change->decision.address)
        return held_decide(change, store);
    r = store_decide(store, &change->decision, &change->next.decided);
    change->next.changed = change->next.decided == POLICY_CHANGED;
    return r;
}

bool api_change_go_on(struct api_change *change)
{
    change->done = change->next;
    return change->done.has_more;
}
