/*
 * Every maximum of the program, with its reason: those of one program alone are in
 * daemon/limits.h and ctl/limits.h, and a bound that is in none does not exist (linted).
 * This header stands beside the layers: a section is about the layer that it names.
 */
#ifndef SESBOUNCE_LIMITS_H
#define SESBOUNCE_LIMITS_H

/* --- base ------------------------------------------------------------------------ */

/* A log field's value: enough for a long diagnostic, small enough for a line to be read.
 */
#define LOG_VALUE_BYTES_MAX 512
/* A field's name: the journal allows 64. */
#define LOG_NAME_BYTES_MAX 64
/* Fields of one event; bounds the stack a log line takes (10 KiB a rendering). */
#define LOG_FIELDS_MAX 16
/* Nesting of JSON that is skipped: an envelope's MessageAttributes nest two deep. */
#define JSON_SCAN_DEPTH_MAX 16
/* Names of settings, verbs and options that are compared for a likely slip. */
#define STR_DISTANCE_BYTES_MAX 64

/* --- SNS ------------------------------------------------------------------------- */

/* arn:PARTITION:sns:REGION:ACCOUNT:TOPIC: topic names have at most 256 characters. */
#define ARN_BYTES_MAX 512
/* The longest region today is us-isob-east-1, the longest partition aws-us-gov. */
#define ARN_REGION_BYTES_MAX    32
#define ARN_PARTITION_BYTES_MAX 32
#define ARN_TOPIC_BYTES_MAX     256
/* Members of an envelope: SNS sends 10 to 12. */
#define SNS_MEMBERS_MAX 32
/* All of an envelope except the values that are signed: SNS's own needs 1 KiB (signature,
 * two URLs). MessageAttributes are unsigned, too, and may be large, but SES and
 * EventBridge send none. More could come from anybody, and would be kept as SNS's.
 */
#define SNS_UNSIGNED_BYTES_MAX (16 * 1024)
/* https:// + a DNS name (253) + :port */
#define SNS_ORIGIN_BYTES_MAX 288
/* SNS uses 32 hex digits; file names end at 255 bytes. */
#define SNS_CERT_HEX_MAX 128
/* A SigningCertURL: origin and file name. */
#define SNS_URL_BYTES_MAX 512
/* Message ids are UUIDs of 36; the reference allows 100. */
#define SNS_MESSAGE_ID_BYTES_MAX 100
/* Tokens were seen with about 250 characters. */
#define SNS_TOKEN_BYTES_MAX 2048
/* RSA keys: SNS uses 2048 bits; larger ones cost time before anything is authenticated.
 */
#define SNS_KEY_BITS_MIN 2048
#define SNS_KEY_BITS_MAX 8192
/* Names in a certificate: SNS's have one. Further names are ignored. */
#define SNS_CERT_NAMES_MAX 16
/* RFC 1035. */
#define SNS_CERT_NAME_BYTES_MAX 253
/* Clocks differ: a message may be this much ahead of us. */
#define INTAKE_FUTURE_MS (15 * 60 * 1000)
/* A token of a SubscriptionConfirmation is valid for two to three days. */
#define INTAKE_TOKEN_MS (3LL * 24 * 3600 * 1000)
/* A simulated or imported envelope as text: SNS allows 256 KiB, escaping inflates it. */
#define SNS_ENVELOPE_BYTES_MAX (2 * 1024 * 1024)

/* --- SES ------------------------------------------------------------------------- */

/* RFC 5321: 64 + 1 + 255, and room for NUL; an A-label can be longer than its U-label. */
#define ADDRESS_BYTES_MAX 400
/* A name, an address and comments; a longer text is not an address, and is not parsed. */
#define ADDRESS_TEXT_BYTES_MAX 4096
/* Why a text is not an address: a sentence that quotes 40 bytes. */
#define ADDRESS_FAULT_BYTES 160
/* Of what stands before that fault: enough to find the place. */
#define ADDRESS_QUOTE_BYTES_MAX 40
/* SES allows 50 recipients per message; what SES itself reports is not cut below this. */
#define SES_RECIPIENTS_MAX 1000
/* A report may name this many addresses, whatever the message's destination: it can name
 * strangers, but not more than there were recipients. Twice what SES allows. */
#define SES_RECIPIENTS_NAMED_MAX 100
/* Nesting of an SES message, which is also how deep its reader calls itself. SES nests
 * four deep today; more than in an envelope, as SES adds objects and SNS does not. */
#define SES_DEPTH_MAX 64
/* Values of an SES message, 40 bytes of memory each. 50 recipients and all headers that
 * SES includes make about 700. */
#define SES_VALUES_MAX 16384
/* Of these, this many are on the stack (7.5 KiB): a bounce of a few recipients needs no
 * allocation. */
#define SES_VALUES_USUAL 192
/* The end of the year 9999, beyond which no time is written. */
#define SES_EPOCH_SECONDS_MAX 253402300799
/* A type that we do not know yet: SES's longest, "Rendering Failure", has 17. */
#define SES_TYPE_BYTES_MAX 64
/*
 * The length of a message's texts in a row of an event; they are cut between characters,
 * and the verbatim message has all of them. Most are in the message once and in the row
 * of every recipient: together they bound how large the rows of 256 KiB become, see
 * SES_TAGS_BYTES_MAX.
 */
/* Bounce types, actions, enhanced status codes, IP addresses, account and region: the
 * longest, AttachmentRejected or an IPv6 address, have 18 and 39. */
#define SES_WORD_BYTES_MAX 64
/* SES's ids have 60 characters, EventBridge's 36. */
#define SES_ID_BYTES_MAX 128
/* Domains and identities (RFC 5321: 320), values of tags (SES: 256 characters). */
#define SES_NAME_BYTES_MAX 320
/* A recipient's domain as a counter knows it: RFC 1035 allows 253. */
#define SES_PROVIDER_BYTES_MAX 256
/* mail.source, and what SES gives for an address: a name and an address. */
#define SES_SOURCE_BYTES_MAX 512
/* A subject: RFC 5322 recommends 78 characters a line; what is longer is cut, as
 * mailboxes show it. */
#define SES_SUBJECT_BYTES_MAX 512
/* RFC 9110 recommends no length; feedback loops name a product in a few words. */
#define SES_USER_AGENT_BYTES_MAX 512
/* The part of a server's answer that is judged. */
#define SES_DIAGNOSTIC_BYTES_MAX POLICY_DIAGNOSTIC_BYTES_MAX
/* mail.tags as JSON: SES's own ten take 700 bytes, and it allows 50 more. What is longer
 * (SES would allow 28 KiB) is left out of the events, not cut: half a JSON text is not
 * JSON. A row then has 16 KiB at most, and the 1,000 rows that 256 KiB can become 16 MiB.
 */
#define SES_TAGS_BYTES_MAX (8 * 1024)
/* `Permanent/OnAccountSuppressionList (simulator)` and the like. */
#define POLICY_DETAIL_BYTES_MAX 128
/* `configuration_set:` and a name; SES allows 64 characters for that of a configuration
 * set or a tenant. */
#define POLICY_SCOPE_BYTES_MAX 128
/* Doublings of a term: 30 days become at most ten years. */
#define POLICY_DOUBLINGS_MAX 7
/* The part of a diagnostic that is parsed: servers say what matters in the first lines.
 */
#define POLICY_DIAGNOSTIC_BYTES_MAX 2048
/* Two doubtful bounces make a certain one if they are at least this far apart, since DNS
 * outages end within a day, and at most this far, since two accidents a season apart
 * prove nothing. */
#define POLICY_DOUBT_APART_MS  (24LL * 3600 * 1000)
#define POLICY_DOUBT_WINDOW_MS (30 * 24LL * 3600 * 1000)
/* What an alert is about: a topic's ARN, the name of an identity, a finding about one. */
#define ALERT_SUBJECT_BYTES 640
/* A sentence about it, which may quote SES. */
#define ALERT_FACT_BYTES      1536
#define ALERT_CAUSE_BYTES_MAX 512
/* Subjects of one name: a hundred alerts of the same kind say what more would. */
#define ALERT_SUBJECTS_MAX 100

/* --- settings -------------------------------------------------------------------- */

/* The settings file: thousands of the longest topics; a larger file is something else. */
#define SETTINGS_FILE_BYTES_MAX (1024 * 1024)
/* A line: PATH_MAX, since a path is the longest value. */
#define SETTINGS_LINE_BYTES_MAX 4096
/* Sections [webhook NAME] and [mail NAME]: one message to each may be on its way. */
#define SETTINGS_RECEIVERS_MAX 32
/* Of one mail; a list of people is a mailing list's business. */
#define SETTINGS_RECIPIENTS_MAX 16
/* Items of a list, however short their lines are. */
#define SETTINGS_ITEMS_MAX 1024
/* Sections of one kind, such as [scope NAME]: each event is compared with them in turn. A
 * service with more customers has `scope_by`. */
#define SETTINGS_SECTIONS_MAX 1024
/* Half of STORE_SOFT_KEEP_MS, since events arrive in any order. */
#define SETTINGS_SOFT_WINDOW_MAX_MS (180LL * 24 * 3600 * 1000)
/* A term of an entry: the list's totals are kept by the minute. */
#define SETTINGS_TERM_MIN_MS (60 * 1000)
/* A hundred years: sums of times stay far from an overflow. */
#define SETTINGS_TERM_MAX_MS (36500LL * 24 * 3600 * 1000)
/* Hard bounces of a provider within an hour: nobody sends more, so the guard is off. */
#define SETTINGS_GUARD_LEAST_MAX (1000LL * 1000 * 1000)
/* Every fault of a file is reported, up to this size of all reports. */
#define SETTINGS_FAULTS_BYTES_MAX (64 * 1024)
/* One of them: what is wrong with one line, quotes included. */
#define SETTINGS_FAULT_BYTES_MAX 1024
/* A value or name quoted in a fault: enough to recognise it. */
#define SETTINGS_QUOTE_BYTES_MAX 96
/* A simulator's key file: an RSA key and a certificate are 3 KiB. */
#define SIMULATOR_FILE_BYTES_MAX (64 * 1024)

/* --- certificates and outbound --------------------------------------------------- */

/* A certificate is 2 KiB, an answer to ConfirmSubscription 1 KiB. */
#define HTTPS_BODY_BYTES_MAX (64 * 1024)
/*
 * Certificates that are fetched at a time, each over a connection that is kept for the
 * next. This is the only ration of fetches: strangers who name URLs of SNS make us
 * send one small GET for each request of theirs, no more than these can carry (some 200 a
 * second where SNS answers in 100 ms), all of them to the one origin that the topic's
 * region or the operator names, whose static files these are. A ration in time would be
 * used up by strangers, and then keep the genuine certificate out.
 */
#define CERTIFICATE_FETCHES_MAX 24
/* Why a transfer failed: libcurl's own words (256), and what to do. */
#define HTTPS_FAULT_BYTES_MAX 512
/* And the tasks of the outbox beside them, which no stranger can crowd out. */
#define TASKS_AT_ONCE 8
/* And a message to each receiver, however slow another one is. */
#define HTTPS_TRANSFERS_MAX                                                              \
    (CERTIFICATE_FETCHES_MAX + TASKS_AT_ONCE + SETTINGS_RECEIVERS_MAX)
/* Connect and whole transfer: SNS gives up after 15 s, we answer within 12. */
#define HTTPS_CONNECT_MS 3000
#define HTTPS_TOTAL_MS   8000
/* One per region and year, some from the past, and some attempts of strangers. */
#define CERTIFICATES_IN_MEMORY_MAX 256
/* Failures have their own table: strangers who name many URLs fill only that one. */
#define CERTIFICATE_FAILURES_MAX 256
/* A certificate's file on disk: as large as an answer may be. */
#define CERTIFICATE_FILE_BYTES_MAX HTTPS_BODY_BYTES_MAX
/* A failure is remembered this long; promised: asked again within 30 s. */
#define CERTIFICATE_FAILURE_MS 10000
/* Tasks: first after 1 s, doubling to 5 min; confirmations as long as the token can live.
 */
#define TASK_FIRST_MS     1000
#define TASK_AGAIN_MAX_MS (5 * 60 * 1000)
#define CONFIRM_EXPIRY_MS (48LL * 3600 * 1000)

/* --- daemon ---------------------------------------------------------------------- */

/*
 * What bounds the daemon under load follows from one setting, `[ingest] max_connections`,
 * in bounds_of(): 1,024 unless set, since SNS opens some hundreds at most to one
 * endpoint. Fewer than 16 would not carry SNS and a health check at once; more than
 * 65,536 would take some GiB, as libmicrohttpd may use 16 KiB for each.
 */
#define HTTP_CONNECTIONS_MIN 16
#define HTTP_CONNECTIONS_MAX 65536
/* Sockets of one purpose: loopback and public, IPv4 and IPv6, a unix socket, some spare.
 */
#define LISTEN_SOCKETS_MAX 8
/* Where we listen: a socket's path for each of LISTEN_SOCKETS_MAX, twice. */
#define ADDRESS_FILE_BYTES_MAX 4096
/* A certificate of ours that expires this soon should have been renewed. */
#define TLS_EXPIRY_WARNING_MS (30LL * 24 * 3600 * 1000)

/* --- store ----------------------------------------------------------------------- */

/* The checkpointer starts at this size of the WAL: 4,096 pages of 8 KiB. */
#define STORE_WAL_BYTES (32L * 1024 * 1024)
/* So long a restart of the WAL waits for readers, and deliveries with it. One that reads
 * page after page, as an export does, is between two of them within some milliseconds,
 * and the next page does not need the WAL; for one that stays, it is in vain. */
#define STORE_WAL_RESTART_MS 20
/* Written to the WAL at a time: some 15 pages with their headers. SQLite's own files take
 * less than 128 KiB in one call. */
#define STORE_WAL_WRITE_BYTES (124 * 1024)
/* A writer holds the turn no longer than this. */
#define STORE_TURN_ROWS_MAX 1000
#define STORE_TURN_MS       50
/* Between two of its own turns it leaves the turn to others for half as long, and at
 * least this long: a process that waits looks every millisecond, or later on a busy
 * machine. */
#define STORE_TURN_GAP_MS 5
/* Free pages given back in one step of `db compact`: as many as take STORE_TURN_MS, each
 * of which may move a page. */
#define STORE_COMPACT_PAGES_MIN 16
#define STORE_COMPACT_PAGES_MAX 4096
/* Free pages that the daemon leaves in the file, for what comes next. */
#define STORE_FREE_BYTES_KEPT (16L * 1024 * 1024)
/* Messages, bodies or changes pruned in one transaction: as many as take STORE_PRUNE_MS
 * with its commit. What is deleted is overwritten, and its rows in indexes are anywhere,
 * so that most of the time may be the disk's. A delivery that arrives meanwhile waits. */
#define STORE_PRUNE_ROWS_MIN 4
#define STORE_PRUNE_ROWS_MAX 200
#define STORE_PRUNE_MS       10
/* Rows that are looked at for old ones behind the last of these: less than a millisecond.
 */
#define STORE_PRUNE_WINDOW 1000
/* A message is known again for this long, whatever the retention of events: SQS keeps for
 * 14 days what is sent again from a dead-letter queue. */
#define STORE_KNOWN_KEEP_MS (14LL * 24 * 3600 * 1000)
/* Without a message for this long nobody confirms our clock, and pruning waits. */
#define STORE_PRUNE_QUIET_MS (2LL * 24 * 3600 * 1000)
/* From the announcement that retention is about to delete something of a file from before
 * there was any, to the first deletion: so that somebody reads it. */
#define STORE_PRUNE_GRACE_MS (24LL * 3600 * 1000)
/* Events of an address erased in one transaction, with their bodies: STORE_TURN_MS. */
#define STORE_ERASE_ROWS_MAX 100
/* Ids of events, bodies and so on that are searched for it in one step. */
#define STORE_ERASE_WINDOW_MAX 500
/* Spellings of one address: its case apart, it has one or two. */
#define STORE_SPELLINGS_MAX 8
/* A text of an event, tags at most, or a note, in which each address may become longer.
 */
#define STORE_NOTE_BYTES_MAX (256 * 1024)
/* While a file is upgraded, who waits for it hears of it this often. */
#define STORE_UPGRADE_TELL_MS 5000
/* How long we wait for a foreign lock on the database before 503. */
#define STORE_BUSY_MS 2000
/* How long a start waits for those who read already; most queries end by then. Nobody can
 * begin to read meanwhile. A reader of the file at rest that continues only keeps the WAL
 * from being copied. */
#define STORE_EARLY_MS 100
/* A file that was corrupt and has changed is checked for this long before it is used
 * again; a database of some GiB is read in that time, and the watchdog allows 60 s. */
#define STORE_LOOK_MS 20000
/* Counted messages are recognised for this long. */
#define STORE_COUNTED_KEEP_MS (72LL * 3600 * 1000)
/* SES's time and SNS's of one event differ by this much at most, or its time is not used.
 */
#define STORE_SES_LAG_MS (15 * 60 * 1000)
/* Events of one mail, address and type that are kept as rows; more are only counted. A
 * remote server decides how many reports it sends about a mail; one or two are usual. All
 * addresses that the mail was not sent to share one such number. */
#define STORE_REPEATS_KEPT 20
/* This many if further ones change an entry of the list: two alternating reports could
 * begin and lift one without end. */
#define STORE_REPEATS_MAX 40
/* Dropped in one transaction from a quarantine that is too large: what is deleted is
 * overwritten, so that bytes take time, too. A batch of the largest messages is as much.
 */
#define STORE_QUARANTINE_STEP_ROWS  512
#define STORE_QUARANTINE_STEP_BYTES (32L * 1024 * 1024)
/* Soft days are forgotten after this: twice the longest window for them that may be
 * configured, since events arrive in any order. */
#define STORE_SOFT_KEEP_MS (360LL * 24 * 3600 * 1000)
/* Totals that have ended are kept for this: a clock may be set back. */
#define STORE_TOTAL_KEEP_MS (60LL * 24 * 3600 * 1000)
/* `status` says for this long that a list was begun in place of one that was lost: a
 * person who looks once a month sees it. */
#define STORE_LOST_TELL_DAYS 30
/* Rows that one call of store_tidy() looks at: some milliseconds. */
#define STORE_TIDY_ROWS_MAX 2000
/* And of soft days and the like, which are anywhere: each is a page or two. */
#define STORE_TIDY_OLD_MAX 100
/* Notices are kept: a receiver that is away for so long has missed more than these. */
#define STORE_NOTICE_KEEP_MS (90LL * 24 * 3600 * 1000)
/* Old counted keys of imports are checked this often. */
#define STORE_TIDY_AGAIN_MS (3600LL * 1000)
/* Tasks given out and without a result; more wait. */
#define STORE_TASKS_OUT_MAX 64
/* Without a result after this a task is given out again: HTTPS_TOTAL_MS is 8 s.
 */
#define STORE_TASK_OUT_MS (60 * 1000)
/* A few stale messages are a delivery that SNS repeated for long; more than this in an
 * hour, and more than half of all messages, are a sign of a clock that is ahead. */
#define STORE_STALE_SURGE 10
/* The newest quarantined messages that this is judged by. */
#define STORE_CLOCK_ROWS_MAX 1000
/* Subscriptions of a topic that are remembered; the owner of an allowed topic can make
 * any number of them. What ended or failed first goes first. */
#define STORE_SUBSCRIPTIONS_MAX 64
/* Topics whose row is remembered; others are looked up again. */
#define STORE_TOPICS_CACHED_MAX 64
/* Days whose counters a transaction sums up before writing; messages are mostly of one.
 */
#define STORE_DAYS_TALLIED_MAX 16
/* Different (day, type) pairs, likewise. */
#define STORE_TYPES_TALLIED_MAX 64
/* Pairs of a sending identity and a day with Deliveries that are remembered as written;
 * others are written again, which changes nothing. */
#define STORE_IDENTITIES_CACHED_MAX 64
/* Soft bounces and Deliveries of an address that are kept for a day and scope: more can
 * come of one mail than matter. Of further ones the last is kept in place of the last. */
#define POLICY_SOFT_DAY_MAX 16
/* Scopes in which soft bounces of an address are counted; those of further ones are only
 * recorded, since a Delivery visits each. A tag of the mail may choose the scope. */
#define STORE_SOFT_SCOPES_MAX 64
/* Soft bounces that are counted again in one transaction, because Deliveries of their
 * identity became known: some milliseconds. */
#define STORE_RECOUNT_ROWS_MAX 50
/* Addresses that the outage guard remembers to have counted: one that is reported again
 * and again counts once. */
#define GUARD_ADDRESSES 8
/* Providers that the outage guard counts at a time, in sets of so many places: those with
 * the fewest hard bounces are forgotten first. */
#define GUARD_SETS   64
#define GUARD_PLACES 8
/* Providers named in the log of those that one transaction begins to guard; the rest is a
 * number. An outage of ours or of a blocklist can affect hundreds at once. */
#define STORE_GUARD_NEWS_MAX 16
/* Different answers of a provider that are counted: most of an outage's are one. */
#define GUARD_ANSWERS 4
/* Hours with this part of [suppression] guard_least are remembered: less can neither trip
 * the guard nor keep it from doing so. */
#define GUARD_NOTED_PART 4
/* Different counters of an (hour, sender, provider) that are summed up before they are
 * written: those of a transaction, and those of events that count by their rows until
 * then. 150 KiB of memory each. And their hash table, half of it free. */
#define STORE_HOURS_TALLIED_MAX 512
#define STORE_HOUR_SLOTS        (2 * STORE_HOURS_TALLIED_MAX)
/* So many of these events at most, about: readers add them up. */
#define STORE_HOURS_FRESH_MAX 1000
/* Senders (account, Region, identity, configuration set, scope) whose id is remembered;
 * others are looked up again. */
#define STORE_DIMENSIONS_CACHED_MAX 64
/* Counters by hour become those of a day after this: who compares hours looks at weeks.
 */
#define STORE_HOURS_KEEP_MS (35LL * 24 * 3600 * 1000)
/* And those of a day are kept without the provider after this, as long as events are
 * unless configured: only senders then make the table grow. */
#define STORE_PROVIDERS_KEEP_MS (400LL * 24 * 3600 * 1000)
/* Old hours that one call of store_tidy() passes over: a look-up each. */
#define STORE_TIDY_HOURS_MAX 256
/* Leaks that are kept, the newest: some 20 MB. A sender that ignores the list does so
 * with each mail, and the count goes on. */
#define STORE_LEAKS_MAX 100000
/* Of the leaks of the last day, so many tell who sent most of them. */
#define STORE_LEAKS_TOLD_MAX 1000
/* Events of an address that are replayed when one comes late, within a transaction of
 * deliveries: some milliseconds. With more, it is carried in as if it were not late. */
#define STORE_REPLAY_EVENTS_MAX 100
/* Events of an address that `suppress rebuild` replays, in about STORE_TURN_MS: an
 * address has a few, one that a sender goes on mailing for years has a thousand. With
 * more it stays as it is. */
#define STORE_REBUILD_EVENTS_MAX 5000
/* Ids of lines of the log that a rebuild draws at once: each draw is a search. */
#define STORE_CHANGE_IDS 256
/* How late the log may say that a term has ended. */
#define STORE_EXPIRE_AGAIN_MS (60LL * 1000)
/* Entries whose end is logged in one transaction: some milliseconds. */
#define STORE_EXPIRE_ROWS_MAX 200
/* Different (reason, minute of the end) pairs, likewise. */
#define STORE_LIST_TOTALS_MAX 64
/* A larger body is kept plain, and what claims to have been larger is not unpacked. May
 * only grow: old files hold what it allowed. */
#define STORE_PACKED_BYTES_MAX SNS_ENVELOPE_BYTES_MAX
/* A type that is counted: the longest of SES's has 17 characters. */
#define STORE_TYPE_BYTES_MAX 64
/* Text of a fault. */
#define STORE_FAULT_BYTES_MAX 512
/* PATH_MAX, each byte of which may become three. */
#define STORE_URI_BYTES_MAX (3 * 4096 + 32)
/* A query built from a filter: a few hundred bytes. */
#define STORE_QUERY_BYTES_MAX 4096
/* Values that a filter compares with; there are 17 that it can name. */
#define STORE_CONDITIONS_MAX 20
/* Ids that one look of a follower passes by at most: a tenth of a second, in which upkeep
 * of the file waits, and other questions. */
#define FOLLOWING_LOOK_IDS 20000
/* Columns of a view; events has the most, some 40. */
#define STORE_COLUMNS_MAX 64
/* Steps of SQLite's machine between two calls of a progress callback: some milliseconds.
 */
#define STORE_CHECK_STEPS 100000

/* --- report ---------------------------------------------------------------------- */

/* A row as text: a quarantined body of 2 MiB, escaped, and its columns. */
#define REPORT_ROW_BYTES_MAX (16 * 1024 * 1024)
/* Rows whose widths align a table; the rest streams. */
#define REPORT_ROWS_HELD 200
/* The widest view has 37 columns. */
#define REPORT_COLUMNS_MAX 64
/* A wider cell pushes its line out of the column, but is shown whole. */
#define REPORT_CELL_WIDTH_MAX 72
/* The last column (diagnostics, notes) is cut: `-o json` shows it whole. */
#define REPORT_LAST_CELL_WIDTH_MAX 120
/* A sentence with what to type: an ARN, and names that SES gave. */
#define REPORT_MESSAGE_BYTES_MAX 8192
/* A duration as people type it: a thousand years; sums stay far from an overflow. */
#define WHEN_DURATION_MAX_MS (1000LL * 366 * 24 * 3600 * 1000)

#endif
