/*
 * A file that a setting names, and what is found out about it: what files.c and
 * files_receivers.c need. One thread, before the others start.
 */
#ifndef SESBOUNCED_FILES_NAMED_H
#define SESBOUNCED_FILES_NAMED_H

#include "daemon/secrets.h"
#include "sesbounce/buf.h"
#include "sesbounce/settings.h"

enum files_asker {
    FILES_START,           /* the daemon; of the database store_open() tells more */
    FILES_CHECK_AS_DAEMON, /* --check-config, as the user that the daemon runs as */
    FILES_CHECK_AS_OTHER,  /* what this user may not read, the daemon's may */
};

struct files_check {
    const struct settings *settings;
    const char *file;
    enum files_asker asker;
    struct buf *faults;
    bool faulty;
};

/* A setting that names a file or directory, with its path: NULL where it is not set. */
struct named {
    struct files_check *check;
    const struct files_rule *rule;
    const char *path;
    const struct settings_head *head; /* of a section with a name; else NULL */
};

/* How it is checked; 0, also when faults were found, -ENOMEM and the like. */
struct files_rule {
    const char *section;
    const char *key;
    size_t offset; /* of the path, in the settings */
    int (*check)(const struct named *named);
    enum secrets_kind secrets;
};

/* `FILE:LINE: [section] key: PATH: what`; a warning does not prevent the start. */
void named_fault(const struct named *named, const char *what);
void named_warn(const struct named *named, const char *what);
/* `error` of open() or stat(). */
void named_error(const struct named *named, int error, const char *if_missing);

/* The unit reads the default configuration, and does not see such a file. */
bool named_is_hidden(const struct named *named);
#define NAMED_HIDDEN                                                                     \
    "files below /home, /root, /run/user, /tmp and /var/tmp are hidden from the unit; "  \
    "put it in /etc/sesbounced, or in /var/lib/sesbounced if the daemon writes it"

enum file_kind { FILE_PUBLIC, FILE_SECRET };

/* Is it worth looking into? If not, that is reported, unless there is no path. */
bool named_check_file(const struct named *named, enum file_kind kind);

#endif
