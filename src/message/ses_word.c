/* SES's words, spelled as SES spells them whatever the case they arrive in. */
#include "message/ses_parts.h"

static const char *const BOUNCE_TYPES[] = {"Permanent", "Transient", "Undetermined",
                                           NULL};
/* notification-contents, "Bounce types"; ses.md in the reference has what each means. */
static const char *const SUBTYPES[] = {"General",
                                       "NoEmail",
                                       "Suppressed",
                                       "OnAccountSuppressionList",
                                       "OnTenantSuppressionList",
                                       "UnsubscribedRecipient",
                                       "EmailValidationSuppressed",
                                       "MailboxFull",
                                       "MessageTooLarge",
                                       "ContentRejected",
                                       "AttachmentRejected",
                                       "CustomTimeoutExceeded",
                                       "Undetermined",
                                       NULL};
static const char *const FEEDBACK_TYPES[] = {"abuse", "auth-failure", "fraud", "not-spam",
                                             "other", "virus",        NULL};

static struct str spelled(struct str word, const char *const *known)
{
    for (; *known; known++)
        if (str_equal_nocase(word, str_of(*known)))
            return str_of(*known);
    return word;
}

struct str ses_word(struct str word, enum ses_vocabulary vocabulary)
{
    static const char *const *const words[] = {
        [SES_BOUNCE_TYPES] = BOUNCE_TYPES,
        [SES_SUBTYPES] = SUBTYPES,
        [SES_FEEDBACK_TYPES] = FEEDBACK_TYPES,
    };
    return spelled(word, words[vocabulary]);
}

struct str ses_type_word(struct str word)
{
    static const char *const others[] = {
        SES_WORD_ANNOUNCEMENT,
        SES_WORD_PAUSED,
        SES_WORD_RESUMED,
        "Advisor Recommendation Status Open",
        "Advisor Recommendation Status Resolved",
        "Advisor Recommendation Status Closed",
        NULL,
    };
    const char *known = ses_type_spelling(ses_type_of(word));
    return known ? str_of(known) : spelled(word, others);
}
