#include "daemon/page.h"

#include "daemon/page_private.h"

int page_overview(struct store *store, const struct api_request *request, struct buf *ret,
                  struct problem *problem)
{
    static int (*const parts[])(struct page *) = {
        page_state,  page_days,       page_held,   page_reports,
        page_topics, page_quarantine, page_changes};
    struct page page = {.html = {.to = ret}, .store = store, .request = request};
    int r = 0;

    (void)problem;
    page_begin(&page.html, "Overview", STR_ABSENT);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && r == 0; i++)
        r = parts[i](&page);
    page_end(&page.html);
    return r < 0 ? r : page.html.fault;
}
