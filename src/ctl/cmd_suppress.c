/* suppress add, remove: what people decide about the list. */
#include <string.h>

#include "ctl/addresses.h"
#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "ctl/progress.h"
#include "sesbounce/amazon.h"
#include "sesbounce/when.h"

/* An entry or two, a decision and a soft day each: no more than STORE_TURN_ROWS_MAX. */
#define TURN_DECISIONS_MAX (STORE_TURN_ROWS_MAX / 4)

/* What held before the decision. */
struct before {
    size_t live;                        /* entries in the scope, and what waits there */
    size_t held;                        /* what waits, of these */
    const char *held_reason;            /* of one of them */
    bool complaint;                     /* one of them is in force for one */
    char other[POLICY_SCOPE_BYTES_MAX]; /* a scope with others in force; "": none */
    bool manual;                        /* one of them is a person's */
    int64_t until_ms;                   /* of that one */
    bool same_note;
};

/* One address of a transaction; told when that is committed. */
struct decided {
    const struct store_decision *asked; /* borrowed */
    struct given given;
    struct before before;
    enum policy_decided result;
};

struct decision {
    struct ctl *ctl;
    struct store_decision store;
    bool dry_run;
    bool add;
    struct output output;
    struct addresses addresses;
    size_t at; /* of the next address */
    struct decided turn[TURN_DECISIONS_MAX];
    size_t turn_count;
    /* the summary */
    uint64_t done;
    uint64_t lines, lines_new, lines_changed; /* of files */
    uint64_t lines_refused;                   /* on the list for a complaint */
    uint64_t lines_of_events;                 /* lifted, and not only a person's */
    bool any_missing;
};

static int entry_look(void *context, const struct store_value *values, size_t count)
{
    struct decided *decided = context;
    struct before *before = &decided->before;
    const struct store_decision *asked = decided->asked;
    const struct store_value *until = output_find(values, count, "until");
    struct str scope = output_find_text(values, count, "scope");
    struct str state = output_find_text(values, count, "state");
    struct str reason = output_find_text(values, count, "reason");
    bool is_live = str_equal(state, STR("live"));
    if (!is_live && !str_equal(state, STR("held")))
        return 0;
    if (!str_equal(scope, str_of(asked->scope))) {
        if (is_live)
            (void)snprintf(before->other, sizeof(before->other), "%.*s", STR_ARG(scope));
        return 0;
    }
    before->live++;
    if (!is_live) {
        unsigned held = POLICY_REASON_MANUAL;
        while (held > POLICY_REASON_SOFT &&
               !str_equal(reason, str_of(policy_reason_word(held))))
            held--;
        before->held++;
        before->held_reason = policy_reason_word(held);
    }
    before->complaint =
        before->complaint || (is_live && str_equal(reason, STR("COMPLAINT")));
    if (!is_live || !str_equal(reason, STR("MANUAL")))
        return 0;
    before->manual = true;
    before->until_ms = until ? until->integer : POLICY_FOR_EVER;
    before->same_note = !asked->note || str_equal(output_find_text(values, count, "note"),
                                                  str_of(asked->note));
    return 0;
}

static enum policy_decided decision_result(const struct decision *decision,
                                           const struct before *before)
{
    if (!decision->add && before->complaint && !decision->store.complaint)
        return POLICY_REFUSED;
    bool changes = decision->add ? !before->manual ||
                                       before->until_ms != decision->store.until_ms ||
                                       !before->same_note
                                 : before->live > 0;
    return changes ? POLICY_CHANGED : POLICY_UNCHANGED;
}

#define TERM_BYTES (sizeof("until ") + CLOCK_TEXT_BYTES)

static const char *term_text(int64_t until_ms, char ret[TERM_BYTES])
{
    char until[CLOCK_TEXT_BYTES];
    if (until_ms == POLICY_FOR_EVER)
        return "permanent";
    clock_format_rfc3339(until_ms, until);
    (void)snprintf(ret, TERM_BYTES, "until %s", until);
    return ret;
}

#define RESULT_BYTES (2 * TERM_BYTES + 3 * POLICY_SCOPE_BYTES_MAX + 160)

/* What became of the entries that waited for a person; their number is at least 1. */
static void result_add_held(const struct decision *decision, const struct before *before,
                            char ret[RESULT_BYTES])
{
    size_t used = strlen(ret);
    const char *be = decision->dry_run ? "would be" : before->held == 1 ? "was" : "were";
    const char *too = before->live > before->held ? ", too" : "";
    if (before->held == 1)
        (void)snprintf(ret + used, RESULT_BYTES - used,
                       "; the held %s entry %s discarded%s", before->held_reason, be,
                       too);
    else
        (void)snprintf(ret + used, RESULT_BYTES - used,
                       "; %zu held entries %s discarded%s", before->held, be, too);
}

static void removed_sentence(const struct decision *decision,
                             const struct decided *decided, char ret[RESULT_BYTES])
{
    const struct before *before = &decided->before;
    const char *scope = decision->store.scope, *other = before->other;
    const char *would = decision->dry_run ? "would be " : "";
    bool changed = decided->result == POLICY_CHANGED;
    bool was_on_list = before->live > before->held;
    if (!was_on_list && *other)
        (void)snprintf(
            ret, RESULT_BYTES,
            "is not on the list in scope %s, but in scope %s: use --scope '%s'", scope,
            other, other);
    else if (*other)
        (void)snprintf(ret, RESULT_BYTES,
                       "%sremoved in scope %s, but stays on the list in scope %s: use "
                       "--scope '%s'",
                       would, scope, other, other);
    else
        (void)snprintf(ret, RESULT_BYTES, "%s%s", was_on_list ? would : "",
                       was_on_list ? "removed" : "is not on the list");
    if (changed && before->held > 0)
        result_add_held(decision, before, ret);
}

static void result_sentence(const struct decision *decision,
                            const struct decided *decided, char ret[RESULT_BYTES])
{
    const struct before *before = &decided->before;
    char now[TERM_BYTES], was[TERM_BYTES];
    bool changed = decided->result == POLICY_CHANGED;
    const char *would = decision->dry_run ? "would be " : "";
    const char *ends = term_text(decision->store.until_ms, now);
    if (decided->result == POLICY_REFUSED)
        (void)snprintf(ret, RESULT_BYTES,
                       "is on the list for a complaint: add "
                       "--complaint to remove it nevertheless");
    else if (!decision->add)
        removed_sentence(decision, decided, ret);
    else if (!changed)
        (void)snprintf(ret, RESULT_BYTES, "unchanged: %s", ends);
    else if (!before->manual)
        (void)snprintf(ret, RESULT_BYTES, "%sadded: %s", would, ends);
    else if (before->until_ms == decision->store.until_ms)
        (void)snprintf(ret, RESULT_BYTES, "%schanged: the note; %s as before", would,
                       ends);
    else
        (void)snprintf(ret, RESULT_BYTES, "%schanged: %s, was %s", would, ends,
                       term_text(before->until_ms, was));
}

static int decided_print(struct decision *decision, const struct decided *decided)
{
    char result[RESULT_BYTES];
    const char *typed = decided->given.address;
    bool changed = decided->result == POLICY_CHANGED;
    result_sentence(decision, decided, result);
    if (decision->ctl->format != OUTPUT_TABLE) {
        struct store_value row[] = {
            output_text("address", typed), output_text("scope", decision->store.scope),
            output_boolean("changed", changed), output_text("result", result)};
        return output_row(&decision->output, row, 4);
    }
    return decided->given.is_word
               ? output_printf(&decision->output, "%s  %s\n", typed, result)
               : 0;
}

struct reminder {
    const char *typed;
    size_t lines;
};

static int amazon_note(void *context, const char *line)
{
    struct reminder *reminder = context;
    if (reminder->lines++ == 0)
        ctl_note("SES's own lists may contain %s too, and then SES does not deliver; to "
                 "take it off, type:",
                 reminder->typed);
    ctl_note("  %s", line);
    return 0;
}

/* What a person alone put on our list says nothing about SES's. */
static int amazon_remind(const struct decision *decision, const char *typed)
{
    struct reminder reminder = {.typed = typed};
    struct address address;
    size_t events = 0;
    int r = address_parse(str_of(typed), &address);
    if (r == 0)
        r = amazon_commands(decision->ctl->store, &address, amazon_note, &reminder,
                            &events);
    if (r == 0 && events == 0)
        r = amazon_command_plain(&address, amazon_note, &reminder);
    return r;
}

static int address_decide_next(void *context, bool *ret_end)
{
    struct decision *decision = context;
    struct store *store = decision->ctl->store;
    struct decided *decided = &decision->turn[decision->turn_count];
    *decided = (struct decided){.asked = &decision->store};
    if (!addresses_next(&decision->addresses, &decision->at, &decided->given)) {
        *ret_end = true;
        return 0;
    }
    *ret_end = ++decision->turn_count == TURN_DECISIONS_MAX;
    decision->store.address = decided->given.address;
    const struct store_filter filter = {.address = decided->given.address};
    int r = store_query(store, STORE_ENTRIES, &filter, entry_look, decided);
    if (r == 0 && decision->dry_run)
        decided->result = decision_result(decision, &decided->before);
    else if (r == 0)
        r = store_decide(store, &decision->store, &decided->result);
    return r;
}

/* Is there more to an entry than what a person put there? */
static bool entry_is_of_events(const struct before *before)
{
    return !(before->manual && before->live == 1);
}

static void decided_count(struct decision *decision, const struct decided *decided)
{
    const struct before *before = &decided->before;
    bool changed = decided->result == POLICY_CHANGED;
    decision->done++;
    decision->any_missing = decision->any_missing || !changed;
    if (decided->given.is_word)
        return;
    decision->lines++;
    decision->lines_new += changed && (!decision->add || !before->manual);
    decision->lines_changed += changed && decision->add && before->manual;
    decision->lines_refused += decided->result == POLICY_REFUSED;
    decision->lines_of_events += changed && !decision->add && entry_is_of_events(before);
}

/* Prints what the transaction did, now that it is committed. 0, a fault of the store, or
 * of writing: `output->fault`. */
static int turn_tell(struct decision *decision)
{
    int r = 0;
    for (size_t i = 0; i < decision->turn_count && r == 0; i++) {
        const struct decided *decided = &decision->turn[i];
        decided_count(decision, decided);
        r = decided_print(decision, decided);
        if (r == 0 && decided->given.is_word && !decision->add && !decision->dry_run &&
            decided->result == POLICY_CHANGED && entry_is_of_events(&decided->before))
            r = amazon_remind(decision, decided->given.address);
    }
    return r;
}

static int removed_summary_print(struct decision *decision)
{
    unsigned long long news = decision->lines_new, refused = decision->lines_refused;
    unsigned long long rest = decision->lines - news - refused;
    int r = output_printf(&decision->output, "%llu %sremoved, %llu not on the list", news,
                          decision->dry_run ? "would be " : "", rest);

    if (r == 0 && refused)
        r = output_printf(&decision->output,
                          ", %llu on the list for a complaint: add --complaint to remove "
                          "them nevertheless",
                          refused);
    return r < 0 ? r : output_printf(&decision->output, "\n");
}

/* Of files, which may hold thousands: how many, and what remains to be done. */
static int summary_print(struct decision *decision)
{
    unsigned long long changed = decision->lines_changed;
    unsigned long long news = decision->lines_new;
    unsigned long long rest = decision->lines - news - changed;
    const char *would = decision->dry_run ? "would be " : "";
    char now[TERM_BYTES];
    if (decision->lines_of_events && !decision->dry_run)
        ctl_note("SES's own account list may contain %llu of them too, and then SES does "
                 "not deliver; to see it, type: aws sesv2 list-suppressed-destinations",
                 (unsigned long long)decision->lines_of_events);
    if (decision->ctl->format != OUTPUT_TABLE || decision->lines == 0)
        return 0;
    if (!decision->add)
        return removed_summary_print(decision);
    return output_printf(
        &decision->output, "%llu %sadded, %llu %schanged, %llu unchanged: %s\n", news,
        would, changed, would, rest, term_text(decision->store.until_ms, now));
}

static int turns_run(struct decision *decision)
{
    struct progress progress;
    int r;
    progress_start(&progress, "addresses", true);
    do {
        decision->turn_count = 0;
        r = ctl_turn(decision->ctl->store, decision->dry_run ? TURN_READS : TURN_COMMITS,
                     address_decide_next, decision);
        if (r == 0)
            r = turn_tell(decision);
        progress_show(&progress, decision->done);
    } while (r == 0 && decision->turn_count > 0);
    progress_end(&progress);
    return r;
}

static int decision_run(struct decision *decision)
{
    ctl_output(decision->ctl, &decision->output, NULL);
    int r = turns_run(decision);
    if (r < 0 && decision->output.fault == 0 && decision->done > 0 && !decision->dry_run)
        ctl_note(
            "the first %llu of %zu addresses are done; repeat the command for the rest",
            (unsigned long long)decision->done, decision->addresses.count);
    if (r == 0)
        r = summary_print(decision);
    int code = ctl_output_end(decision->ctl, &decision->output, r);
    return code == CTL_DONE && !decision->add && decision->any_missing ? CTL_NO : code;
}

static int list_change(struct ctl *ctl, bool add, int64_t until_ms)
{
    const char *scope = ctl->value[OPTION_SCOPE], *note = ctl->value[OPTION_NOTE];
    struct decision decision = {
        .ctl = ctl,
        .add = add,
        .dry_run = ctl_given(ctl, OPTION_DRY_RUN),
        .store = {.what = add ? POLICY_DECIDE_ADD : POLICY_DECIDE_REMOVE,
                  .origin = POLICY_ORIGIN_PERSON,
                  .scope = scope ? scope : POLICY_SCOPE_ALL,
                  .complaint = ctl_given(ctl, OPTION_COMPLAINT),
                  .actor = ctl_actor(),
                  /* Absent is NULL, never ''. */
                  .note = note && *note ? note : NULL,
                  .now_ms = ctl->now_ms,
                  .until_ms = until_ms}};
    int code = CTL_COULD_NOT;
    if (!addresses_read(&decision.addresses, ctl->words, ctl->word_count))
        ctl_note("nothing was changed");
    else if (ctl_store(ctl, decision.dry_run ? STORE_READ : STORE_WRITE)) {
        if (add)
            scopes_warn(ctl);
        code = decision_run(&decision);
    }
    addresses_done(&decision.addresses);
    return code;
}

int cmd_suppress_add(struct ctl *ctl)
{
    int64_t until_ms = POLICY_FOR_EVER, length_ms = 0;
    const char *until = ctl->value[OPTION_UNTIL], *length = ctl->value[OPTION_FOR];
    _cleanup_(buf_done) struct buf fault = {.max = CTL_MESSAGE_BYTES_MAX};
    if (until && length)
        return ctl_fail("--until and --for exclude each other");
    if (length && (when_duration(str_of(length), &length_ms) < 0 || length_ms == 0))
        return ctl_fail("`%s` is not a duration: write 30d, 12h or 2w", length);
    if (length)
        until_ms = ctl->now_ms + length_ms;
    if (until && filter_when(until, ctl->now_ms, &until_ms, &fault) < 0)
        return ctl_fail("%s", buf_str(&fault).data);
    if (until_ms <= ctl->now_ms)
        return ctl_fail(
            "--until %s has passed; for a term that begins now, write --for 30d", until);
    return list_change(ctl, true, until_ms);
}

int cmd_suppress_remove(struct ctl *ctl)
{
    return list_change(ctl, false, POLICY_FOR_EVER);
}
