/* policy list: the table in force. policy test: what one message would do, without doing
 * it. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/files.h"
#include "ctl/limits.h"
#include "sesbounce/arn.h"
#include "sesbounce/intake.h"
#include "sesbounce/rule_text.h"

/* --- list ------------------------------------------------------------------------ */

static const char *const list_columns[] = {
    "rule", "applies_to", "class",   "cause",    "effect",      "reason",
    "term", "flags",      "outcome", "override", "explanation", NULL};
static const char *const list_table[] = {"rule",  "applies_to", "class", "outcome",
                                         "flags", "override",   NULL};
#define LIST_COLUMNS 11

/* Texts of one row. */
struct rule_texts {
    struct buf condition, outcome, flags, term, override;
};

static void rule_texts_init(struct rule_texts *texts)
{
    struct buf *const all[] = {&texts->condition, &texts->outcome, &texts->flags,
                               &texts->term, &texts->override};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        buf_init(all[i], CTL_MESSAGE_BYTES_MAX);
}

static void rule_texts_done(struct rule_texts *texts)
{
    buf_done(&texts->condition);
    buf_done(&texts->outcome);
    buf_done(&texts->flags);
    buf_done(&texts->term);
    buf_done(&texts->override);
}

/* Where it is overridden: `FILE:LINE: rule = permanent-policy suppress 60d`. */
static int override_write(const struct ctl *ctl, const struct policy_override *by,
                          struct buf *ret)
{
    const char *file = ctl->value[OPTION_CONFIG];
    size_t index = (size_t)(by - ctl->settings->policy.overrides);
    size_t line = settings_item_line_of(ctl->settings, "suppression", "rule", index);
    return buf_printf(ret, "%s:%zu: rule = %s", file ? file : SETTINGS_DEFAULT_FILE, line,
                      ctl->settings->suppression.rule.items[index]);
}

static int rule_texts_write(const struct ctl *ctl, const struct policy_rule *rule,
                            const struct policy_judgement *judgement,
                            struct rule_texts *texts)
{
    const struct policy_override *by = policy_override_of(&ctl->settings->policy, rule);
    int r = rule_condition(&texts->condition, rule);
    if (r == 0)
        r = rule_effect(&texts->outcome, judgement);
    if (r == 0)
        r = rule_flags(&texts->flags, judgement);
    if (r == 0 && judgement->term_ms == POLICY_FOR_EVER)
        r = buf_append_str(&texts->term, STR("permanent"));
    else if (r == 0 && judgement->term_ms > 0)
        r = rule_duration(&texts->term, judgement->term_ms);
    return r == 0 && by ? override_write(ctl, by, &texts->override) : r;
}

static struct store_value text_value(const char *name, const struct buf *buf)
{
    return output_str(name, buf->len > 0 ? buf_str(buf) : STR_ABSENT);
}

static int rule_print(const struct ctl *ctl, struct output *output,
                      const struct policy_rule *rule)
{
    _cleanup_(rule_texts_done) struct rule_texts texts;
    struct policy_judgement judgement;
    rule_texts_init(&texts);
    policy_rule_judge(&ctl->settings->policy, rule, &judgement);
    int r = rule_texts_write(ctl, rule, &judgement, &texts);
    if (r < 0)
        return output->fault = r;
    const struct store_value row[LIST_COLUMNS] = {
        output_text("rule", rule->name),
        text_value("applies_to", &texts.condition),
        output_text("class", policy_class_word(judgement.class)),
        output_text("cause", policy_cause_word(judgement.cause)),
        output_text("effect", policy_effect_word(judgement.effect)),
        output_text("reason", policy_reason_word(judgement.reason)),
        text_value("term", &texts.term),
        text_value("flags", &texts.flags),
        text_value("outcome", &texts.outcome),
        text_value("override", &texts.override),
        output_text("explanation", rule->explanation),
    };
    return ctl->format == OUTPUT_TABLE && ctl_given(ctl, OPTION_RULE)
               ? output_record(output, row, LIST_COLUMNS, false)
               : output_row(output, row, LIST_COLUMNS);
}

/* What decides apart from the rules. */
static void beside_note(const struct policy *policy)
{
    _cleanup_(buf_done) struct buf text = {.max = CTL_MESSAGE_BYTES_MAX};
    if (policy->soft_days == 0) {
        ctl_note("soft bounces are only recorded: [suppression] soft_days is 0");
    } else if (buf_printf(&text,
                          "soft bounces on %lld days put an address on the list "
                          "(SOFT) for ",
                          (long long)policy->soft_days) == 0 &&
               rule_duration(&text, policy->soft_term_ms) == 0 &&
               buf_append_str(&text, STR(", if these days lie within ")) == 0 &&
               rule_duration(&text, policy->soft_window_ms) == 0) {
        ctl_note("%s", buf_str(&text).data);
    }
    ctl_note("the outage guard is %s; events of SES's mailbox simulator suppress for a "
             "short term only; entries of imported lists have no rule: see "
             "sesbounced-policy(7)",
             policy->guard ? "on, and holds the hard bounces of a provider's outage"
                           : "off");
}

int cmd_policy_list(struct ctl *ctl)
{
    static const struct output_columns shown = {list_table, list_columns};
    const char *only = ctl->value[OPTION_RULE];
    const struct policy_rule *rule;
    struct output output;
    int r = 0;
    if (!ctl_settings(ctl))
        return CTL_COULD_NOT;
    if (only && policy_rule_index(str_of(only)) == POLICY_RULE_NONE)
        return ctl_fail("there is no rule `%s`; type: %s policy list", only,
                        command_reads(ctl));
    ctl_output(ctl, &output, &shown);
    for (size_t i = 0; r == 0 && (rule = policy_rule_at(i)); i++)
        if (!only || strcmp(rule->name, only) == 0)
            r = rule_print(ctl, &output, rule);
    int code = ctl_output_end(ctl, &output, r);
    if (code == CTL_DONE && !only && ctl->format == OUTPUT_TABLE)
        beside_note(&ctl->settings->policy);
    return code;
}

/* --- test ------------------------------------------------------------------------ */

static const char *const test_columns[] = {
    "address", "class",  "cause",  "rule",  "effect",     "reason",      "scope",
    "term",    "detail", "change", "until", "suppresses", "explanation", NULL};
static const char *const test_table[] = {"address", "class", "cause", "rule",   "effect",
                                         "reason",  "scope", "term",  "change", NULL};
#define TEST_COLUMNS 13

struct test {
    struct ctl *ctl;
    const struct intake *intake;
    struct output output;
    bool suppresses; /* somebody */
};

/* One effect on one recipient. `preview` NULL: there is no database to compare with. */
struct tested {
    const struct ses_recipient *recipient; /* NULL: the event is about nobody */
    const struct policy_judgement *judgement;
    const char *scope; /* NULL: it takes effect in none */
    const struct store_preview *preview;
};

/* The change that the event makes, not what ended by itself before. */
static const struct policy_line *change_line(const struct policy_change *change)
{
    for (size_t i = change->line_count; i-- > 0;)
        if (change->lines[i].action != POLICY_ACTION_EXPIRED)
            return &change->lines[i];
    return NULL;
}

/* Is the address on the list by this afterwards? */
static bool tested_suppresses(const struct test *test, const struct tested *tested)
{
    enum policy_effect effect = tested->judgement->effect;
    if (!tested->scope ||
        (effect != POLICY_EFFECT_SUPPRESS && effect != POLICY_EFFECT_SOFT &&
         effect != POLICY_EFFECT_DOUBTFUL))
        return false;
    if (!tested->preview)
        return effect == POLICY_EFFECT_SUPPRESS;
    const struct policy_entry *entry =
        &tested->preview->after->entries[tested->judgement->reason];
    return entry->exists && !entry->lifted && !entry->held &&
           entry->until_ms > test->ctl->now_ms;
}

static const char *change_word(const struct test *test, const struct tested *tested)
{
    if (!tested->preview)
        return test->ctl->store ? "none" : NULL;
    if (tested->preview->is_known)
        return "none: the event is stored already";
    const struct policy_line *line = change_line(tested->preview->change);
    if (line)
        return policy_action_word(line->action);
    if (tested->judgement->list_hit && tested->preview->after->removed_ms != CLOCK_NONE &&
        !tested_suppresses(test, tested))
        return "none: a person removed the address";
    return tested->preview->change->softs ? "a day with a soft bounce" : "none";
}

static struct store_value until_value(const struct tested *tested)
{
    const struct policy_line *line =
        tested->preview ? change_line(tested->preview->change) : NULL;
    if (!line)
        return output_time("until", CLOCK_NONE);
    int64_t until_ms = tested->preview->after->entries[line->entry].until_ms;
    return output_time("until", until_ms == POLICY_FOR_EVER ? CLOCK_NONE : until_ms);
}

static const char *tested_address(const struct tested *tested)
{
    return tested->recipient && *tested->recipient->address.key
               ? tested->recipient->address.key
               : NULL;
}

static int tested_print(struct test *test, const struct tested *tested)
{
    _cleanup_(buf_done) struct buf term = {.max = CTL_MESSAGE_BYTES_MAX};
    const struct policy_judgement *judgement = tested->judgement;
    const struct policy_rule *rule =
        policy_rule_at(policy_rule_index(str_of(judgement->rule)));
    bool suppresses = tested_suppresses(test, tested);
    int r = 0;
    /* That of a SOFT entry depends on the days. */
    if (judgement->effect == POLICY_EFFECT_SOFT)
        r = 0;
    else if (judgement->term_ms == POLICY_FOR_EVER)
        r = buf_append_str(&term, STR("permanent"));
    else if (judgement->term_ms > 0)
        r = rule_duration(&term, judgement->term_ms);
    if (r < 0)
        return test->output.fault = r;
    test->suppresses = test->suppresses || suppresses;
    const struct store_value row[TEST_COLUMNS] = {
        output_text("address", tested_address(tested)),
        output_text("class", policy_class_word(judgement->class)),
        output_text("cause", policy_cause_word(judgement->cause)),
        output_text("rule", rule ? rule->name : NULL),
        output_text("effect", test->intake->kind == INTAKE_COUNT &&
                                      judgement->effect == POLICY_EFFECT_NONE
                                  ? "count"
                                  : policy_effect_word(judgement->effect)),
        output_text("reason", policy_reason_word(judgement->reason)),
        output_text("scope", tested->scope),
        text_value("term", &term),
        output_text("detail", *judgement->detail ? judgement->detail : NULL),
        output_text("change", change_word(test, tested)),
        until_value(tested),
        output_boolean("suppresses", suppresses),
        output_text("explanation", rule ? rule->explanation : NULL),
    };
    return output_row(&test->output, row, TEST_COLUMNS);
}

/* Nothing is kept about the address that this could change. */
static int recipient_print(struct test *test, size_t i)
{
    const struct ses_event *event = &test->intake->event;
    const struct policy_judgement *judgement = intake_judgement(test->intake, i);
    struct policy_share shares[POLICY_SHARES_MAX];
    size_t count = judgement->effect == POLICY_EFFECT_RESET
                       ? 0
                       : policy_share(judgement, &test->intake->scoped, shares);
    struct tested tested = {.recipient =
                                event->recipient_count > 0 ? &event->recipients[i] : NULL,
                            .judgement = judgement};
    if (count == 0)
        return tested_print(test, &tested);
    int r = 0;
    for (size_t share = 0; share < count && r == 0; share++) {
        tested.judgement = &shares[share].judgement;
        tested.scope = shares[share].scope;
        r = tested_print(test, &tested);
    }
    return r;
}

struct preview_walk {
    struct test *test;
    size_t next; /* the recipient that nothing was printed of yet */
};

/* Those without any effect are not in the preview. */
static int recipients_pass(struct preview_walk *walk, size_t to)
{
    int r = 0;
    while (walk->next < to && r == 0)
        r = recipient_print(walk->test, walk->next++);
    return r;
}

static int preview_print(void *context, const struct store_preview *preview)
{
    struct preview_walk *walk = context;
    const struct ses_event *event = &walk->test->intake->event;
    const struct tested tested = {&event->recipients[preview->recipient],
                                  preview->judgement, preview->scope, preview};
    int r = recipients_pass(walk, preview->recipient);
    if (walk->next == preview->recipient)
        walk->next++;
    return r < 0 ? r : tested_print(walk->test, &tested);
}

/* Opens the database if it is there: without it, only the rule is known. */
static bool store_open_quietly(struct ctl *ctl)
{
    _cleanup_(buf_done) struct buf fault = {.max = CTL_MESSAGE_BYTES_MAX};
    const char *path = ctl_store_path(ctl);
    int r = path ? store_open(path, STORE_READ, &ctl->store, &fault) : -ENOENT;
    if (r < 0)
        ctl_note("without the database: %s; `change` is not known", strerror(-r));
    return r == 0;
}

static int event_test(struct ctl *ctl, const struct intake *intake)
{
    static const struct output_columns shown = {test_table, test_columns};
    struct test test = {.ctl = ctl, .intake = intake};
    struct preview_walk walk = {&test, 0};
    size_t count = intake->event.recipient_count;
    bool has_store = store_open_quietly(ctl);
    int r = 0;
    ctl_output(ctl, &test.output, &shown);
    if (has_store)
        r = store_preview(ctl->store, intake, preview_print, &walk);
    if (r == 0)
        r = recipients_pass(&walk, count > 0 ? count : 1);
    int code = ctl_output_end(ctl, &test.output, r);
    return code == CTL_DONE && test.suppresses ? CTL_NO : code;
}

static int intake_test(struct ctl *ctl, const struct intake *intake)
{
    switch (intake->kind) {
    case INTAKE_KEEP:
    case INTAKE_COUNT:
        return event_test(ctl, intake);
    case INTAKE_IGNORE:
        ctl_note("nothing happens: [events] ignore names the type %.*s",
                 STR_ARG(intake->event.type_text));
        return CTL_DONE;
    case INTAKE_QUARANTINE:
        return ctl_fail("it would go to quarantine: %s; see sesbounced(8)",
                        quarantine_word(intake->reason));
    case INTAKE_ANNOUNCEMENT:
        ctl_note("nothing happens: SES announces itself");
        return CTL_DONE;
    case INTAKE_CONFIRM:
    case INTAKE_UNSUBSCRIBED:
        ctl_note("it concerns a subscription, and no address");
        return CTL_DONE;
    }
    return CTL_COULD_NOT;
}

static void envelope_note(struct ctl *ctl, const struct sns_message *message)
{
    struct arn arn;
    ctl_note("the signature is not verified; to verify it, type: %s message verify FILE",
             command_reads(ctl));
    if (!arn_parse(message->topic_arn, &arn) ||
        !settings_topic_is_allowed(ctl->settings, &arn))
        ctl_note("the daemon would refuse it: its topic is not in [sns] topic");
}

static int body_test(struct ctl *ctl, struct str body)
{
    _cleanup_(sns_message_done) struct sns_message message = {0};
    _cleanup_(intake_done) struct intake intake = {.judgements = NULL};
    const struct intake_options options = {.rules = &ctl->settings->events.table,
                                           .policy = &ctl->settings->policy,
                                           .now_ms = ctl->now_ms};
    const char *fault = NULL;
    enum verdict verdict = sns_message_parse(body, &message, &fault);
    int r;
    if (verdict == VERDICT_NONE) {
        envelope_note(ctl, &message);
        r = intake_from_sns(&message, body, &options, &intake);
    } else if (ses_event_shape(body) == SES_SHAPE_MESSAGE) {
        r = intake_from_file(body, &options, &intake);
    } else {
        return ctl_fail("%s is neither an SNS envelope nor a message of SES: %s",
                        ctl->words[0],
                        fault && *fault ? fault : verdict_info(verdict)->body);
    }
    return r < 0 ? ctl_fail("out of memory") : intake_test(ctl, &intake);
}

int cmd_policy_test(struct ctl *ctl)
{
    _cleanup_(buf_done) struct buf body = {.max = SNS_ENVELOPE_BYTES_MAX};
    if (!ctl_settings(ctl))
        return CTL_COULD_NOT;
    int r = files_read(ctl->words[0], &body);
    if (r == -E2BIG)
        return ctl_fail("%s: larger than any SNS message (%d bytes)", ctl->words[0],
                        SNS_ENVELOPE_BYTES_MAX);
    if (r < 0)
        return ctl_fail("%s: %s", ctl->words[0], strerror(-r));
    return body_test(ctl, str_trim(buf_str(&body)));
}
