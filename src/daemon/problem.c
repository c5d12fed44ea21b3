#include "daemon/problem.h"

#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <string.h>

#include "sesbounce/cleanup.h"

/* JSON is UTF-8; the request that it quotes may not be, and may have been cut. */
static void detail_copy(struct str from, char *to)
{
    while (from.len > 0) {
        size_t bytes = str_utf8_sequence(from);

        if (bytes == 0)
            *to = '?';
        else
            memcpy(to, from.data, bytes);
        to += bytes == 0 ? 1 : bytes;
        from = str_skip(from, bytes == 0 ? 1 : bytes);
    }
    *to = '\0';
}

int problem_set(struct problem *problem, unsigned status, const char *format, ...)
{
    char detail[PROBLEM_DETAIL_BYTES];
    va_list values;

    va_start(values, format);
    (void)vsnprintf(detail, sizeof(detail), format, values);
    va_end(values);
    problem->status = status;
    detail_copy(str_of(detail), problem->detail);
    return -EINVAL;
}

int problem_print(const struct problem *problem, struct buf *ret)
{
    json_t *object = json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title",
                               MHD_get_reason_phrase_for(problem->status), "status",
                               (int)problem->status, "detail", problem->detail);
    if (object && problem->status == MHD_HTTP_GONE &&
        json_object_set_new(object, "oldest", json_integer(problem->oldest_id)) < 0)
        json_decref(take_ptr(object));
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    int r = text ? buf_append_str(ret, str_of(text)) : -ENOMEM;

    free(text);
    json_decref(object);
    return r == 0 ? buf_append_char(ret, '\n') : r;
}
