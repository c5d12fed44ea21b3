/*
 * Messages of SES. Most cases are folders under tests/data/ses, each named by what it
 * claims: `input.json`, and `expect`, which is the event and its judgement as lines of
 * text. SES_EXPECT_WRITE=1 rewrites `expect`, to be read before it is committed.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"
#include "sesbounce/policy.h"
#include "sesbounce/ses_event.h"

#define DATA           "tests/data/ses"
#define FILE_BYTES_MAX (4 * 1024 * 1024)

static char campaign_tag[] = "tag:campaign";
static char campaign_header[] = "header:X-Campaign";
static char *const campaigns[] = {campaign_tag, campaign_header};
static const struct ses_rules RULES = {NULL, 0, campaigns, 2};

/* --- an event as text ------------------------------------------------------------ */

static void put_text(struct buf *to, const char *name, struct str text)
{
    if (!str_present(text))
        return;
    assert_int_equal(buf_printf(to, "%s = ", name), 0);
    for (size_t i = 0; i < text.len; i++)
        assert_int_equal(text.data[i] ? buf_append_char(to, text.data[i])
                                      : buf_append_str(to, STR("\\0")),
                         0);
    assert_int_equal(buf_append_char(to, '\n'), 0);
}

static void put_time(struct buf *to, const char *name, int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];
    if (ms == CLOCK_NONE)
        return;
    clock_format_rfc3339(ms, text);
    put_text(to, name, str_of(text));
}

static void put_number(struct buf *to, const char *name, size_t number)
{
    if (number)
        assert_int_equal(buf_printf(to, "%s = %zu\n", name, number), 0);
}

static const char *effect_word(enum policy_effect effect)
{
    static const char *const words[] = {
        [POLICY_EFFECT_NONE] = "recorded", [POLICY_EFFECT_SUPPRESS] = "suppressed",
        [POLICY_EFFECT_SOFT] = "soft",     [POLICY_EFFECT_DOUBTFUL] = "doubtful",
        [POLICY_EFFECT_HOLD] = "held",     [POLICY_EFFECT_LIFT] = "lifts",
        [POLICY_EFFECT_RESET] = "resets",
    };
    return words[effect];
}

static void put_recipient(struct buf *to, const struct ses_event *event,
                          const struct ses_recipient *recipient)
{
    struct policy_judgement judged;

    put_text(to, "recipient", str_of(recipient->address.key));
    put_text(to, " seen", str_of(recipient->address.seen));
    put_text(to, " reported", recipient->reported);
    put_text(to, " action", recipient->action);
    put_text(to, " status", recipient->status);
    put_text(to, " diagnostic", recipient->diagnostic);
    policy_judge(&policy_built_in, event, recipient, &judged);
    put_text(to, " rule", str_of(judged.rule));
    put_text(to, " class", str_of(policy_class_word(judged.class)));
    put_text(to, " cause", str_of(policy_cause_word(judged.cause)));
    put_text(to, " effect", str_of(effect_word(judged.effect)));
    put_text(to, " reason", str_of(policy_reason_word(judged.reason)));
    if (judged.detail[0])
        put_text(to, " detail", str_of(judged.detail));
    if (judged.term_ms == POLICY_FOR_EVER)
        put_text(to, " term", STR("permanent"));
    else
        put_number(to, " term days", (size_t)(judged.term_ms / CLOCK_DAY_MS));
}

static void put_event(struct buf *to, const struct ses_event *event)
{
    put_text(to, "type", event->type_text);
    put_text(to, "bounce_type", event->bounce_type_text);
    put_text(to, "bounce_subtype", event->bounce_subtype);
    put_text(to, "complaint_subtype", event->complaint_subtype);
    put_text(to, "feedback_type", event->feedback_type);
    put_text(to, "feedback_id", event->feedback_id);
    put_time(to, "ses_time", event->ses_time_ms);
    put_time(to, "sent", event->sent_ms);
    put_text(to, "diagnostic", event->diagnostic);
    put_text(to, "reporting_mta", event->reporting_mta);
    put_text(to, "remote_mta_ip", event->remote_mta_ip);
    put_text(to, "user_agent", event->user_agent);
    put_text(to, "ses_message_id", event->ses_message_id);
    put_text(to, "source", event->source);
    put_text(to, "from_domain", event->from_domain);
    put_text(to, "identity", event->identity);
    put_text(to, "account_id", event->account_id);
    put_text(to, "region", event->region);
    put_text(to, "configuration_set", event->configuration_set);
    put_text(to, "tenant", event->tenant);
    put_text(to, "source_ip", event->source_ip);
    put_text(to, "campaign", event->campaign);
    put_text(to, "tags", event->tags);
    put_text(to, "subject", event->subject);
    put_text(to, "message_id_header", event->message_id_header);
    put_text(to, "contact_list", event->contact_list);
    put_text(to, "bridge_id", event->bridge_id);
    put_text(to, "sending_status", event->sending_status);
    put_text(to, "sending_cause", event->sending_cause);
    put_text(to, "sending_origin", event->sending_origin);
    put_number(to, "destination_count", event->destination_count);
    put_number(to, "candidates", event->candidates);
    put_number(to, "opt_out", event->opt_out);
    for (size_t i = 0; i < event->recipient_count; i++)
        put_recipient(to, event, &event->recipients[i]);
}

static void put_outcome(struct buf *to, struct str text)
{
    struct ses_event event;
    enum quarantine_reason reason;

    switch (ses_event_parse(text, &RULES, &event, &reason)) {
    case SES_PARSED_EVENT:
        put_event(to, &event);
        break;
    case SES_PARSED_ANNOUNCEMENT:
        put_text(to, "announcement", STR("yes"));
        break;
    case SES_PARSED_QUARANTINE:
        put_text(to, "quarantine", str_of(quarantine_word(reason)));
        break;
    case SES_PARSED_NO_MEMORY:
        fail_msg("no memory");
    }
    ses_event_done(&event);
}

/* --- the folders ----------------------------------------------------------------- */

static void read_file(const char *folder, const char *name, struct buf *ret)
{
    char path[512];
    char chunk[4096];
    size_t got;

    buf_clear(ret);
    (void)snprintf(path, sizeof(path), DATA "/%s/%s", folder, name);
    _cleanup_(fclosep) FILE *file = fopen(path, "re");
    while (file && (got = fread(chunk, 1, sizeof(chunk), file)) > 0)
        assert_int_equal(buf_append(ret, chunk, got), 0);
}

static void write_expect(const char *folder, struct str text)
{
    char path[512];

    (void)snprintf(path, sizeof(path), DATA "/%s/expect", folder);
    _cleanup_(fclosep) FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
}

static bool check_case(const char *folder)
{
    _cleanup_(buf_done) struct buf input;
    _cleanup_(buf_done) struct buf expect;
    _cleanup_(buf_done) struct buf got;

    buf_init(&input, FILE_BYTES_MAX);
    buf_init(&expect, FILE_BYTES_MAX);
    buf_init(&got, FILE_BYTES_MAX);
    read_file(folder, "input.json", &input);
    read_file(folder, "expect", &expect);
    put_outcome(&got, buf_str(&input));
    if (getenv("SES_EXPECT_WRITE"))
        write_expect(folder, buf_str(&got));
    else if (!str_equal(buf_str(&expect), buf_str(&got))) {
        printf("%s: got\n%s\n", folder, got.data);
        return false;
    }
    return true;
}

static void closedirp(DIR **directory)
{
    if (*directory)
        (void)closedir(*directory);
}

static void every_folder_keeps_its_claim(void **state)
{
    (void)state;
    size_t cases = 0;
    size_t wrong = 0;
    const struct dirent *entry;
    _cleanup_(closedirp) DIR *directory = opendir(DATA);

    assert_non_null(directory); /* run from the top of the repository */
    while ((entry = readdir(directory))) {
        if (entry->d_name[0] == '.')
            continue;
        wrong += !check_case(entry->d_name);
        cases++;
    }
    assert_int_equal(wrong, 0);
    assert_true(cases >= 40);
}

/* --- bounds ---------------------------------------------------------------------- */

static enum ses_parse parse_quarantined(struct str text, enum quarantine_reason *ret)
{
    struct ses_event event;
    enum ses_parse parse = ses_event_parse(text, &RULES, &event, ret);
    ses_event_done(&event);
    return parse;
}

static void fill(struct buf *to, const char *head, const char *piece, size_t times,
                 const char *tail)
{
    buf_clear(to);
    assert_int_equal(buf_append_str(to, str_of(head)), 0);
    for (size_t i = 0; i < times; i++)
        assert_int_equal(buf_append_str(to, str_of(piece)), 0);
    assert_int_equal(buf_append_str(to, str_of(tail)), 0);
}

static void what_would_take_too_much_memory_is_not_built(void **state)
{
    (void)state;
    enum quarantine_reason reason;
    _cleanup_(buf_done) struct buf text;

    buf_init(&text, FILE_BYTES_MAX);
    fill(&text, "{\"eventType\":\"Send\",\"x\":", "[", 100000, "");
    assert_int_equal(parse_quarantined(buf_str(&text), &reason), SES_PARSED_QUARANTINE);
    assert_int_equal(reason, QUARANTINE_TOO_LARGE);

    fill(&text, "{\"eventType\":\"Send\",\"x\":[{}", ",{}", SES_VALUES_MAX, "]}");
    assert_int_equal(parse_quarantined(buf_str(&text), &reason), SES_PARSED_QUARANTINE);
    assert_int_equal(reason, QUARANTINE_TOO_LARGE);

    fill(&text, "{\"eventType\":\"Send\",\"mail\":{\"destination\":[\"a@b.example\"",
         ",\"a@b.example\"", SES_RECIPIENTS_MAX, "]}}");
    assert_int_equal(parse_quarantined(buf_str(&text), &reason), SES_PARSED_QUARANTINE);
    assert_int_equal(reason, QUARANTINE_TOO_LARGE);
}

static void more_than_100_are_named_only_where_as_many_were_written_to(void **state)
{
    static const struct {
        size_t named, written_to;
        enum ses_parse expected;
    } cases[] = {
        {100, 0, SES_PARSED_EVENT},
        {101, 0, SES_PARSED_QUARANTINE},
        {101, 100, SES_PARSED_QUARANTINE},
        {101, 101, SES_PARSED_EVENT},
        {SES_RECIPIENTS_MAX, SES_RECIPIENTS_MAX, SES_PARSED_EVENT},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum quarantine_reason reason = QUARANTINE_NONE;
        _cleanup_(buf_done) struct buf text;

        buf_init(&text, FILE_BYTES_MAX);
        (void)buf_append_str(&text, STR("{\"eventType\":\"Delivery\",\"delivery\":{"
                                        "\"recipients\":["));
        for (size_t n = 0; n < cases[i].named; n++)
            (void)buf_printf(&text, "%s\"u%zu@b.example\"", n ? "," : "", n);
        (void)buf_append_str(&text, STR("]},\"mail\":{\"destination\":["));
        for (size_t n = 0; n < cases[i].written_to; n++)
            (void)buf_printf(&text, "%s\"u%zu@b.example\"", n ? "," : "", n);
        assert_int_equal(buf_append_str(&text, STR("]}}")), 0);
        assert_int_equal(parse_quarantined(buf_str(&text), &reason), cases[i].expected);
        assert_int_equal(reason, cases[i].expected == SES_PARSED_EVENT
                                     ? QUARANTINE_NONE
                                     : QUARANTINE_TOO_LARGE);
    }
}

static void braces_within_text_are_not_counted(void **state)
{
    (void)state;
    enum quarantine_reason reason;
    _cleanup_(buf_done) struct buf text;

    buf_init(&text, FILE_BYTES_MAX);
    fill(&text, "{\"eventType\":\"Send\",\"x\":\"\\\\\\\"", "[{,:", 100000, "\\\\\"}");
    assert_int_equal(parse_quarantined(buf_str(&text), &reason), SES_PARSED_EVENT);
}

static void tags_lose_only_the_white_space_between_their_parts(void **state)
{
    (void)state;
    struct ses_event event;
    enum quarantine_reason reason;
    struct str text = STR("{\"eventType\":\"Send\",\"mail\":{\"tags\": { \"a b\" :\t[\n"
                          "\"c \\\" d\\\\\" , \" e\" ] } } }");

    assert_int_equal(ses_event_parse(text, NULL, &event, &reason), SES_PARSED_EVENT);
    assert_true(str_equal(event.tags, STR("{\"a b\":[\"c \\\" d\\\\\",\" e\"]}")));
    ses_event_done(&event);
}

static void tags_that_are_too_long_are_left_out_whole(void **state)
{
    (void)state;
    struct ses_event event;
    enum quarantine_reason reason;
    _cleanup_(buf_done) struct buf text;
    const char *head = "{\"eventType\":\"Send\",\"mail\":{\"tags\":{\"a\":[\"";

    buf_init(&text, FILE_BYTES_MAX);
    fill(&text, head, "0123456789", 800, "\"]}}}");
    assert_int_equal(ses_event_parse(buf_str(&text), NULL, &event, &reason),
                     SES_PARSED_EVENT);
    assert_int_equal(event.tags.len, 8000 + 10);
    assert_true(str_starts_with(event.tags, STR("{\"a\":[\"0123456789")));
    assert_true(str_ends_with(event.tags, STR("0123456789\"]}")));
    ses_event_done(&event);

    fill(&text, head, "0123456789", SES_TAGS_BYTES_MAX / 10 + 1, "\"]}}}");
    assert_int_equal(ses_event_parse(buf_str(&text), NULL, &event, &reason),
                     SES_PARSED_EVENT);
    assert_false(str_present(event.tags));
    ses_event_done(&event);
}

/* --- keeping and keys ------------------------------------------------------------ */

static void a_type_named_outright_goes_before_the_star(void **state)
{
    (void)state;
    char star[] = "*";
    char open[] = "Open";
    char send[] = "Send";
    const struct ses_rule rules[] = {
        {star, SES_IGNORE}, {send, SES_COUNT}, {open, SES_KEEP}, {star, SES_COUNT}};
    struct ses_rules table = {.rules = rules, .rule_count = 4};
    struct ses_event event = {.type_text = STR("Open")};

    assert_int_equal(ses_event_keeping(&event, &table), SES_KEEP);
    event.type_text = STR("Send");
    assert_int_equal(ses_event_keeping(&event, &table), SES_COUNT);
    event.type_text = STR("Pigeon");
    assert_int_equal(ses_event_keeping(&event, &table), SES_IGNORE);
    table.rules = rules + 1;
    table.rule_count = 2;
    assert_int_equal(ses_event_keeping(&event, &table), SES_KEEP);
    assert_int_equal(ses_event_keeping(&event, NULL), SES_KEEP);
}

static struct ses_event keyed_event(struct ses_recipient *recipient, const char *address)
{
    *recipient = (struct ses_recipient){.action = STR_ABSENT};
    assert_int_equal(address_parse(str_of(address), &recipient->address), 0);
    return (struct ses_event){
        .type_text = STR("Bounce"),
        .feedback_id = STR("0100018e0e1b3fff-aaaabbbb-1111-000000"),
        .ses_message_id = STR("0100018e0e1b2a3b-5f0c7d1e-2222-000000"),
        .ses_time_ms = 1709633731500,
    };
}

static bool same_key(struct ses_key a, struct ses_key b)
{
    return a.time_ms == b.time_ms && a.hash == b.hash;
}

static void the_same_bounce_through_two_feeds_has_one_key_9(void **state)
{
    (void)state;
    struct ses_recipient one;
    struct ses_recipient two;
    struct ses_key a;
    struct ses_key b;
    struct ses_event event = keyed_event(&one, "Ann@mail.example");
    struct ses_event other = keyed_event(&two, "<ann@MAIL.example>");

    other.ses_time_ms = CLOCK_NONE;
    other.ses_message_id = STR_ABSENT;
    assert_true(ses_event_key(&event, &one, &a));
    assert_true(ses_event_key(&other, &two, &b));
    assert_true(same_key(a, b));
    assert_int_equal(a.time_ms, 0x018e0e1b3fff);
}

static void a_wrappers_time_is_in_no_key(void **state)
{
    (void)state;
    struct ses_recipient ann;
    struct ses_key bare;
    struct ses_key wrapped;
    struct ses_event event = keyed_event(&ann, "ann@mail.example");

    event.feedback_id = STR_ABSENT;
    event.ses_time_ms = CLOCK_NONE;
    assert_true(ses_event_key(&event, &ann, &bare));
    event.ses_time_ms = 1710000000000;
    event.time_is_bridges = true;
    assert_true(ses_event_key(&event, &ann, &wrapped));
    assert_true(same_key(bare, wrapped));
}

static void another_type_id_address_or_time_has_another_key(void **state)
{
    (void)state;
    struct ses_recipient ann;
    struct ses_recipient bob;
    struct ses_key keys[8];
    size_t count = 0;
    struct ses_event event = keyed_event(&bob, "bob@mail.example");

    event = keyed_event(&ann, "ann@mail.example");
    assert_true(ses_event_key(&event, &ann, &keys[count++]));
    assert_true(ses_event_key(&event, &bob, &keys[count++]));
    assert_true(ses_event_key(&event, NULL, &keys[count++]));
    event.type_text = STR("Complaint");
    assert_true(ses_event_key(&event, &ann, &keys[count++]));
    event.feedback_id = STR_ABSENT;
    assert_true(ses_event_key(&event, &ann, &keys[count++]));
    event.ses_time_ms++;
    assert_true(ses_event_key(&event, &ann, &keys[count++]));
    event.ses_message_id = STR("0100018e0e1b2a3b-5f0c7d1e-2222-000001");
    assert_true(ses_event_key(&event, &ann, &keys[count++]));
    event.ses_message_id = STR("m-1");
    assert_true(ses_event_key(&event, &ann, &keys[count++]));
    assert_int_equal(keys[count - 1].time_ms, event.ses_time_ms);

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(keys[i].hash != keys[j].hash);
}

static void a_key_is_the_same_on_every_machine(void **state)
{
    (void)state;
    struct ses_recipient ann;
    struct ses_key key;
    struct ses_event event = keyed_event(&ann, "ann@mail.example");

    assert_true(ses_event_key(&event, &ann, &key));
    assert_int_equal(key.hash, INT64_C(-6413471414577127206));
}

static void without_any_id_there_is_no_key(void **state)
{
    (void)state;
    struct ses_event event = {.type_text = STR("Bounce"), .ses_time_ms = 1};
    struct ses_key key = {7, 7};

    assert_false(ses_event_key(&event, NULL, &key));
    assert_int_equal(key.hash, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_folder_keeps_its_claim),
        cmocka_unit_test(what_would_take_too_much_memory_is_not_built),
        cmocka_unit_test(more_than_100_are_named_only_where_as_many_were_written_to),
        cmocka_unit_test(braces_within_text_are_not_counted),
        cmocka_unit_test(tags_lose_only_the_white_space_between_their_parts),
        cmocka_unit_test(tags_that_are_too_long_are_left_out_whole),
        cmocka_unit_test(a_type_named_outright_goes_before_the_star),
        cmocka_unit_test(the_same_bounce_through_two_feeds_has_one_key_9),
        cmocka_unit_test(a_wrappers_time_is_in_no_key),
        cmocka_unit_test(another_type_id_address_or_time_has_another_key),
        cmocka_unit_test(a_key_is_the_same_on_every_machine),
        cmocka_unit_test(without_any_id_there_is_no_key),
    };
    return cmocka_run_group_tests_name("ses_event", tests, NULL, NULL);
}
