/*
 * sesbouncectl, the operator's tool: a table of verbs. What each does is in cmd_*.c, what
 * the outside may rely on in sesbouncectl(8).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"

#define ANY  SIZE_MAX
#define DRY  TAKES(OPTION_DRY_RUN)
#define TIME (TAKES(OPTION_SINCE) | TAKES(OPTION_UNTIL))

static const struct verb verbs[] = {
    {"check", NULL, "ADDRESS…|-", "Whether these addresses may be mailed",
     "`-` filters standard input: prints the lines whose address may be mailed, byte for "
     "byte\nand in order. It may fail even at the last line: use the output only if the "
     "exit\nstatus is 0.",
     "sesbouncectl check - <recipients.txt >mailable.txt",
     TAKES(OPTION_SCOPE) | TAKES(OPTION_INVERT) | TAKES(OPTION_INVALID), 1, ANY,
     .run = cmd_check},
    {"why", NULL, "ADDRESS", "Whether an address may be mailed, why, and what to type",
     "The exit status is 0 whatever the answer is; that of `check` tells it.",
     "sesbouncectl why jane@example.com", TAKES(OPTION_SCOPE), 1, 1, .run = cmd_why},
    {"suppress", "list", "", "The addresses that must not be mailed now", NULL,
     "sesbouncectl suppress list --reason COMPLAINT --since 7d",
     TAKES(OPTION_REASON) | TAKES(OPTION_SINCE) | TAKES(OPTION_DOMAIN) |
         TAKES(OPTION_LIMIT) | TAKES(OPTION_SCOPE),
     0, 0, .run = cmd_list, .view = STORE_SUPPRESSED},
    {"suppress", "add", "ADDRESS…|FILE…", "Put addresses on the list by hand",
     "A word without an @ is a file with one address per line, `-` is standard input. If "
     "a line\nis not an address, nothing is changed.\n"
     "Only `suppress remove` ends such an entry early. Without --until or --for, it is "
     "permanent.\nAn entry that was added before gets the new term; without --note, it "
     "keeps its note.\n"
     "--for 30d is 30 days from now; --until 2027-01-31 ends that day, 00:00 UTC.",
     "sesbouncectl suppress add jane@example.com --note 'asked by telephone' --for 30d",
     TAKES(OPTION_NOTE) | TAKES(OPTION_UNTIL) | TAKES(OPTION_FOR) | TAKES(OPTION_SCOPE) |
         DRY,
     1, ANY, .run = cmd_suppress_add},
    {"suppress", "remove", "ADDRESS…|FILE…", "Take addresses off the list",
     "A word without an @ is a file with one address per line, `-` is standard input.\n"
     "An entry for a complaint needs --complaint. An event that occurs later can put an\n"
     "address back on the list.",
     "sesbouncectl suppress remove jane@example.com --note 'mailbox repaired'",
     TAKES(OPTION_NOTE) | TAKES(OPTION_SCOPE) | TAKES(OPTION_COMPLAINT) | DRY, 1, ANY,
     .run = cmd_suppress_remove},
    {"suppress", "held", "", "Entries that wait for a person's decision",
     "They suppress nobody until somebody releases them. WHY is the rule that holds "
     "them,\nor guard:DOMAIN where the outage guard does.",
     "sesbouncectl suppress held --why guard:example.com",
     TAKES(OPTION_REASON) | TAKES(OPTION_SINCE) | TAKES(OPTION_SCOPE) |
         TAKES(OPTION_ADDRESS) | TAKES(OPTION_WHY) | TAKES(OPTION_LIMIT),
     0, 0, .run = cmd_list, .view = STORE_HELD},
    {"suppress", "release", "HELD…",
     "Let held entries take effect: they suppress from now on",
     "HELD is an ID of `suppress held`; an address, for all that is held for it; or what "
     "holds\nentries, for all of these: a rule, or guard:DOMAIN.",
     "sesbouncectl suppress release guard:example.com --note 'they are really gone'",
     TAKES(OPTION_NOTE) | DRY, 1, ANY, .run = cmd_suppress_release},
    {"suppress", "drop", "HELD…", "Discard held entries: they never suppress",
     "HELD is an ID of `suppress held`; an address, for all that is held for it; or what "
     "holds\nentries, for all of these: a rule, or guard:DOMAIN. An event that occurs "
     "later can hold\nthe address again.",
     "sesbouncectl suppress drop guard:example.com --note 'outage of 3 May'",
     TAKES(OPTION_NOTE) | DRY, 1, ANY, .run = cmd_suppress_drop},
    {"suppress", "rebuild", "", "Recompute the list from the kept events",
     "Applies the policy in force to every kept event. Use it after a change of "
     "[suppression]\nrule, allow or [scope NAME]. What people decided, imports, SOFT "
     "entries, and entries whose "
     "events "
     "are kept\nno longer are taken as given. It can be interrupted and repeated.",
     "sesbouncectl suppress rebuild --dry-run", DRY, 0, 0, .run = cmd_suppress_rebuild},
    {"suppress", "log", "", "Changes to the list",
     "A table shows the newest 50, newest first; json and csv show all, oldest first.",
     "sesbouncectl suppress log --address jane@example.com",
     TIME | TAKES(OPTION_ADDRESS) | TAKES(OPTION_SCOPE) | TAKES(OPTION_AFTER_ID) |
         TAKES(OPTION_LIMIT),
     0, 0, .run = cmd_events, .view = STORE_LOG},
    {"suppress", "import", "FILE…|-", "Put the list of another service on ours",
     "Addresses, one per line; CSV whose header names an address column; SES's JSON.\n"
     "Columns and reasons are named as SES, SendGrid, Mailgun, Postmark and `suppress\n"
     "export` name them. Lines that are not entries are reported and skipped (exit 1).\n"
     "Importing again changes nothing, so repeat an import that was interrupted.",
     "sesbouncectl suppress import bounces.csv --reason BOUNCE --note 'from SendGrid'",
     TAKES(OPTION_NOTE) | TAKES(OPTION_REASON) | TAKES(OPTION_SCOPE) | DRY, 1, ANY,
     .run = cmd_list_import},
    {"suppress", "export", "", "Everything that is on the list, as `import` reads it",
     "CSV, or -o json with one object per line, sorted by address and scope.\n"
     "--format ses writes ADDRESS,REASON for an import job of SES: MANUAL as COMPLAINT,\n"
     "and no entries that end by themselves unless --reason asks for them.",
     "sesbouncectl suppress export >list.csv",
     TAKES(OPTION_REASON) | TAKES(OPTION_SCOPE) | TAKES(OPTION_FORMAT), 0, 0,
     .run = cmd_list_export},
    {"suppress", "diff", "FILE…|-", "Compare the list with that of a file",
     "Exit 0: the same, 1: different. Reads what `suppress import` reads; --reason is\n"
     "that of entries for which the file gives none.",
     "aws sesv2 list-suppressed-destinations | sesbouncectl suppress diff -",
     TAKES(OPTION_REASON) | TAKES(OPTION_SCOPE), 1, ANY, .run = cmd_list_diff},
    {"policy", "list", "", "The policy in force, with what the configuration overrides",
     "Needs no database. --rule shows one rule with everything about it.",
     "sesbouncectl policy list --rule permanent-policy", TAKES(OPTION_RULE), 0, 0,
     .run = cmd_policy_list},
    {"policy", "test", "FILE|-", "What one message would do, without doing it",
     "An SNS envelope, whose signature is not verified, or a bare SES message. Exit 0: "
     "it\nsuppresses nobody, 1: somebody, 2: it cannot be read, or would go to "
     "quarantine.",
     "sesbouncectl policy test body.json", 0, 1, 1, .run = cmd_policy_test},
    {"erase", NULL, "ADDRESS", "Delete everything that is kept about an address",
     "Deletes its events, their messages, diagnostics, notes and details of the log, and "
     "redacts\nmessages that are about others, too. While the address is on the list, it "
     "stays there with\nscope, reason and date; --forget takes it off, and it may be "
     "mailed again. An import cannot\nbring back what happened before. The command names "
     "what it cannot reach.",
     "sudo -u sesbounced sesbouncectl erase jane@example.com --dry-run",
     TAKES(OPTION_FORGET) | TAKES(OPTION_NOTE) | DRY, 1, 1, .run = cmd_erase},
    {"export", NULL, "--address ADDRESS -o json",
     "Everything that is kept about an address",
     "One JSON object per line; `kind` says what it is: entry, held, decision, change, "
     "soft_day,\nleak, unsubscribe, event, message, quarantined, mentioned_in_event, "
     "mentioned_in_message.",
     "sesbouncectl export --address jane@example.com -o json", TAKES(OPTION_ADDRESS), 0,
     0, .run = cmd_export},
    {"events", NULL, "", "What SES reported, one row per recipient",
     "A table shows the newest 50 unless --limit says otherwise; json and csv show all, "
     "in the\n"
     "order in which they were stored. With --after-id the rows after that id follow in "
     "order:\n"
     "a complete incremental read. --limit without --after-id gives the newest.",
     "sesbouncectl events --type Bounce --class hard --since 7d -o csv",
     TIME | TAKES(OPTION_ADDRESS) | TAKES(OPTION_TYPE) | TAKES(OPTION_CLASS) |
         TAKES(OPTION_CAUSE) | TAKES(OPTION_RULE) | TAKES(OPTION_DOMAIN) |
         TAKES(OPTION_CAMPAIGN) | TAKES(OPTION_AFTER_ID) | TAKES(OPTION_LIMIT) |
         TAKES(OPTION_MESSAGE),
     0, 0, .run = cmd_events, .view = STORE_EVENTS},
    {"follow", "changes", "", "Changes to the list as they come, for programs",
     "One JSON object per line, with the columns of `suppress log`. Begins with the "
     "oldest "
     "row, or\nbehind --after-id, and goes on until it is interrupted, also while the "
     "daemon restarts. If\n[retention] has deleted rows that are asked for, it says how "
     "to "
     "go on, and exits with 2.",
     "sesbouncectl follow changes --after-id 1742", TAKES(OPTION_AFTER_ID), 0, 0,
     .run = cmd_follow, .view = STORE_LOG},
    {"follow", "events", "", "Events as they come, for programs",
     "As `follow changes`, with the columns of `events`.",
     "sesbouncectl follow events --after-id 1742", TAKES(OPTION_AFTER_ID), 0, 0,
     .run = cmd_follow, .view = STORE_EVENTS},
    {"watch", NULL, "", "Events as they come, for people",
     "One line per event from now on, or behind --after-id, until it is interrupted. -o "
     "json\nprints all columns.",
     "sesbouncectl watch --class hard --domain example.com",
     TIME | TAKES(OPTION_ADDRESS) | TAKES(OPTION_TYPE) | TAKES(OPTION_CLASS) |
         TAKES(OPTION_CAUSE) | TAKES(OPTION_RULE) | TAKES(OPTION_DOMAIN) |
         TAKES(OPTION_CAMPAIGN) | TAKES(OPTION_AFTER_ID) | TAKES(OPTION_MESSAGE),
     0, 0, .run = cmd_follow, .view = STORE_EVENTS},
    {"leaks", NULL, "", "Mail that was sent although its address was suppressed",
     "Its sender does not check the list. Mail sent before its address was suppressed "
     "is not here.\nA table shows the newest 50 unless --limit says otherwise.",
     "sesbouncectl leaks --since 1d",
     TIME | TAKES(OPTION_ADDRESS) | TAKES(OPTION_SCOPE) | TAKES(OPTION_CAMPAIGN) |
         TAKES(OPTION_LIMIT),
     0, 0, .run = cmd_events, .view = STORE_LEAKS},
    {"alerts", NULL, "", "What needs a person, or did",
     "Those that are raised come first; the others have a `resolved_at`.\n"
     "sesbounced-alerts(7) lists all that there can be. A table shows the newest 50 "
     "unless\n--limit says otherwise.",
     "sesbouncectl alerts --since 7d", TIME | TAKES(OPTION_LIMIT), 0, 0,
     .run = cmd_events, .view = STORE_ALERTS},
    {"unsubscribes", NULL, "", "Who unsubscribed through SES's list management", NULL,
     "sesbouncectl unsubscribes --since 7d -o csv",
     TIME | TAKES(OPTION_ADDRESS) | TAKES(OPTION_SCOPE) | TAKES(OPTION_LIMIT), 0, 0,
     .run = cmd_events, .view = STORE_UNSUBSCRIBES},
    {"stats", NULL, "", "Counts and rates by day, or by who sent, or to whom",
     "The bar is the bounce rate: a full one is 10 %, at which AWS pauses sending. A "
     "rate "
     "is\nunknown where SES publishes neither Send nor Delivery events to us. Campaigns "
     "and tenants\nare counted in the events that are kept.",
     "sesbouncectl stats --days 7 --by configuration_set",
     TAKES(OPTION_DAYS) | TAKES(OPTION_BY) | TAKES(OPTION_LIMIT), 0, 0, .run = cmd_stats},
    {"quarantine", "list", "", "Authentic messages that could not be applied", NULL,
     "sesbouncectl quarantine list --reason stale",
     TIME | TAKES(OPTION_REASON) | TAKES(OPTION_TOPIC) | TAKES(OPTION_LIMIT), 0, 0,
     .run = cmd_list, .view = STORE_QUARANTINE},
    {"quarantine", "show", "ID", "A quarantined message, with its body", NULL,
     "sesbouncectl quarantine show 7 -o json | jq -r .body", 0, 1, 1,
     .run = cmd_quarantine_show},
    {"quarantine", "retry", "ID…|--all",
     "Apply quarantined messages now, whatever their age",
     "Messages that still cannot be applied stay in quarantine.",
     "sesbouncectl quarantine retry --reason stale",
     TAKES(OPTION_ALL) | TAKES(OPTION_REASON) | TAKES(OPTION_TOPIC) | DRY, 0, ANY,
     .run = cmd_quarantine_retry},
    {"quarantine", "drop", "ID…|--all", "Delete quarantined messages permanently",
     "--reason and --topic together: messages that match both. --dry-run says how many.",
     "sesbouncectl quarantine drop --reason not-json --dry-run",
     TAKES(OPTION_ALL) | TAKES(OPTION_REASON) | TAKES(OPTION_TOPIC) | DRY, 0, ANY,
     .run = cmd_quarantine_drop},
    {"topics", "list", "", "The SNS topics that have sent messages", NULL,
     "sesbouncectl topics list", 0, 0, 0, .run = cmd_list, .view = STORE_TOPICS},
    {"topics", "confirm", "ARN", "Confirm pending subscriptions, and retry failed ones",
     "Applies to every subscription of the topic whose token may still be valid.",
     "sesbouncectl topics confirm arn:aws:sns:eu-west-1:123456789012:ses-events", DRY, 1,
     1, .run = cmd_topics_confirm},
    {"topics", "forget", "ARN", "Stop reporting a topic that is no longer used",
     "Its state and its pending subscriptions are dropped; its events stay. A topic that "
     "delivers\nand is in [sns] topic is not forgotten: it would appear again.",
     "sesbouncectl topics forget arn:aws:sns:eu-west-1:123456789012:ses-events", DRY, 1,
     1, .run = cmd_topics_forget},
    {"webhooks", "list", "[NAME]", "The webhooks and mails, and what waits for them",
     "STATE is ok, failing (its last attempt failed) or off (it answered 410). With "
     "NAME: the\nmessages that wait for it or were given up, with their IDs.",
     "sesbouncectl webhooks list", 0, 0, 1, .run = cmd_webhooks_list},
    {"webhooks", "test", "NAME", "Send a test message, and say what became of it",
     "The running daemon sends it, once. Exit 0: it was received, 1: it was not, with "
     "the reason.",
     "sudo -u sesbounced sesbouncectl webhooks test ops", 0, 1, 1,
     .run = cmd_webhooks_test},
    {"webhooks", "retry", "NAME|ID", "Try messages again now, and with all attempts",
     "All messages of a webhook or mail, which is switched on again; or the one with "
     "this ID.",
     "sudo -u sesbounced sesbouncectl webhooks retry ops", DRY, 1, 1,
     .run = cmd_webhooks_retry},
    {"webhooks", "replay", "NAME", "Send again what has happened since some time",
     "As far as it is kept. Each message has the id that it had before, so that the "
     "receiver can\ntell that it has it already.",
     "sudo -u sesbounced sesbouncectl webhooks replay app --since 2h",
     TAKES(OPTION_SINCE) | DRY, 1, 1, .run = cmd_webhooks_replay},
    {"message", "show", "ID", "The message that an event came from, as SNS posted it",
     "ID is that of the event: the column `id` of `sesbouncectl events`. The output is "
     "verbatim, "
     "byte for\nbyte; on a terminal, control characters are replaced. Exit 1 if there is "
     "no "
     "such message.",
     "sesbouncectl message show 7 | jq -r .Message | jq .", 0, 1, 1,
     .run = cmd_message_show},
    {"message", "verify", "FILE|-", "Whether a captured SNS envelope is authentic",
     "The allowed topics and the age do not matter. The certificate comes from "
     "--certificate,\n"
     "from those that the daemon keeps, or from Amazon over https. Exit 0: yes, 1: no, "
     "2: cannot tell.",
     "sesbouncectl message verify --certificate SimpleNotificationService-x.pem "
     "body.json",
     TAKES(OPTION_CERTIFICATE), 1, 1, .run = cmd_message_verify},
    {"import", NULL, "FILE…|-", "Apply captured messages",
     "SNS envelopes (verified) and bare SES messages (trusted, since you name them), as "
     "they lie in\nS3, SQS or Lambda's events: gzip or not, in files and folders. A bare "
     "message dated in the\nfuture is refused. Importing twice changes nothing.",
     "sesbouncectl import /var/tmp/ses-events", DRY, 1, ANY, .run = cmd_import},
    {"simulate", NULL, "WHAT", "Post a signed message to the running daemon",
     "WHAT is bounce, complaint, ooto, suppressionlist or delivery, as SES's mailbox "
     "simulator\nwould cause it, for WHAT@simulator.amazonses.com. Needs [simulator] "
     "enabled = yes.",
     "sudo -u sesbounced sesbouncectl simulate bounce --address jane@example.com",
     TAKES(OPTION_ADDRESS) | TAKES(OPTION_FORGE), 1, 1, .run = cmd_simulate},
    {"status", NULL, "", "The state of the daemon; exit 1 if something needs attention",
     NULL, "sesbouncectl status", 0, 0, 0, .run = cmd_status},
    {"db", "check", "", "Whether the database file is sound", NULL,
     "sesbouncectl db check", 0, 0, 0, .run = cmd_db_check},
    {"db", "compact", "", "Return free space in the file to the file system",
     "Works in short steps, while the daemon runs. Otherwise the next messages use the "
     "space.\nA file of an earlier version must be rewritten once, with the daemon "
     "stopped.",
     "sudo -u sesbounced sesbouncectl db compact --dry-run", DRY, 0, 0,
     .run = cmd_db_compact},
    {"db", "prune", "", "Delete now what [retention] keeps no longer",
     "The daemon does so by itself, in its idle time; this needs no daemon. The list and "
     "the\ncounters stay. `db compact` returns the space.",
     "sudo -u sesbounced sesbouncectl db prune --dry-run", DRY, 0, 0,
     .run = cmd_db_prune},
    {"db", "settle", "", "Make the file readable without the daemon",
     "After a crash, or after a backup was put in place; it then needs no -wal and "
     "-shm.\nThe unit does so after each stop. Changes nothing while the daemon runs.",
     "sudo -u sesbounced sesbouncectl db settle", 0, 0, 0, .run = cmd_db_settle},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    struct ctl ctl = {.now_ms = clock_wall_ms(), .argc = argc, .argv = argv};
    ctl.program = argc > 0 && strchr(argv[0], '/') ? argv[0] : "sesbouncectl";
    /* A reader that goes away must end us with 2, not silently by a signal. */
    signal(SIGPIPE, SIG_IGN);
    int code = options_read(&ctl, argc, argv, verbs);
    if (code < 0)
        code = ctl.verb->run(&ctl);
    store_close(ctl.store);
    settings_free(ctl.settings);
    free(ctl.reads);
    free(ctl.writes);
    if (fflush(stdout) != 0 || ferror(stdout))
        code = code == CTL_COULD_NOT ? code : ctl_fail_output(errno ? -errno : -EIO);
    return code;
}
