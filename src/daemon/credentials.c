#include "daemon/credentials.h"

#include <errno.h>
#include <openssl/crypto.h>

#include "daemon/limits.h"
#include "sesbounce/digest.h"
#include "sesbounce/file.h"

struct credentials {
    size_t count;
    unsigned char digests[CREDENTIALS_MAX][DIGEST_BYTES];
};

/* What is wrong with the line, or NULL. */
static const char *add_line(struct credentials *credentials, struct str line)
{
    if (line.len == 0 || line.data[0] == '#')
        return NULL;
    if (!memchr(line.data, ':', line.len))
        return "not `user:password`";
    if (credentials->count >= CREDENTIALS_MAX)
        return "too many users";
    digest_sha256(line, credentials->digests[credentials->count++]);
    return NULL;
}

static int add_lines(struct credentials *credentials, struct str rest, struct buf *fault)
{
    unsigned number = 0;
    struct str line;

    while (str_split(&rest, '\n', &line)) {
        const char *wrong = add_line(credentials, str_trim(line));

        number++;
        if (wrong) {
            (void)buf_printf(fault, "line %u: %s", number, wrong);
            return -EINVAL;
        }
    }
    if (credentials->count > 0)
        return 0;
    (void)buf_append_str(fault, STR("contains no line `user:password`, so nobody could "
                                    "deliver"));
    return -EINVAL;
}

int credentials_read(const char *file, struct credentials **ret, struct buf *fault)
{
    _cleanup_(credentials_freep) struct credentials *credentials =
        calloc(1, sizeof(*credentials));
    _cleanup_(freep) char *text = NULL;
    int r;

    if (!credentials)
        return -ENOMEM;
    r = file_read_text(file, CREDENTIALS_BYTES_MAX, &text);
    if (r < 0)
        (void)buf_append_str(fault, str_of(strerror(-r)));
    else
        r = add_lines(credentials, str_of(text), fault);
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    if (r == 0)
        *ret = take_ptr(credentials);
    return r;
}

void credentials_free(struct credentials *credentials)
{
    free(credentials);
}

int credentials_match(const struct credentials *credentials, const char *user,
                      const char *password)
{
    unsigned char digest[DIGEST_BYTES];
    struct buf pair;
    int match = 0;
    int r;

    if (!user || !password)
        return 0;
    buf_init(&pair, CREDENTIALS_BYTES_MAX);
    r = buf_printf(&pair, "%s:%s", user, password);
    if (r == 0) {
        digest_sha256(buf_str(&pair), digest);
        for (size_t i = 0; i < credentials->count; i++)
            match |= CRYPTO_memcmp(digest, credentials->digests[i], sizeof(digest)) == 0;
    }
    if (pair.data)
        OPENSSL_cleanse(pair.data, pair.len);
    buf_done(&pair);
    return r == -ENOMEM ? r : match != 0;
}

static bool is_masked(const char *password)
{
    return password && password[0] && password[strspn(password, "*")] == '\0';
}

enum verdict credentials_check(const struct credentials *credentials, bool was_sent,
                               const char *user, const char *password,
                               const char **ret_fault)
{
    int match = credentials_match(credentials, user, password);

    /* SNS takes a 401 for final. */
    if (match < 0)
        *ret_fault = "out of memory";
    if (match != 0)
        return match < 0 ? VERDICT_NO_MEMORY : VERDICT_UNDECIDED;
    if (!was_sent)
        return VERDICT_NO_CREDENTIALS;
    if (is_masked(password))
        *ret_fault = "the password consists of asterisks, which AWS prints in place of a "
                     "password: subscribe again, with the password itself in the URL";
    else if (!user || !password)
        *ret_fault = "the Authorization header is not HTTP Basic";
    else
        *ret_fault = "this user and password are not in [ingest] credentials_file";
    return VERDICT_CREDENTIALS;
}
