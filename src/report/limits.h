/*
 * The maxima of report/ alone, each with its reason.
 */
#ifndef REPORT_LIMITS_H
#define REPORT_LIMITS_H

#include "sesbounce/limits.h"

/* The story of one address: its newest events, and changes of the list. */
#define STORY_EVENTS_MAX 1000
/* What a story shows of a long history: how it began, and how it came to the present. */
#define STORY_FIRST_MAX 8
#define STORY_LAST_MAX  16
/* A server's answer or a note in a story: `events` and `suppress log` show all of it. */
#define STORY_QUOTE_WIDTH_MAX 240
/* Rules that a story explains once: there are some forty. */
#define STORY_RULES_MAX 128
/* Of the events that the list has nothing to do with, so many types are named. */
#define STORY_TYPES_MAX 12
/* Commands to take an address off SES's own lists: spellings, Regions and tenants. */
#define AMAZON_LINES_MAX 32
/* Quarantined messages that are searched for the address: the newest, which takes
 * a second at most. */
#define STORY_QUARANTINED_MAX   20000
#define STORY_QUARANTINED_BYTES (256LL * 1024 * 1024)

/* Identities that a line of `status` names. */
#define REPORT_IDENTITIES_TOLD_MAX 5
/* The newest events, among which one of a configuration set is looked for. */
#define REPORT_EVENTS_LOOKED_AT_MAX 50
/* Why sending is paused: SES writes 512 characters at most. */
#define REPORT_CAUSE_BYTES_MAX 512

#endif
