/*
 * Amazon Resource Names of SNS topics: `arn:PARTITION:sns:REGION:ACCOUNT:TOPIC`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 * Pure; any thread; everything borrows from the text that was parsed.
 */
#ifndef SESBOUNCE_ARN_H
#define SESBOUNCE_ARN_H

#include <stdbool.h>

#include "sesbounce/str.h"

/* The topic that `sesbouncectl simulate` signs for; trusted only with `[simulator]
 * enabled`. */
#define ARN_SIMULATOR_TOPIC "arn:aws:sns:us-east-1:000000000000:sesbounced-simulator"

struct arn {
    struct str text;
    struct str partition; /* aws, aws-cn, … */
    struct str region;    /* words of letters, a number behind: us-gov-west-1 */
    struct str account;   /* 12 digits */
    struct str topic;     /* 1 to 256 of [A-Za-z0-9_-], maybe `.fifo` behind */
};

/* False unless `text` is the ARN of an SNS topic, at most ARN_BYTES_MAX long. */
bool arn_parse(struct str text, struct arn *ret);

/* True when `pattern` is a topic ARN in which `*` may stand within the region and the
 * name; the partition is literal or `*` alone, service and account are literal. */
bool arn_pattern_is_valid(struct str pattern);

/* True when the account field holds a `*`. Anyone may own a topic, so such a pattern,
 * which is never valid, would accept messages that any AWS customer signs. */
bool arn_pattern_is_for_any_account(struct str pattern);

/* `*` matches any run of characters within one field, never a colon; never an account. */
bool arn_matches(const struct arn *arn, struct str pattern);

#endif
