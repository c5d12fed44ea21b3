/* A mail of RFC 5322 around a text. */
#include <stdio.h>

#include "daemon/compose.h"
#include "sesbounce/base64.h"
#include "sesbounce/clock.h"

/* `Sat, 28 Nov 2026 06:05:45 +0000` */
static int date_print(int64_t ms, struct buf *to)
{
    static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[CLOCK_TEXT_BYTES];
    uint64_t month = 1;

    clock_format_rfc3339(ms, text);
    (void)str_to_u64((struct str){text + 5, 2}, 12, &month);
    return buf_printf(to, "Date: %s, %.2s %s %.4s %.8s +0000\r\n",
                      days[ms / CLOCK_DAY_MS % 7], text + 8, months[month - 1], text,
                      text + 11);
}

static bool byte_is_plain(char c)
{
    return (unsigned char)c >= ' ' && (unsigned char)c < 0x7f;
}

/* RFC 2047: words of 45 bytes at most, in whole characters. */
static int words_print(struct str text, struct buf *to)
{
    char word[BASE64_BYTES(45)];
    int r = 0;

    while (r == 0 && text.len > 0) {
        struct str part = str_cut(text, 45);

        if (part.len == 0) /* not UTF-8, which text_neutral() leaves nowhere */
            part = (struct str){text.data, 1};
        base64_encode(part, word);
        text = str_skip(text, part.len);
        r = buf_printf(to, "=?utf-8?B?%s?=%s", word, text.len > 0 ? "\r\n " : "");
    }
    return r;
}

/* The first line of the text, which holds no control character. */
static int subject_print(struct str text, struct buf *to)
{
    struct str line = STR_ABSENT;
    int r = buf_append_str(to, STR("Subject: sesbounced: "));

    (void)str_split(&text, '\n', &line);
    line = str_cut(line, COMPOSED_SUBJECT_BYTES_MAX);
    if (r == 0)
        r = str_all(line, byte_is_plain) ? buf_append_str(to, line)
                                         : words_print(line, to);
    return r == 0 ? buf_append_str(to, STR("\r\n")) : r;
}

static int mail_to_print(const struct settings_list *list, struct buf *to)
{
    int r = buf_append_str(to, STR("To: "));

    for (size_t i = 0; r == 0 && i < list->count; i++)
        r = buf_printf(to, "%s<%s>", i > 0 ? ",\r\n " : "", list->items[i]);
    return r == 0 ? buf_append_str(to, STR("\r\n")) : r;
}

/* In lines of 57 bytes, 76 characters. */
static int body_encode(struct str text, struct buf *to)
{
    char line[BASE64_BYTES(57)];
    int r = 0;

    while (r == 0 && text.len > 0) {
        struct str part = {text.data, text.len < 57 ? text.len : 57};

        base64_encode(part, line);
        text = str_skip(text, part.len);
        r = buf_printf(to, "%s\r\n", line);
    }
    return r;
}

static bool byte_is_of_text(char c)
{
    return byte_is_plain(c) || c == '\n';
}

static bool lines_are_short(struct str text)
{
    struct str line;

    while (str_split(&text, '\n', &line))
        if (line.len > COMPOSED_MAIL_LINE_MAX)
            return false;
    return true;
}

static int mail_body_print(struct str text, struct buf *to)
{
    bool is_plain = str_all(text, byte_is_of_text) && lines_are_short(text);
    struct str line;
    int r = buf_printf(to,
                       "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=%s\r\n"
                       "Content-Transfer-Encoding: %s\r\n\r\n",
                       is_plain ? "us-ascii" : "utf-8", is_plain ? "7bit" : "base64");

    if (!is_plain)
        return r < 0 ? r : body_encode(text, to);
    while (r == 0 && str_split(&text, '\n', &line))
        r = buf_printf(to, "%.*s\r\n", STR_ARG(line));
    return r;
}

int compose_mail(const struct receiver *receiver, const char *id, int64_t date_ms,
                 struct str text, struct buf *ret)
{
    const struct settings_mail *mail = receiver->mail;
    const char *domain = strrchr(mail->from, '@');
    int r = date_print(date_ms, ret);

    if (r == 0)
        r = buf_printf(ret, "From: sesbounced <%s>\r\n", mail->from);
    if (r == 0)
        r = mail_to_print(&mail->to, ret);
    if (r == 0)
        r = subject_print(text, ret);
    if (r == 0)
        r = buf_printf(ret, "Message-ID: <%s%s>\r\nAuto-Submitted: auto-generated\r\n",
                       id, domain ? domain : "");
    return r == 0 ? mail_body_print(text, ret) : r;
}
