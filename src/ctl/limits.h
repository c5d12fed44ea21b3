/*
 * The maxima of sesbouncectl alone, each with its reason.
 */
#ifndef CTL_LIMITS_H
#define CTL_LIMITS_H

#include "sesbounce/limits.h"

/* A line of `check -`: an address has at most 320 bytes, a name before it a few more. */
#define CTL_LINE_BYTES_MAX (64 * 1024)
/* Addresses that `suppress add` takes at once: some ten million. */
#define CTL_LIST_BYTES_MAX (256 * 1024 * 1024)
/* Lines reported as not being addresses: nobody corrects more than this by hand. */
#define CTL_LIST_FAULTS_MAX 20
/* A message on standard error: a path, and what was typed. */
#define CTL_MESSAGE_BYTES_MAX 8192
/* Rows of a table without --limit. */
#define CTL_TABLE_LIMIT 50
/* The longest verb that is compared with what was typed. */
#define CTL_VERB_BYTES_MAX 64
/* Why sending is paused: SES writes 512 characters at most. */
#define CTL_CAUSE_BYTES_MAX 512
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

#endif
