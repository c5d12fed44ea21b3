/* [webhook NAME] and [mail NAME]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sesbounce/limits.h"
#include "sesbounce/news.h"
#include "settings_helper.h"

#define WEBHOOK "[webhook app]\nurl = https://a.example/x\nsecret_file = /s\n"
#define MAIL    "[mail ops]\nsmtp = smtp://127.0.0.1\nfrom = a@b.example\nto = c@d.example\n"

static void what_is_not_given_has_its_default(void **state)
{
    (void)state;
    struct settings *settings = settings_accept(WEBHOOK MAIL);
    const struct settings_webhook *webhook = (const void *)settings->webhooks.items[0];
    const struct settings_mail *mail = (const void *)settings->mails.items[0];
    unsigned usual = 1u << NEWS_ALERT_RAISED | 1u << NEWS_ALERT_RESOLVED |
                     1u << NEWS_SENDING_PAUSED | 1u << NEWS_SENDING_RESUMED;

    assert_int_equal(webhook->format, WEBHOOK_STANDARD);
    assert_int_equal(webhook->addresses, SENT_ADDRESSES_MASKED);
    assert_int_equal(webhook->timeout_ms, 15000);
    assert_int_equal(settings_news(settings, "app", &webhook->events), usual);
    assert_int_equal(settings_news(settings, "ops", &mail->events), usual);
    assert_null(mail->user);
    settings_free(settings);
    settings = settings_accept(WEBHOOK "events = event.bounce\n");
    webhook = (const void *)settings->webhooks.items[0];
    assert_int_equal(settings_news(settings, "app", &webhook->events),
                     1u << NEWS_EVENT_BOUNCE);
    settings_free(settings);
}

static unsigned news_of(const struct settings *settings, size_t webhook)
{
    const struct settings_webhook *it = (const void *)settings->webhooks.items[webhook];

    return settings_news(settings, it->head.name, &it->events);
}

static void alerts_go_where_they_are_sent_and_take_events_along(void **state)
{
    static const char sections[] =
        "[webhook a]\nurl = https://h/\nformat = slack\nevents = suppression.added\n"
        "[webhook b]\nurl = https://h/\nformat = slack\n[alerts]\neach = complaint\n";
    const unsigned alerts = 1u << NEWS_ALERT_RAISED | 1u << NEWS_ALERT_RESOLVED;
    const unsigned sending = 1u << NEWS_SENDING_PAUSED | 1u << NEWS_SENDING_RESUMED;
    const unsigned added = 1u << NEWS_SUPPRESSION_ADDED,
                   each = 1u << NEWS_EVENT_COMPLAINT;
    struct settings *settings = settings_accept(sections);
    char text[512];

    (void)state;
    assert_int_equal(news_of(settings, 0), added);
    assert_int_equal(news_of(settings, 1), alerts | sending | each);
    settings_free(settings);
    (void)snprintf(text, sizeof(text), "%sto = a\n", sections);
    settings = settings_accept(text);
    assert_int_equal(news_of(settings, 0), added | alerts | each);
    assert_int_equal(news_of(settings, 1), 0);
    settings_free(settings);
    settings_refuse("[alerts]\nto = ops\n", "@:2: [alerts] to: there is no section "
                                            "[webhook ops] and no [mail ops]\n");
}

static void a_section_says_what_it_lacks(void **state)
{
    (void)state;
    settings_refuse("[webhook a]\n",
                    "@:1: [webhook a] needs `url`, as in `url = "
                    "https://hooks.example.com/ses`\n"
                    "@:1: [webhook a] needs `secret_file`, the file with the secret that "
                    "requests are signed with, unless `format = slack`\n");
    settings_refuse("[webhook a]\nurl = https://h/\nformat = slack\nsecret_file = /s\n",
                    "@:4: [webhook a] secret_file: nothing is signed with `format = "
                    "slack`: leave it out\n");
    settings_refuse("\n[mail m]\n",
                    "@:2: [mail m] needs `smtp`, as in `smtp = smtp://127.0.0.1`\n"
                    "@:2: [mail m] needs `from`, as in `from = sesbounced@example.com`\n"
                    "@:2: [mail m] needs `to`, as in `to = ops@example.com`\n");
    settings_refuse(MAIL "user = u\n",
                    "@:1: [mail ops] needs `password_file` beside `user`\n");
}

static void a_name_is_taken_once_and_plain(void **state)
{
    (void)state;
    settings_refuse(WEBHOOK "[mail app]\nsmtp = smtps://m.example:465\n"
                            "from = a@b.example\nto = c@d.example\n",
                    "@:4: [mail app]: the webhook of line 1 has this name already: "
                    "choose another\n");
    settings_refuse("[webhook a b]\nurl = https://h/\nformat = slack\n",
                    "@:1: [webhook a b] has a name with other characters than letters, "
                    "digits, `.`, `_` and `-`\n");
}

/* A URL may hold a secret: no fault quotes it. */
static void a_url_is_https_or_loopback_and_names_nobody(void **state)
{
    static const struct {
        const char *url, *part;
    } wrong[] = {
        {"hooks.example.com/x", "begins with `https://`"},
        {"ftp://h/s3cret", "begins with `https://`"},
        {"http://h.example/s3cret", "to another machine"},
        {"http://127.0.0.1.example/s3cret", "to another machine"},
        {"https://user:s3cret@h.example/", "a user or a password"},
        {"https://h.example:0/s3cret", "no port"},
        {"https://h.example:70000/s3cret", "no port"},
        {"https:///s3cret", "names no host"},
        {"https://h.example/s3cret#x", "has a `#`"},
        {"https://h.example/s3 cret", "contains a blank"},
    };
    static const char *const right[] = {
        "https://h.example", "https://h.example:8443/a?b=c", "http://127.0.0.1:99/x",
        "http://[::1]:99/x", "http://localhost/x",           "https://[2001:db8::1]/x"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[256];
        struct settings *settings = NULL;
        struct buf faults;

        buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
        (void)snprintf(text, sizeof(text), "[webhook a]\nformat = slack\nurl = %s\n",
                       wrong[i].url);
        assert_int_not_equal(settings_read_bytes(str_of(text), &settings, &faults), 0);
        assert_non_null(strstr(faults.data, wrong[i].part));
        assert_non_null(strstr(faults.data, ":3: [webhook a] url: "));
        assert_null(strstr(faults.data, "s3cret"));
        buf_done(&faults);
    }
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        char text[256];

        (void)snprintf(text, sizeof(text), "[webhook a]\nformat = slack\nurl = %s\n",
                       right[i]);
        settings_free(settings_accept(text));
    }
}

/* Among what else the section lacks. */
static void refuse_line(const char *section, const char *line, const char *part)
{
    char text[256];
    struct settings *settings = NULL;
    struct buf faults;

    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    (void)snprintf(text, sizeof(text), "[%s]\n%s\n", section, line);
    assert_int_not_equal(settings_read_bytes(str_of(text), &settings, &faults), 0);
    if (!strstr(faults.data, part))
        fail_msg("\"%s\" does not say \"%s\"", faults.data, part);
    buf_done(&faults);
}

static void values_are_what_they_must_be(void **state)
{
    (void)state;
    refuse_line("webhook a", "events = bounce", "`bounce` is not sent: give");
    refuse_line("webhook a", "events = event.bounce, event.complaint", "several types");
    refuse_line("webhook a", "timeout = 2m", "is out of range: give 1s to ");
    refuse_line("webhook a", "format = teams", "give `standard` or `slack`");
    refuse_line("mail a", "smtp = mail.example", "is not a mail server");
    refuse_line("mail a", "smtp = smtp://h/x", "is more than a mail server");
    refuse_line("mail a", "smtp = smtp://u:p@h", "has a user before the host");
    refuse_line("mail a", "from = Ops <a@b.example>", "is not a bare mail");
    refuse_line("mail a", "to = a@b.example, c@d.example", "is not a bare mail");
    refuse_line("mail a", "to = a@b@c", "is not a bare mail");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_has_its_default),
        cmocka_unit_test(alerts_go_where_they_are_sent_and_take_events_along),
        cmocka_unit_test(a_section_says_what_it_lacks),
        cmocka_unit_test(a_name_is_taken_once_and_plain),
        cmocka_unit_test(a_url_is_https_or_loopback_and_names_nobody),
        cmocka_unit_test(values_are_what_they_must_be),
    };
    return cmocka_run_group_tests(tests, settings_directory_make,
                                  settings_directory_remove);
}
