/*
 * Tokens of subscriptions, each in a file beside the database that only its owner can
 * read: anybody who has a token can confirm the subscription, and the group reads the
 * database. A row knows its token by the SHA-256 that is part of the file's name.
 *
 * A file is there, and synced, before the commit that refers to it. What no row refers to
 * any more is removed by token_tidy().
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sesbounce/digest.h"
#include "sesbounce/file.h"
#include "store/store_internal.h"

#define TOKEN_MODE 0600
#define SUFFIX     ".token-"

static int token_fault(struct store *store, int error, const char *name, const char *what)
{
    (void)snprintf(store->fault, sizeof(store->fault), "%s" SUFFIX "%s: %s: %s",
                   store->path, name, what, strerror(error));
    if (error == EDQUOT)
        error = ENOSPC;
    return error == ENOSPC || error == EROFS || error == EACCES || error == ENOMEM
               ? -error
               : -EIO;
}

static void token_name(struct str token, char ret[TOKEN_NAME_BYTES])
{
    unsigned char digest[DIGEST_BYTES];

    digest_sha256(token, digest);
    digest_hex(digest, TOKEN_NAME_BYTES - 1, ret);
}

static char *token_path(const struct store *store, const char *name, const char *behind)
{
    char *path = NULL;

    return asprintf(&path, "%s" SUFFIX "%s%s", store->path, name, behind) < 0 ? NULL
                                                                              : path;
}

/* Complete under `path`, which is nobody's yet. 0 or an errno. */
static int token_write(const char *path, struct str token)
{
    _cleanup_(closep) int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, TOKEN_MODE);

    if (fd < 0)
        return errno;
    return -file_write_fd(fd, token);
}

int token_keep(struct store *store, struct str token, char ret_name[TOKEN_NAME_BYTES])
{
    _cleanup_(freep) char *path = NULL;
    _cleanup_(freep) char *draft = NULL;
    int r;

    token_name(token, ret_name);
    path = token_path(store, ret_name, "");
    draft = token_path(store, ret_name, ".new");
    if (!path || !draft)
        return token_fault(store, ENOMEM, ret_name, "writing");
    r = token_write(draft, token);
    if (r == 0 && rename(draft, path) < 0)
        r = errno;
    if (r == 0)
        r = -file_sync_directory_of(path);
    return r == 0 ? 0 : token_fault(store, r, ret_name, "writing");
}

int token_read(struct store *store, struct str name, char **ret)
{
    char text[TOKEN_NAME_BYTES], found[TOKEN_NAME_BYTES];
    _cleanup_(freep) char *path = NULL;
    _cleanup_(freep) char *token = calloc(1, SNS_TOKEN_BYTES_MAX + 1);
    _cleanup_(closep) int fd = -1;
    ssize_t len;

    *ret = NULL;
    if (name.len != sizeof(text) - 1)
        return -ENOENT;
    (void)snprintf(text, sizeof(text), "%.*s", STR_ARG(name));
    path = token_path(store, text, "");
    if (!path || !token)
        return token_fault(store, ENOMEM, text, "reading");
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? -ENOENT : token_fault(store, errno, text, "reading");
    len = read(fd, token, SNS_TOKEN_BYTES_MAX);
    if (len < 0)
        return token_fault(store, errno, text, "reading");
    /* Damaged is lost. */
    token_name((struct str){token, (size_t)len}, found);
    if (strcmp(found, text) != 0)
        return -ENOENT;
    *ret = take_ptr(token);
    return 0;
}

/* --- tidying ---------------------------------------------------------------------- */

static int token_sweep(struct store *store)
{
    const char *slash = strrchr(store->path, '/');
    const char *base = slash ? slash + 1 : store->path;
    _cleanup_(freep) char *parent =
        slash ? strndup(store->path, (size_t)(slash - store->path) + 1) : strdup(".");
    DIR *directory = parent ? opendir(parent) : NULL;
    const struct dirent *entry;
    size_t len = strlen(base);
    int r = 0;

    if (!directory)
        return parent ? 0 : -ENOMEM; /* later, then */
    while (r >= 0 && (entry = readdir(directory))) {
        const char *name = entry->d_name + len + sizeof(SUFFIX) - 1;

        if (strncmp(entry->d_name, base, len) != 0 ||
            !str_starts_with(str_of(entry->d_name + len), STR(SUFFIX)))
            continue;
        r = db_find(store, SQL_TOKEN_WANTED, NULL, db_text(str_of(name)));
        if (r == 0)
            (void)unlinkat(dirfd(directory), entry->d_name, 0);
        else if (r == 1) /* whatever `chmod` met it on the way */
            (void)!fchmodat(dirfd(directory), entry->d_name, TOKEN_MODE, 0);
    }
    (void)closedir(directory);
    return r < 0 ? r : 0;
}

/* The token of one row of an older schema goes into a file. 1, 0 none is left, or a
 * fault. */
static int token_move_out(struct store *store)
{
    char name[TOKEN_NAME_BYTES];
    int64_t id;
    int r;

    {
        _cleanup_(db_call_end) struct db_call call = db_call(store, SQL_TOKEN_CLEAR);

        r = db_step(&call);
        if (r <= 0)
            return r;
        id = db_get_int(&call);
        r = token_keep(store, db_get_text(&call), name);
    }
    return r < 0 ? r
                 : db_change(store, SQL_TOKEN_MOVED, db_int(id), db_text(str_of(name)));
}

int token_tidy(struct store *store)
{
    int r;

    do {
        r = token_move_out(store);
    } while (r == 1);
    return r < 0 ? r : token_sweep(store);
}
