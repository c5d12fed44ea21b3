/*
 * The page: GET / shows how things are, POST /why the story of one address. Both are
 * written here and can be read without a script; page.js acts, through the JSON API, with
 * a token that is typed once per tab. A browser cannot send a token when it opens a page:
 * where one is needed it gets a page without data, with 401, whose script asks for the
 * token and then for the rest. One thread, that of the caller.
 */
#ifndef SESBOUNCED_PAGE_H
#define SESBOUNCED_PAGE_H

#include "daemon/api.h"

#define PAGE_TYPE "text/html; charset=utf-8"
/* Nothing from elsewhere, nothing inline, in no frame. */
#define PAGE_POLICY                                                                      \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "          \
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

api_handler page_overview, page_why;

/* What the page loads. */
api_handler page_style, page_script, page_icon;

/* Why there is no page, as one; with 401 it asks for a token. 0, -ENOMEM or -E2BIG. */
int page_refuse(const struct problem *problem, struct buf *ret);

#endif
