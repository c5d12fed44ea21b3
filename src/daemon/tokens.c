#include "daemon/tokens.h"

#include <errno.h>
#include <openssl/crypto.h>

#include "daemon/limits.h"
#include "sesbounce/digest.h"
#include "sesbounce/file.h"

struct tokens {
    size_t count;
    unsigned char digests[TOKENS_MAX][DIGEST_BYTES];
};

static int hex_digit(char c)
{
    c = ascii_lower(c);
    if (ascii_is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_digest(struct str hex, unsigned char ret[DIGEST_BYTES])
{
    if (hex.len != DIGEST_BYTES * 2)
        return false;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        int high = hex_digit(hex.data[2 * i]);
        int low = hex_digit(hex.data[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        ret[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

/* What is wrong with the line, or NULL. */
static const char *add_line(struct tokens *tokens, struct str line)
{
    struct str name;
    struct str right;

    if (line.len == 0 || line.data[0] == '#')
        return NULL;
    if (tokens->count >= TOKENS_MAX)
        return "too many tokens";
    /* What is left of the line must be the hash: a colon in it is not a hex digit. */
    if (!str_split(&line, ':', &name) || name.len == 0 ||
        !str_split(&line, ':', &right) ||
        !(str_equal(right, STR("read")) || str_equal(right, STR("write"))) ||
        !parse_digest(line, tokens->digests[tokens->count]))
        return "neither `NAME:read:SHA256HEX` nor `NAME:write:SHA256HEX`; to print the "
               "hash, type: printf %s \"$TOKEN\" | sha256sum";
    tokens->count++;
    return NULL;
}

static int add_lines(struct tokens *tokens, struct str rest, struct buf *fault)
{
    unsigned number = 0;
    struct str line;

    while (str_split(&rest, '\n', &line)) {
        const char *wrong = add_line(tokens, str_trim(line));

        number++;
        if (wrong) {
            (void)buf_printf(fault, "line %u: %s", number, wrong);
            return -EINVAL;
        }
    }
    if (tokens->count > 0)
        return 0;
    (void)buf_append_str(fault,
                         STR("contains no token, so every request would be refused"));
    return -EINVAL;
}

int tokens_read(const char *file, struct tokens **ret, struct buf *fault)
{
    _cleanup_(tokens_freep) struct tokens *tokens = calloc(1, sizeof(*tokens));
    _cleanup_(freep) char *text = NULL;
    int r;

    if (!tokens)
        return -ENOMEM;
    r = file_read_text(file, TOKENS_BYTES_MAX, &text);
    if (r < 0)
        (void)buf_append_str(fault, str_of(strerror(-r)));
    else
        r = add_lines(tokens, str_of(text), fault);
    if (r == 0)
        *ret = take_ptr(tokens);
    return r;
}

void tokens_free(struct tokens *tokens)
{
    free(tokens);
}

bool tokens_match(const struct tokens *tokens, struct str authorization)
{
    unsigned char digest[DIGEST_BYTES];
    struct str scheme;
    struct str token;
    int match = 0;

    authorization = str_trim(authorization);
    if (!str_split(&authorization, ' ', &scheme) ||
        !str_equal_nocase(scheme, STR("Bearer")))
        return false;
    token = str_trim(authorization);
    /* The hash of nothing is what a line made with an unset $TOKEN holds. */
    if (token.len == 0)
        return false;
    digest_sha256(token, digest);
    for (size_t i = 0; i < tokens->count; i++)
        match |= CRYPTO_memcmp(digest, tokens->digests[i], sizeof(digest)) == 0;
    return match != 0;
}
