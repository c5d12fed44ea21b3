/* The files that the page loads, as they are in the source. */
#include "daemon/page.h"

#include "daemon/page_css.h"
#include "daemon/page_js.h"
#include "daemon/page_svg.h"

int page_style(struct store *store, const struct api_request *request, struct buf *ret,
               struct problem *problem)
{
    (void)store;
    (void)request;
    (void)problem;
    return buf_append(ret, page_css, sizeof(page_css) - 1);
}

int page_script(struct store *store, const struct api_request *request, struct buf *ret,
                struct problem *problem)
{
    (void)store;
    (void)request;
    (void)problem;
    return buf_append(ret, page_js, sizeof(page_js) - 1);
}

int page_icon(struct store *store, const struct api_request *request, struct buf *ret,
              struct problem *problem)
{
    (void)store;
    (void)request;
    (void)problem;
    return buf_append(ret, page_svg, sizeof(page_svg) - 1);
}
