/*
 * Time: milliseconds since 1970-01-01 UTC as int64_t, and its text forms.
 *
 * Own civil-date arithmetic (proleptic Gregorian, no leap seconds): gmtime_r takes a lock
 * of the whole process and zone files may be absent. Pure except the two readers of the
 * clock; any thread.
 */
#ifndef SESBOUNCE_CLOCK_H
#define SESBOUNCE_CLOCK_H

#include <stdint.h>

#include "sesbounce/str.h"

/* No time known; stored as NULL. */
#define CLOCK_NONE INT64_MIN

#define CLOCK_SECOND_MS INT64_C(1000)
#define CLOCK_MINUTE_MS (60 * CLOCK_SECOND_MS)
#define CLOCK_HOUR_MS   (60 * CLOCK_MINUTE_MS)
#define CLOCK_DAY_MS    (24 * CLOCK_HOUR_MS)

/* Room for the longest text form, NUL included. */
#define CLOCK_TEXT_BYTES 32

/* Wall clock; may jump. For what is stored and compared with other people's times. */
int64_t clock_wall_ms(void);

/* CLOCK_MONOTONIC; for every deadline and duration. */
int64_t clock_mono_ms(void);
/* The same in microseconds, for what is measured. */
int64_t clock_mono_us(void);

/*
 * Any ISO 8601 / RFC 3339 form that SES was seen to send: `T` or a blank between date and
 * time, fraction of 0 to 9 digits, zone `Z`, `+hh:mm`, `+hhmm`, a blank before it, or
 * none (UTC). 0 or -EINVAL; years 1970 to 9999.
 */
int clock_parse(struct str text, int64_t *ret_ms);

/* Only `YYYY-MM-DDTHH:MM:SS[.fraction]Z`, as SNS writes its Timestamp. 0 or -EINVAL. */
int clock_parse_strict(struct str text, int64_t *ret_ms);

/* `YYYY-MM-DD HH:MM:SS.sss`, SQLite's own form, comparable as text. */
void clock_format_sql(int64_t ms, char ret[CLOCK_TEXT_BYTES]);

/* `YYYY-MM-DDTHH:MM:SS.sssZ`, for people and JSON. */
void clock_format_rfc3339(int64_t ms, char ret[CLOCK_TEXT_BYTES]);

/* `YYYY-MM-DD`: the UTC day. */
void clock_format_day(int64_t ms, char ret[CLOCK_TEXT_BYTES]);

#endif
