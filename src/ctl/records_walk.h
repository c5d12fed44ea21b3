/*
 * The files that an operator names for reading: a file, standard input (`-`), or a folder
 * with all that is below it, as `aws s3 sync` fetched it. In the order of their names, so
 * that the hours of S3's YYYY/MM/DD/HH come in turn. Symbolic links in a folder are not
 * followed, and names that begin with a dot are passed over. One thread.
 */
#ifndef CTL_RECORDS_WALK_H
#define CTL_RECORDS_WALK_H

#include <stdbool.h>

struct records_walk {
    /* A file, open for reading; `fd` is lent. False ends the walk. */
    bool (*file)(void *context, const char *path, int fd);
    /* What cannot be read, or is not a file, and why. False ends the walk. */
    bool (*fault)(void *context, const char *path, const char *why);
    void *context;
};

/* False when a callback ended it. */
bool records_walk(const char *path, const struct records_walk *walk);

#endif
