/* The command line: one table of options for all verbs, so that an option may stand
 * before or behind any word; which of them a verb takes is in the table of verbs. */
#include <getopt.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "sesbounce/story.h"
#include "sesbounce/text.h"

#ifndef SESBOUNCE_VERSION
#define SESBOUNCE_VERSION "0.1.0"
#endif

struct option_row {
    const char *name;
    char letter;         /* or 0 */
    const char *operand; /* NULL: a flag */
    const char *help;
};

static const struct option_row rows[OPTION_COUNT] = {
    [OPTION_CONFIG] = {"config", 'c', "FILE", "configuration, " SETTINGS_DEFAULT_FILE},
    [OPTION_DB] = {"db", 0, "FILE", "the database, instead of [store] path"},
    [OPTION_OUTPUT] = {"output", 'o', "FORMAT",
                       "table, json (one object per line) or csv"},
    [OPTION_RAW] = {"raw", 0, NULL, "csv: no ' before text that looks like a formula"},
    [OPTION_HELP] = {"help", 'h', NULL, "print this, or the help of a verb"},
    [OPTION_VERSION] = {"version", 'V', NULL, "print the version"},
    [OPTION_SCOPE] = {"scope", 0, "SCOPE",
                      "a [scope NAME] of the configuration; * is all mail"},
    [OPTION_INVERT] = {"invert", 0, NULL, "print those that may not be mailed"},
    [OPTION_INVALID] = {"invalid", 0, "WHAT",
                        "lines without an address: pass, drop or fail"},
    [OPTION_NOTE] = {"note", 0, "TEXT", "the reason, kept with the decision"},
    [OPTION_UNTIL] = {"until", 0, "TIME",
                      "before this time: 2026-01-31, RFC 3339, or an age: 7d"},
    [OPTION_FOR] = {"for", 0, "DURATION", "how long: 30d, 12h, 2w"},
    [OPTION_DRY_RUN] = {"dry-run", 0, NULL, "say what would be done, change nothing"},
    [OPTION_REASON] = {"reason", 0, "REASON", "only this reason"},
    [OPTION_SINCE] = {"since", 0, "TIME",
                      "from this time on: 2026-01-31, RFC 3339, or an age: 7d"},
    [OPTION_DOMAIN] = {"domain", 0, "DOMAIN", "only addresses of this domain"},
    [OPTION_LIMIT] = {"limit", 0, "N", "at most this many rows"},
    [OPTION_ADDRESS] = {"address", 0, "ADDRESS", "this address"},
    [OPTION_TYPE] = {"type", 0, "TYPE", "Bounce, Complaint, Delivery, …"},
    [OPTION_CLASS] = {"class", 0, "CLASS", "hard, soft, complaint, policy or ignored"},
    [OPTION_CAUSE] = {"cause", 0, "CAUSE",
                      "unknown-user, mailbox-full, blocked, auth, …"},
    [OPTION_RULE] = {"rule", 0, "RULE", "judged by this rule of sesbounced-policy(7)"},
    [OPTION_CAMPAIGN] = {"campaign", 0, "NAME", "only this campaign"},
    [OPTION_AFTER_ID] = {"after-id", 0, "ID", "events after this one, oldest first"},
    [OPTION_ALL] = {"all", 0, NULL, "all of them"},
    [OPTION_TOPIC] = {"topic", 0, "ARN", "only this topic"},
    [OPTION_CERTIFICATE] = {"certificate", 0, "PEM",
                            "the signing certificate, not fetched"},
    [OPTION_COMPLAINT] = {"complaint", 0, NULL, "also remove entries for a complaint"},
    [OPTION_WHY] = {"why", 0, "WHY", "held for this: a rule, or guard:DOMAIN"},
    [OPTION_MESSAGE] = {"message", 0, "SES-ID",
                        "the life of one mail: all that is known of it, in order"},
    [OPTION_DAYS] = {"days", 0, "N", "today and the days before it; 30 unless given"},
    [OPTION_BY] = {"by", 0, "WHAT",
                   "domain, identity, configuration_set, scope, campaign or tenant"},
    [OPTION_FORGET] = {"forget", 0, NULL, "also take it off the list"},
    [OPTION_FORGE] = {"forge", 0, NULL,
                      "alter the message after signing; it must be refused"},
    [OPTION_FORMAT] = {"format", 0, "FORMAT", "ses: what SES's import jobs read"},
};

const char *options_name(enum ctl_option option)
{
    return rows[option].name;
}

#define GLOBAL_OPTIONS                                                                   \
    (TAKES(OPTION_CONFIG) | TAKES(OPTION_DB) | TAKES(OPTION_OUTPUT) |                    \
     TAKES(OPTION_RAW) | TAKES(OPTION_HELP) | TAKES(OPTION_VERSION))

/* --- help --- */

/* Where the end of a term is set, it lies ahead: an age would be in the past. Where a
 * list is read, a reason is not a filter. */
static const char *option_help(size_t option, uint64_t options)
{
    if (option == OPTION_UNTIL && (options & TAKES(OPTION_FOR)))
        return "when it ends: 2027-01-31, or RFC 3339";
    if (option == OPTION_REASON && (options & TAKES(OPTION_SCOPE)) &&
        !(options & (TAKES(OPTION_SINCE) | TAKES(OPTION_FORMAT))))
        return "of entries for which the file gives none";
    if (option == OPTION_SCOPE && (options & TAKES(OPTION_LIMIT)))
        return "only this scope; * is all mail";
    return rows[option].help;
}

/* Those of `options`; `all` tells what they are for. */
static void options_print(FILE *to, uint64_t options, uint64_t all)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        char left[64];
        if (!(options & TAKES(i)))
            continue;
        snprintf(left, sizeof(left), "%c%c%s--%s%s%s", rows[i].letter ? '-' : ' ',
                 rows[i].letter ? rows[i].letter : ' ', rows[i].letter ? ", " : "  ",
                 rows[i].name, rows[i].operand ? " " : "",
                 rows[i].operand ? rows[i].operand : "");
        fprintf(to, "  %-25s %s\n", left, option_help(i, all));
    }
}

/* As it is typed, of at most CTL_VERB_BYTES_MAX. */
static void verb_name(const struct verb *verb, char ret[CTL_VERB_BYTES_MAX])
{
    snprintf(ret, CTL_VERB_BYTES_MAX, "%s%s%s", verb->name, verb->sub ? " " : "",
             verb->sub ? verb->sub : "");
}

static void verb_line_print(FILE *to, const struct verb *verb)
{
    char name[CTL_VERB_BYTES_MAX], left[80];
    verb_name(verb, name);
    snprintf(left, sizeof(left), "%s %s", name, verb->words);
    /* printf counts bytes, people count characters. */
    int wide = (int)(30 + strlen(left) - text_width(str_of(left)));
    fprintf(to, "  %-*s %s\n", wide, left, verb->summary);
}

static void options_print_usage(FILE *to, const struct verb *verbs)
{
    fputs("usage: sesbouncectl [-c FILE] [--db FILE] [-o table|json|csv] VERB …\n\n", to);
    for (const struct verb *verb = verbs; verb->name; verb++)
        verb_line_print(to, verb);
    fputs("\n", to);
    options_print(to, GLOBAL_OPTIONS, 0);
    fputs(
        "\nExit status: 0 done, 1 the answer is no, 2 the command failed. `why` answers "
        "with 0.\n"
        "`sesbouncectl VERB --help` shows a verb's options and an example; see also "
        "sesbouncectl(8).\n",
        to);
}

static void verb_help_print(FILE *to, const struct verb *verb)
{
    char name[CTL_VERB_BYTES_MAX];
    verb_name(verb, name);
    fprintf(to, "usage: sesbouncectl %s%s%s%s\n%s.\n", name,
            verb->options ? " [OPTION…]" : "", *verb->words ? " " : "", verb->words,
            verb->summary);
    if (verb->more)
        fprintf(to, "\n%s\n", verb->more);
    fputc('\n', to);
    options_print(to, verb->options, verb->options);
    if (verb->options)
        fputs("\nEvery verb takes:\n", to);
    options_print(to, GLOBAL_OPTIONS, verb->options);
    fprintf(to, "\nFor example:\n  %s\n", verb->example);
}

/* --- finding the verb --- */

/* What is this far from every name resembles none. */
#define FAR 4

/* Is `name` nearer to what was typed than `*distance`, which becomes less then? */
static bool distance_lower(struct str typed, const char *name, size_t *distance)
{
    size_t of_name = str_distance(typed, str_of(name));
    if (of_name >= *distance)
        return false;
    *distance = of_name;
    return true;
}

/* There is no such verb: offers the one that the first word or the first two resemble. */
static int verb_fail(const struct verb *verbs, char **words, size_t word_count)
{
    char typed[2 * CTL_VERB_BYTES_MAX], name[CTL_VERB_BYTES_MAX];
    size_t distance = FAR;
    const struct verb *nearest = NULL;
    snprintf(typed, sizeof(typed), "%s%s%s", words[0], word_count > 1 ? " " : "",
             word_count > 1 ? words[1] : "");
    for (const struct verb *verb = verbs; verb->name; verb++) {
        verb_name(verb, name);
        if (distance_lower(str_of(typed), name, &distance))
            nearest = verb;
        if (distance_lower(str_of(words[0]), verb->name, &distance))
            nearest = verb;
    }
    if (!nearest)
        return ctl_fail("there is no verb `%s`; see sesbouncectl --help", words[0]);
    verb_name(nearest, name);
    return ctl_fail("there is no verb `%s`; did you mean `sesbouncectl %s`?", words[0],
                    name);
}

/* The first word is a verb that needs a second one. */
static int sub_verb_fail(const struct verb *verbs, const char *group, const char *typed)
{
    _cleanup_(buf_done) struct buf names = {.max = CTL_MESSAGE_BYTES_MAX};
    const char *nearest = NULL;
    size_t distance = FAR;
    for (const struct verb *verb = verbs; verb->name; verb++) {
        if (strcmp(verb->name, group) != 0)
            continue;
        (void)buf_printf(&names, "%s%s", names.len ? ", " : "", verb->sub);
        if (typed && distance_lower(str_of(typed), verb->sub, &distance))
            nearest = verb->sub;
    }
    if (!typed)
        return ctl_fail("`%s` needs one of: %s", group, buf_str(&names).data);
    if (nearest)
        return ctl_fail("there is no `%s %s`; did you mean `sesbouncectl %s %s`?", group,
                        typed, group, nearest);
    return ctl_fail("there is no `%s %s`; there are: %s", group, typed,
                    buf_str(&names).data);
}

/* -1 and `ctl->verb` set, with the words of the verb taken off; else an exit code. */
static int verb_find(struct ctl *ctl, const struct verb *verbs)
{
    const char *first = ctl->words[0];
    const char *second = ctl->word_count > 1 ? ctl->words[1] : NULL;
    bool is_group = false;
    for (const struct verb *verb = verbs; verb->name; verb++) {
        if (strcmp(first, verb->name) != 0)
            continue;
        is_group = verb->sub != NULL;
        if (is_group && (!second || strcmp(second, verb->sub) != 0))
            continue;
        ctl->verb = verb;
        ctl->words += is_group ? 2 : 1;
        ctl->word_count -= is_group ? 2 : 1;
        return -1;
    }
    if (!is_group)
        return verb_fail(verbs, ctl->words, ctl->word_count);
    if (!ctl_given(ctl, OPTION_HELP))
        return sub_verb_fail(verbs, first, second);
    for (const struct verb *verb = verbs; verb->name; verb++)
        if (strcmp(verb->name, first) == 0)
            verb_line_print(stdout, verb);
    return CTL_DONE;
}

/* --- options --- */

static int option_fail(const char *typed)
{
    size_t distance = FAR, nearest = OPTION_COUNT;
    for (size_t i = 0; i < OPTION_COUNT && strncmp(typed, "--", 2) == 0; i++)
        if (distance_lower((struct str){typed + 2, strcspn(typed + 2, "=")}, rows[i].name,
                           &distance))
            nearest = i;
    if (typed[0] == '-' && strchr(typed, '@'))
        return ctl_fail("`%s` begins with -: put -- before it", typed);
    if (nearest < OPTION_COUNT && distance > 0)
        return ctl_fail("there is no option `%s`; did you mean `--%s`?", typed,
                        rows[nearest].name);
    return ctl_fail("`%s` is not an option, or its operand is missing; see sesbouncectl "
                    "--help",
                    typed);
}

static int argv_read(struct ctl *ctl, int argc, char **argv)
{
    struct option table[OPTION_COUNT + 1] = {0};
    int letter;
    for (int i = 0; i < OPTION_COUNT; i++)
        table[i] = (struct option){rows[i].name,
                                   rows[i].operand ? required_argument : no_argument,
                                   NULL, 256 + i};
    opterr = 0;
    while ((letter = getopt_long(argc, argv, "c:o:hV", table, NULL)) != -1) {
        int found = letter >= 256 ? letter - 256 : OPTION_COUNT;
        for (int i = 0; letter < 256 && i < OPTION_COUNT; i++)
            if (rows[i].letter == letter)
                found = i;
        if (found == OPTION_COUNT)
            /* in the middle of a word of letters, optind is still at that word */
            return option_fail(optopt && optopt < 256 && optind < argc &&
                                       argv[optind][0] == '-' &&
                                       strchr(argv[optind], optopt)
                                   ? argv[optind]
                                   : argv[optind - 1]);
        ctl->value[found] = rows[found].operand ? optarg : "";
    }
    return -1;
}

static int usage_check(const struct ctl *ctl)
{
    const struct verb *verb = ctl->verb;
    char name[CTL_VERB_BYTES_MAX];
    verb_name(verb, name);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (ctl->value[i] && !((verb->options | GLOBAL_OPTIONS) & TAKES(i)))
            return ctl_fail("`%s` takes no --%s; see sesbouncectl %s --help", name,
                            rows[i].name, name);
    if (ctl->word_count < verb->words_min)
        return ctl_fail("usage: sesbouncectl %s %s (an example: %s)", name, verb->words,
                        verb->example);
    if (ctl->word_count > verb->words_max)
        return ctl_fail("`%s` is one word too many; usage: sesbouncectl %s %s",
                        ctl->words[verb->words_max], name, verb->words);
    const char *note = ctl->value[OPTION_NOTE];
    if (note && (strcmp(note, STORY_REASON_MARK) == 0 || strcmp(note, "...") == 0))
        return ctl_fail("--note '%s' stands for your reason: write that, or leave --note "
                        "out",
                        note);
    return scopes_check_option(ctl) ? -1 : CTL_COULD_NOT;
}

int options_read(struct ctl *ctl, int argc, char **argv, const struct verb *verbs)
{
    int code = argv_read(ctl, argc, argv);
    if (code >= 0)
        return code;
    ctl->words = argv + optind;
    ctl->word_count = (size_t)(argc - optind);
    if (ctl_given(ctl, OPTION_VERSION)) {
        puts("sesbouncectl " SESBOUNCE_VERSION);
        return CTL_DONE;
    }
    if (ctl->word_count > 0 && strcmp(ctl->words[0], "help") == 0) {
        ctl->value[OPTION_HELP] = "";
        ctl->words++;
        ctl->word_count--;
    }
    if (ctl->word_count == 0) {
        bool asked = ctl_given(ctl, OPTION_HELP);
        options_print_usage(asked ? stdout : stderr, verbs);
        return asked ? CTL_DONE : CTL_COULD_NOT;
    }
    code = verb_find(ctl, verbs);
    if (code >= 0)
        return code;
    if (ctl_given(ctl, OPTION_HELP)) {
        verb_help_print(stdout, ctl->verb);
        return CTL_DONE;
    }
    const char *format = ctl->value[OPTION_OUTPUT];
    if (format && !output_format_parse(format, &ctl->format))
        return ctl_fail("there is no format `%s`; there are: table, json, csv", format);
    if (ctl_given(ctl, OPTION_RAW)) {
        if (ctl->format != OUTPUT_CSV)
            return ctl_fail("--raw goes with -o csv");
        ctl->format = OUTPUT_CSV_RAW;
    }
    return usage_check(ctl);
}
