/*
 * Every maximum of the program, with its reason. A bound that is not here does not exist.
 */
#ifndef SESBOUNCE_LIMITS_H
#define SESBOUNCE_LIMITS_H

/* --- base --- */

/* A log field's value: enough for a long diagnostic, small enough for a line to be read.
 */
#define LOG_VALUE_BYTES_MAX 512

/* --- SNS --- */

/* arn:PARTITION:sns:REGION:ACCOUNT:TOPIC: topic names have at most 256 characters. */
#define ARN_BYTES_MAX 512
/* Members of an envelope: SNS sends 10 to 12. */
#define SNS_MEMBERS_MAX 32
/* Nesting of what is skipped: MessageAttributes nest two deep. */
#define SNS_DEPTH_MAX 16
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
/* Clocks differ: a message may be this much ahead of us. */
#define INTAKE_FUTURE_MS (15 * 60 * 1000)

/* A simulated or imported envelope as text: SNS allows 256 KiB, escaping inflates it. */
#define SNS_ENVELOPE_BYTES_MAX (2 * 1024 * 1024)

/* --- SES --- */

/* RFC 5321: 64 + 1 + 255, and room for NUL; an A-label can be longer than its U-label. */
#define ADDRESS_BYTES_MAX 400
/* SES allows 50 recipients a message; what SES itself reports is never cut below this. */
#define SES_RECIPIENTS_MAX 1000
/* Nesting of an SES message: mail.tags and headers nest four deep. */
#define SES_DEPTH_MAX 64
/* `Permanent/OnAccountSuppressionList (simulator)` and the like. */
#define POLICY_DETAIL_BYTES_MAX 128
/* Doublings of a term: 30 days become at most ten years. */
#define POLICY_DOUBLINGS_MAX 7

/* --- certificates and outbound --- */

/* A certificate is 2 KiB, an answer to ConfirmSubscription 1 KiB. */
#define HTTPS_BODY_BYTES_MAX (64 * 1024)
/* Two regions' certificates and a handful of confirmations at a time. */
#define HTTPS_TRANSFERS_MAX 16
/* Connect and whole transfer: SNS gives up after 15 s, we answer within 12. */
#define HTTPS_CONNECT_MS 3000
#define HTTPS_TOTAL_MS   8000
/* One a region and year, some of the past, and some attempts of strangers. */
#define CERTIFICATES_IN_MEMORY_MAX 256
/* A failure is remembered this long; CONTRACT: asked again after 30 s at the latest. */
#define CERTIFICATE_FAILURE_MS 10000
/* Fetches of unknown URLs: a burst for a first start with many regions, then one each 2
 * s. */
#define CERTIFICATE_FETCH_BURST     16
#define CERTIFICATE_FETCH_REFILL_MS 2000

/* Confirmations: first after 1 s, doubling to 5 min, as long as the token can live. */
#define CONFIRM_FIRST_MS  1000
#define CONFIRM_MAX_MS    (5 * 60 * 1000)
#define CONFIRM_EXPIRY_MS (48LL * 3600 * 1000)

/* --- daemon --- */

/* Deliveries that wait for a certificate; each holds a body. */
#define WAITING_ROOM_MAX 256
/* They are let go with 503 after this: SNS gives up at 15 s, we answer within 12. */
#define WAITING_MS 10000
/* Deliveries lent to the writer. */
#define WRITER_QUEUE_MAX 1024
/* Deliveries in one transaction: bounds the WAL's growth and the time of a replay. */
#define WRITER_BATCH_MAX 512
/* Connections in all; SNS opens some hundreds at most to one endpoint. */
#define HTTP_CONNECTIONS_MAX 1024
/* An idle keep-alive connection is closed after this. */
#define HTTP_IDLE_S 60
/* Beyond max_body, swallow up to this many times max_body so that the 413 is seen. */
#define HTTP_SWALLOW_FACTOR 4

/* --- store --- */

/* The checkpointer starts at this size of the WAL: 4,096 pages of 8 KiB. */
#define STORE_WAL_BYTES (32L * 1024 * 1024)
/* A writer holds the turn no longer than this. */
#define STORE_TURN_ROWS_MAX 1000
#define STORE_TURN_MS       50
/* How long a foreign lock on the database is waited for before 503. */
#define STORE_BUSY_MS 2000
/* Counted messages are known again for this long. */
#define STORE_COUNTED_KEEP_MS (72LL * 3600 * 1000)

#endif
