#include "daemon/api_why.h"

#include <errno.h>
#include <microhttpd.h>

#include "daemon/api_body.h"
#include "sesbounce/story.h"
#include "sesbounce/text.h"

struct held_seen {
    const char *scope;
    bool is_held;
};

static int held_find(void *context, const struct store_value *values, size_t count)
{
    struct held_seen *seen = context;
    struct str scope = output_find_text(values, count, "scope");

    seen->is_held = seen->is_held || str_equal(scope, STR(POLICY_SCOPE_ALL)) ||
                    str_equal(scope, str_of(seen->scope));
    return 0;
}

/* What /v1/check would say, in a word. */
static int state_find(struct store *store, const struct story_asked *asked,
                      const char **ret)
{
    const struct store_filter filter = {.address = asked->typed};
    struct held_seen held = {.scope = asked->scope ? asked->scope : POLICY_SCOPE_ALL};
    struct store_suppression found;
    int suppressed = store_suppression(store, asked->address, held.scope, &found);
    int r = suppressed < 0 ? suppressed
                           : store_query(store, STORE_HELD, &filter, held_find, &held);

    *ret = suppressed == 1 ? "suppressed" : held.is_held ? "held" : "not suppressed";
    return r;
}

static int why_print(struct store *store, const struct story_asked *asked,
                     struct buf *ret)
{
    struct api_rows rows = {.to = ret};
    struct story_search search = {.is_cut = false};
    struct output output;
    const char *state;
    int r = state_find(store, asked, &state);

    output_init(&output, api_rows_sink(&rows), OUTPUT_JSON, NULL);
    if (r == 0)
        r = buf_append_str(ret, STR("{\"address\":"));
    if (r == 0)
        r = text_json(ret, str_of(asked->typed));
    if (r == 0)
        r = buf_printf(ret, ",\"state\":\"%s\",\"story\":[", state);
    if (r == 0)
        r = story_write(store, asked, &output, &search);
    if (r == 0)
        r = output_end(&output);
    output_done(&output);
    if (r == 0)
        r = buf_append_char(ret, ']');
    if (r == 0 && search.is_cut)
        r = buf_append_str(ret, STR(",\"quarantine_searched\":\"newest\""));
    return r == 0 ? buf_append_str(ret, STR("}\n")) : r;
}

int api_why(struct store *store, const struct api_request *request, struct buf *ret,
            struct problem *problem)
{
    json_t *typed, *scope;
    const struct api_member members[] = {{"address", JSON_STRING, false, &typed},
                                         {"scope", JSON_STRING, true, &scope},
                                         {NULL, JSON_NULL, false, NULL}};
    json_t *body;
    struct address address;
    char why[ADDRESS_FAULT_BYTES];
    int r = api_body_read(request->body, members, &body, problem);

    if (r == 0) {
        const struct story_asked asked = {.address = &address,
                                          .typed = json_string_value(typed),
                                          .scope = json_string_value(scope),
                                          .policy = &request->settings->policy,
                                          .search_bytes = API_WHY_BYTES,
                                          .now_ms = request->now_ms};

        r = address_read(str_of(asked.typed), &address, why);
        r = r == -EINVAL ? problem_set(problem, MHD_HTTP_BAD_REQUEST,
                                       "`address` is not a mail address: %s", why)
            : r == 0     ? why_print(store, &asked, ret)
                         : r;
    }
    json_decref(body);
    return r;
}
