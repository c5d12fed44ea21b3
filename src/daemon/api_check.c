#include "daemon/api_check.h"

#include <errno.h>
#include <microhttpd.h>

#include "daemon/api_body.h"
#include "sesbounce/text.h"

struct check {
    const json_t *addresses; /* borrowed from the body, with the next */
    const char *scope;
    struct buf *to;
};

static int text_print(struct buf *to, const char *name, const char *text)
{
    int r = buf_append_str(to, str_of(name));

    if (r == 0)
        r = text ? text_json(to, str_of(text)) : buf_append_str(to, STR("null"));
    return r;
}

static int flag_print(struct buf *to, const char *name, bool value)
{
    int r = buf_append_str(to, str_of(name));

    return r == 0 ? buf_append_str(to, value ? STR("true") : STR("false")) : r;
}

/* Not as a tree of jansson's first, which takes as long as all else. */
static int check_print_result(struct buf *to, const char *typed, bool is_valid,
                              const struct store_suppression *found)
{
    char until[CLOCK_TEXT_BYTES];
    bool ends = found && found->until_ms != POLICY_FOR_EVER;
    int r = text_print(to, "{\"address\":", typed);

    if (ends)
        clock_format_rfc3339(found->until_ms, until);
    if (r == 0)
        r = flag_print(to, ",\"suppressed\":", found != NULL);
    if (r == 0)
        r = text_print(to, ",\"reason\":", found ? found->reason : NULL);
    if (r == 0)
        r = text_print(to, ",\"scope\":", found ? found->scope : NULL);
    if (r == 0)
        r = text_print(to, ",\"until\":", ends ? until : NULL);
    if (r == 0)
        r = flag_print(to, ",\"valid\":", is_valid);
    return r == 0 ? buf_append_char(to, '}') : r;
}

static int address_check(struct store *store, const struct check *check,
                         const char *typed)
{
    struct address address;
    struct store_suppression found;
    char why[ADDRESS_FAULT_BYTES];
    int valid = address_read(str_of(typed), &address, why);
    int r = valid == 0 ? store_suppression(store, &address, check->scope, &found) : 0;

    if (valid == -ENOMEM || r < 0)
        return valid == -ENOMEM ? valid : r;
    return check_print_result(check->to, typed, valid == 0, r == 1 ? &found : NULL);
}

static int next_check(struct store *store, const struct check *check, size_t at,
                      struct problem *problem)
{
    const json_t *address = json_array_get(check->addresses, at);

    if (!json_is_string(address))
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "`addresses` has something that is not a string");
    int r = at > 0 ? buf_append_char(check->to, ',') : 0;
    return r == 0 ? address_check(store, check, json_string_value(address)) : r;
}

/* Some of them, from one state of the list. */
static int addresses_check(struct store *store, const struct check *check, size_t *at,
                           struct problem *problem)
{
    size_t count = json_array_size(check->addresses);
    size_t end = count - *at > API_READ_ADDRESSES ? *at + API_READ_ADDRESSES : count;
    int r = store_read_begin(store);

    if (r < 0)
        return r;
    for (; r == 0 && *at < end; ++*at)
        r = next_check(store, check, *at, problem);
    int changed = store_read_end(store);
    return r < 0 ? r : changed;
}

int api_check(struct store *store, const struct api_request *request, struct buf *ret,
              struct problem *problem)
{
    json_t *addresses, *scope;
    const struct api_member members[] = {{"addresses", JSON_ARRAY, false, &addresses},
                                         {"scope", JSON_STRING, true, &scope},
                                         {NULL, JSON_NULL, false, NULL}};
    json_t *body;
    size_t at = 0;
    int r = api_body_read(request->body, members, &body, problem);
    const struct check check = {addresses,
                                scope ? json_string_value(scope) : POLICY_SCOPE_ALL, ret};

    if (r == 0 && json_array_size(addresses) > API_ADDRESSES_MAX)
        r = problem_set(problem, MHD_HTTP_BAD_REQUEST,
                        "the request has more than %d addresses", API_ADDRESSES_MAX);
    if (r == 0)
        r = buf_append_str(ret, STR("{\"results\":["));
    while (r == 0 && at < json_array_size(addresses))
        r = addresses_check(store, &check, &at, problem);
    json_decref(body);
    return r == 0 ? buf_append_str(ret, STR("]}\n")) : r;
}
