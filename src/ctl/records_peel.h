/*
 * What is inside a record that is neither an SNS envelope as SNS posts it nor a message
 * of SES: one layer at a time. Pure; one thread.
 */
#ifndef CTL_RECORDS_PEEL_H
#define CTL_RECORDS_PEEL_H

#include <stdbool.h>

#include "sesbounce/str.h"

enum records_peeled {
    RECORDS_PEELED_NOTHING,
    /* A record: the body of a message of SQS (`Body`, or `body` for Lambda), `Sns` of an
     * event of Lambda, a text in quotation marks; or an envelope whose `SigningCertUrl`
     * is now spelled as SNS does: what is signed is the same. */
    RECORDS_PEELED_RECORD,
    /* The Message of an envelope without any signature, as Amazon Data Firehose stores
     * them (firehose-archived-message-format-S3, SNS developer guide). It says no more
     * than a bare message of SES would. */
    RECORDS_PEELED_UNSIGNED,
    RECORDS_PEELED_CONTAINER, /* records of struct records, in `text` */
    /* Of other files that have a `Records` too, or that are mixed up with ours. */
    RECORDS_PEELED_CLOUDTRAIL,
    RECORDS_PEELED_SES_LIST, /* a page of `list-suppressed-destinations` */
    RECORDS_PEELED_NO_MEMORY,
};

struct records_inner {
    struct str text;      /* borrowed from the record or from `owned` */
    struct str topic_arn; /* of RECORDS_PEELED_UNSIGNED, likewise */
    char *owned;
    char *owned_copy;
};

/* `ret` is the caller's in every case (records_inner_done) and borrows from `record`. */
enum records_peeled records_peel(struct str record, struct records_inner *ret);
void records_inner_done(struct records_inner *inner);

#endif
