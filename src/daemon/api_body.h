/*
 * The JSON of requests, and arrays of the rows that report/ writes. One thread.
 */
#ifndef SESBOUNCED_API_BODY_H
#define SESBOUNCED_API_BODY_H

#include <jansson.h>

#include "daemon/problem.h"
#include "sesbounce/output.h"

/* A member that a request may have. */
struct api_member {
    const char *name;
    json_type type; /* JSON_TRUE: or false */
    bool is_optional;
    json_t **ret; /* borrowed from the body; NULL: it is not there */
};

/*
 * Reads an object with these members, ended by one without a name, and no others: a
 * misspelt `scope` must not mean all mail. 0 and `*ret`, which the caller frees also on
 * failure; -EINVAL with a problem; -ENOMEM, which says nothing about the request.
 */
int api_body_read(struct str text, const struct api_member *members, json_t **ret,
                  struct problem *problem);

/* An array of rows in the making. */
struct api_rows {
    struct buf *to;
    size_t count;
};

/* Where rows go, each an element. Borrows. */
struct output_sink api_rows_sink(struct api_rows *rows);

#endif
