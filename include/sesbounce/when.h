/*
 * Times and durations as an operator types them. Pure; any thread.
 */
#ifndef SESBOUNCE_WHEN_H
#define SESBOUNCE_WHEN_H

#include <stdint.h>

#include "sesbounce/str.h"

/* `30s`, `15m`, `2h`, `7d`, `2w`; several as in `1d12h`. 0, -EINVAL, or -ERANGE beyond a
 * thousand years. */
int when_duration(struct str text, int64_t *ret_ms);

/*
 * A moment: RFC 3339, `YYYY-MM-DD` (its first moment, UTC), or a duration, which means
 * that long before `now_ms`. 0 or -EINVAL.
 */
int when_parse(struct str text, int64_t now_ms, int64_t *ret_ms);

#endif
