/*
 * What servers answer, and whose fault it is. The answers are of the form that the large
 * providers and filters give; names and addresses are invented. Two errors matter: to
 * take our own fault (authentication, reputation) for dead addresses empties a provider;
 * to take a dead address for our own fault keeps mailing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sesbounce/policy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct answer {
    const char *from; /* who answers so */
    const char *status;
    const char *diagnostic;
    const char *cause;
};

static struct policy_judgement judge(enum ses_bounce_type type, const char *word,
                                     const char *status, const char *diagnostic)
{
    struct policy_judgement judged;
    struct ses_recipient recipient = {
        .action = STR("failed"),
        .status = str_of(status),
        .diagnostic = str_of(diagnostic),
    };
    struct ses_event event = {
        .type = SES_BOUNCE,
        .type_text = STR("Bounce"),
        .bounce_type = type,
        .bounce_type_text = str_of(word),
        .bounce_subtype = STR("General"),
    };

    assert_int_equal(address_parse(STR("ann@mail.example"), &recipient.address), 0);
    policy_judge(&policy_built_in, &event, &recipient, &judged);
    return judged;
}

static struct policy_judgement judge_permanent(const struct answer *answer)
{
    return judge(SES_BOUNCE_PERMANENT, "Permanent", answer->status, answer->diagnostic);
}

/* --- our own fault -------------------------------------------------------------------
 */

static const struct answer OUR_FAULT[] = {
    /* without a code of the server's, SES writes 5.0.0 or 5.3.0 */
    {"an SPF check", "5.3.0", "smtp; 550 SPF check failed for shop.example", "auth"},
    {"an SPF check", "5.0.0", "smtp; 550 SPF: 192.0.2.7 is not allowed to send", "auth"},
    {"DMARC", "5.3.0", "smtp; 550 Rejected per DMARC policy of shop.example", "auth"},
    {"DMARC", "5.5.0", "smtp; 550 5.5.0 DMARC check failed", "auth"},
    {"QQ", "5.3.0", "smtp; 550 DMARC check failed [no 12] https://help.qq.example",
     "auth"},
    {"a blocklist", "5.3.0", "smtp; 554 192.0.2.7 is listed on zen.spamhaus.org",
     "blocked"},
    {"AT&T", "5.3.0", "smtp; 553 5.3.0 flpd DNSBL:RBL 521< 192.0.2.7 >_is_blocked.",
     "blocked"},
    {"T-Online", "5.3.0",
     "smtp; 554 IP=192.0.2.7 - A problem occurred. (Ask your postmaster for help or to "
     "contact tosa@rx.example to clarify.)",
     "blocked"},
    {"GMX and web.de", "5.0.0",
     "smtp; 554 Transaction failed\n554 Reject due to policy restrictions.\n554 For "
     "explanation visit https://postmaster.gmx.example/?c=hi",
     "blocked"},
    {"GMX and web.de", "5.3.0",
     "smtp; 554-gmx.example (mxgmx116) Nemesis ESMTP Service not available\n554-No SMTP "
     "service\n554-Bad DNS PTR resource record.",
     "blocked"},
    {"GMX and web.de", "5.0.0", "smtp; 554-web.example\n554 IP address is block listed",
     "blocked"},
    {"mail.ru", "5.0.0",
     "smtp; 550 spam message rejected. Please visit https://help.mail.example/notspam",
     "blocked"},
    {"QQ", "5.3.0", "smtp; 550 Ip frequency limited [abc 192.0.2.7]", "blocked"},
    {"QQ", "5.3.0", "smtp; 550 Domain frequency limited", "blocked"},
    {"QQ", "5.3.0", "smtp; 550 Mail content denied. https://service.qq.example",
     "blocked"},
    {"Cisco", "5.0.0",
     "smtp; 554-mx.customer.example 554 Your access to this mail system has been "
     "rejected "
     "due to the sending MTA's poor reputation.",
     "blocked"},
    {"Proofpoint", "5.0.0",
     "smtp; 554 Blocked - see https://support.proofpoint.com/"
     "dnsbl-lookup.cgi?ip=192.0.2.7",
     "blocked"},
    {"Mimecast", "5.0.0",
     "smtp; 550 csi.mimecast.example Poor Reputation Sender. - "
     "https://community.mimecast.example/docs/DOC-1369#550",
     "blocked"},
    {"Barracuda", "5.0.0",
     "smtp; 554 Service unavailable; Client host [192.0.2.7] blocked using Barracuda "
     "Reputation",
     "blocked"},
    {"Barracuda", "5.0.0",
     "smtp; 550 permanent failure for one or more recipients (ann@mail.example:blocked)",
     "blocked"},
    {"Mimecast", "5.0.0", "smtp; 550 Rejected by header based Anti-Spoofing policy",
     "auth"},
    {"QQ", "5.3.0", "smtp; 550 Suspected bounce attacks", "blocked"},
    {"Comcast", "5.0.0", "smtp; 554 resimta-01 192.0.2.7 Comcast block for spam.",
     "blocked"},
    {"Yahoo", "5.0.0",
     "smtp; 553 5.7.2 [TSS09] All messages from 192.0.2.7 will be permanently deferred; "
     "Retrying will NOT succeed.",
     "blocked"},

    /* with 5.7.x */
    {"Gmail", "5.7.1",
     "smtp; 550-5.7.1 [192.0.2.7      12] Our system has detected that this message is\n"
     "550-5.7.1 likely unsolicited mail. To reduce the amount of spam sent to Gmail,\n"
     "550-5.7.1 this message has been blocked. - gsmtp",
     "blocked"},
    {"Gmail, broken elsewhere", "5.7.1",
     "smtp; 550-5.7.1 [192.0.2.7] Our system has detected an unusual\r\n550-5.7.1 rate "
     "of "
     "unsolicited mail originating from your IP address.",
     "blocked"},
    {"Gmail", "5.7.1",
     "smtp; 550-5.7.1 [192.0.2.7] This message is likely suspicious due to the very low\n"
     "550 5.7.1 reputation of the sending domain.",
     "blocked"},
    {"Gmail", "5.7.26",
     "smtp; 550-5.7.26 This mail has been blocked because the sender is "
     "unauthenticated.\n"
     "550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.",
     "auth"},
    {"Gmail without its words", "5.7.26", NULL, "auth"},
    {"Gmail", "5.7.25",
     "smtp; 550 5.7.25 [192.0.2.7] The IP address sending this message "
     "does not have a PTR record setup",
     "blocked"},
    {"Gmail", "5.7.28", "smtp; 550 5.7.28 There is an unusual rate of mail", "blocked"},
    {"Outlook", "5.7.1",
     "smtp; 550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. Please "
     "contact your Internet service provider since part of their network is on our block "
     "list (S3150).",
     "blocked"},
    {"Microsoft 365", "5.7.606",
     "smtp; 550 5.7.606 Access denied, banned sending IP [192.0.2.7].", "blocked"},
    {"Microsoft 365", "5.7.511", "smtp; 550 5.7.511 Access denied", "blocked"},
    {"Microsoft 365", "5.7.708",
     "smtp; 550 5.7.708 Service unavailable. Access denied, traffic not accepted from "
     "this IP.",
     "blocked"},
    {"Outlook", "5.7.515",
     "smtp; 550 5.7.515 Access denied, sending domain SHOP.EXAMPLE doesn't meet the "
     "required authentication level.",
     "auth"},
    {"Microsoft 365", "5.7.509",
     "smtp; 550 5.7.509 Access denied, sending domain shop.example does not pass DMARC "
     "verification and has a DMARC policy of reject.",
     "auth"},
    {"Yahoo", "5.7.9",
     "smtp; 554 5.7.9 Message not accepted for policy reasons. See "
     "https://postmaster.yahoo.example/error-codes",
     "auth"},
    {"Yahoo", "5.7.1",
     "smtp; 553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.7, because "
     "the "
     "ip is in Spamhaus's list",
     "blocked"},
    {"iCloud", "5.7.0",
     "smtp; 550 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.7",
     "blocked"},
    {"iCloud", "5.7.1",
     "smtp; 554 5.7.1 [HME1] This message was blocked for failing both SPF and DKIM "
     "authentication checks.",
     "auth"},
    {"Spamhaus", "5.7.1",
     "smtp; 554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using "
     "zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.7",
     "blocked"},
    /* 5.1.8 is about our address, 5.5.x about anything */
    {"a sender check", "5.1.8", "smtp; 553 5.1.8 Domain of sender: SPF failed", "auth"},
    {"a filter", "5.5.1", "smtp; 554 5.5.1 Error: 192.0.2.7 is blacklisted", "blocked"},
};

/* --- gone, or the recipient's own affair ----------------------------------------------
 */

static const struct answer GONE[] = {
    {"anybody", "5.1.1", "smtp; 550 5.1.1 user unknown, see our policy", "unknown-user"},
    {"anybody", "5.0.0",
     "smtp; 550 User unknown. See our policy against unsolicited mail", "unknown-user"},
    {"anybody", "5.3.0",
     "smtp; 550 No such user here; for our SPF and DMARC policy see "
     "https://mx.customer.example/policy",
     "unknown-user"},
    {"anybody", "5.0.0",
     "smtp; 550 <ann@mail.example>: Recipient address rejected: User "
     "unknown; blocklist queries to dnsbl@customer.example",
     "unknown-user"},
    {"Gmail", "5.1.1",
     "smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please "
     "try\n550-5.1.1 double-checking the recipient's email address for typos or\n"
     "550-5.1.1 unnecessary spaces. - gsmtp",
     "unknown-user"},
    {"Gmail, without the code", "5.0.0",
     "smtp; 550-5.1.1 The email account that you tried to reach does\n550-5.1.1 not "
     "exist.",
     "unknown-user"},
    {"Gmail, broken within the phrase, no code", "5.3.0",
     "smtp; 550-The email account that you tried to\r\n550-reach does not exist.",
     "unknown-user"},
    {"Gmail", "5.2.1",
     "smtp; 550 5.2.1 The email account that you tried to reach is "
     "disabled after spam reports",
     "other"},
    {"Outlook", "5.5.0",
     "smtp; 550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).",
     "other"},
    {"Microsoft 365", "5.1.10",
     "smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ann@mail.example not "
     "found by SMTP address lookup",
     "dns"},
    {"Microsoft 365", "5.4.1",
     "smtp; 550 5.4.1 Recipient address rejected: Access denied. [DB5EUR01FT001]",
     "other"},
    {"Yahoo", "5.0.0",
     "smtp; 554 delivery error: dd This user doesn't have a yahoo.example account",
     "unknown-user"},
    {"iCloud", "5.1.1", "smtp; 550 5.1.1 <ann@mail.example>: user does not exist",
     "unknown-user"},
    {"Mimecast", "5.0.0",
     "smtp; 550 Invalid Recipient - https://community.mimecast.example/docs/DOC-1369#550",
     "unknown-user"},
    {"Barracuda", "5.1.1",
     "smtp; 550 permanent failure for one or more recipients (ann@mail.example:550 5.1.1 "
     "User unknown)",
     "unknown-user"},
    {"GMX and web.de", "5.0.0",
     "smtp; 550-Requested action not taken: mailbox unavailable\n550-For explanation "
     "visit https://www.gmx.example/mail/senderguidelines",
     "other"},
    {"T-Online", "5.1.1", "smtp; 550 5.1.1 user unknown", "unknown-user"},
    {"mail.ru", "5.0.0",
     "smtp; 550 Message was not accepted -- invalid mailbox.  Local mailbox "
     "ann@mail.example is unavailable: user not found",
     "unknown-user"},
    {"QQ", "5.0.0",
     "smtp; 550 The recipient may contain a non-existent account, please check the "
     "recipient address.",
     "unknown-user"},
    {"Domino", "5.0.0",
     "smtp; 550 ann@mail.example... User not listed in Domino Directory", "unknown-user"},
    {"a server with spf in a name", "5.0.0",
     "smtp; 550 mail-spfilter.customer.example said: mailbox closed", "other"},
};

static const struct answer LOCAL_POLICY[] = {
    {"Exchange, a group for members only", "5.7.133",
     "smtp; 550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication "
     "required; Delivery restriction check failed because the sender was not "
     "authenticated when sending to this group",
     "policy"},
    {"Exchange, a rule of the organisation", "5.7.1",
     "smtp; 550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by "
     "organization policy",
     "policy"},
    {"Exchange, a relay", "5.7.64",
     "smtp; 550 5.7.64 TenantAttribution; Relay Access Denied", "policy"},
    {"Mimecast, a person's list", "5.7.1",
     "smtp; 550 5.7.1 Rejected by header based manually blocked senders", "policy"},
    {"a user without the right code", "5.7.1",
     "smtp; 550 5.7.1 user unknown, see our SPF policy", "policy"},
};

static bool holds(const struct answer *answer, const char *effect,
                  struct policy_judgement judged, bool right)
{
    const char *cause = policy_cause_word(judged.cause);
    bool same = right && strcmp(cause, answer->cause) == 0;

    if (!same)
        printf("%s: %s \"%s\": %s by %s, not %s and %s\n", answer->from,
               answer->status ? answer->status : "",
               answer->diagnostic ? answer->diagnostic : "", cause, judged.rule,
               answer->cause, effect);
    return same;
}

static void our_own_fault_suppresses_nobody_whatever_the_status(void **state)
{
    (void)state;
    size_t wrong = 0;

    for (size_t i = 0; i < COUNT(OUR_FAULT); i++) {
        struct policy_judgement judged = judge_permanent(&OUR_FAULT[i]);
        wrong += !holds(&OUR_FAULT[i], "no entry", judged,
                        judged.class == POLICY_CLASS_POLICY &&
                            judged.effect == POLICY_EFFECT_NONE && judged.alert);
    }
    assert_int_equal(wrong, 0);
}

static void an_unknown_user_is_suppressed_whatever_else_is_said(void **state)
{
    (void)state;
    size_t wrong = 0;

    for (size_t i = 0; i < COUNT(GONE); i++) {
        struct policy_judgement judged = judge_permanent(&GONE[i]);
        wrong += !holds(&GONE[i], "an entry", judged,
                        judged.class == POLICY_CLASS_HARD &&
                            judged.effect == POLICY_EFFECT_SUPPRESS &&
                            judged.term_ms == POLICY_FOR_EVER);
    }
    assert_int_equal(wrong, 0);
}

static void what_the_recipients_side_decides_is_an_entry_with_a_term(void **state)
{
    (void)state;
    size_t wrong = 0;

    for (size_t i = 0; i < COUNT(LOCAL_POLICY); i++) {
        struct policy_judgement judged = judge_permanent(&LOCAL_POLICY[i]);
        wrong += !holds(&LOCAL_POLICY[i], "14 days", judged,
                        judged.class == POLICY_CLASS_POLICY &&
                            judged.effect == POLICY_EFFECT_SUPPRESS &&
                            judged.term_ms == 14 * CLOCK_DAY_MS);
    }
    assert_int_equal(wrong, 0);
}

/* --- giving up
 * -------------------------------------------------------------------------- */

#define EXPIRED "smtp; 554 4.4.7 Message expired: unable to deliver in 840 minutes."

static const struct answer QUOTES[] = {
    {"nobody", "4.4.7", EXPIRED, "timeout"},
    {"nobody", "4.4.7", NULL, "timeout"},
    {"nobody of use", "4.4.7", EXPIRED "<421 4.4.1 Failed to establish connection>",
     "timeout"},
    {"Gmail", "4.4.7",
     EXPIRED "<452-4.2.2 The recipient's inbox is out of storage space. Please direct "
             "the<CRLF>452-4.2.2 recipient to<CRLF>452 4.2.2  https://support.example>",
     "mailbox-full"},
    {"a full mailbox without a code", "4.4.7", EXPIRED "<452 Mailbox<CRLF>452 full>",
     "mailbox-full"},
    {"SES", "4.4.7", EXPIRED "<421 4.4.0 Unable to lookup DNS for mail.example>", "dns"},
    {"Gmail", "4.4.7",
     EXPIRED "<421-4.7.28 Gmail has detected an unusual rate of<CRLF>421-4.7.28 "
             "unsolicited mail originating from your IP address.>",
     "blocked"},
    {"Yahoo", "4.4.7",
     EXPIRED "<421 4.7.0 [TSS04] Messages from 192.0.2.7 temporarily deferred due to "
             "unexpected volume or user complaints>",
     "blocked"},
    {"Gmail", "4.4.7",
     EXPIRED "<421 4.7.26 This mail has been rate limited because it is "
             "unauthenticated.>",
     "auth"},
    {"greylisting", "4.4.7", EXPIRED "<450 4.7.1 Greylisted, come back later>", "policy"},
    {"an unknown user", "4.4.7", EXPIRED "<450 4.1.1 user unknown>", "unknown-user"},
    {"SES without the status", NULL, EXPIRED "<452 4.2.2 over quota>", "mailbox-full"},
    {"a server, in place of SES's words", "4.4.7", "smtp; 452 4.2.2 over quota",
     "mailbox-full"},
};

static void a_quoted_answer_is_the_cause_of_an_expired_message(void **state)
{
    (void)state;
    size_t wrong = 0;

    for (size_t i = 0; i < COUNT(QUOTES); i++) {
        struct policy_judgement judged = judge(SES_BOUNCE_TRANSIENT, "Transient",
                                               QUOTES[i].status, QUOTES[i].diagnostic);
        wrong += !holds(&QUOTES[i], "soft", judged,
                        strcmp(judged.rule, "transient-gave-up") == 0 &&
                            judged.effect == POLICY_EFFECT_SOFT);
        judged = judge(SES_BOUNCE_PERMANENT, "Permanent", QUOTES[i].status,
                       QUOTES[i].diagnostic);
        wrong += !holds(&QUOTES[i], "soft", judged,
                        strcmp(judged.rule, "permanent-delayed") == 0);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_fault_suppresses_nobody_whatever_the_status),
        cmocka_unit_test(an_unknown_user_is_suppressed_whatever_else_is_said),
        cmocka_unit_test(what_the_recipients_side_decides_is_an_entry_with_a_term),
        cmocka_unit_test(a_quoted_answer_is_the_cause_of_an_expired_message),
    };
    return cmocka_run_group_tests_name("policy_diagnosis", tests, NULL, NULL);
}
