/*
 * Private to policy*.c: which row of the policy holds.
 */
#ifndef SESBOUNCE_POLICY_RULES_H
#define SESBOUNCE_POLICY_RULES_H

#include "policy/policy_diagnosis.h"

/* `facts` are of enum policy_fact. Never NULL: there is a row for what is not judged. */
const struct policy_rule *policy_rule_find(const struct ses_event *event, unsigned facts);

/* The row whose effect replaces another's because of whom the event is about: one of
 * FACT_STRANGER, FACT_UNREADABLE and FACT_ALLOWED. */
const struct policy_rule *policy_rule_of_person(unsigned fact);

#endif
