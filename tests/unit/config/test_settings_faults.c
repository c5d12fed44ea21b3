/* The settings: every fault with its line and what would be right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sesbounce/limits.h"
#include "sesbounce/settings.h"

#include "settings_helper.h"

static void all_faults_are_reported_with_their_lines(void **state)
{
    (void)state;
    settings_refuse(
        "stray = 1\n"
        "[ingest]\n"
        "max_body = lots\n"
        "\n"
        "[sns]\n"
        "confirm = maybe\n"
        "max_age = 2 weeks\n"
        "what is this\n"
        "[ingest]\n"
        "threads = 65\n",
        "@:1: a key needs its section above it, such as [ingest]\n"
        "@:3: [ingest] max_body: `lots` is not a size: give a whole number of bytes, or "
        "of K, M or G, as in `512K`\n"
        "@:6: [sns] confirm: `maybe` is not known here: give `auto` or `manual`\n"
        "@:7: [sns] max_age: `2 weeks` is not a duration: give a whole number of "
        "seconds, "
        "or of s, m, h or d, as in `2h`\n"
        "@:8: write `key = value`, `[section]` or `# comment`\n"
        "@:10: [ingest] threads: `65` is out of range: give 0 to 64\n");
}

static void a_wrong_name_is_answered_with_the_nearest(void **state)
{
    (void)state;
    settings_refuse("[ingst]\nlisten = nowhere\n", /* its keys are judged all the same */
                    "@:1: there is no section [ingst]: did you mean [ingest]?\n"
                    "@:2: [ingest] listen: `nowhere` is not an address to listen on: "
                    "write `HOST:PORT`, "
                    "`[IPV6]:PORT` or `unix:/PATH`\n");
    settings_refuse(
        "[Sns]\ntopics = a\nMax_Age = 1h\ncert = x\n",
        "@:1: there is no section [Sns]: did you mean [sns]?\n"
        "@:2: [sns] has no key `topics`: did you mean `topic`?\n"
        "@:3: [sns] has no key `Max_Age`: did you mean `max_age`?\n"
        "@:4: [sns] has no key `cert`: its keys are topic, confirm, endpoint, ca_file, "
        "min_signature_version, max_age\n");
    settings_refuse("[ingest]\ncert = x\nmaxbody = 1\nkye = /k\n",
                    "@:2: [ingest] has no key `cert`: did you mean `certificate`?\n"
                    "@:3: [ingest] has no key `maxbody`: did you mean `max_body`?\n"
                    "@:4: [ingest] has no key `kye`: did you mean `key`?\n");
    settings_refuse("[store]\nmax_age = 1h\n",
                    "@:2: `max_age` belongs to [sns], not to [store]\n");
    settings_refuse("confirm = auto\n",
                    "@:1: a key needs its section above it, such as [sns]\n");
    settings_refuse(
        "[bounces]\nanything = goes untold\n",
        "@:1: there is no section [bounces]: there are [ingest], [sns], [store], "
        "[events], [admin], [log], [suppression], [retention], [alerts], [simulator], "
        "[scope NAME], [webhook NAME], [mail NAME]\n");
}

static void a_host_of_the_admin_side_is_a_name_alone(void **state)
{
    (void)state;
    const char *rest = " is not a name: write `bounces.internal`, without `http://` and "
                       "without a port; IP addresses need no line\n";
    static const char *const others[] = {"http://x.example", "x.example:9026",
                                         "*.example", "10.0.0.1", "-x.example"};
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        char text[64], fault[256];
        (void)snprintf(text, sizeof(text), "[admin]\nhost = %s\n", others[i]);
        (void)snprintf(fault, sizeof(fault), "@:2: [admin] host: `%s`%s", others[i],
                       rest);
        settings_refuse(text, fault);
    }
    settings_free(settings_accept("[admin]\nhost = bounces.internal\nhost = ops\n"));
}

static void a_section_line_holds_nothing_else(void **state)
{
    (void)state;
    const char *fault =
        "@:1: a section is written `[name]`, with nothing after the bracket\n";
    settings_refuse("[sns] # comment\nmax_age = x\n", fault);
    settings_refuse("[sns\n", fault);
    settings_refuse("[\n", fault);
    settings_refuse(
        "[]\n",
        "@:1: there is no section []: there are [ingest], [sns], [store], "
        "[events], [admin], [log], [suppression], [retention], [alerts], [simulator], "
        "[scope NAME], [webhook NAME], [mail NAME]\n");
    settings_refuse("= x\n", "@:1: write `key = value`, `[section]` or `# comment`\n");
}

static void a_value_is_given_once(void **state)
{
    (void)state;
    settings_refuse("[sns]\nconfirm = auto\n\n[sns]\nconfirm = auto\n",
                    "@:5: [sns] confirm is already set at line 2: keep one\n");
    settings_refuse(
        "[ingest]\nlisten = 127.0.0.1:1\nlisten = 127.0.0.1:2\nlisten = 127.0.0.1:1\n",
        "@:4: [ingest] listen: `127.0.0.1:1` is already at line 2\n");
}

static void bytes_that_are_not_text_are_reported(void **state)
{
    (void)state;
    settings_expect_faults(
        STR("[sns]\nca_file = /a\0b\n# \x1b[31m\n; caf\xe9\nca_file = \x7f\n"),
        "@:2: there is a control character (byte 0x00) at column 13: remove it\n"
        "@:3: there is a control character (byte 0x1b) at column 3: remove it\n"
        "@:4: the line is not UTF-8: save the file as UTF-8\n"
        "@:5: there is a control character (byte 0x7f) at column 11: remove it\n");
    settings_expect_faults(
        STR("\xEF\xBB\xBF[sns]\nmax_age = 1h\n"),
        "@:1: there is a byte order mark: save the file as UTF-8 without it\n"
        "@:2: a key needs its section above it, such as [sns]\n");
    settings_expect_faults(
        STR("[sns\x01]\nmax_age = x\n"),
        "@:1: there is a control character (byte 0x01) at column 5: remove it\n");
}

static void lines_items_and_the_file_are_bounded(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf text;
    _cleanup_(buf_done) struct buf faults;
    struct settings *s = NULL;
    buf_init(&text, 2 * SETTINGS_FILE_BYTES_MAX);
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);

    assert_int_equal(buf_printf(&text, "# %0*d", SETTINGS_LINE_BYTES_MAX - 2, 0), 0);
    assert_int_equal(settings_read_bytes(buf_str(&text), &s, &faults), 0);
    settings_free(take_ptr(s));
    assert_int_equal(buf_append_char(&text, '0'), 0);
    settings_expect_faults(buf_str(&text),
                           "@:1: the line is too long: 4097 bytes, 4096 are allowed\n");

    buf_clear(&text);
    assert_int_equal(buf_printf(&text, "[ingest]\n"), 0);
    for (int i = 0; i <= LISTEN_SOCKETS_MAX; i++)
        assert_int_equal(buf_printf(&text, "listen = 127.0.0.1:%d\n", i), 0);
    settings_expect_faults(buf_str(&text),
                           "@:10: [ingest] listen: is one too many: the list takes 8\n");

    buf_clear(&text);
    while (text.len <= SETTINGS_FILE_BYTES_MAX)
        assert_int_equal(buf_append_str(&text, STR("# a comment\n")), 0);
    assert_int_equal(settings_read_bytes(buf_str(&text), &s, &faults), -EINVAL);
    assert_non_null(strstr(faults.data, "is larger than 1048576 bytes"));
}

static void faults_that_find_no_room_still_refuse_the_file(void **state)
{
    (void)state;
    struct settings *s = NULL;
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, 8);
    assert_int_equal(settings_read_bytes(STR("[sns]\nconfirm = x\n"), &s, &faults),
                     -EINVAL);
    assert_null(s);
}

static void a_wrong_value_says_what_would_be_right(void **state)
{
    (void)state;
    static const struct {
        const char *section, *line, *part;
    } cases[] = {
        {"ingest", "max_body = 4095", "give 4K to 64M"},
        {"ingest", "max_body = 65M", "give 4K to 64M"},
        {"ingest", "max_body = 18446744073709551617", "give 4K to 64M"},
        {"ingest", "max_body = 17179869185G", "give 4K to 64M"},
        {"ingest", "max_body = 2m", "is not a size"},
        {"ingest", "max_body = 2 M", "is not a size"},
        {"ingest", "max_body = -1", "is not a size"},
        {"ingest", "max_body = M", "is not a size"},
        {"ingest", "max_body =", "needs a value, as in `max_body = 2M`"},
        {"ingest", "max_body = 2M ; two", "(a comment needs a line of its own)"},
        {"ingest", "max_connections = 15", "give 16 to 65536"},
        {"ingest", "max_connections = 65537", "give 16 to 65536"},
        {"ingest", "threads = 2x", "is not a whole number"},
        {"ingest", "threads = 0x2", "is not a whole number"},
        {"ingest", "threads = +2", "is not a whole number"},
        {"ingest", "path = sns", "begin with a slash"},
        {"ingest", "path = /a b", "blank"},
        {"ingest", "path = /caf\xc3\xa9", "non-ASCII"},
        {"ingest", "path = /sns?x=1", "leave out `?`"},
        {"ingest", "path = /healthz", "is reserved"},
        {"ingest", "path =", "as in `path = /sns`"},
        {"ingest", "listen = 9025", "`HOST:PORT`"},
        {"ingest", "listen = :9025", "does not say where"},
        {"ingest", "listen = *:9025", "`0.0.0.0:PORT`"},
        {"ingest", "listen = ::1:9025", "in brackets"},
        {"ingest", "listen = [::1]", "`[IPV6]:PORT`"},
        {"ingest", "listen = [::1", "`[IPV6]:PORT`"},
        {"ingest", "listen = [::x]:1", "no IPv6 address"},
        {"ingest", "listen = [127.0.0.1]:1", "no IPv6 address"},
        {"ingest", "listen = 127.0.0.1:65536", "no port"},
        {"ingest", "listen = 127.0.0.1:", "no port"},
        {"ingest", "listen = 127.0.0.1:http", "no port"},
        {"ingest", "listen = 127.0.0:1", "neither an IP address"},
        {"ingest", "listen = 256.0.0.1:1", "neither an IP address"},
        {"ingest", "listen = a_b:1", "neither an IP address"},
        {"ingest", "listen = unix:run", "write the whole path"},
        {"ingest", "listen = unix:", "write the whole path"},
        {"ingest", "credentials_file = \"/x\"", "in quotes"},
        {"store", "path = ~/x.db", "write the whole path"},
        {"store", "path =", "needs a value"},
        {"sns", "topic = bounces", "is not the ARN of a topic"},
        {"sns", "topic = arn:aws:sqs:eu-central-1:123456789012:x",
         "is not the ARN of a topic"},
        {"sns", "topic = *", "is not the ARN of a topic"},
        {"sns", "topic = arn:aws:sns:us-east-1:*:bounces", "every AWS customer"},
        {"sns", "topic = arn:aws:sns:us-east-1:12345678901*:bounces",
         "every AWS customer"},
        {"sns", "topic = arn:aws:sns:us-east-1:12345678901?:bounces",
         "is not the ARN of a topic"},
        {"sns", "endpoint = http://sns.example.net", "[sns] endpoint: `http://"},
        {"sns", "endpoint = https://example.net/path", "[sns] endpoint: `https://"},
        {"sns", "min_signature_version = 0", "give 1 to 2"},
        {"sns", "min_signature_version = 3", "give 1 to 2"},
        {"sns", "max_age = 1w", "is not a duration"},
        {"sns", "max_age = s", "is not a duration"},
        {"sns", "max_age = 1.5h", "is not a duration"},
        {"sns", "max_age = 3651d", "give 0 to 3650d"},
        {"events", "keep = RenderingFailure", "is not how SES spells it"},
        {"events", "keep = delivery_delay", "is not how SES spells it"},
        {"events", "keep = Bounce, Complaint", "a line of its own"},
        {"events", "keep = Bou*", "is not an event type"},
        {"events", "campaign = campaign", "`tag:NAME` or `header:NAME`"},
        {"events", "campaign = tag:", "`tag:NAME` or `header:NAME`"},
        {"events", "campaign = cookie:x", "`tag:NAME` or `header:NAME`"},
        {"events", "campaign = header:X-Campaign:", "omit the colon"},
        {"log", "addresses = all", "give `none`, `hash` or `full`"},
        {"log", "addresses =", "as in `addresses = none`"},
        {"simulator", "enabled = on", "neither `yes` nor `no`"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        settings_refuse_value(cases[i].section, cases[i].line, cases[i].part);
}

static void a_socket_path_fits_the_kernels_structure(void **state)
{
    (void)state;
    char text[256];
    (void)snprintf(text, sizeof text, "[ingest]\nlisten = unix:/%0106d\n", 0);
    settings_free(settings_accept(text));
    (void)snprintf(text, sizeof text, "listen = unix:/%0107d", 0);
    settings_refuse_value("ingest", text, "too long for a socket's path");
}

static void a_long_value_is_quoted_in_part(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf line;
    buf_init(&line, SETTINGS_LINE_BYTES_MAX);
    /* An odd offset, so that the cut falls into a character. */
    assert_int_equal(buf_printf(&line, "confirm = x"), 0);
    for (int i = 0; i < 200; i++)
        assert_int_equal(buf_append_str(&line, STR("\xc3\xa9")), 0);
    settings_refuse_value("sns", line.data, "\xc3\xa9`… is not known here");
}

static void a_named_file_must_be_there_and_be_a_file(void **state)
{
    (void)state;
    struct settings *s = NULL;
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    char missing[128];
    (void)snprintf(missing, sizeof missing, "%s/missing", settings_directory);
    assert_int_equal(settings_read(missing, &s, &faults), -ENOENT);
    assert_true(str_starts_with(buf_str(&faults), str_of(missing)));
    assert_non_null(strstr(faults.data, ": cannot be read: No such file or directory\n"));
    buf_clear(&faults);
    assert_int_equal(settings_read(settings_directory, &s, &faults), -EISDIR);
    assert_non_null(strstr(faults.data, "cannot be read"));
    assert_null(s);
}

/* --- how settings go together --- */

static void certificate_and_key_come_together(void **state)
{
    (void)state;
    settings_refuse(
        "[ingest]\n\ncertificate = /c\n[admin]\nkey = /k\n",
        "@:3: [ingest] certificate needs `key` beside it: the PEM file with its "
        "private key\n"
        "@:5: [admin] key needs `certificate` beside it: the PEM file with the "
        "certificate and its chain\n");
    /* A key that is reported as wrong is not reported as missing. */
    settings_refuse(
        "[ingest]\ncertificate = /c\nkey = '/k'\n",
        "@:3: [ingest] key: `'/k'` is in quotes, which would be part of the name: "
        "leave them out\n");
}

static void an_open_admin_side_needs_tokens_and_tls(void **state)
{
    (void)state;
    settings_refuse(
        "[admin]\nlisten = localhost:9026\nlisten = 10.0.0.1:9026\ntokens_file = /t\n",
        "@:3: [admin] listen: `10.0.0.1:9026` is not loopback, so it needs "
        "`certificate`; or listen on 127.0.0.1 or unix:/PATH\n"
        "@:3: [admin] listen: `10.0.0.1:9026` is not loopback, so it needs `key`; or "
        "listen on 127.0.0.1 or unix:/PATH\n");
    settings_free(settings_accept("[admin]\nlisten = unix:/run/a\nlisten = [::1]:1\n"));
}

static void the_simulator_needs_a_closed_ingest_side(void **state)
{
    (void)state;
    settings_refuse(
        "[ingest]\nlisten = unix:/run/in\nlisten = [::]:9025\n[simulator]\n"
        "enabled = yes\n",
        "@:5: [simulator] enabled: not while [ingest] listen = [::]:9025 (line 3) lets "
        "strangers in: listen on loopback only, or set it to `no`\n");
    _cleanup_(settings_freep) struct settings *s =
        settings_accept("[simulator]\nenabled = yes\n");
    assert_true(s->simulator.enabled);
}

static void a_type_stands_in_one_list(void **state)
{
    (void)state;
    settings_refuse(
        "[events]\nkeep = Bounce\nignore = Open\nignore = Bounce\ncount = *\n"
        "ignore = *\n",
        "@:4: [events] ignore: `Bounce` is also in `keep` (line 2): a type can be "
        "in one list only\n"
        "@:6: [events] ignore: `*` is also in `count` (line 5): a type can be in "
        "one list only\n");
    settings_refuse("[events]\nkeep = new type\ncount = New Type\nkeep = OPEN\n"
                    "keep = open\n",
                    "@:5: [events] keep: `open` is already at line 4\n"
                    "@:3: [events] count: `New Type` is also in `keep` (line 2): a "
                    "type can be in one list only\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_faults_are_reported_with_their_lines),
        cmocka_unit_test(a_wrong_name_is_answered_with_the_nearest),
        cmocka_unit_test(a_host_of_the_admin_side_is_a_name_alone),
        cmocka_unit_test(a_section_line_holds_nothing_else),
        cmocka_unit_test(a_value_is_given_once),
        cmocka_unit_test(bytes_that_are_not_text_are_reported),
        cmocka_unit_test(lines_items_and_the_file_are_bounded),
        cmocka_unit_test(faults_that_find_no_room_still_refuse_the_file),
        cmocka_unit_test(a_wrong_value_says_what_would_be_right),
        cmocka_unit_test(a_socket_path_fits_the_kernels_structure),
        cmocka_unit_test(a_long_value_is_quoted_in_part),
        cmocka_unit_test(a_named_file_must_be_there_and_be_a_file),
        cmocka_unit_test(certificate_and_key_come_together),
        cmocka_unit_test(an_open_admin_side_needs_tokens_and_tls),
        cmocka_unit_test(the_simulator_needs_a_closed_ingest_side),
        cmocka_unit_test(a_type_stands_in_one_list),
    };
    return cmocka_run_group_tests(tests, settings_directory_make,
                                  settings_directory_remove);
}
