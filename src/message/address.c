#include "sesbounce/address.h"

#include <errno.h>
#include <idn2.h>
#include <stdio.h>

#include "sesbounce/cleanup.h"

#define SIMULATOR_DOMAIN "simulator.amazonses.com"

/* The byte behind the quoted string that begins at `from`, or 0 when it never ends. */
static size_t quoted_end(struct str text, size_t from)
{
    for (size_t i = from + 1; i < text.len; i++) {
        if (text.data[i] == '\\')
            i++;
        else if (text.data[i] == '"')
            return i + 1;
    }
    return 0;
}

/*
 * `John "<x>" <john@example.com>`: a quoted angle bracket is part of the name. A name may
 * hold an address or a comma; with both, and with an address behind, it is a list.
 */
static struct str name_strip(struct str text)
{
    size_t open = 0;
    bool at = false;
    bool comma = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '"' && quoted_end(text, i)) {
            i = quoted_end(text, i) - 1;
        } else if (c == '<' && !open) {
            open = i + 1;
        } else if (c == '>' && open) {
            bool more = memchr(text.data + i, '@', text.len - i) != NULL;
            return more || (at && comma)
                       ? STR_ABSENT
                       : str_trim((struct str){text.data + open, i - open});
        } else if (!open) {
            at = at || c == '@';
            comma = comma || c == ',' || c == ';';
        }
    }
    return text;
}

/* ASCII's, and what word processors put in their place. */
static bool is_quotation_mark(struct str character)
{
    static const uint32_t marks[] = {0xab,   0xb4,   0xbb,   0x2018, 0x2019, 0x201a,
                                     0x201b, 0x201c, 0x201d, 0x201e, 0x201f, 0x2039,
                                     0x203a, 0xff02, 0xff07, 0xff40};
    if (character.len <= 1)
        return character.len == 1 && (*character.data == '"' || *character.data == '\'' ||
                                      *character.data == '`');
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
        if (str_code_point(character) == marks[i])
            return true;
    return false;
}

static struct str first_character(struct str text)
{
    return (struct str){text.data, str_utf8_sequence(text)};
}

/* `text` is UTF-8. */
static struct str last_character(struct str text)
{
    size_t from = text.len;
    while (from > 0 && ((unsigned char)text.data[--from] & 0xc0) == 0x80)
        ;
    return str_skip(text, from);
}

/* Where a byte that is not UTF-8 or an invisible character is; STR_ABSENT: nowhere.
 * The former has no length. */
static struct str unseen_find(struct str text)
{
    while (text.len > 0) {
        bool usual = *text.data >= ' ' && *text.data < 0x7f;
        struct str character = {text.data, usual ? 1 : str_utf8_sequence(text)};
        if (!usual && (character.len == 0 || str_character_unseen(character)))
            return character;
        text = str_skip(text, character.len);
    }
    return STR_ABSENT;
}

/* Nothing that could end an address, in a list or on a line, is part of one. */
static bool is_plain_char(char c)
{
    static const bool ends[256] = {
        ['@'] = true, ['<'] = true,  ['>'] = true,  [','] = true, [';'] = true,
        [':'] = true, ['"'] = true,  ['('] = true,  [')'] = true, ['['] = true,
        [']'] = true, ['\\'] = true, [0x7f] = true,
    };
    return (unsigned char)c > ' ' && !ends[(unsigned char)c];
}

static bool is_ascii_char(char c)
{
    return (unsigned char)c < 0x80;
}

static bool is_printing_char(char c)
{
    return (unsigned char)c >= ' ' && c != 0x7f;
}

/* RFC 5322's atext has ' and `, so that these may be part of an address. */
static bool has_typographic_end(struct str local)
{
    struct str first = first_character(local), last = last_character(local);
    return (first.len > 1 && is_quotation_mark(first)) ||
           (last.len > 1 && is_quotation_mark(last));
}

static bool is_quoted_string(struct str local)
{
    return str_all(local, is_printing_char) && quoted_end(local, 0) == local.len;
}

/*
 * What a local part names, without quotation marks and the backslashes of quoted pairs,
 * which "can be removed" (RFC 5321, 4.1.2); it is in `room` unless it has neither.
 */
static struct str local_unquote(struct str local, char room[ADDRESS_BYTES_MAX])
{
    struct str ret = {room, 0};
    if (local.len < 2 || local.data[0] != '"')
        return local;
    for (size_t i = 1; i < local.len - 1; i++) {
        if (local.data[i] == '\\')
            i++;
        room[ret.len++] = local.data[i];
    }
    return ret;
}

/* `local` is shorter than ADDRESS_BYTES_MAX. */
static bool is_local_part(struct str local)
{
    char room[ADDRESS_BYTES_MAX];
    bool quoted = local.len > 2 && local.data[0] == '"';
    if (quoted ? !is_quoted_string(local) : !str_all(local, is_plain_char))
        return false;
    return local.len > 0 && !has_typographic_end(local_unquote(local, room));
}

/* `text` is UTF-8. */
static bool has_quotation_mark(struct str text)
{
    while (text.len > 0) {
        struct str character = first_character(text);
        if (is_quotation_mark(character))
            return true;
        text = str_skip(text, character.len);
    }
    return false;
}

static bool is_domain_char(char c)
{
    return is_plain_char(c) && c != '\'' && c != '`';
}

static bool is_literal_char(char c)
{
    return is_domain_char(c) || c == ':';
}

static bool is_domain(struct str domain)
{
    /* an address literal: [192.0.2.1], [IPv6:2001:db8::1] */
    bool literal =
        domain.len > 2 && domain.data[0] == '[' && str_ends_with(domain, STR("]"));
    if (literal)
        domain = (struct str){domain.data + 1, domain.len - 2};
    return domain.len > 0 && domain.data[0] != '.' &&
           (literal ? str_all(domain, is_literal_char)
                    : str_all(domain, is_domain_char)) &&
           (str_all(domain, is_ascii_char) || !has_quotation_mark(domain));
}

static size_t lower_put(char *to, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        to[i] = ascii_lower(text.data[i]);
    to[text.len] = '\0';
    return text.len;
}

/*
 * `"joe"`, `"j\oe"` and `joe` are the same mailbox: it is quoted only when it must be,
 * and in quotes a backslash stands before `"` and `\` alone. Never longer than `local`.
 */
static size_t local_put(char *to, struct str local)
{
    char room[ADDRESS_BYTES_MAX];
    struct str inner = local_unquote(local, room);
    size_t at = 0;

    if (str_all(inner, is_plain_char))
        return lower_put(to, inner);
    to[at++] = '"';
    for (size_t i = 0; i < inner.len; i++) {
        if (inner.data[i] == '"' || inner.data[i] == '\\')
            to[at++] = '\\';
        to[at++] = ascii_lower(inner.data[i]);
    }
    to[at++] = '"';
    return at;
}

/* `example.com.` is the same domain; a second dot is a slip. */
static struct str final_dots_strip(struct str domain)
{
    while (domain.len > 1 && str_ends_with(domain, STR(".")))
        domain.len--;
    return domain;
}

static void idn_freep(char **text)
{
    idn2_free(*text);
}

/* `domain` ends in NUL and is replaced by its A-labels when it has some. */
static int a_labels_put(char *domain, size_t room)
{
    _cleanup_(idn_freep) char *ascii = NULL;

    int r = idn2_to_ascii_8z(domain, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (r == IDN2_MALLOC)
        return -ENOMEM;
    if (r != IDN2_OK)
        return 0;
    /* The mapping can bring in what we have just excluded, a fullwidth @ for one. */
    struct str mapped = final_dots_strip(str_of(ascii));
    if (!is_domain(mapped) || !str_all(mapped, is_ascii_char))
        return 0;
    if (mapped.len >= room)
        return -EINVAL;
    (void)lower_put(domain, mapped);
    return 0;
}

static int key_put(struct str local, struct str domain, struct address *ret)
{
    domain = final_dots_strip(domain);

    size_t at = local_put(ret->key, local);
    ret->key[at++] = '@';
    ret->domain = ret->key + at;
    (void)lower_put(ret->key + at, domain);
    return str_all(domain, is_ascii_char)
               ? 0
               : a_labels_put(ret->key + at, sizeof(ret->key) - at);
}

int address_parse(struct str text, struct address *ret)
{
    if (text.len > ADDRESS_TEXT_BYTES_MAX)
        return -EINVAL;

    struct str spec = name_strip(str_trim(text));
    const char *at = spec.len ? memrchr(spec.data, '@', spec.len) : NULL;
    if (!at || spec.len >= ADDRESS_BYTES_MAX)
        return -EINVAL;
    if (!str_all(spec, is_ascii_char) && str_present(unseen_find(spec)))
        return -EINVAL;

    struct str local = {spec.data, (size_t)(at - spec.data)};
    struct str domain = {at + 1, spec.len - local.len - 1};
    if (!is_local_part(local) || !is_domain(domain))
        return -EINVAL;

    memcpy(ret->seen, spec.data, local.len + 1);
    (void)lower_put(ret->seen + local.len + 1, domain);
    return key_put(local, domain, ret);
}

/* --- what people give ------------------------------------------------------------ */

static void unseen_describe(struct str text, struct str found,
                            char ret[ADDRESS_FAULT_BYTES])
{
    struct str before = {text.data, (size_t)(found.data - text.data)};
    char what[64];
    const char *cut = "";

    if (found.len > 0)
        (void)snprintf(what, sizeof(what), "U+%04X", (unsigned)str_code_point(found));
    else
        (void)snprintf(what, sizeof(what), "the byte 0x%02X",
                       (unsigned char)found.data[0]);
    if (before.len > ADDRESS_QUOTE_BYTES_MAX) {
        cut = "…";
        before = str_skip(before, before.len - ADDRESS_QUOTE_BYTES_MAX);
        while (before.len > 0 && ((unsigned char)before.data[0] & 0xc0) == 0x80)
            before = str_skip(before, 1);
    }
    const char *is = found.len > 0 ? str_character_unseen(found) : "not UTF-8";
    if (before.len > 0)
        (void)snprintf(ret, ADDRESS_FAULT_BYTES, "it contains %s after '%s%.*s' (%s)",
                       what, cut, STR_ARG(before), is);
    else
        (void)snprintf(ret, ADDRESS_FAULT_BYTES, "it begins with %s (%s)", what, is);
}

bool address_check_text(struct str text, char ret_fault[ADDRESS_FAULT_BYTES])
{
    struct str found = unseen_find(text);

    if (str_present(found)) {
        unseen_describe(text, found, ret_fault);
        return false;
    }
    if (text.len > 1 && is_quotation_mark(first_character(text)) &&
        is_quotation_mark(last_character(text))) {
        (void)snprintf(ret_fault, ADDRESS_FAULT_BYTES,
                       "it is in quotation marks: %.*s at its beginning, %.*s at its end",
                       STR_ARG(first_character(text)), STR_ARG(last_character(text)));
        return false;
    }
    return true;
}

/* `a <a@example.com>, b <b@example.com>` must not pass for its first address. */
static bool address_is_alone(struct str text)
{
    bool quoted = false, other = false;
    size_t opened = 0;

    if (!str_find(text, '<'))
        return true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\\' && quoted)
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == '<')
            opened++;
        else if (!quoted && opened == 0 && strchr(">,;@", c))
            other = true;
    }
    return opened == 0 ||
           (opened == 1 && !other && !quoted && text.data[text.len - 1] == '>');
}

int address_read(struct str text, struct address *ret,
                 char ret_fault[ADDRESS_FAULT_BYTES])
{
    text = str_trim(text);
    if (!address_check_text(text, ret_fault))
        return -EINVAL;

    int r = address_is_alone(text) ? address_parse(text, ret) : -EINVAL;
    const char *fault = "it is not of the form jane@example.com";
    if (r == -ENOMEM)
        fault = "out of memory";
    else if (text.len == 0)
        fault = "it is empty";
    else if (!str_find(text, '@'))
        fault = "there is no @ in it";
    if (r < 0)
        (void)snprintf(ret_fault, ADDRESS_FAULT_BYTES, "%s", fault);
    return r;
}

void address_copy(struct address *to, const struct address *from)
{
    memcpy(to->seen, from->seen, strlen(from->seen) + 1);
    memcpy(to->key, from->key, strlen(from->key) + 1);
    to->domain = to->key + (from->domain - from->key);
}

bool address_is_simulator(const struct address *address)
{
    return strcmp(address->domain, SIMULATOR_DOMAIN) == 0;
}
