#include "daemon/secrets.h"

#include <errno.h>
#include <openssl/crypto.h>

#include "daemon/limits.h"
#include "sesbounce/digest.h"
#include "sesbounce/file.h"

#define HASH_DIGITS ((size_t)DIGEST_BYTES * 2)

struct secrets {
    size_t count;
    char hashes[SECRETS_MAX][HASH_DIGITS + 1]; /* in lower case */
    struct secrets_token tokens[SECRETS_MAX];  /* of SECRETS_TOKENS */
};

static void secret_hash(struct str secret, char ret[HASH_DIGITS + 1])
{
    unsigned char digest[DIGEST_BYTES];

    digest_sha256(secret, digest);
    digest_hex(digest, HASH_DIGITS, ret);
}

/* --- lines ----------------------------------------------------------------------- */

static bool credentials_parse(struct secrets *secrets, size_t at, struct str line)
{
    secret_hash(line, secrets->hashes[at]);
    return memchr(line.data, ':', line.len);
}

static bool hash_parse(struct str hex, char ret[HASH_DIGITS + 1])
{
    if (hex.len != HASH_DIGITS)
        return false;
    for (size_t i = 0; i < HASH_DIGITS; i++) {
        ret[i] = ascii_lower(hex.data[i]);
        if (!ascii_is_digit(ret[i]) && (ret[i] < 'a' || ret[i] > 'f'))
            return false;
    }
    return true;
}

/* What is left of the line must be the hash: a colon in it is not a hex digit. */
static bool token_parse(struct secrets *secrets, size_t at, struct str line)
{
    struct secrets_token *token = &secrets->tokens[at];
    struct str name;
    struct str right;

    if (!str_split(&line, ':', &name) || name.len == 0 ||
        name.len >= sizeof(token->name) || !str_is_utf8(name) ||
        !str_split(&line, ':', &right))
        return false;
    memcpy(token->name, name.data, name.len);
    token->writes = str_equal(right, STR("write"));
    return (token->writes || str_equal(right, STR("read"))) &&
           hash_parse(line, secrets->hashes[at]);
}

static const struct secrets_form {
    const char *setting;
    size_t max_bytes;
    bool (*parse)(struct secrets *secrets, size_t at, struct str line);
    const char *malformed;
    const char *too_many;
    const char *none;
} secrets_forms[] = {
    [SECRETS_CREDENTIALS] =
        {
            "[ingest] credentials_file",
            CREDENTIALS_BYTES_MAX,
            credentials_parse,
            "not `user:password`",
            "too many users",
            "contains no line `user:password`, so nobody could deliver",
        },
    [SECRETS_TOKENS] =
        {
            "[admin] tokens_file",
            TOKENS_BYTES_MAX,
            token_parse,
            "neither `NAME:read:SHA256HEX` nor `NAME:write:SHA256HEX`; to print the "
            "hash, type: printf %s \"$TOKEN\" | sha256sum",
            "too many tokens",
            "contains no token, so every request would be refused",
        },
};

/* What is wrong with the line, or NULL. */
static const char *secrets_add_line(struct secrets *secrets,
                                    const struct secrets_form *form, struct str line)
{
    if (line.len == 0 || line.data[0] == '#')
        return NULL;
    if (secrets->count >= SECRETS_MAX)
        return form->too_many;
    if (!form->parse(secrets, secrets->count, line))
        return form->malformed;
    secrets->count++;
    return NULL;
}

static int secrets_add_lines(struct secrets *secrets, const struct secrets_form *form,
                             struct str rest, struct buf *fault)
{
    unsigned number = 0;
    struct str line;

    while (str_split(&rest, '\n', &line)) {
        const char *wrong = secrets_add_line(secrets, form, str_trim(line));

        number++;
        if (wrong) {
            (void)buf_printf(fault, "line %u: %s", number, wrong);
            return -EINVAL;
        }
    }
    if (secrets->count > 0)
        return 0;
    (void)buf_append_str(fault, str_of(form->none));
    return -EINVAL;
}

int secrets_read(enum secrets_kind kind, const char *path, struct secrets **ret,
                 struct buf *fault)
{
    const struct secrets_form *form = &secrets_forms[kind];
    _cleanup_(secrets_freep) struct secrets *secrets = calloc(1, sizeof(*secrets));
    _cleanup_(freep) char *text = NULL;
    int r;

    if (!secrets)
        return -ENOMEM;
    r = file_read_text(path, form->max_bytes, &text);
    if (r < 0)
        (void)buf_append_str(fault, str_of(strerror(-r)));
    else
        r = secrets_add_lines(secrets, form, str_of(text), fault);
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    if (r == 0)
        *ret = take_ptr(secrets);
    return r;
}

int secrets_open(enum secrets_kind kind, const char *path, struct secrets **ret,
                 struct buf *fault)
{
    _cleanup_(buf_done) struct buf wrong;
    int r;

    buf_init(&wrong, LOG_VALUE_BYTES_MAX);
    r = path ? secrets_read(kind, path, ret, &wrong) : 0;
    if (r < 0)
        (void)buf_printf(fault, "%s: %s: %.*s", secrets_forms[kind].setting, path,
                         STR_ARG(buf_str(&wrong)));
    return r < 0 && r != -ENOMEM ? -EINVAL : r;
}

void secrets_free(struct secrets *secrets)
{
    free(secrets);
}

/* --- who asks -------------------------------------------------------------------- */

/* Which line it is, counted from 1; 0: none. As long for each, and for none. */
static size_t secrets_find(const struct secrets *secrets, struct str secret)
{
    char hash[HASH_DIGITS + 1];
    size_t found = 0;

    secret_hash(secret, hash);
    for (size_t i = 0; i < secrets->count; i++) {
        size_t differs =
            (size_t)(CRYPTO_memcmp(hash, secrets->hashes[i], HASH_DIGITS) != 0);

        /* All bits where it is the same, none where it differs. */
        found = (found & ~(differs - 1)) | ((i + 1) & (differs - 1));
    }
    return found;
}

/* 1 or 0, or -ENOMEM: cannot tell now. */
static int credentials_match(const struct secrets *secrets, const char *user,
                             const char *password)
{
    struct buf pair;
    int r;

    if (!user || !password)
        return 0;
    buf_init(&pair, CREDENTIALS_BYTES_MAX);
    r = buf_printf(&pair, "%s:%s", user, password);
    if (r == 0)
        r = secrets_find(secrets, buf_str(&pair)) > 0;
    if (pair.data)
        OPENSSL_cleanse(pair.data, pair.len);
    buf_done(&pair);
    return r == -ENOMEM || r > 0 ? r : 0;
}

static bool password_is_masked(const char *password)
{
    return password && password[0] && password[strspn(password, "*")] == '\0';
}

enum verdict secrets_check_credentials(const struct secrets *secrets, bool was_sent,
                                       const char *user, const char *password,
                                       const char **ret_fault)
{
    int match = credentials_match(secrets, user, password);

    /* SNS takes a 401 for final. */
    if (match < 0)
        *ret_fault = "out of memory";
    if (match != 0)
        return match < 0 ? VERDICT_NO_MEMORY : VERDICT_NONE;
    if (!was_sent)
        return VERDICT_NO_CREDENTIALS;
    if (password_is_masked(password))
        *ret_fault = "the password consists of asterisks, which AWS prints in place of a "
                     "password: subscribe again, with the password itself in the URL";
    else if (!user || !password)
        *ret_fault = "the Authorization header is not HTTP Basic";
    else
        *ret_fault = "this user and password are not in [ingest] credentials_file";
    return VERDICT_CREDENTIALS;
}

/* What stands before the scope of the credential, which has four parts. */
static struct str sigv4_key(struct str parameters)
{
    struct str parameter;

    while (str_split(&parameters, ',', &parameter)) {
        struct str key = str_trim(parameter);

        if (!str_take_prefix(&key, STR("Credential=")))
            continue;
        for (int parts = 0; parts < 4; parts++) {
            const char *slash = key.len > 0 ? memrchr(key.data, '/', key.len) : NULL;

            key.len = slash ? (size_t)(slash - key.data) : 0;
        }
        return key;
    }
    return STR_ABSENT;
}

const struct secrets_token *secrets_find_token(const struct secrets *secrets,
                                               struct str authorization)
{
    struct str scheme;
    struct str token;

    authorization = str_trim(authorization);
    if (!str_split(&authorization, ' ', &scheme))
        return NULL;
    if (str_equal_nocase(scheme, STR("Bearer")))
        token = str_trim(authorization);
    else if (str_equal_nocase(scheme, STR("AWS4-HMAC-SHA256")))
        token = sigv4_key(authorization);
    else
        return NULL;
    /* The hash of nothing is what a line made with an unset $TOKEN holds. */
    size_t found = token.len > 0 ? secrets_find(secrets, token) : 0;
    return found > 0 ? &secrets->tokens[found - 1] : NULL;
}
