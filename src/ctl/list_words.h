/*
 * The words of suppression lists: what SES, SendGrid, Mailgun and Postmark call a column,
 * a reason and a time in what they export, and what we call them. Pure; any thread.
 */
#ifndef CTL_LIST_WORDS_H
#define CTL_LIST_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/policy.h"
#include "sesbounce/str.h"

enum list_column {
    LIST_COLUMN_ADDRESS,
    LIST_COLUMN_REASON,
    LIST_COLUMN_STATUS, /* of a server's answer: 5.1.1, or 550 */
    LIST_COLUMN_ANSWER, /* its text */
    LIST_COLUMN_DETAIL,
    LIST_COLUMN_SCOPE,
    LIST_COLUMN_TENANT, /* the scope `tenant:NAME` */
    LIST_COLUMN_SINCE,
    LIST_COLUMN_UNTIL,
    LIST_COLUMN_NOTE,
    LIST_COLUMNS,
};

/*
 * Which column has that name, in any case and with any separators of its words
 * (`EmailAddress`, `email_address`); LIST_COLUMNS: no such name. `*ret_rank`: of two
 * names for one column in the same file, the one with the lower rank is it.
 */
enum list_column list_words_column(struct str name, unsigned *ret_rank);

/* The reason that a word stands for; POLICY_REASON_NONE: none. `*ret_detail` is what it
 * says beyond the reason, or absent. */
enum policy_reason list_words_reason(struct str word, struct str *ret_detail);

/* A time: as clock_parse(), a day, seconds since 1970 (with a fraction, or milliseconds),
 * or that of RFC 5322. 0 or -EINVAL. */
int list_words_time(struct str text, int64_t *ret_ms);

#endif
