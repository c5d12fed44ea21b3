/*
 * What https.c and https_mail.c share: a place for a transfer, and libcurl's handle in
 * it. Outbound's thread.
 */
#ifndef REMOTE_HTTPS_TRANSFER_H
#define REMOTE_HTTPS_TRANSFER_H

#include <curl/curl.h>

#include "sesbounce/buf.h"
#include "sesbounce/https.h"

struct transfer {
    CURL *easy;                 /* made at the first use, kept for the next */
    struct curl_slist *headers; /* of the request, as long as it is under way */
    struct buf body;
    int body_error;                /* why the body was refused: 0 or a negative errno */
    bool takes_no_body;            /* what the answer says does not matter */
    struct str upload;             /* of a mail: what is left to send … */
    struct curl_slist *recipients; /* … and to whom; the handle serves nothing else */
    char *text;                    /* owned: where `upload` began */
    https_done_fn *done;           /* NULL: free */
    void *context;
    char detail[CURL_ERROR_SIZE];
};

struct https {
    CURLM *multi;
    char *ca_file;
    unsigned pending;
    struct transfer transfers[HTTPS_TRANSFERS_MAX];
};

/* What libcurl itself will read in a URL, so that no second parser can differ. */
struct url_parts {
    char scheme[16];
    bool is_loopback;
};
/* 0, -EINVAL for text that is not a URL, or one with a user; -ENOMEM. */
int url_read(const char *url, struct url_parts *ret);

/* A free place, with its handle: 0, -EAGAIN, -ENOMEM. */
int transfer_take(struct https *https, struct transfer **ret);

/* Begins what was set. 0 or -ENOMEM. */
int transfer_begin(struct https *https, struct transfer *transfer, https_done_fn *done,
                   void *context);

/* Frees the handle and what a mail has. */
void transfer_forget_mail(struct transfer *transfer);

#endif
