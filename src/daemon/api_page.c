#include "daemon/api_page.h"

#include <errno.h>
#include <string.h>

#include "sesbounce/digest.h"
#include "sesbounce/output.h"

/* Ends a query. */
#define ENOUGH 1

/* `ADDRESS SCOPE` in hex: opaque, so that no address is part of what proxies log. */
static void place_set(struct api_place *place, struct str address, struct str scope)
{
    address = str_cut(address, ADDRESS_BYTES_MAX - 1);
    place->scope = address.len + 1;
    (void)snprintf(place->text, sizeof(place->text), "%.*s", STR_ARG(address));
    (void)snprintf(place->text + place->scope, sizeof(place->text) - place->scope, "%.*s",
                   STR_ARG(scope));
}

static void place_print(const struct api_place *place, char ret[2 * API_PLACE_BYTES + 1])
{
    size_t len = place->scope + strlen(place->text + place->scope);

    digest_hex((const unsigned char *)place->text, 2 * len, ret);
}

static int hex_value(char digit)
{
    const char *const digits = "0123456789abcdef";
    const char *at = digit ? strchr(digits, digit) : NULL;

    return at ? (int)(at - digits) : -1;
}

static bool place_read(struct api_place *place, struct str hex)
{
    size_t len = hex.len / 2;

    if (hex.len % 2 != 0 || len >= sizeof(place->text))
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(hex.data[2 * i]), low = hex_value(hex.data[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        place->text[i] = (char)(high * 16 + low);
    }
    place->text[len] = '\0';
    place->scope = strlen(place->text) + 1;
    return place->scope < len && strlen(place->text + place->scope) == len - place->scope;
}

static int page_take(void *context, const struct store_value *values, size_t count)
{
    struct api_page *page = context;
    bool is_asked_for = page->is_asked_for(page->context, values, count);

    if (page->rows_seen == API_ROWS_SEEN_MAX || page->to->len > API_PAGE_BYTES ||
        (is_asked_for && page->rows == page->limit)) {
        page->has_more = true;
        return ENOUGH;
    }
    page->rows_seen++;
    place_set(&page->seen, output_find_text(values, count, "address"),
              output_find_text(values, count, "scope"));
    if (!is_asked_for)
        return 0;
    page->rows++;
    return page->row(page->context, values, count);
}

int api_page_read(struct api_page *page, const char *after, struct store *store)
{
    struct store_filter from = {.limit = API_ROWS_SEEN_MAX + 1};
    struct api_place place;

    page->rows = 0;
    page->rows_seen = 0;
    page->has_more = false;
    if (after && !place_read(&place, str_of(after)))
        return -EINVAL;
    if (after) {
        from.after_address = place.text;
        from.after_scope = place.text + place.scope;
    }
    int r = store_query(store, STORE_SUPPRESSED, &from, page_take, page);
    return r == ENOUGH ? 0 : r;
}

void api_page_next(const struct api_page *page, char ret[API_NEXT_BYTES])
{
    place_print(&page->seen, ret);
}
