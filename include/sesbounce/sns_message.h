/*
 * The SNS envelope: strict reader of the HTTP body, and the string that SNS signed.
 * sns-message-and-json-formats, sns-verify-signature-of-message (AWS SNS developer
 * guide).
 *
 * The envelope is read before anything is authenticated, so this is one flat pass: at
 * most SNS_MEMBERS_MAX members, nested values skipped with a bounded depth, memory of at
 * most the body's size, and no more than SNS_UNSIGNED_BYTES_MAX that SNS did not sign.
 * What is signed is the decoded text: somebody in between may write each character of it
 * as an escape, so that the 256 KiB of a message take up to six times as much, as far as
 * `max_body` lets them. Strict: UTF-8, surrogate pairs, no duplicate key, nothing
 * after the object. Every signed field but Message must have its strict form, because
 * the canonical string can be cut in more than one way: a MessageId `x\nSubject\ny` would
 * hash like a MessageId `x` with a Subject `y` and so escape de-duplication. Pure; any
 * thread.
 */
#ifndef SESBOUNCE_SNS_MESSAGE_H
#define SESBOUNCE_SNS_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/buf.h"
#include "sesbounce/limits.h"
#include "sesbounce/str.h"
#include "sesbounce/verdict.h"

enum sns_type {
    SNS_NOTIFICATION,
    SNS_SUBSCRIPTION_CONFIRMATION,
    SNS_UNSUBSCRIBE_CONFIRMATION,
};
/* By its word in `Type`; false for any other word. */
bool sns_type_parse(struct str word, enum sns_type *ret);

struct sns_message {
    enum sns_type type;
    int64_t timestamp_ms;
    /* Decoded; borrowed from the body or from `decoded`. Absent where not in the body. */
    struct str type_text;
    struct str message_id;
    struct str topic_arn;
    struct str message;
    struct str subject; /* null counts as absent */
    struct str timestamp;
    struct str token;
    struct str subscribe_url;
    struct str signature_version;
    struct str signature; /* base64, not yet decoded */
    struct str signing_cert_url;
    char *decoded; /* owned: the values that had escapes */
};

/*
 * Reads `body`, which must outlive `ret`. VERDICT_NONE when it is an envelope, else
 * the verdict of a 400 (or VERDICT_NO_MEMORY) with `*ret_fault` a constant text that
 * names the field at fault. `ret` is left empty on failure. sns_message_done() in either
 * case.
 */
enum verdict sns_message_parse(struct str body, struct sns_message *ret,
                               const char **ret_fault);
void sns_message_done(struct sns_message *message);

/* What stands for a token, and for the URL that has it in it. */
#define SNS_TOKEN_REMOVED "removed"

/*
 * Appends `body`, a confirmation, with SNS_TOKEN_REMOVED for the values of its Token and
 * SubscribeURL; all else verbatim. A reader of the copy could otherwise subscribe with
 * the token. It remains an envelope, whose signature no longer matches. 0, -EINVAL when
 * `body` is not an envelope, or as buf_append.
 */
int sns_message_remove_token(struct str body, struct buf *ret);
bool sns_message_is_token_removed(const struct sns_message *message);

/* `Key\nValue\n` of up to seven fields: four pieces each. */
#define SNS_CANONICAL_PIECES_MAX 28

/*
 * The canonical string as pieces to be hashed one after the other, without building it.
 * Returns how many; they borrow from `message`. This is the only place that knows the
 * order.
 */
size_t sns_message_canonical(const struct sns_message *message,
                             struct str ret_pieces[SNS_CANONICAL_PIECES_MAX]);

/*
 * The members of an envelope that are not part of the canonical string, in their order:
 * anybody who passed it on could have changed or added them. How many; 0 if it is not an
 * envelope. The names borrow from `body` and `ret`, which is the caller's in every case.
 */
size_t sns_message_unsigned(struct str body, struct sns_message *ret,
                            struct str ret_names[SNS_MEMBERS_MAX]);

#endif
