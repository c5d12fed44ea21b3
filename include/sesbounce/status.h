/*
 * What the daemon sees and what needs a person: the rows of `sesbouncectl status` and of
 * GET /v1/status. One thread, the store's.
 */
#ifndef SESBOUNCE_STATUS_H
#define SESBOUNCE_STATUS_H

#include "sesbounce/output.h"

/* What is known of the running daemon; texts are borrowed. */
struct status_daemon {
    const char *where; /* whom we asked */
    const char *fault; /* why there was no answer; NULL: there was one */
    long status;       /* of /healthz */
    const char *body;
    int64_t tls_begins_ms, tls_expires_ms; /* CLOCK_NONE: plain HTTP, or not known */
    bool tls_is_outdated;                  /* its renewed files cannot be used */
    bool lacks_admin;                      /* it does not listen on [admin] listen */
};

/* What the settings say, and how commands that are to be typed begin; borrowed. */
struct status_setup {
    const char *reads, *writes; /* such as `sesbouncectl`, and `sudo -u … sesbouncectl` */
    const char *config;         /* ` -c FILE` for a shell, or "" */
    const char *config_file;
    char *const *topics; /* `[sns] topic` */
    size_t topic_count;
    bool simulates;
    bool counts_soft; /* soft bounces make entries */
    bool is_brief;    /* without `soft_counting`, for which a week of counters is read */
    int64_t now_ms;
};

/* Where the rows go, of `name` and `value`. */
struct status_rows {
    store_row_fn *row; /* what it returns other than 0 is a fault */
    void *context;
    bool has_columns; /* rows of topics have a column each; else a value of one text */
};

/* `*ret_attention`: how many rows need a person. 0, a fault of the store, or one of
 * `rows`. */
int status_write(struct store *store, const struct status_setup *setup,
                 const struct status_daemon *daemon, const struct status_rows *rows,
                 size_t *ret_attention);

#endif
