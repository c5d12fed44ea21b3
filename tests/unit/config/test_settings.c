/* The settings: their values, and what is printed of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sesbounce/clock.h"
#include "sesbounce/limits.h"
#include "sesbounce/settings.h"

#include "settings_helper.h"

static void defaults_are_those_of_the_contract(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s = NULL;
    assert_int_equal(settings_new(&s), 0);
    assert_int_equal(s->ingest.listen.count, 1);
    assert_string_equal(s->ingest.listen.items[0], "127.0.0.1:9025");
    assert_string_equal(s->ingest.path, "/sns");
    assert_int_equal(s->ingest.max_body_bytes, 2 * 1024 * 1024);
    assert_int_equal(s->ingest.max_connections, 1024);
    assert_int_equal(s->ingest.threads, 0);
    assert_null(s->ingest.certificate);
    assert_null(s->ingest.key);
    assert_null(s->ingest.credentials_file);
    assert_int_equal(s->sns.topic.count, 0);
    assert_int_equal(s->sns.confirm, CONFIRM_AUTO);
    assert_string_equal(s->sns.endpoint, "auto");
    assert_null(s->sns.ca_file);
    assert_int_equal(s->sns.min_signature_version, 1);
    assert_int_equal(s->sns.max_age_ms, 2 * CLOCK_HOUR_MS);
    assert_string_equal(s->store.path, "/var/lib/sesbounced/sesbounced.db");
    assert_string_equal(s->store.certificates, "/var/lib/sesbounced/certificates");
    assert_int_equal(s->events.keep.count, 6);
    assert_string_equal(s->events.keep.items[3], "Rendering Failure");
    assert_int_equal(s->events.count.count, 2);
    assert_int_equal(s->events.ignore.count, 3);
    assert_int_equal(s->events.campaign.count, 0);
    assert_string_equal(s->admin.listen.items[0], "127.0.0.1:9026");
    assert_null(s->admin.tokens_file);
    assert_int_equal(s->log.addresses, LOG_ADDRESSES_NONE);
    assert_int_equal(s->suppression.soft_days, 5);
    assert_int_equal(s->suppression.soft_span_ms, 10 * CLOCK_DAY_MS);
    assert_int_equal(s->suppression.soft_window_ms, 30 * CLOCK_DAY_MS);
    assert_int_equal(s->suppression.soft_term_ms, 14 * CLOCK_DAY_MS);
    assert_int_equal(s->suppression.soft_term_max_ms, 180 * CLOCK_DAY_MS);
    assert_int_equal(s->suppression.rule.count, 0);
    assert_int_equal(s->suppression.allow.count, 0);
    assert_int_equal(s->suppression.guard, 1);
    assert_int_equal(s->suppression.guard_least, 50);
    assert_int_equal(s->suppression.scope_by, POLICY_SCOPE_BY_NONE);
    assert_int_equal(s->retention.bodies_ms, 30 * CLOCK_DAY_MS);
    assert_int_equal(s->retention.events_ms, 400 * CLOCK_DAY_MS);
    assert_int_equal(s->retention.quarantine_ms, 90 * CLOCK_DAY_MS);
    assert_int_equal(s->retention.log_ms, 1095 * CLOCK_DAY_MS);
    assert_int_equal(s->retention.quarantine_bytes, 1 << 30);
    assert_int_equal(s->alerts.bounce_rate.rate[0], 25000);
    assert_int_equal(s->alerts.bounce_rate.rate[2], ALERT_RATE_ONE / 10);
    assert_int_equal(s->alerts.complaint_rate.rate[0], 500);
    assert_int_equal(s->alerts.complaint_rate.rate[2], 5000);
    assert_int_equal(s->alerts.least_sends, 1000);
    assert_int_equal(s->alerts.silence_ms, ALERT_SILENCE_AUTO);
    assert_int_equal(s->alerts.each.count + s->alerts.to.count, 0);
    assert_false(s->simulator.enabled);
    assert_string_equal(s->simulator.key, "/var/lib/sesbounced/simulator.pem");
    assert_int_equal(s->scopes.count, 0);
}

static void every_setting_can_be_given(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s = settings_accept(
        "[ingest]\n"
        "listen = 0.0.0.0:443\nlisten = [::1]:9025\nlisten = unix:/run/in\n"
        "path = /hook\nmax_body = 512K\nmax_connections = 90\nthreads = 3\n"
        "certificate = /c.pem\nkey = /k.pem\ncredentials_file = /cred\n"
        "[sns]\n"
        "topic = arn:aws:sns:eu-central-1:123456789012:bounces\n"
        "topic = arn:aws:sns:*:123456789012:*\n"
        "confirm = manual\nendpoint = https://sns.{region}.example.net:8443\n"
        "ca_file = /ca.pem\nmin_signature_version = 2\nmax_age = 90m\n"
        "[store]\npath = /db\ncertificates = /certs\n"
        "[events]\nkeep = Bounce\ncount = Open\nignore = Send\n"
        "campaign = tag:campaign\ncampaign = header:X-Campaign\n"
        "[admin]\nlisten = 0.0.0.0:9026\ntokens_file = /t\ncertificate = /ac\n"
        "key = /ak\n"
        "[log]\naddresses = full\n"
        "[simulator]\nenabled = no\nkey = /sim\n");
    assert_int_equal(s->ingest.listen.count, 3);
    assert_string_equal(s->ingest.listen.items[2], "unix:/run/in");
    assert_string_equal(s->ingest.path, "/hook");
    assert_int_equal(s->ingest.max_body_bytes, 512 * 1024);
    assert_int_equal(s->ingest.max_connections, 90);
    assert_int_equal(s->ingest.threads, 3);
    assert_string_equal(s->ingest.certificate, "/c.pem");
    assert_string_equal(s->ingest.key, "/k.pem");
    assert_string_equal(s->ingest.credentials_file, "/cred");
    assert_int_equal(s->sns.topic.count, 2);
    assert_int_equal(s->sns.confirm, CONFIRM_MANUAL);
    assert_string_equal(s->sns.endpoint, "https://sns.{region}.example.net:8443");
    assert_string_equal(s->sns.ca_file, "/ca.pem");
    assert_int_equal(s->sns.min_signature_version, 2);
    assert_int_equal(s->sns.max_age_ms, 90 * CLOCK_MINUTE_MS);
    assert_string_equal(s->store.path, "/db");
    assert_string_equal(s->store.certificates, "/certs");
    assert_int_equal(s->events.keep.count, 1);
    assert_string_equal(s->events.campaign.items[1], "header:X-Campaign");
    assert_string_equal(s->admin.tokens_file, "/t");
    assert_string_equal(s->admin.certificate, "/ac");
    assert_string_equal(s->admin.key, "/ak");
    assert_int_equal(s->log.addresses, LOG_ADDRESSES_FULL);
    assert_string_equal(s->simulator.key, "/sim");
}

static void blanks_comments_and_line_ends_mean_nothing(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s = settings_accept(
        "; comment\r\n   # comment\n\n  [sns]\r\n\t max_age\t=  1d \t\r\n"
        "confirm=manual\n[ store ]\n  path = /a b = c\n[log]\n[sns]\n"
        "    ca_file = /x # is part of the name\nmin_signature_version = 2");
    assert_int_equal(s->sns.max_age_ms, CLOCK_DAY_MS);
    assert_int_equal(s->sns.confirm, CONFIRM_MANUAL);
    assert_string_equal(s->store.path, "/a b = c");
    assert_string_equal(s->sns.ca_file, "/x # is part of the name");
    assert_int_equal(s->sns.min_signature_version, 2);
}

static void units_are_binary_and_a_bare_duration_is_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        uint64_t ms;
    } ages[] = {
        {"90", 90000}, {"90s", 90000},          {"15m", 900000}, {"2h", 7200000},
        {"0", 0},      {"3650d", 315360000000}, {"0d", 0},
    };
    for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "[sns]\nmax_age = %s\n", ages[i].line);
        _cleanup_(settings_freep) struct settings *s = settings_accept(text);
        assert_int_equal(s->sns.max_age_ms, ages[i].ms);
    }
    static const struct {
        const char *line;
        uint64_t bytes;
    } sizes[] = {{"4K", 4096}, {"4096", 4096}, {"64M", 64 << 20}, {"1000000", 1000000}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "[ingest]\nmax_body = %s\n", sizes[i].line);
        _cleanup_(settings_freep) struct settings *s = settings_accept(text);
        assert_int_equal(s->ingest.max_body_bytes, sizes[i].bytes);
    }
}

static void a_list_in_the_file_replaces_its_default(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s =
        settings_accept("[ingest]\nlisten =\n[admin]\nlisten = 127.0.0.1:1\nlisten =\n"
                        "listen = 127.0.0.1:2\n[events]\nkeep = Bounce\nignore =\n");
    assert_int_equal(s->ingest.listen.count, 0);
    assert_int_equal(s->admin.listen.count, 1);
    assert_string_equal(s->admin.listen.items[0], "127.0.0.1:2");
    assert_int_equal(s->events.keep.count, 1);
    assert_int_equal(s->events.count.count, 2);
    assert_int_equal(s->events.ignore.count, 0);
}

static void an_optional_text_can_be_emptied(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s =
        settings_accept("[sns]\nca_file =\n[ingest]\ncertificate =\nkey =\n");
    assert_null(s->sns.ca_file);
    assert_null(s->ingest.certificate);
}

static void event_lists_become_one_table(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s = settings_accept(
        "[events]\nkeep = Bounce\ncount = Delivery\ncount = Send\nignore = *\n"
        "campaign = tag:a\n");
    const struct ses_rules *table = &s->events.table;
    assert_int_equal(table->rule_count, 4);
    assert_string_equal(table->rules[0].type, "Bounce");
    assert_int_equal(table->rules[0].keeping, SES_KEEP);
    assert_string_equal(table->rules[1].type, "Delivery");
    assert_int_equal(table->rules[1].keeping, SES_COUNT);
    assert_string_equal(table->rules[3].type, "*");
    assert_int_equal(table->rules[3].keeping, SES_IGNORE);
    assert_int_equal(table->campaign_count, 1);
    assert_string_equal(table->campaigns[0], "tag:a");
}

static void naming_a_type_takes_it_out_of_the_default_lists(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s = settings_accept(
        "[events]\nkeep = Delivery\nkeep = Open\nkeep = Received\nkeep = Click\n");
    assert_int_equal(s->events.count.count, 1);
    assert_string_equal(s->events.count.items[0], "Send");
    assert_int_equal(s->events.ignore.count, 0);
    assert_int_equal(s->events.table.rule_count, 5);

    _cleanup_(settings_freep) struct settings *later =
        settings_accept("[events]\nignore = Reject\nignore = Send\n");
    assert_int_equal(later->events.keep.count, 5);
    assert_int_equal(later->events.count.count, 1);
    assert_int_equal(later->events.table.rule_count, 8);
}

static void keep_star_overrides_the_default_lists_and_no_other(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *all =
        settings_accept("[events]\nkeep = *\n");
    assert_int_equal(all->events.count.count, 0);
    assert_int_equal(all->events.ignore.count, 0);
    assert_int_equal(all->events.table.rule_count, 1);

    _cleanup_(settings_freep) struct settings *but =
        settings_accept("[events]\nkeep = *\ncount = Send\n");
    assert_int_equal(but->events.count.count, 1);
    assert_int_equal(but->events.ignore.count, 0);

    /* Nobody loses a bounce by a star elsewhere: the default of `keep` names it. */
    _cleanup_(settings_freep) struct settings *others =
        settings_accept("[events]\nignore = *\n");
    assert_int_equal(others->events.keep.count, 6);
    assert_int_equal(others->events.count.count, 2);
}

static void a_type_in_any_case_is_that_of_ses(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s = settings_accept(
        "[events]\nkeep = OPEN\nkeep = rendering failure\nkeep = brand new\n"
        "ignore = delivery\n");
    assert_string_equal(s->events.keep.items[0], "Open");
    assert_string_equal(s->events.keep.items[1], "Rendering Failure");
    assert_string_equal(s->events.keep.items[2], "brand new");
    assert_string_equal(s->events.ignore.items[0], "Delivery");
    assert_int_equal(s->events.count.count, 1);
    assert_string_equal(s->events.count.items[0], "Send");
}

static void a_missing_default_file_means_all_defaults(void **state)
{
    (void)state;
    if (access(SETTINGS_DEFAULT_FILE, F_OK) == 0) {
        print_message("skipped: there is a %s here\n", SETTINGS_DEFAULT_FILE);
        skip();
    }
    _cleanup_(settings_freep) struct settings *read = NULL;
    _cleanup_(settings_freep) struct settings *defaults = NULL;
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    assert_int_equal(settings_read(NULL, &read, &faults), 0);
    assert_int_equal(settings_new(&defaults), 0);
    _cleanup_(freep) char *a = settings_printed(read);
    _cleanup_(freep) char *b = settings_printed(defaults);
    assert_string_equal(a, b);
}

static void booleans_have_four_words(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"yes", true}, {"true", true}, {"no", false}, {"false", false}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "[simulator]\nenabled = %s\n", words[i].word);
        _cleanup_(settings_freep) struct settings *s = settings_accept(text);
        assert_int_equal(s->simulator.enabled, words[i].value);
    }
}

static void only_loopback_and_unix_sockets_are_local(void **state)
{
    (void)state;
    static const char *const local[] = {
        "127.0.0.1:9025", "127.1.2.3:1", "localhost:80",         "LOCALHOST:80",
        "[::1]:9025",     "unix:/x",     "[0:0:0:0:0:0:0:1]:80",
    };
    static const char *const open_to_others[] = {
        "0.0.0.0:9025",
        "128.0.0.1:1",
        "[::]:1",
        "127.0.0.1.example.com:1",
        "localhostx:1",
        "[::ffff:10.0.0.1]:1",
        "127.1:9025",
        "example.com:1",
        "",
        "127.0.0.1",
    };
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++)
        assert_true(settings_listen_is_local(local[i]));
    for (size_t i = 0; i < sizeof open_to_others / sizeof open_to_others[0]; i++)
        assert_false(settings_listen_is_local(open_to_others[i]));
}

/* --- printing --- */

static void what_is_printed_is_read_again(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "[ingest]\nlisten =\nmax_body = 5000\nthreads = 2\n[sns]\nmax_age = 0\n"
        "topic = arn:aws:sns:*:123456789012:*\n[events]\nkeep = *\ncount =\n"
        "[admin]\nlisten =\n[simulator]\nenabled = true\n",
        "[sns]\nmax_age = 3601\nca_file = /a b # c\n[events]\nkeep = Open\n",
        "[suppression]\nsoft_days = 0\nrule = complaint  hold 30d\nguard = off\n"
        "allow = *@Example.COM\nscope_by = tenant\n[retention]\nevents = 7d\n"
        "log = forever\n[scope news]\nmatch = tag:kind=a*\nmatch = identity:A@b.c\n"
        "[scope \xc3\xa9t\xc3\xa9]\nbounces = own\nmatch = tenant:*\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        _cleanup_(settings_freep) struct settings *first = settings_accept(texts[i]);
        _cleanup_(freep) char *once = settings_printed(first);
        _cleanup_(settings_freep) struct settings *second = settings_accept(once);
        _cleanup_(freep) char *twice = settings_printed(second);
        assert_string_equal(once, twice);
        assert_int_equal(first->events.table.rule_count, second->events.table.rule_count);
        assert_int_equal(first->sns.max_age_ms, second->sns.max_age_ms);
    }
    _cleanup_(settings_freep) struct settings *s = settings_accept(texts[2]);
    _cleanup_(freep) char *text = settings_printed(s);
    assert_non_null(strstr(text, "\nmax_age = 3601s\n"));
    assert_non_null(strstr(text, "\nmax_body = 2M\n"));
    assert_non_null(strstr(text, "\ncertificate =\n"));
    assert_non_null(strstr(text, "\n\n[store]\npath = "));
}

static void a_full_disk_is_reported(void **state)
{
    (void)state;
    _cleanup_(fclosep) FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    assert_int_equal(settings_print_sample(full), -EIO);
}

/* `#key = …` becomes `key = …`; help has a blank behind its #. Sections with a name,
 * which stand last, are not there by default. */
static void the_sample_says_every_default(void **state)
{
    (void)state;
    _cleanup_(freep) char *sample = settings_printed(NULL);
    _cleanup_(settings_freep) struct settings *as_it_is = settings_accept(sample);
    for (char *at = sample; *at; at++) {
        bool begins = at == sample || at[-1] == '\n';
        if (begins && at[0] == '#' && at[1] == '[')
            break;
        if (begins && at[0] == '#' && ascii_is_alpha(at[1]))
            *at = ' ';
    }
    _cleanup_(settings_freep) struct settings *uncommented = settings_accept(sample);
    _cleanup_(settings_freep) struct settings *defaults = NULL;
    assert_int_equal(settings_new(&defaults), 0);
    _cleanup_(freep) char *a = settings_printed(as_it_is);
    _cleanup_(freep) char *b = settings_printed(uncommented);
    _cleanup_(freep) char *c = settings_printed(defaults);
    assert_string_equal(a, c);
    assert_string_equal(b, c);
}

static void the_sample_is_readable(void **state)
{
    (void)state;
    _cleanup_(freep) char *sample = settings_printed(NULL);
    struct str rest = str_of(sample);
    struct str line;
    while (str_split(&rest, '\n', &line)) {
        if (line.len > 84)
            fail_msg("too long: %.*s", STR_ARG(line));
    }
}

/* The folder of the repository, from where the tests are run. */
#define SAMPLE_FILE "config/sesbounced.conf"

static void the_sample_in_the_repository_is_the_printed_one(void **state)
{
    (void)state;
    _cleanup_(freep) char *sample = settings_printed(NULL);
    const char *update = getenv("UPDATE_SAMPLE");
    if (update && strcmp(update, "1") == 0) {
        _cleanup_(fclosep) FILE *to = fopen(SAMPLE_FILE, "w");
        assert_non_null(to);
        assert_int_equal(settings_print_sample(to), 0);
    }
    _cleanup_(fclosep) FILE *file = fopen(SAMPLE_FILE, "r");
    if (!file)
        fail_msg("%s is not there: run the tests from the top of the repository, with "
                 "UPDATE_SAMPLE=1 to make it",
                 SAMPLE_FILE);
    _cleanup_(freep) char *committed = calloc(1, SETTINGS_FILE_BYTES_MAX);
    assert_non_null(committed);
    size_t len = fread(committed, 1, SETTINGS_FILE_BYTES_MAX - 1, file);
    committed[len] = 0;
    if (strcmp(committed, sample) != 0)
        fail_msg("%s differs from the table of settings: run this test with "
                 "UPDATE_SAMPLE=1 and commit what it writes",
                 SAMPLE_FILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_contract),
        cmocka_unit_test(every_setting_can_be_given),
        cmocka_unit_test(blanks_comments_and_line_ends_mean_nothing),
        cmocka_unit_test(units_are_binary_and_a_bare_duration_is_seconds),
        cmocka_unit_test(a_list_in_the_file_replaces_its_default),
        cmocka_unit_test(an_optional_text_can_be_emptied),
        cmocka_unit_test(event_lists_become_one_table),
        cmocka_unit_test(naming_a_type_takes_it_out_of_the_default_lists),
        cmocka_unit_test(keep_star_overrides_the_default_lists_and_no_other),
        cmocka_unit_test(a_type_in_any_case_is_that_of_ses),
        cmocka_unit_test(a_missing_default_file_means_all_defaults),
        cmocka_unit_test(booleans_have_four_words),
        cmocka_unit_test(only_loopback_and_unix_sockets_are_local),
        cmocka_unit_test(what_is_printed_is_read_again),
        cmocka_unit_test(a_full_disk_is_reported),
        cmocka_unit_test(the_sample_says_every_default),
        cmocka_unit_test(the_sample_is_readable),
        cmocka_unit_test(the_sample_in_the_repository_is_the_printed_one),
    };
    return cmocka_run_group_tests(tests, settings_directory_make,
                                  settings_directory_remove);
}
