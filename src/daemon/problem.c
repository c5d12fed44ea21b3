#include "daemon/problem.h"

#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <stdarg.h>

int problem_set(struct problem *problem, unsigned status, const char *format, ...)
{
    char detail[PROBLEM_DETAIL_BYTES];
    va_list values;

    va_start(values, format);
    (void)vsnprintf(detail, sizeof(detail), format, values);
    va_end(values);
    /* Whole characters: what is cut must stay UTF-8. */
    struct str whole = str_cut(str_of(detail), sizeof(detail) - 1);

    problem->status = status;
    (void)snprintf(problem->detail, sizeof(problem->detail), "%.*s", STR_ARG(whole));
    return -EINVAL;
}

int problem_print(const struct problem *problem, struct buf *ret)
{
    json_t *object = json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title",
                               MHD_get_reason_phrase_for(problem->status), "status",
                               (int)problem->status, "detail", problem->detail);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    int r = text ? buf_append_str(ret, str_of(text)) : -ENOMEM;

    free(text);
    json_decref(object);
    return r == 0 ? buf_append_char(ret, '\n') : r;
}
