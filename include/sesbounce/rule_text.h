/*
 * A row of the policy in words, for `policy list`, `why` and the manual. All append to a
 * buf, and return as buf_append. Pure; any thread.
 */
#ifndef SESBOUNCE_RULE_TEXT_H
#define SESBOUNCE_RULE_TEXT_H

#include "sesbounce/buf.h"
#include "sesbounce/policy.h"

/* What it applies to: `Bounce, Permanent/General; status 5.7.x`. */
int rule_condition(struct buf *to, const struct policy_rule *rule);

/* `recorded only`, `BOUNCE for 30 days`, `held for a person: COMPLAINT, permanent`. */
int rule_effect(struct buf *to, const struct policy_judgement *judgement);

/* `doubles; not in the rates`; nothing where there is nothing to say. */
int rule_flags(struct buf *to, const struct policy_judgement *judgement);

/* `permanently`, `14 days`, `36 hours`, `90 minutes`. */
int rule_duration(struct buf *to, int64_t ms);

#endif
