/* Text on the page that comes from elsewhere. */
#include "daemon/page_private.h"

/* Where the next of these is in `text`; its length if none is. */
static size_t word_find(struct str text, const char *const *words, struct str *ret)
{
    for (size_t at = 0; at < text.len; at++)
        for (size_t i = 0; words[i]; i++)
            if (str_starts_with(str_skip(text, at), str_of(words[i]))) {
                *ret = str_of(words[i]);
                return at;
            }
    *ret = STR("");
    return text.len;
}

void page_prose(struct html *html, struct str text)
{
    static const char *const before[] = {"type: ", "then: ", NULL};
    static const char *const behind[] = {"; ", " (", NULL};
    struct str word;

    while (text.len > 0) {
        size_t begin = word_find(text, before, &word) + word.len;

        html_text(html, (struct str){text.data, begin});
        text = str_skip(text, begin);
        size_t end = word_find(text, behind, &word);

        if (end > 0)
            html_fill(html, "<code>@</code>", ((struct str){text.data, end}));
        text = str_skip(text, end);
    }
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
