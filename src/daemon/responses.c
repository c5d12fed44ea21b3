#include "daemon/responses.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "daemon/limits.h"

static struct MHD_Response *response_new(const char *body, bool close)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);

    if (response)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                      "text/plain; charset=utf-8");
    if (response && close)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return response;
}

static struct MHD_Response *verdict_response(enum verdict verdict, bool close)
{
    const struct verdict_info *info = verdict_info(verdict);
    struct MHD_Response *response = response_new(info->body, close);

    if (!response)
        return NULL;
    if (info->http_status == MHD_HTTP_SERVICE_UNAVAILABLE)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER,
                                      HTTP_RETRY_AFTER_S);
    if (info->http_status == MHD_HTTP_UNAUTHORIZED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                      "Basic realm=\"sesbounced\"");
    if (info->http_status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "POST");
    return response;
}

int responses_make(struct responses *responses)
{
    for (int form = 0; form < RESPONSE_FORMS; form++) {
        bool close = form == RESPONSE_CLOSE;

        for (int v = VERDICT_UNDECIDED + 1; v < VERDICT_COUNT; v++) {
            responses->verdicts[form][v] = verdict_response((enum verdict)v, close);
            if (!responses->verdicts[form][v])
                return -ENOMEM;
        }
    }
    return 0;
}

void responses_done(struct responses *responses)
{
    for (int form = 0; form < RESPONSE_FORMS; form++) {
        for (int v = 0; v < VERDICT_COUNT; v++) {
            if (responses->verdicts[form][v])
                MHD_destroy_response(responses->verdicts[form][v]);
        }
    }
}
