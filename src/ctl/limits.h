/*
 * The maxima of sesbouncectl alone, each with its reason.
 */
#ifndef CTL_LIMITS_H
#define CTL_LIMITS_H

#include "sesbounce/limits.h"

/* A line of `check -`: an address has at most 320 bytes, a name before it a few more. */
#define CTL_LINE_BYTES_MAX (64 * 1024)
/* A record of a list that is imported: an address, and what a server answered. */
#define CTL_LIST_RECORD_BYTES_MAX (64 * 1024)
/* What is read of such a list at a time: some records at least. */
#define CTL_LIST_WINDOW_BYTES (256 * 1024)
/* Columns of such a list: services have up to a dozen, and a spreadsheet some more. */
#define CTL_LIST_COLUMNS_MAX 256
/* A name of a column or a reason, without what separates its words: the longest is
 * suppressionreason. */
#define CTL_LIST_NAME_BYTES_MAX 32
/* Why a line of it is not an entry: a sentence that quotes a field. */
#define CTL_LIST_FAULT_BYTES_MAX 512
/* Rows of our list that one query gives: some milliseconds. */
#define CTL_LIST_PAGE_ROWS 1000
/* What `suppress diff` holds of a file: 64 bytes for each of a million entries, of which
 * usual addresses take half. */
#define CTL_LIST_KEYS_BYTES_MAX (64 * 1024 * 1024)
/* Entries that `suppress import` sorts at a time: some 300,000. The more there are, the
 * more of them share a page of the database: a million one by one would write 8 GB. */
#define CTL_IMPORT_BYTES_MAX (32 * 1024 * 1024)
/* Addresses that `suppress add` takes at once: some ten million. */
#define CTL_LIST_BYTES_MAX (256 * 1024 * 1024)
/* Lines reported as not being addresses: nobody corrects more than this by hand. */
#define CTL_LIST_FAULTS_MAX 20
/* How long `webhooks test` waits for the outcome: a receiver's usual time-out, the
 * daemon's tick and some. And how often it looks. */
#define CTL_WEBHOOK_TEST_MS 20000
#define CTL_WEBHOOK_LOOK_MS 50
/* A message on standard error: a path, and what was typed. */
#define CTL_MESSAGE_BYTES_MAX 8192
/* Rows of a table without --limit. */
#define CTL_TABLE_LIMIT 50
/* What `follow` and `watch` read before they write it: some milliseconds. */
#define CTL_FOLLOW_ROWS       1000
#define CTL_FOLLOW_PART_BYTES (1024 * 1024)
/* How often they look whether the files have changed; and into the database in any case,
 * since a file can change without looking different. */
#define CTL_FOLLOW_POLL_MS 200
#define CTL_FOLLOW_LOOK_MS 2000
/* For so long a daemon that starts or stops may be in the way without a word. */
#define CTL_FOLLOW_TROUBLE_MS 4000
/* A line of `watch`; a server's answer may have some thousand characters. */
#define CTL_WATCH_WIDTH_MAX 240
#define CTL_WATCH_BYTES_MAX (64 * 1024)
/* The longest verb that is compared with what was typed. */
#define CTL_VERB_BYTES_MAX 64
/* Certificates that one run of `import` or `message verify` keeps in memory. */
#define CTL_CERTIFICATES_MAX 64
/* Bodies that wait for one transaction of `import` or of `quarantine retry`. */
#define CTL_BATCH_BYTES_MAX (8 * 1024 * 1024)
/* The faults of a configuration: a line each. */
#define CTL_FAULTS_BYTES_MAX (256 * 1024)
/* An answer of the daemon: one line of plain text. */
#define CTL_ANSWER_BYTES_MAX 1024
/* The daemon answers within 12 s. */
#define CTL_ANSWER_MS 15000
/* Records are read in pieces of this size. */
#define CTL_RECORDS_INPUT_BYTES_MAX (64 * 1024)
/* Of a file of records, read before anything else: tar's mark ends at byte 262. */
#define CTL_RECORDS_FIRST_BYTES 512
/* Layers around a message: that of a Lambda function's dead-letter queue has five
 * (message of SQS, event of Lambda, its record, SNS's envelope as Lambda spells it, that
 * as SNS does). */
#define CTL_RECORDS_LAYERS_MAX 8
/* Folders below a folder that is imported: a prefix, and YYYY/MM/DD/HH. */
#define CTL_WALK_DEPTH_MAX 16
/* A path below a folder that is imported: PATH_MAX does not bind openat(). */
#define CTL_WALK_PATH_BYTES_MAX (64 * 1024)
/* Names in one folder, in memory while it is walked: Firehose writes an object a minute,
 * half a million in a year. */
#define CTL_WALK_NAMES_MAX 1000000
/* Refused records and files that `import` prints; the others are counted. */
#define CTL_IMPORT_FAULTS_MAX 50
/* A terminal shows progress this often. */
#define CTL_PROGRESS_EACH_MS 250
/* Rows of one query of `export`: some 50 ms. */
#define CTL_EXPORT_ROWS 10000
/* Regions of SES that one address was mailed from; there are some thirty. */
#define CTL_REGIONS_MAX 40
/* Attempts to empty the write-ahead log, each of which waits STORE_BUSY_MS. */
#define CTL_EMPTY_TIMES 3
/* The largest body that `[ingest] max_body` can let in. */
#define CTL_BODY_BYTES_MAX (64 * 1024 * 1024)

/* Kinds of changes that `suppress rebuild` counts: actions, reasons and rules. */
#define CTL_REBUILD_KINDS_MAX 128
/* Examples of each kind that a table shows. */
#define CTL_REBUILD_SAMPLES_MAX 3

#endif
