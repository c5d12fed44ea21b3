/*
 * A strict reader for one JSON text, in one pass and bounded memory (RFC 8259).
 *
 * The grammar of the envelope, which needs its own members only, and below json_tree:
 * strings are decoded, all else is checked and skipped. Whether a name may be there twice
 * is the caller's to say. A reader works on borrowed bytes; decoded strings lie in
 * `decoded`, which is one allocation, made when the first string with an escape is met
 * and never larger than the text by more than a word. A caller that sets `decoded` and
 * `out` to as much room of its own saves the allocation. A reader belongs to one thread.
 */
#ifndef SESBOUNCE_JSON_SCAN_H
#define SESBOUNCE_JSON_SCAN_H

#include <stdbool.h>

#include "sesbounce/str.h"

struct json_scan {
    const char *at;
    const char *end;
    char *decoded; /* owned by the reader's owner; free() unless it is its own room */
    char *out;     /* where the next decoded string goes */
    bool no_memory;
    bool replaces_halves; /* half a surrogate pair becomes U+FFFD; else it is a fault */
    const char *fault;    /* constant text, once a function returned false */
};

void json_scan_init(struct json_scan *json, struct str text);

/* Skips white space; the next byte, or -1 at the end. */
int json_scan_peek(struct json_scan *json);

/* Skips white space and takes `c`; false when something else is there, with no fault. */
bool json_scan_take(struct json_scan *json, char c);

/* Takes a string, the quotation mark being next. Borrowed from the text or `decoded`. */
bool json_scan_string(struct json_scan *json, struct str *ret);

/* Takes and checks any value, nested at most JSON_SCAN_DEPTH_MAX deep. */
bool json_scan_skip(struct json_scan *json);

/* Takes the literal null when it is next; false otherwise, with no fault. */
bool json_scan_take_null(struct json_scan *json);

#endif
