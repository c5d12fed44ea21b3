/*
 * Private to policy*.c: what the words and numbers about one recipient amount to, as
 * facts that the rows of the policy can ask for.
 */
#ifndef SESBOUNCE_POLICY_DIAGNOSIS_H
#define SESBOUNCE_POLICY_DIAGNOSIS_H

#include "sesbounce/policy.h"

enum policy_fact {
    /* a mail server said something */
    FACT_DIAGNOSTIC = 1 << 0,
    /* a 4.x.x or 5.x.x status, or an SMTP answer of 4xx or 5xx */
    FACT_REFUSED = 1 << 1,
    /* SES or the server still tries: `action: delayed`, or a 4.x.x status */
    FACT_TEMPORARY = 1 << 2,
    /* 4.4.7: SES gave up */
    FACT_GAVE_UP = 1 << 3,
    /* 5.1.1, 5.1.2, 5.4.4, or the server says there is no such user or domain */
    FACT_GONE = 1 << 4,
    /* 5.7.x */
    FACT_LOCAL_POLICY = 1 << 5,
    /* the server's words or a code of 5.7.x name SPF, DKIM, DMARC or authentication, and
     * neither they nor the status say that the recipient is gone */
    FACT_OUR_AUTHENTICATION = 1 << 6,
    /* likewise a blocklist, the reputation or rate of our servers, or spam */
    FACT_OUR_REPUTATION = 1 << 7,
    /* a machine's reply on behalf of somebody who is away */
    FACT_AUTOREPLY = 1 << 8,

    /* of the event, not of the diagnostic; see policy.c */
    FACT_ONE_CANDIDATE = 1 << 9,
    FACT_FEW_CANDIDATES = 1 << 10,
    FACT_MANY_CANDIDATES = 1 << 11,
    FACT_OPT_OUT = 1 << 12,
    /* of the recipient, and never looked for: see policy_rule_of_person() */
    FACT_STRANGER = 1 << 13,
    FACT_UNREADABLE = 1 << 14,
    FACT_ALLOWED = 1 << 15,
};

struct policy_diagnosis {
    unsigned facts;
    enum policy_cause cause; /* never NONE */
};

/*
 * Looks at the status, the diagnostic (its first POLICY_DIAGNOSTIC_BYTES_MAX bytes, mail
 * addresses in it left out) and the action.
 */
void policy_diagnose(const struct ses_recipient *recipient, struct policy_diagnosis *ret);

#endif
