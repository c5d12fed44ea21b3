/* Text on the page that comes from elsewhere. */
#include <string.h>

#include "daemon/page_private.h"

/* `YYYY-MM-DDTHH:MM:SS.sssZ` */
#define TIME_CHARACTERS 24

/* A part of a sentence that is more than its words. */
struct mark {
    size_t before, len; /* what it begins with, and all of it */
    bool is_code;
    int64_t ms; /* of a time; else CLOCK_NONE */
};

/* What is typed goes on until the sentence does. */
static size_t command_end(struct str text, size_t from)
{
    size_t at = from;

    while (at < text.len && !str_starts_with(str_skip(text, at), STR("; ")) &&
           !str_starts_with(str_skip(text, at), STR(" (")))
        at++;
    return at;
}

static bool mark_find(struct str text, struct mark *ret)
{
    /* The last is one itself. */
    enum { PROMPTS = 3 };
    static const char *const commands[] = {
        "type: ", "Type: ", "then: ", ": sesbouncectl ", NULL};
    struct str moment = str_cut(text, TIME_CHARACTERS);
    const char *end = *text.data == '`' ? str_find(str_skip(text, 1), '`') : NULL;

    *ret = (struct mark){.ms = CLOCK_NONE, .is_code = true};
    for (size_t i = 0; commands[i]; i++)
        if (str_starts_with(text, str_of(commands[i]))) {
            ret->before = i == PROMPTS ? 2 : strlen(commands[i]);
            ret->len = command_end(text, ret->before);
            return true;
        }
    if (end && end > text.data + 1) {
        ret->before = 1;
        ret->len = (size_t)(end - text.data);
        return true;
    }
    if (!ascii_is_digit(*text.data) || clock_parse_strict(moment, &ret->ms) < 0)
        return false;
    ret->is_code = false;
    ret->len = moment.len;
    return true;
}

static void mark_put(struct html *html, struct str text, const struct mark *mark)
{
    struct str content = {text.data + mark->before, mark->len - mark->before};

    if (*text.data != '`')
        html_text(html, (struct str){text.data, mark->before});
    if (!mark->is_code)
        html_fill(html, "<time datetime=\"@\">@</time>", html_time(html, mark->ms),
                  html_date(html, mark->ms));
    else if (content.len > 0)
        html_fill(html, "<code>@</code>", content);
}

void page_prose(struct html *html, struct str text)
{
    struct mark mark;
    size_t plain = 0;

    while (plain < text.len) {
        if (!mark_find(str_skip(text, plain), &mark)) {
            plain++;
            continue;
        }
        html_text(html, (struct str){text.data, plain});
        text = str_skip(text, plain);
        mark_put(html, text, &mark);
        text = str_skip(text, mark.len + (*text.data == '`'));
        plain = 0;
    }
    html_text(html, text);
}

void page_address(struct html *html, struct str address, struct str seen)
{
    if (str_present(address))
        html_fill(html,
                  "<button class=\"address\" form=\"why\" name=\"address\" value=\"@\">"
                  "@</button>",
                  address, address);
    else
        html_fill(html, "<span class=\"quiet\">@</span>",
                  str_present(seen) ? seen : STR("no address"));
}

struct str page_plural(int64_t count, struct str one, struct str many)
{
    return count == 1 ? one : many;
}
