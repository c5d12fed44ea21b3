/*
 * A strict reader for one JSON text, in one pass and bounded memory (RFC 8259).
 *
 * Only what the envelope needs: strings are decoded, all else is checked and skipped. A
 * reader works on borrowed bytes; decoded strings lie in `decoded`, which is one
 * allocation, made when the first string with an escape is met and never larger than the
 * text by more than a word. No lookup inside nested values: their keys may repeat.
 */
#ifndef SESBOUNCE_MESSAGE_SNS_JSON_H
#define SESBOUNCE_MESSAGE_SNS_JSON_H

#include <stdbool.h>

#include "sesbounce/str.h"

struct sns_json {
    const char *at;
    const char *end;
    char *decoded; /* owned by whoever owns the reader; free() */
    char *out;     /* where the next decoded string goes */
    bool no_memory;
    const char *fault; /* constant text, once a function returned false */
};

void sns_json_init(struct sns_json *json, struct str text);

/* Skips white space; the next byte, or -1 at the end. */
int sns_json_peek(struct sns_json *json);

/* Skips white space and takes `c`; false when something else is there, with no fault. */
bool sns_json_take(struct sns_json *json, char c);

/* Takes a string, the quotation mark being next. Borrowed from the text or `decoded`. */
bool sns_json_string(struct sns_json *json, struct str *ret);

/* Takes and checks any value, nested at most SNS_DEPTH_MAX deep. */
bool sns_json_skip(struct sns_json *json);

/* Takes the literal null when it is next; false otherwise, with no fault. */
bool sns_json_take_null(struct sns_json *json);

#endif
