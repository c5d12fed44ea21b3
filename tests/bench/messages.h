/*
 * The file of signed messages: what `generate` writes and the other programs of this
 * folder read. A record is the body's length as eight decimal digits, a newline, and the
 * body. One thread.
 */
#ifndef BENCH_MESSAGES_H
#define BENCH_MESSAGES_H

#include <stdint.h>

#include "sesbounce/str.h"

#define BENCH_TOPIC "arn:aws:sns:us-east-1:123456789012:ses-feedback"
#define BENCH_HOST  "sns.us-east-1.amazonaws.com"
/* The certificate's own name, under a host's folder in [store] certificates. */
#define BENCH_CERTIFICATE "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"

/* Digits of a record's length, and the newline behind them. */
#define MESSAGES_PREFIX_BYTES 9
/* A file beyond this would not fit into memory beside what is measured. */
#define MESSAGES_FILE_BYTES_MAX (4LL * 1024 * 1024 * 1024)

struct messages {
    struct str *items; /* borrow from `file` */
    size_t count;
    char *file; /* mapped */
    size_t file_bytes;
};

/* 0, or a negative errno; -EINVAL when the file is not whole. messages_done() in either
 * case. */
int messages_open(const char *path, struct messages *ret);
void messages_done(struct messages *messages);

/* CLOCK_MONOTONIC. */
int64_t bench_now_ns(void);

/* A number of the command line: ends the program if `text` is not a number. */
uint64_t bench_number(const char *text, uint64_t max);

#endif
