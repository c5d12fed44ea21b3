#include "daemon/api_check.h"

#include <errno.h>
#include <microhttpd.h>

#include "daemon/api_body.h"

struct question {
    json_t *addresses; /* borrowed from the body */
    const char *scope;
};

static json_t *result_new(const char *typed, bool is_valid,
                          const struct store_suppression *found)
{
    char until[CLOCK_TEXT_BYTES];
    bool ends = found && found->until_ms != POLICY_FOR_EVER;

    if (ends)
        clock_format_rfc3339(found->until_ms, until);
    return json_pack("{s:s, s:b, s:s?, s:s?, s:s?, s:b}", "address", typed, "suppressed",
                     found != NULL, "reason", found ? found->reason : NULL, "scope",
                     found ? found->scope : NULL, "until", ends ? until : NULL, "valid",
                     is_valid);
}

static int address_check(struct store *store, const struct question *question,
                         const char *typed, json_t *results)
{
    struct address address;
    struct store_suppression found;
    char why[ADDRESS_FAULT_BYTES];
    int valid = address_read(str_of(typed), &address, why);
    int r = valid == 0 ? store_suppression(store, &address, question->scope, &found) : 0;

    if (valid == -ENOMEM || r < 0)
        return valid == -ENOMEM ? valid : r;
    json_t *result = result_new(typed, valid == 0, r == 1 ? &found : NULL);
    return json_array_append_new(results, result) == 0 ? 0 : -ENOMEM;
}

/* Some of them, from one state of the list. */
static int addresses_check(struct store *store, const struct question *question,
                           size_t *at, json_t *results, struct problem *problem)
{
    size_t count = json_array_size(question->addresses);
    size_t end = count - *at > API_READ_ADDRESSES ? *at + API_READ_ADDRESSES : count;
    int r = store_read_begin(store);

    if (r < 0)
        return r;
    for (; r == 0 && *at < end; ++*at) {
        const json_t *address = json_array_get(question->addresses, *at);

        r = json_is_string(address)
                ? address_check(store, question, json_string_value(address), results)
                : problem_set(problem, MHD_HTTP_BAD_REQUEST,
                              "`addresses` has something that is not a string");
    }
    int changed = store_read_end(store);
    return r < 0 ? r : changed;
}

static int results_print(json_t *results, struct buf *ret)
{
    json_t *answer = json_pack("{s:O}", "results", results);
    char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
    int r = text ? buf_append_str(ret, str_of(text)) : -ENOMEM;

    free(text);
    json_decref(answer);
    return r == 0 ? buf_append_char(ret, '\n') : r;
}

int api_check(struct store *store, const struct api_request *request, struct buf *ret,
              struct problem *problem)
{
    json_t *addresses, *scope;
    const struct api_member members[] = {{"addresses", JSON_ARRAY, false, &addresses},
                                         {"scope", JSON_STRING, true, &scope},
                                         {NULL, JSON_NULL, false, NULL}};
    json_t *body, *results = json_array();
    size_t at = 0;
    int r = api_body_read(request->body, members, &body, problem);
    const struct question question = {addresses, scope ? json_string_value(scope)
                                                       : POLICY_SCOPE_ALL};

    if (r == 0 && json_array_size(addresses) > API_ADDRESSES_MAX)
        r = problem_set(problem, MHD_HTTP_BAD_REQUEST,
                        "the request has more than %d addresses", API_ADDRESSES_MAX);
    while (r == 0 && at < json_array_size(addresses))
        r = addresses_check(store, &question, &at, results, problem);
    if (r == 0)
        r = results_print(results, ret);
    json_decref(results);
    json_decref(body);
    return r;
}
