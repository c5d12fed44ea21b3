#include "sesbounce/address.h"

#include <errno.h>
#include <idn2.h>

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

static struct str cut(struct str text, size_t from, size_t to)
{
    return str_trim((struct str){text.data + from, to - from});
}

/*
 * `John "<x>" <john@example.com>`: a quoted angle bracket is part of the name. A name may
 * hold an address or a comma; with both, and with an address behind, it is a list.
 */
static struct str without_name(struct str text)
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
            return more || (at && comma) ? STR_ABSENT : cut(text, open, i);
        } else if (!open) {
            at = at || c == '@';
            comma = comma || c == ',' || c == ';';
        }
    }
    return text;
}

/* Nothing that could end an address, in a list or on a line, is part of one. */
static bool is_plain(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte > ' ' && byte != 0x7f && !strchr("@<>,;:\"()[]\\", c);
}

static bool is_local_part(struct str local)
{
    if (local.len > 2 && local.data[0] == '"') {
        for (size_t i = 0; i < local.len; i++) {
            unsigned char byte = (unsigned char)local.data[i];
            if (byte < ' ' || byte == 0x7f)
                return false;
        }
        return quoted_end(local, 0) == local.len;
    }
    for (size_t i = 0; i < local.len; i++)
        if (!is_plain(local.data[i]))
            return false;
    return local.len > 0;
}

static bool is_domain(struct str domain)
{
    /* an address literal: [192.0.2.1], [IPv6:2001:db8::1] */
    bool literal =
        domain.len > 2 && domain.data[0] == '[' && str_ends_with(domain, STR("]"));
    if (literal)
        domain = (struct str){domain.data + 1, domain.len - 2};

    for (size_t i = 0; i < domain.len; i++)
        if (!is_plain(domain.data[i]) && !(literal && domain.data[i] == ':'))
            return false;
    return domain.len > 0 && domain.data[0] != '.';
}

/* `"joe"` and `joe` are the same mailbox (RFC 5321, 4.1.2). */
static struct str without_needless_quotes(struct str local)
{
    if (local.data[0] != '"')
        return local;
    struct str inner = {local.data + 1, local.len - 2};
    for (size_t i = 0; i < inner.len; i++)
        if (!is_plain(inner.data[i]))
            return local;
    return inner;
}

static size_t put_lower(char *to, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        to[i] = ascii_lower(text.data[i]);
    to[text.len] = '\0';
    return text.len;
}

static bool is_ascii(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    return true;
}

/* `example.com.` is the same domain; a second dot is a slip. */
static struct str without_final_dots(struct str domain)
{
    while (domain.len > 1 && str_ends_with(domain, STR(".")))
        domain.len--;
    return domain;
}

static void free_idn(char **text)
{
    idn2_free(*text);
}

/* `domain` ends in NUL and is replaced by its A-labels when it has some. */
static int put_a_labels(char *domain, size_t room)
{
    _cleanup_(free_idn) char *ascii = NULL;

    int rc = idn2_to_ascii_8z(domain, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc == IDN2_MALLOC)
        return -ENOMEM;
    if (rc != IDN2_OK)
        return 0;
    /* The mapping can bring in what we have just excluded, a fullwidth @ for one. */
    struct str mapped = without_final_dots(str_of(ascii));
    if (!is_domain(mapped) || !is_ascii(mapped))
        return 0;
    if (mapped.len >= room)
        return -EINVAL;
    (void)put_lower(domain, mapped);
    return 0;
}

static int put_key(struct str local, struct str domain, struct address *ret)
{
    local = without_needless_quotes(local);
    domain = without_final_dots(domain);

    size_t at = put_lower(ret->key, local);
    ret->key[at++] = '@';
    ret->domain = ret->key + at;
    (void)put_lower(ret->key + at, domain);
    return is_ascii(domain) ? 0 : put_a_labels(ret->key + at, sizeof(ret->key) - at);
}

int address_parse(struct str text, struct address *ret)
{
    if (text.len > ADDRESS_TEXT_BYTES_MAX)
        return -EINVAL;

    struct str spec = without_name(str_trim(text));
    const char *at = spec.len ? memrchr(spec.data, '@', spec.len) : NULL;
    if (!at || spec.len >= ADDRESS_BYTES_MAX || !str_is_utf8(spec))
        return -EINVAL;

    struct str local = {spec.data, (size_t)(at - spec.data)};
    struct str domain = {at + 1, spec.len - local.len - 1};
    if (!is_local_part(local) || !is_domain(domain))
        return -EINVAL;

    memcpy(ret->seen, spec.data, local.len + 1);
    (void)put_lower(ret->seen + local.len + 1, domain);
    return put_key(local, domain, ret);
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
