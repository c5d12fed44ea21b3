#include "ctl/list_words.h"

#include <errno.h>
#include <stdio.h>

#include "ctl/limits.h"
#include "sesbounce/clock.h"

/* Letters and digits alone, in lower case. False: longer than any name here. */
static bool name_plain(struct str name, char ret[CTL_LIST_NAME_BYTES_MAX])
{
    size_t length = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (!ascii_is_alnum(name.data[i]))
            continue;
        if (length + 1 == CTL_LIST_NAME_BYTES_MAX)
            return false;
        ret[length++] = ascii_lower(name.data[i]);
    }
    ret[length] = '\0';
    return true;
}

/* Earlier names of a column win: a file of customers has an `address` of another kind. */
static const struct {
    const char *name;
    enum list_column column;
} columns[] = {
    {"emailaddress", LIST_COLUMN_ADDRESS}, /* SES, Postmark */
    {"email", LIST_COLUMN_ADDRESS},        /* SendGrid */
    {"address", LIST_COLUMN_ADDRESS},      /* Mailgun and ourselves */
    {"recipient", LIST_COLUMN_ADDRESS},
    {"suppressionreason", LIST_COLUMN_REASON}, /* Postmark */
    {"reason", LIST_COLUMN_REASON},            /* SES, SendGrid and ourselves */
    {"bouncetype", LIST_COLUMN_REASON},        /* Postmark, of bounces */
    {"type", LIST_COLUMN_REASON},
    {"status", LIST_COLUMN_STATUS}, /* SendGrid */
    {"code", LIST_COLUMN_STATUS},   /* Mailgun */
    {"error", LIST_COLUMN_ANSWER},  /* Mailgun */
    {"detail", LIST_COLUMN_DETAIL},
    {"scope", LIST_COLUMN_SCOPE},
    {"messagestream", LIST_COLUMN_SCOPE}, /* Postmark */
    {"stream", LIST_COLUMN_SCOPE},
    {"tags", LIST_COLUMN_SCOPE},        /* Mailgun, of unsubscribes */
    {"groupname", LIST_COLUMN_SCOPE},   /* SendGrid, of group unsubscribes */
    {"tenantname", LIST_COLUMN_TENANT}, /* SES */
    {"since", LIST_COLUMN_SINCE},
    {"lastupdatetime", LIST_COLUMN_SINCE}, /* SES */
    {"createdat", LIST_COLUMN_SINCE},      /* Mailgun, Postmark */
    {"created", LIST_COLUMN_SINCE},        /* SendGrid */
    {"bouncedat", LIST_COLUMN_SINCE},      /* Postmark, of bounces */
    {"timestamp", LIST_COLUMN_SINCE},
    {"date", LIST_COLUMN_SINCE},
    {"until", LIST_COLUMN_UNTIL},
    {"note", LIST_COLUMN_NOTE},
};

enum list_column list_words_column(struct str name, unsigned *ret_rank)
{
    char plain[CTL_LIST_NAME_BYTES_MAX];
    if (!name_plain(name, plain))
        return LIST_COLUMNS;
    for (unsigned i = 0; i < sizeof(columns) / sizeof(*columns); i++)
        if (strcmp(plain, columns[i].name) == 0) {
            *ret_rank = i;
            return columns[i].column;
        }
    return LIST_COLUMNS;
}

/* The detail `""`: the word as it is in the file, which is another service's. */
static const struct {
    const char *word;
    enum policy_reason reason;
    const char *detail;
} reasons[] = {
    {"bounce", POLICY_REASON_BOUNCE, NULL}, /* SES and ourselves */
    {"complaint", POLICY_REASON_COMPLAINT, NULL},
    {"soft", POLICY_REASON_SOFT, NULL},
    {"manual", POLICY_REASON_MANUAL, NULL},
    {"bounces", POLICY_REASON_BOUNCE, NULL}, /* SendGrid's and Mailgun's lists */
    {"bounced", POLICY_REASON_BOUNCE, NULL},
    {"hardbounce", POLICY_REASON_BOUNCE, ""}, /* Postmark */
    {"bademailaddress", POLICY_REASON_BOUNCE, ""},
    {"invalidemail", POLICY_REASON_BOUNCE, ""}, /* SendGrid */
    {"invalidemails", POLICY_REASON_BOUNCE, ""},
    {"permanentfail", POLICY_REASON_BOUNCE, ""},   /* Mailgun */
    {"complaints", POLICY_REASON_COMPLAINT, NULL}, /* Mailgun */
    {"complained", POLICY_REASON_COMPLAINT, NULL},
    {"spamcomplaint", POLICY_REASON_COMPLAINT, ""}, /* Postmark */
    {"spamnotification", POLICY_REASON_COMPLAINT, ""},
    {"spamreport", POLICY_REASON_COMPLAINT, ""}, /* SendGrid */
    {"spamreports", POLICY_REASON_COMPLAINT, ""},
    {"spam", POLICY_REASON_COMPLAINT, ""},
    {"abuse", POLICY_REASON_COMPLAINT, ""},
    {"manualsuppression", POLICY_REASON_MANUAL, ""}, /* Postmark */
    {"manuallydeactivated", POLICY_REASON_MANUAL, ""},
    {"unsubscribe", POLICY_REASON_MANUAL, "unsubscribe"},
    {"unsubscribes", POLICY_REASON_MANUAL, "unsubscribe"}, /* SendGrid, Mailgun */
    {"unsubscribed", POLICY_REASON_MANUAL, "unsubscribe"},
    {"globalunsubscribe", POLICY_REASON_MANUAL, "unsubscribe"}, /* SendGrid */
    {"groupunsubscribe", POLICY_REASON_MANUAL, "unsubscribe"},
};

enum policy_reason list_words_reason(struct str word, struct str *ret_detail)
{
    char plain[CTL_LIST_NAME_BYTES_MAX];
    *ret_detail = STR_ABSENT;
    if (!name_plain(word, plain))
        return POLICY_REASON_NONE;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
        const char *detail = reasons[i].detail;
        if (strcmp(plain, reasons[i].word) != 0)
            continue;
        if (detail)
            *ret_detail = *detail ? str_of(detail) : word;
        return reasons[i].reason;
    }
    return POLICY_REASON_NONE;
}

/* --- times --- */

/* Since 1970: `1586552585`, with a fraction as in SES's API, or in milliseconds. */
static int epoch_parse(struct str text, int64_t *ret_ms)
{
    uint64_t number;
    const char *dot = str_find(text, '.');
    struct str whole = {text.data, dot ? (size_t)(dot - text.data) : text.len};
    /* Eleven digits of milliseconds would be a day of 1973, of seconds the year 5138. */
    bool is_ms = whole.len > 11;
    if (whole.len < 9 || str_to_u64(whole, SES_EPOCH_SECONDS_MAX * 1000, &number) < 0 ||
        !str_all(str_skip(text, whole.len + (dot ? 1 : 0)), ascii_is_digit))
        return -EINVAL;
    *ret_ms = is_ms ? (int64_t)number : (int64_t)number * CLOCK_SECOND_MS;
    return 0;
}

static struct str blank_word_take(struct str *rest)
{
    struct str word = STR("");
    while (word.len == 0 && str_split(rest, ' ', &word))
        ;
    return word;
}

static int month_of(struct str name)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12 && name.len == 3; i++)
        if (str_equal_nocase(name, (struct str){months + (size_t)3 * (size_t)i, 3}))
            return i + 1;
    return 0;
}

/* `Fri, 18 Oct 2024 18:28:14 UTC`, with or without the day of the week; Mailgun. */
static int mail_date_parse(struct str text, int64_t *ret_ms)
{
    char iso[CLOCK_TEXT_BYTES];
    uint64_t day, year;
    struct str word = blank_word_take(&text);
    if (str_ends_with(word, STR(",")))
        word = blank_word_take(&text);
    int month = month_of(str_present(text) ? blank_word_take(&text) : STR(""));
    struct str years = blank_word_take(&text), time = blank_word_take(&text);
    struct str zone = blank_word_take(&text);
    if (str_to_u64(word, 31, &day) < 0 || month == 0 ||
        str_to_u64(years, 9999, &year) < 0 || time.len != 8 || zone.len > 5 ||
        str_present(text))
        return -EINVAL;
    if (str_equal(zone, STR("UTC")) || str_equal(zone, STR("GMT")))
        zone = STR("Z");
    (void)snprintf(iso, sizeof(iso), "%04u-%02d-%02uT%.*s%.*s", (unsigned)year, month,
                   (unsigned)day, STR_ARG(time), STR_ARG(zone));
    return clock_parse(str_of(iso), ret_ms);
}

int list_words_time(struct str text, int64_t *ret_ms)
{
    char day[] = "YYYY-MM-DDT00:00:00Z";
    text = str_trim(text);
    if (text.len == 10 && str_find(text, '-')) {
        memcpy(day, text.data, text.len);
        return clock_parse(str_of(day), ret_ms);
    }
    if (clock_parse(text, ret_ms) == 0 || epoch_parse(text, ret_ms) == 0)
        return 0;
    return mail_date_parse(text, ret_ms);
}
