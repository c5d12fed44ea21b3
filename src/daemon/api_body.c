#include "daemon/api_body.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>

static const char *type_word(json_type type)
{
    return type == JSON_ARRAY  ? "an array"
           : type == JSON_TRUE ? "true or false"
                               : "a string";
}

static int body_member_take(const struct api_member *members, const char *name,
                            json_t *value, struct problem *problem)
{
    while (members->name && strcmp(members->name, name) != 0)
        members++;
    if (!members->name)
        return problem_set(problem, MHD_HTTP_BAD_REQUEST, "there is no member `%s` here",
                           name);
    if (json_typeof(value) != members->type &&
        !(members->type == JSON_TRUE && json_is_false(value)))
        return problem_set(problem, MHD_HTTP_BAD_REQUEST, "the member `%s` must be %s",
                           name, type_word(members->type));
    *members->ret = value;
    return 0;
}

static int members_take(const struct api_member *members, json_t *body,
                        struct problem *problem)
{
    const char *name;
    json_t *value;
    int r = 0;

    json_object_foreach(body, name, value)
    {
        r = body_member_take(members, name, value, problem);
        if (r < 0)
            return r;
    }
    for (; members->name && r == 0; members++)
        if (!*members->ret && !members->is_optional)
            r = problem_set(problem, MHD_HTTP_BAD_REQUEST,
                            "the request has no member `%s`", members->name);
    return r;
}

int api_body_read(struct str text, const struct api_member *members, json_t **ret,
                  struct problem *problem)
{
    json_error_t error;

    for (const struct api_member *member = members; member->name; member++)
        *member->ret = NULL;
    *ret = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!*ret && json_error_code(&error) == json_error_out_of_memory)
        return -ENOMEM;
    if (!json_is_object(*ret))
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "the body is not a JSON object%s%s", *ret ? "" : ": ",
                           *ret ? "" : error.text);
    return members_take(members, *ret, problem);
}

static int row_append(void *context, struct str text)
{
    struct api_rows *rows = context;
    int r = rows->count > 0 ? buf_append_char(rows->to, ',') : 0;

    rows->count++;
    return r == 0 ? buf_append_str(rows->to, str_trim(text)) : r;
}

struct output_sink api_rows_sink(struct api_rows *rows)
{
    return (struct output_sink){row_append, rows, false};
}
