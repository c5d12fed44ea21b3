#include "daemon/api_decide.h"

#include <errno.h>
#include <microhttpd.h>

#include "daemon/api_body.h"
#include "sesbounce/filter.h"

static const char *text_of(const json_t *value)
{
    const char *text = json_string_value(value);

    return text && *text ? text : NULL; /* absent is NULL, never '' */
}

static int note_take(const json_t *value, struct store_decision *decision,
                     struct problem *problem)
{
    decision->note = text_of(value);
    return json_string_length(value) <= API_NOTE_BYTES_MAX
               ? 0
               : problem_set(problem, MHD_HTTP_BAD_REQUEST,
                             "`note` has more than %d bytes", API_NOTE_BYTES_MAX);
}

/* The address is read once more where it is stored. */
static int address_take(const json_t *value, const json_t *scope,
                        struct store_decision *decision, struct problem *problem)
{
    struct address address;
    char why[ADDRESS_FAULT_BYTES];
    int r;

    decision->address = json_string_value(value);
    decision->scope = scope ? json_string_value(scope) : POLICY_SCOPE_ALL;
    r = address_read(str_of(decision->address), &address, why);
    if (r == -EINVAL)
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "`address` is not a mail address: %s", why);
    if (r == 0 && !filter_check_scope(str_of(decision->scope), why))
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "`scope` cannot be the name of a scope: %s", why);
    return r;
}

static int until_take(const json_t *value, struct store_decision *decision,
                      struct problem *problem)
{
    decision->until_ms = POLICY_FOR_EVER;
    if (!value)
        return 0;
    if (clock_parse(str_of(json_string_value(value)), &decision->until_ms) < 0)
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "`until` is not a time: write 2027-01-31T12:00:00Z");
    return decision->until_ms > decision->now_ms
               ? 0
               : problem_set(problem, MHD_HTTP_UNPROCESSABLE_CONTENT,
                             "`until` has passed; without it the entry is permanent");
}

int api_plan_add(const struct api_request *request, struct api_change *ret,
                 struct problem *problem)
{
    json_t *address, *scope, *note, *until;
    const struct api_member members[] = {{"address", JSON_STRING, false, &address},
                                         {"scope", JSON_STRING, true, &scope},
                                         {"note", JSON_STRING, true, &note},
                                         {"until", JSON_STRING, true, &until},
                                         {NULL, JSON_NULL, false, NULL}};
    int r = api_body_read(request->body, members, &ret->body, problem);

    ret->decision.what = POLICY_DECIDE_ADD;
    if (r == 0)
        r = address_take(address, scope, &ret->decision, problem);
    if (r == 0)
        r = note_take(note, &ret->decision, problem);
    return r == 0 ? until_take(until, &ret->decision, problem) : r;
}

int api_plan_remove(const struct api_request *request, struct api_change *ret,
                    struct problem *problem)
{
    json_t *address, *scope, *note, *complaint;
    const struct api_member members[] = {{"address", JSON_STRING, false, &address},
                                         {"scope", JSON_STRING, true, &scope},
                                         {"note", JSON_STRING, true, &note},
                                         {"complaint", JSON_TRUE, true, &complaint},
                                         {NULL, JSON_NULL, false, NULL}};
    int r = api_body_read(request->body, members, &ret->body, problem);

    ret->decision.what = POLICY_DECIDE_REMOVE;
    ret->decision.complaint = json_is_true(complaint);
    if (r == 0)
        r = address_take(address, scope, &ret->decision, problem);
    return r == 0 ? note_take(note, &ret->decision, problem) : r;
}

static int ids_check(const json_t *ids, struct problem *problem)
{
    if (json_array_size(ids) > API_HELD_IDS_MAX)
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "the request has more than %d ids", API_HELD_IDS_MAX);
    for (size_t i = 0; i < json_array_size(ids); i++)
        if (json_integer_value(json_array_get(ids, i)) < 1)
            return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                               "`ids` has something that is not a number of 1 or more");
    return 0;
}

static int held_plan(const struct api_request *request, enum policy_decide what,
                     struct api_change *ret, struct problem *problem)
{
    json_t *ids, *why, *note;
    const struct api_member members[] = {{"ids", JSON_ARRAY, true, &ids},
                                         {"why", JSON_STRING, true, &why},
                                         {"note", JSON_STRING, true, &note},
                                         {NULL, JSON_NULL, false, NULL}};
    int r = api_body_read(request->body, members, &ret->body, problem);

    ret->decision.what = what;
    if (r == 0 && !ids == !why)
        r = problem_set(problem, MHD_HTTP_BAD_REQUEST,
                        "the request needs either `ids`, those of the view `held`, or "
                        "`why`, such as guard:example.com");
    if (r == 0)
        r = note_take(note, &ret->decision, problem);
    ret->ids = r == 0 ? ids : NULL;
    ret->why = r == 0 ? json_string_value(why) : NULL;
    return r == 0 ? ids_check(ids, problem) : r;
}

int api_plan_release(const struct api_request *request, struct api_change *ret,
                     struct problem *problem)
{
    return held_plan(request, POLICY_DECIDE_RELEASE, ret, problem);
}

int api_plan_drop(const struct api_request *request, struct api_change *ret,
                  struct problem *problem)
{
    return held_plan(request, POLICY_DECIDE_DROP, ret, problem);
}

int api_tell_address(const struct api_change *change, struct buf *ret,
                     struct problem *problem)
{
    if (change->done.decided == POLICY_REFUSED)
        return problem_set(problem, MHD_HTTP_CONFLICT,
                           "the address is on the list for a complaint; send "
                           "`\"complaint\": true` to remove it nevertheless");
    return buf_printf(ret, "{\"changed\":%s}\n",
                      change->done.changed > 0 ? "true" : "false");
}

int api_tell_held(const struct api_change *change, struct buf *ret,
                  struct problem *problem)
{
    (void)problem;
    return buf_printf(ret, "{\"changed\":%lld}\n", (long long)change->done.changed);
}
