#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/list_file.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/clock.h"

/* 2026-11-27T12:00:00Z; the files of these tests are a day older. */
#define NOW_MS INT64_C(1795780800000)

static const struct list_options usual = {.now_ms = NOW_MS};

static int file_with(struct str text)
{
    char path[] = "/tmp/sesbounce-list-XXXXXX";
    const struct timespec times[2] = {{.tv_sec = NOW_MS / 1000 - 86400},
                                      {.tv_sec = NOW_MS / 1000 - 86400}};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write(fd, text.data, text.len), text.len);
    assert_int_equal(futimens(fd, times), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void entry_show(struct buf *to, const struct list_entry *entry)
{
    const char *reason = policy_reason_word(entry->reason);
    char time[CLOCK_TEXT_BYTES];
    clock_format_sql(entry->since_ms, time);
    (void)buf_printf(to, "%s %s %s %.16s", entry->address.key, reason ? reason : "-",
                     entry->scope.data, time);
    if (entry->until_ms != POLICY_FOR_EVER) {
        clock_format_sql(entry->until_ms, time);
        (void)buf_printf(to, " until %.16s", time);
    }
    if (str_present(entry->detail))
        (void)buf_printf(to, " (%s)", entry->detail.data);
    if (str_present(entry->note))
        (void)buf_printf(to, " [%s]", entry->note.data);
}

/* What is read, a line each: `LINE: entry` or `LINE! fault`. */
static void list_show(struct str text, const struct list_options *options, struct buf *to)
{
    _cleanup_(closep) int fd = file_with(text);
    struct list_entry entry;
    struct list_file file;
    enum list_file_result result = list_file_open(&file, fd, options);
    while (result == LIST_FILE_ENTRY || result == LIST_FILE_FAULT) {
        result = list_file_next(&file, &entry);
        if (result != LIST_FILE_ENTRY && result != LIST_FILE_FAULT)
            break;
        (void)buf_printf(to, "%llu%s ", (unsigned long long)file.line,
                         result == LIST_FILE_ENTRY ? ":" : "!");
        if (result == LIST_FILE_ENTRY)
            entry_show(to, &entry);
        else
            (void)buf_printf(to, "%s", file.fault);
        (void)buf_append_char(to, '\n');
    }
    if (result == LIST_FILE_REFUSED)
        (void)buf_printf(to, "refused: %s\n", file.fault);
    assert_int_not_equal(result, LIST_FILE_FAILED);
    list_file_close(&file);
}

static void expect_with(struct str text, const struct list_options *options,
                        const char *want)
{
    _cleanup_(buf_done) struct buf got = {.max = 64 * 1024 * 1024};
    list_show(text, options, &got);
    assert_string_equal(buf_str(&got).data, want);
}

static void expect(struct str text, const char *want)
{
    expect_with(text, &usual, want);
}

/* --- formats --- */

static void plain_addresses_are_one_per_line(void **state)
{
    (void)state;
    expect(STR("\xef\xbb\xbf\r\nAnn@Mail.Example\r\n\n  Ben <ben@mail.example>  \n"
               "\"Doe, Cyd\" <cyd@mail.example>\rdan@mail.example"),
           "2: ann@mail.example - * 2026-11-26 12:00\n"
           "4: ben@mail.example - * 2026-11-26 12:00\n"
           "5: cyd@mail.example - * 2026-11-26 12:00\n"
           "6: dan@mail.example - * 2026-11-26 12:00\n");
}

static void lists_of_import_jobs_have_no_header(void **state)
{
    (void)state;
    expect(
        STR("a@x.example,BOUNCE\nb@x.example, COMPLAINT\r\n\"c@x.example\",\"BOUNCE\"\n"
            "d@x.example;bounce\ne@x.example,\n\"f@x.example\"\n"),
        "1: a@x.example BOUNCE * 2026-11-26 12:00\n"
        "2: b@x.example COMPLAINT * 2026-11-26 12:00\n"
        "3: c@x.example BOUNCE * 2026-11-26 12:00\n"
        "4: d@x.example BOUNCE * 2026-11-26 12:00\n"
        "5: e@x.example - * 2026-11-26 12:00\n"
        "6: f@x.example - * 2026-11-26 12:00\n");
}

static void our_own_columns_are_read_without_loss(void **state)
{
    (void)state;
    expect(STR("address,reason,scope,since,until,detail,origin,note\r\n"
               "a@x.example,SOFT,newsletter,2026-01-02T03:04:05.678Z,2026-12-01T00:00:00."
               "000Z,Transient/MailboxFull,event,\"says \"\"no\"\", \nand more\"\r\n"
               "b@x.example,BOUNCE,*,2026-01-02 03:04:05,,,person,\r\n"),
           "2: a@x.example SOFT newsletter 2026-01-02 03:04 until 2026-12-01 00:00 "
           "(Transient/MailboxFull) [says \"no\", \nand more]\n"
           "4: b@x.example BOUNCE * 2026-01-02 03:04\n");
}

static void complaint_19_lists_of_other_services_are_understood(void **state)
{
    (void)state;
    /* SendGrid, Mailgun (bounces, unsubscribes) and Postmark. */
    expect(STR("status,reason,email,created\n"
               "5.1.1,\"550 5.1.1 no such user, sorry\",a@x.example,1443651125\n"
               "4.4.7,450 mailbox busy,b@x.example,1443651125\n"),
           "2: a@x.example BOUNCE * 2015-09-30 22:12 (550 5.1.1 no such user, sorry)\n"
           "3! a temporary failure does not suppress; --reason BOUNCE imports it all "
           "the same\n");
    expect(STR("address,code,error,created_at\n"
               "a@x.example,550,No such mailbox,\"Fri, 18 Oct 2024 18:28:14 UTC\"\n"
               "b@x.example,605,,\"Fri, 18 Oct 2024 18:28:14 +0200\"\n"),
           "2: a@x.example BOUNCE * 2024-10-18 18:28 (No such mailbox)\n"
           "3: b@x.example BOUNCE * 2024-10-18 16:28\n");
    expect_with(STR("address;tags;created_at\n\"a@x.example\";*;\nb@x.example;news;\n"),
                &(struct list_options){.now_ms = NOW_MS, .reason = POLICY_REASON_MANUAL},
                "2: a@x.example MANUAL * 2026-11-26 12:00\n"
                "3: b@x.example MANUAL news 2026-11-26 12:00\n");
    expect(STR("EmailAddress\tSuppressionReason\tOrigin\tCreatedAt\n"
               "a@x.example\tHardBounce\tRecipient\t2019-12-17T08:58:33-05:00\n"
               "b@x.example\tSpamComplaint\tRecipient\t2019-12-17T08:58:33-05:00\n"
               "c@x.example\tManualSuppression\tCustomer\t2019-12-17\n"
               "d@x.example\tUnsubscribe\tRecipient\t\n"),
           "2: a@x.example BOUNCE * 2019-12-17 13:58 (HardBounce)\n"
           "3: b@x.example COMPLAINT * 2019-12-17 13:58 (SpamComplaint)\n"
           "4: c@x.example MANUAL * 2019-12-17 00:00 (ManualSuppression)\n"
           "5: d@x.example MANUAL * 2026-11-26 12:00 (unsubscribe)\n");
}

static void an_address_of_the_post_is_not_one_of_mail(void **state)
{
    (void)state;
    expect(STR("Name,Address,E-Mail,reason\nAnn,\"Main St 1, X\",a@x.example,BOUNCE\n"),
           "2: a@x.example BOUNCE * 2026-11-26 12:00\n");
}

static void pages_of_ses_are_read_one_behind_the_other(void **state)
{
    (void)state;
    expect(
        STR("{\n  \"NextToken\": \"a{[\",\n  \"SuppressedDestinationSummaries\": [\n"
            "    {\"EmailAddress\": \"A@x.example\", \"Reason\": \"BOUNCE\",\n"
            "     \"LastUpdateTime\": \"2020-04-10T21:03:05.114000+00:00\"},\n"
            "    {\"EmailAddress\": \"b@x.example\", \"Reason\": \"COMPLAINT\",\n"
            "     \"LastUpdateTime\": 1586552585.077}\n  ]\n}\n"
            "{\"SuppressedDestinationSummaries\": [], \"NextToken\": null}"
            "{\"SuppressedDestinationSummaries\": [{\"EmailAddress\":\"c@x.example\"}],"
            "\"NextToken\":\"]}\"}\n"
            "{\"SuppressedDestination\":{\"EmailAddress\":\"d@x.example\",\"Reason\":"
            "\"BOUNCE\",\"TenantName\":\"shop\",\"Attributes\":{\"MessageId\":\"1\"}}}"),
        "4: a@x.example BOUNCE * 2020-04-10 21:03\n"
        "6: b@x.example COMPLAINT * 2020-04-10 21:03\n"
        "10: c@x.example - * 2026-11-26 12:00\n"
        "11: d@x.example BOUNCE tenant:shop 2026-11-26 12:00\n");
}

static void json_is_one_object_a_line_or_an_array(void **state)
{
    (void)state;
    expect(STR("{\"emailAddress\":\"a@x.example\",\"reason\":\"BOUNCE\"}\r\n"
               "{\"address\":\"b\\u0040x.example\",\"scope\":null,\"reason\":\"MANUAL\","
               "\"since\":\"2026-01-01T00:00:00.000Z\",\"until\":null,\"note\":\"a\\nb\"}"
               "\n"),
           "1: a@x.example BOUNCE * 2026-11-26 12:00\n"
           "2: b@x.example MANUAL * 2026-01-01 00:00 [a\nb]\n");
    expect(STR("[{\"address\":\"a@x.example\",\"tags\":[\"news\"]},\n"
               "{\"address\":\"b@x.example\",\"tags\":[\"a\",\"b\"]}, "
               "{\"items\":[{\"address\":\"c@x.example\",\"tags\":[]}]}]"),
           "1: a@x.example - news 2026-11-26 12:00\n"
           "2! `[\"a\",\"b\"]` names several scopes; --scope says which one is meant\n"
           "2: c@x.example - * 2026-11-26 12:00\n");
}

/* --- options --- */

static void options_hold_where_the_file_says_nothing(void **state)
{
    (void)state;
    const struct list_options options = {
        .now_ms = NOW_MS, .scope = "shop", .reason = POLICY_REASON_COMPLAINT};
    expect_with(
        STR("email,reason,scope\na@x.example,,news\nb@x.example,BOUNCE,\n"
            "c@x.example,mail domain is unknown,\nd@x.example,unheard,\n"),
        &options,
        "2: a@x.example COMPLAINT shop 2026-11-26 12:00\n"
        "3: b@x.example BOUNCE shop 2026-11-26 12:00\n"
        "4: c@x.example COMPLAINT shop 2026-11-26 12:00 (mail domain is unknown)\n"
        "5! there is no reason `unheard`; write BOUNCE, COMPLAINT or MANUAL\n");
}

static void what_is_not_an_entry_is_reported_by_its_line(void **state)
{
    (void)state;
    expect(STR("email,reason,since,until\nnobody,BOUNCE,,\n,BOUNCE,,\n"
               "a@x.example,BOUNCE,yesterday,\nb@x.example,BOUNCE,2027-01-01,\n"
               "c@x.example,SOFT,,\nd@x.example,it was full,,\n"
               "e@x.example,SOFT,2026-11-27T12:00:01Z,2026-12-24\n"),
           "2! `nobody` is not a mail address: there is no @ in it\n"
           "3! it has no address\n"
           "4! `yesterday` is not a time; write 2026-01-31T12:00:00Z\n"
           "5! its time, 2027-01-01, lies in the future\n"
           "6! a SOFT entry is for a term: it needs a column `until`\n"
           "7! `it was full` is not a reason; --reason says what the file is about\n"
           "8: e@x.example SOFT * 2026-11-27 12:00 until 2026-12-24 00:00\n");
}

static void complaint_27_an_invisible_character_is_reported(void **state)
{
    (void)state;
    expect(STR("email\nann\xe2\x80\x8b@mail.example\n"),
           "2! `ann\xe2\x80\x8b@mail.example` is not a mail address: it contains U+200B "
           "after 'ann' (a zero-width character)\n");
    expect(STR("\xef\xbb\xbf"
               "email\nann@mail.example\n"),
           "2: ann@mail.example - * 2026-11-26 12:00\n");
    expect(
        STR("email,scope\nann@mail.example,a\xe2\x80\x8b\n"),
        "2! `a\xe2\x80\x8b` is not a scope: it contains U+200B after 'a' (a zero-width "
        "character)\n");
    expect(STR("\xff\xfe"
               "a\0@\0"),
           "refused: it is UTF-16; convert it: iconv -f UTF-16 -t UTF-8\n");
}

static void a_file_that_is_not_a_list_is_refused(void **state)
{
    (void)state;
    const char *header = "refused: its first line names no column of addresses; write a "
                         "header such as: email,reason,created_at\n";
    expect(STR("name,street\nAnn,Main St\n"), header);
    expect(STR("a@x.example,BOUNCE,2026-01-01\n"), header);
    expect(STR("PK\x03\x04zip"),
           "refused: it is a spreadsheet or an archive; save the sheet as CSV\n");
    expect(STR("\x1f\x8bgz"), "refused: it is compressed; gunzip it first\n");
    expect(STR(""), "");
    expect(STR("\n \r\n\t\n"), "");
}

/* --- hostile input --- */

static struct str repeated(struct buf *to, struct str begin, char c, size_t count,
                           struct str end)
{
    buf_init(to, 64 * 1024 * 1024);
    assert_int_equal(buf_append_str(to, begin), 0);
    assert_int_equal(buf_reserve(to, count + end.len), 0);
    memset(to->data + to->len, c, count);
    to->len += count;
    assert_int_equal(buf_append_str(to, end), 0);
    return buf_str(to);
}

#define MANY 10000000

static void a_line_without_end_is_passed_over(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf text = {0};
    struct str end = STR("@x.example\nb@x.example\n");
    expect(repeated(&text, STR("email\n"), 'a', MANY, end),
           "2! it is longer than an entry of a list\n"
           "3: b@x.example - * 2026-11-26 12:00\n");
    buf_done(&text);
    expect(repeated(&text, STR("c@x.example\n"), 'a', MANY, end),
           "1: c@x.example - * 2026-11-26 12:00\n"
           "2! it is longer than an entry of a list\n"
           "3: b@x.example - * 2026-11-26 12:00\n");
    buf_done(&text);
    expect(repeated(&text, STR("{\"email\":\""), 'a', MANY,
                    STR("\"}\n{\"email\":\"b@x.example\"}")),
           "1! it is longer than an entry of a list\n"
           "2: b@x.example - * 2026-11-26 12:00\n");
    buf_done(&text);
    expect(repeated(&text, STR(""), 'a', MANY, STR("")),
           "refused: its first line is longer than an entry of a list\n");
}

static void a_million_columns_are_passed_over(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf text = {0};
    expect(
        repeated(&text, STR("email\na@x.example"), ',', 1000000, STR("\nb@x.example\n")),
        "2! it is longer than an entry of a list\n"
        "3: b@x.example - * 2026-11-26 12:00\n");
    buf_done(&text);
    expect(repeated(&text, STR("email\na@x.example"), ',', 1000, STR("\nb@x.example\n")),
           "2: a@x.example - * 2026-11-26 12:00\n3: b@x.example - * 2026-11-26 12:00\n");
    buf_done(&text);
    expect(repeated(&text, STR("email"), ',', 1000000, STR("\nb@x.example\n")),
           "refused: its first line is longer than an entry of a list\n");
}

static void a_quotation_mark_that_is_not_closed_takes_one_line(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf text = {0};
    expect(STR("email,reason\n\"a@x.example,BOUNCE\nb@x.example,BOUNCE\n"),
           "2! a quotation mark is opened, and closed nowhere\n"
           "3: b@x.example BOUNCE * 2026-11-26 12:00\n");
    expect(
        STR("email,reason\n\"a@x.example,BOUNCE\n\"b@x.example\",BOUNCE\n"),
        "2! text follows behind a closing quotation mark; inside quotation marks, write "
        "two for one\n3: b@x.example BOUNCE * 2026-11-26 12:00\n");
    expect(repeated(&text, STR("email,reason\n\"a@x.example\n"), 'x', MANY,
                    STR("\nb@x.example,BOUNCE\n")),
           "2! a quotation mark is opened, and closed nowhere\n"
           "3! it is longer than an entry of a list\n"
           "4: b@x.example BOUNCE * 2026-11-26 12:00\n");
}

static void bytes_that_are_not_text_do_not_get_far(void **state)
{
    (void)state;
    expect(STR("email,detail,note\na\0b@x.example,,\nb@x.example,x\0y,\xe9\xff\n"),
           "2! `a` is not a mail address: it contains U+0000 after 'a' (a control "
           "character)\n3: b@x.example - * 2026-11-26 12:00 (x\xef\xbf\xbdy) "
           "[\xef\xbf\xbd\xef\xbf\xbd]\n");
    expect(STR("a@x.example\n\0\0\nb@x.example"),
           "1: a@x.example - * 2026-11-26 12:00\n"
           "2! `` is not a mail address: it begins with U+0000 (a control character)\n"
           "3: b@x.example - * 2026-11-26 12:00\n");
}

static void damaged_json_does_not_take_the_next_line_along(void **state)
{
    (void)state;
    expect(
        STR("{\"email\":\"a@x.example\nfoo\n{\"email\":\"b@x.example\"}\n{\"email\":1e}\n"
            "{\"email\" \"x\"}\n]\n{\"x\":{\"y\":1}}\n{\"email\":\"c@x.example\"}\n"
            "[[[[[{\"email\":\"d@x.example\"}\n{\"items\":[{\"email\":\"e@x.example\"},"),
        "1! it is not JSON\n2! it is not JSON\n3: b@x.example - * 2026-11-26 12:00\n"
        "4! it is not JSON: a number without digits in its exponent\n5! it is not "
        "JSON\n6! it is not JSON\n"
        "7! it has no address\n8: c@x.example - * 2026-11-26 12:00\n"
        "9! it is not JSON\n10: e@x.example - * 2026-11-26 12:00\n"
        "10! the file ends within its JSON: it is incomplete\n");
}

static void a_pipe_that_gives_a_byte_at_a_time_is_the_same(void **state)
{
    (void)state;
    int ends[2];
    struct list_file file;
    struct list_entry entry;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct str text = STR("email\r\n\"a@x.example\"\r\nb@x.example");
        for (size_t i = 0; i < text.len; i++)
            if (write(ends[1], text.data + i, 1) != 1)
                _exit(1);
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(list_file_open(&file, ends[0], &usual), LIST_FILE_ENTRY);
    assert_int_equal(list_file_next(&file, &entry), LIST_FILE_ENTRY);
    assert_string_equal(entry.address.key, "a@x.example");
    assert_int_equal(entry.since_ms, NOW_MS);
    assert_int_equal(list_file_next(&file, &entry), LIST_FILE_ENTRY);
    assert_string_equal(entry.address.key, "b@x.example");
    assert_int_equal(list_file_next(&file, &entry), LIST_FILE_END);
    list_file_close(&file);
    close(ends[0]);
}

static void records_across_the_window_are_whole(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf text = {.max = 64 * 1024 * 1024};
    struct list_entry entry;
    struct list_file file;
    const int rows = 40000;
    assert_int_equal(buf_append_str(&text, STR("email,note\n")), 0);
    for (int i = 0; i < rows; i++)
        (void)buf_printf(&text, "a%d@x.example,\"%.*s\"\"%d\"\r\n", i, i % 37,
                         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", i);
    _cleanup_(closep) int fd = file_with(buf_str(&text));
    assert_int_equal(list_file_open(&file, fd, &usual), LIST_FILE_ENTRY);
    for (int i = 0; i < rows; i++) {
        char want[64];
        assert_int_equal(list_file_next(&file, &entry), LIST_FILE_ENTRY);
        snprintf(want, sizeof(want), "a%d@x.example", i);
        assert_string_equal(entry.address.key, want);
        assert_int_equal(entry.note.len, (size_t)(i % 37) + strlen(want) - 10);
        assert_int_equal(file.line, i + 2);
    }
    assert_int_equal(list_file_next(&file, &entry), LIST_FILE_END);
    list_file_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_addresses_are_one_per_line),
        cmocka_unit_test(lists_of_import_jobs_have_no_header),
        cmocka_unit_test(our_own_columns_are_read_without_loss),
        cmocka_unit_test(complaint_19_lists_of_other_services_are_understood),
        cmocka_unit_test(an_address_of_the_post_is_not_one_of_mail),
        cmocka_unit_test(pages_of_ses_are_read_one_behind_the_other),
        cmocka_unit_test(json_is_one_object_a_line_or_an_array),
        cmocka_unit_test(options_hold_where_the_file_says_nothing),
        cmocka_unit_test(what_is_not_an_entry_is_reported_by_its_line),
        cmocka_unit_test(complaint_27_an_invisible_character_is_reported),
        cmocka_unit_test(a_file_that_is_not_a_list_is_refused),
        cmocka_unit_test(a_line_without_end_is_passed_over),
        cmocka_unit_test(a_million_columns_are_passed_over),
        cmocka_unit_test(a_quotation_mark_that_is_not_closed_takes_one_line),
        cmocka_unit_test(bytes_that_are_not_text_do_not_get_far),
        cmocka_unit_test(damaged_json_does_not_take_the_next_line_along),
        cmocka_unit_test(a_pipe_that_gives_a_byte_at_a_time_is_the_same),
        cmocka_unit_test(records_across_the_window_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
