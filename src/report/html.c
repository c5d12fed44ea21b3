#include "sesbounce/html.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sesbounce/clock.h"

/* U+FFFD REPLACEMENT CHARACTER */
#define REPLACEMENT STR("\xef\xbf\xbd")

void html_put_markup(struct html *html, struct str markup)
{
    if (html->fault == 0)
        html->fault = buf_append_str(html->to, markup);
}

static struct str reference_of(char c)
{
    switch (c) {
    case '&':
        return STR("&amp;");
    case '<':
        return STR("&lt;");
    case '>':
        return STR("&gt;");
    case '"':
        return STR("&quot;");
    case '\'':
        return STR("&#39;");
    default:
        return STR_ABSENT;
    }
}

/* What is written for the character that `text` begins with. */
static struct str character_as_html(struct str text, size_t *ret_used)
{
    size_t used = str_utf8_sequence(text);
    struct str character = {text.data, used};
    struct str reference = reference_of(*text.data);

    *ret_used = used > 0 ? used : 1;
    if (used == 0)
        return REPLACEMENT;
    if (str_present(reference))
        return reference;
    if (*text.data == '\n' || *text.data == '\t')
        return character;
    return str_character_is_harmful(character) ? REPLACEMENT : character;
}

void html_text(struct html *html, struct str text)
{
    size_t used;

    for (; text.len > 0; text = str_skip(text, used))
        html_put_markup(html, character_as_html(text, &used));
}

void html_fill_with(struct html *html, const char *markup, const struct str *texts,
                    size_t count)
{
    const char *at;
    size_t used = 0;

    for (; (at = strchr(markup, '@')) != NULL; markup = at + 1) {
        assert(used < count);
        html_put_markup(html, (struct str){markup, (size_t)(at - markup)});
        html_text(html, texts[used++]);
    }
    assert(used == count);
    html_put_markup(html, str_of(markup));
}

/* --- values ------------------------------------------------------------------------ */

static char *slot_take(struct html *html)
{
    html->slot = (html->slot + 1) % HTML_SLOTS;
    return html->slots[html->slot];
}

struct str html_plain(struct html *html, int64_t number)
{
    char *slot = slot_take(html);

    (void)snprintf(slot, sizeof(html->slots[0]), "%lld", (long long)number);
    return str_of(slot);
}

struct str html_number(struct html *html, int64_t number)
{
    struct str plain = html_plain(html, number);
    char *slot = slot_take(html);
    size_t at = 0;

    for (size_t i = 0; i < plain.len; i++) {
        slot[at++] = plain.data[i];
        if ((plain.len - 1 - i) % 3 == 0 && i + 1 < plain.len && plain.data[i] != '-')
            slot[at++] = ',';
    }
    slot[at] = '\0';
    return str_of(slot);
}

struct str html_decimal(struct html *html, double number, int decimals)
{
    char *slot = slot_take(html);

    (void)snprintf(slot, sizeof(html->slots[0]), "%.*f", decimals, number);
    return str_of(slot);
}

/* Of `YYYY-MM-DDTHH:MM:SS.sssZ` what `form` says: d day, m month, y year, t minute. */
static struct str moment_format(struct html *html, int64_t ms, const char *form)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[CLOCK_TEXT_BYTES];
    char *slot = slot_take(html);
    size_t len = 0;

    if (ms == CLOCK_NONE)
        return STR("?");
    clock_format_rfc3339(ms, text);
    int month = (text[5] - '0') * 10 + text[6] - '0';
    for (; *form; form++) {
        struct str part = *form == 'd'   ? (struct str){text + 8, 2}
                          : *form == 'm' ? str_of(months[month - 1])
                          : *form == 'y' ? (struct str){text, 4}
                                         : (struct str){text + 11, 5};
        len += (size_t)snprintf(slot + len, sizeof(html->slots[0]) - len, "%s%.*s",
                                len > 0 ? " " : "", STR_ARG(part));
    }
    return str_of(slot[0] == '0' ? slot + 1 : slot);
}

struct str html_day(struct html *html, int64_t ms)
{
    return moment_format(html, ms, "dm");
}

struct str html_date(struct html *html, int64_t ms)
{
    return moment_format(html, ms, "dmyt");
}

struct str html_minute(struct html *html, int64_t ms)
{
    return moment_format(html, ms, "dmt");
}

struct str html_time(struct html *html, int64_t ms)
{
    char *slot = slot_take(html);

    if (ms == CLOCK_NONE)
        return STR("?");
    clock_format_rfc3339(ms, slot);
    return str_of(slot);
}

void html_put_time(struct html *html, int64_t ms)
{
    if (ms == CLOCK_NONE)
        html_put(html, "<span class=\"quiet\">unknown</span>");
    else
        html_fill(html, "<time datetime=\"@\">@</time>", html_time(html, ms),
                  html_minute(html, ms));
}
