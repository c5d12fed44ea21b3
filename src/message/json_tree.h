/*
 * A JSON text as an array of its values, in one pass over the text (RFC 8259).
 *
 * For what is inside an envelope, where names are looked up at any depth. Its grammar is
 * json_scan's, its limits are SES_DEPTH_MAX and SES_VALUES_MAX. Texts are borrowed from
 * the JSON text, or from `decoded` where they held an escape, and so outlive the tree's
 * values. Half a surrogate pair (`\ud83d` by itself) becomes U+FFFD: a server that cuts
 * its answer within an emoji must not make a whole bounce unreadable. A tree belongs to
 * one thread at a time.
 *
 * jansson reads the same at a tenth of the speed: every value is an allocation there, and
 * every byte a call. The fuzz target `json` holds the two against each other.
 */
#ifndef SESBOUNCE_MESSAGE_JSON_TREE_H
#define SESBOUNCE_MESSAGE_JSON_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sesbounce/limits.h"
#include "sesbounce/str.h"

enum json_tree_kind {
    JSON_TREE_OBJECT,
    JSON_TREE_ARRAY,
    JSON_TREE_STRING,
    JSON_TREE_TRUE,
    JSON_TREE_NULL,
    JSON_TREE_OTHER, /* a number or false: nobody asks which */
};

struct json_value {
    struct str name; /* decoded; absent if it is not a member of an object */
    struct str text; /* of a string decoded, of anything else its JSON */
    enum json_tree_kind kind;
    uint32_t span; /* values from this one to the next of the same object or array */
};

struct json_tree {
    struct json_value usual[SES_VALUES_USUAL];
    struct json_value *values; /* owned unless it is `usual` */
    size_t count;
    char *decoded; /* owned; who takes it (and leaves NULL) owns the texts in it */
};

/*
 * Reads an object or an array. 0; -EINVAL if `text` is neither; -E2BIG when it is nested
 * deeper than SES_DEPTH_MAX or has more than SES_VALUES_MAX values; -ENOMEM. `ret` is the
 * caller's in every case (json_tree_done) and may not be copied with =.
 */
int json_tree_read(struct str text, struct json_tree *ret);
void json_tree_done(struct json_tree *tree);

/* The object or array that the text is. */
const struct json_value *json_tree_root(const struct json_tree *tree);

/* All of these take NULL, and values of any kind, for something with nothing in it. */

/* A member by its name; the last, where a name is there twice. */
const struct json_value *json_tree_member(const struct json_value *object,
                                          const char *name);

/* The first value inside, and the one behind `value`: NULL when there is none. */
const struct json_value *json_tree_first(const struct json_value *container);
const struct json_value *json_tree_next(const struct json_value *container,
                                        const struct json_value *value);

/* Absent unless it is a string with something in it. */
struct str json_tree_text(const struct json_value *value);

bool json_tree_is(const struct json_value *value, enum json_tree_kind kind);

#endif
