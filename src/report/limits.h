/*
 * The maxima of report/ alone, each with its reason.
 */
#ifndef REPORT_LIMITS_H
#define REPORT_LIMITS_H

/* Identities that a line of `status` names. */
#define REPORT_IDENTITIES_TOLD_MAX 5
/* The newest events, among which one of a configuration set is looked for. */
#define REPORT_EVENTS_LOOKED_AT_MAX 50
/* Why sending is paused: SES writes 512 characters at most. */
#define REPORT_CAUSE_BYTES_MAX 512

#endif
