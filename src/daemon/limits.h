/*
 * The maxima of sesbounced alone, each with its reason.
 */
#ifndef SESBOUNCED_LIMITS_H
#define SESBOUNCED_LIMITS_H

#include "sesbounce/limits.h"

/* A fetch has less time while more than CERTIFICATE_UNHURRIED_MAX are running: a
 * certificate takes four round trips, a second from the far side of the world. One that
 * took longer is asked for again with the whole time. */
#define CERTIFICATE_HURRIED_MS    1500
#define CERTIFICATE_UNHURRIED_MAX (CERTIFICATE_FETCHES_MAX / 4)
/* URLs of certificates that were wanted, 8 bytes each: at 1,000 new ones a second, one is
 * remembered for a minute with a chance of four in ten, for ten seconds with nearly nine.
 */
#define SIGHTINGS_MAX 65536
/* Wanted again: not by the same burst of messages. */
#define SIGHTING_AGAIN_MS 1000
/* SNS tries for an hour at most. */
#define SIGHTING_KEEP_MS (60 * 60 * 1000)
/* While no certificate can be obtained, the one that failed is requested again this
 * often, also when nobody delivers: a load balancer that believes /healthz lets nobody
 * through. Promised: asked again within 30 s. */
#define CERTIFICATE_AGAIN_MS 20000
/* While a certificate of that origin is known, its way is lost only when another fetch
 * fails this long after the first, and no delivery was verified in between. Shorter: a
 * stranger turns /healthz of a site that has no mail for a while; longer: a certificate
 * that SNS has renewed, and that cannot be fetched, shows later. SNS's own retries may be
 * over in a minute, so this only delays the alarm. */
#define HEALTH_DOUBT_MS (10 * 60 * 1000)
/* Origins in doubt at once: one per region, of those that have given a certificate. AWS
 * has 40; one more counts as lost. */
#define HEALTH_DOUBTS_MAX 64
/* That certificates cannot be obtained, and that they can again, in pairs. */
#define HEALTH_LOGS_A_MINUTE 5
/* The reason, in words for everybody, and for the operator with libcurl's own (256). */
#define HEALTH_BRIEF_BYTES  128
#define HEALTH_DETAIL_BYTES 512
/* What /healthz says: two origins, the detail and a sentence. */
#define HEALTH_LINE_BYTES_MAX 2048
/* One address may have this part of the connections, of the memory for large bodies and
 * of the waiting room: no one client takes all, and four proxies may share them. */
#define HTTP_ADDRESS_SHARE 4
/* This part of the connections may wait for a certificate; the others go on. The maximum
 * is low because each new one, and each fetch, looks at all of them. */
#define WAITING_ROOM_SHARE 4
#define WAITING_ROOM_MAX   1024
/* This part of the connections is never in the writer's queue: while a disk hangs,
 * clients on them get 503 at once, and /healthz can be reached. */
#define WRITER_SPARE_SHARE 4
/* Bodies: every connection may hold this much of one, and what SES sends has 2 to 16 KB.
 * What they hold beyond it is bounded in sum by as much again, and by no less than this
 * many of the largest. With the defaults these are 16 MiB each; while a body is looked
 * at, its decoded texts may take as much again. */
#define BODY_FIRST_BYTES (16 * 1024)
#define LARGE_BODIES     8
/* What is read out of a body and kept until its answer may take this much without
 * counting as large: texts with an escape, and 856 bytes for each of a dozen recipients.
 * More comes out of the memory for large bodies. */
#define EVENT_FIRST_BYTES (16 * 1024)
/* What libmicrohttpd has for the head of a request, and for what it reads of the body at
 * a time: half of it, which a usual delivery fits into at once. SNS's head has 1 KiB. All
 * of it is zeroed for each request, so libmicrohttpd's own 32 KiB cost 3 % of the CPU. */
#define HTTP_HEAD_BYTES (8 * 1024)
/* What a connection may take otherwise: libmicrohttpd's memory for the request's head,
 * and what TLS keeps (measured: 25 to 40 KiB). */
#define CONNECTION_BYTES     (32 * 1024)
#define CONNECTION_TLS_BYTES (40 * 1024)
/* What the unit's MemoryMax= allows beyond that: the program with SQLite's caches and its
 * libraries (20 MiB), buffers of sockets, what each HTTP thread needs while it reads a
 * message (SES_VALUES_MAX values and 2,000 recipients: 4 MiB), and pages of the database
 * and its log that are not on disk yet (STORE_WAL_BYTES and what came during a
 * checkpoint). */
#define MEMORY_SPARE_BYTES (128L * 1024 * 1024)
/* A file of the cgroup: a path, or a number. */
#define CGROUP_BYTES_MAX 8192
/* Descriptors other than the connections: 64 HTTP threads with two each, and twice that
 * while connections under an earlier TLS certificate end; 16 listening sockets, 32
 * connections of admin, three of SQLite with three files each, outbound's 64 with
 * resolvers, the log. Long polls have what there is beyond that.
 */
#define FILES_SPARE 448
/* A client that has not sent a complete request within this time is disconnected: with
 * ANSWER_MS for the answer, a later one would be too late for SNS anyway. */
#define HTTP_REQUEST_MS 10000
/* While only one in HTTP_CROWDED_SHARE connections is free, this much of that time is
 * left: SNS needs a fraction of a second, and others wait in the backlog. And an
 * answer to what was not kept closes its connection. */
#define HTTP_REQUEST_CROWDED_MS 3000
#define HTTP_CROWDED_SHARE      4
/* On the admin listener a client that connects when all places are taken displaces the
 * connection that has owed a request for the longest, and for this long: a scraper's
 * request follows its connection within three round trips of TLS. */
#define HTTP_DISPLACE_MS 500
/* Connections accepted from one socket before the next socket has its turn. */
#define ACCEPT_AT_ONCE 64
/* After accept() failed because descriptors or memory are short, it is tried again after
 * this; as often a connection is displaced, while somebody waits for a place. */
#define ACCEPT_AGAIN_MS 50
/* A failing accept() is logged, but does not fill the log. */
#define ACCEPT_LOGS_A_MINUTE 1
/* The files of a TLS certificate are looked at this often; what has changed since is read
 * when it has not changed again at the next look: certbot replaces one after the other.
 */
#define TLS_LOOK_MS 1000
/* While memory or descriptors are short, a renewed certificate is tried again after this;
 * once a minute the log says that it is not served yet. */
#define TLS_AGAIN_MS            5000
#define TLS_FAULT_LOGS_A_MINUTE 1
/* What was shed is logged this often. */
#define SHED_LOG_EVERY_MS 60000
/* A delivery that waits gets 503 after this: main sweeps each second, and a commit may
 * follow. */
#define WAITING_MS 9000
/* Promised: every answer within 12 s, for SNS gives up at 15. What the writer has not
 * begun by then is 503, by main's sweep when the writer hangs; and when it has hung for
 * so long, new deliveries get 503 at once. */
#define ANSWER_MS 11000
/* A thread that is busy with one thing for longer is stuck: the watchdog is not petted.
 */
#define BUSY_TOO_LONG_MS 60000
/* How long systemd waits for the next sign of an upgrade: SQLite gives none while it
 * merges what it has sorted, and while it syncs. TimeoutStartSec is the same. */
#define UPGRADE_STEP_MS (15 * 60 * 1000)
/* Deliveries in one transaction: bounds the WAL's growth and the time of a replay. */
#define WRITER_BATCH_MAX 512
/* What is sent out: a text of some lines, or a row of a view with its 2 KiB texts. */
#define COMPOSED_BYTES_MAX (256 * 1024)
/* Rows told of in one text, and how wide a line about one is among others. */
#define COMPOSED_LINES_MAX      10
#define COMPOSED_LINE_WIDTH_MAX 160
/* What Discord takes in its form of Slack's, of 2,000. */
#define COMPOSED_SLACK_WIDTH_MAX 1900
/* RFC 5322: 998 characters; and a subject that people read. */
#define COMPOSED_MAIL_LINE_MAX     900
#define COMPOSED_SUBJECT_BYTES_MAX 120
/* Secrets of a webhook: the old and the new one, and some spare; 24 bytes at least, as
 * Standard Webhooks has it. */
#define RECEIVER_KEYS_MAX         4
#define RECEIVER_KEY_BYTES_MIN    24
#define RECEIVER_SECRET_BYTES_MAX 4096
/* Between two messages that may tell of many things: Slack takes one a second, people
 * fewer. */
#define COURIER_SLACK_GAP_MS 5000
#define COURIER_MAIL_GAP_MS  60000
/* Messages to a receiver that wait for their first attempt: more are put in the outbox
 * once there are this few. And of all that wait, for one that fails for days: 100 bytes
 * each. The others stay where they are. */
#define COURIER_FRESH_MAX   16
#define COURIER_WAITING_MAX 10000
/* A mail server may take its time: RFC 5321 allows minutes. */
#define SENDING_MAIL_MS (60 * 1000)
/* While a receiver fails, new messages to it begin a second apart, then two, four, …; at
 * most this. */
#define COURIER_FAILING_GAP_MAX_MS 60000
/* While deliveries wait, how often the writer looks for what is to be sent. */
#define COURIER_BUSY_MS 100
/* Beyond its time-out, how long the result of an attempt may take to come back. */
#define COURIER_RESULT_MS 45000
/* What a receiver may ask for with Retry-After: as long as the longest delay. */
#define COURIER_RETRY_AFTER_MAX_MS (24LL * 3600 * 1000)
/* The outcome of an attempt, in words. */
#define OUTCOME_BYTES 512
/* A request's headers: an id, and a signature for each key. */
#define SIGNATURE_HEADER_BYTES_MAX 1024
/* Messages given up that are logged, of all receivers. */
#define CARRIER_LOGS_A_MINUTE 10
/* How often the idle writer looks whether somebody else changed the outbox. */
#define WRITER_TICK_MS 1000
/* What has become due by age is looked for this often. */
#define PRUNER_AGAIN_MS 10000
/* From the oldest row on: what was kept for another reason may be due meanwhile. */
#define PRUNER_RESTART_MS (3600 * 1000)
/* While there is more to prune, the writer is free for deliveries this many times as long
 * as a step took: pruning has a quarter of its time, so that it keeps up with what comes.
 */
#define PRUNER_PAUSE_TIMES 3
/* Replaying a failed batch one by one takes at most this long; the rest gets 503. */
#define WRITER_REPLAY_MS 2000
/* A broken disk is logged, but does not fill the log. */
#define STORE_FAULT_LOGS_A_MINUTE 10
/* Messages without a valid signature cause 30 lines per minute in all, 15 MB a day: about
 * deliveries, about certificates that could not be fetched, and that there were more. */
#define UNVERIFIED_LOGS_A_MINUTE     24
#define OUTBOUND_FAULT_LOGS_A_MINUTE 5
/* Refused topics that are not logged again, by a hash. */
#define REFUSED_TOPICS_TOLD_MAX 1024
/* Certificates looked for in one turn; each may read a file. */
#define OUTBOUND_WISHES_A_TURN 32
/* The longest wait of the outbound thread while nothing happens. */
#define OUTBOUND_TICK_MS 1000
/* Origin, percent-encoded ARN and token. */
#define CONFIRM_URL_BYTES_MAX 8192
/* Log lines about genuine messages, which are in the database anyway. */
#define DELIVERY_LOGS_A_MINUTE 600
/* An idle keep-alive connection that delivered something is closed after this, others
 * after HTTP_REQUEST_MS. */
#define HTTP_IDLE_S 60
/* What a 503 suggests; SNS has its own retry policy. */
#define HTTP_RETRY_AFTER_S "10"
/* A message of libmicrohttpd or GnuTLS. */
#define LIBRARY_LOGS_A_MINUTE 10
/* A chain of certificates, or a key. */
#define PEM_BYTES_MAX (256 * 1024)
/* A system's bundle of CAs has 220 KiB. */
#define CA_FILE_BYTES_MAX (4 * 1024 * 1024)
/* Lines of a credentials file: old and new while they are changed, for some
 * subscriptions; and of a tokens file: one per scraper or person, where 256 bytes per
 * line leave room for names and comments. */
#define SECRETS_MAX           64
#define CREDENTIALS_BYTES_MAX (32 * 1024)
#define TOKENS_BYTES_MAX      (16 * 1024)
/* The name of a token, which every change that is made with it keeps. */
#define SECRET_NAME_BYTES 64
/* 64 bits of SHA-256 distinguish the addresses in a log. */
#define LOG_ADDRESS_HASH_DIGITS 16
/* Once nobody is accepted any more, open connections are answered for this long; and so
 * are, at the end, those whose delivery was still lent then. */
#define STOP_GRACE_MS 1000
/* Long polls that wait at a time, one per follower; fewer where open files are short. */
#define API_WAITS_MAX   1024
#define API_WAITS_LEAST 16
/* Beside them scrapers, a browser or two, and what asks whether addresses may be mailed.
 */
#define ADMIN_CONNECTIONS_LEAST 32
#define ADMIN_CONNECTIONS_MAX   (ADMIN_CONNECTIONS_LEAST + API_WAITS_MAX)
/* How long a follower may ask to wait: CONTRACT.md. */
#define API_WAIT_S_MAX 60
/* A silent client must not keep a scraper out for long. */
#define ADMIN_IDLE_S 10
/* The API. A body of this size has 10,000 addresses of a hundred bytes, twice what is
 * usual; read, JSON takes up to this many times its size. All bodies together: */
#define API_JSON_TIMES       20
#define API_BODY_BYTES_MAX   (1024 * 1024)
#define API_BODIES_BYTES_MAX (8 * 1024 * 1024)
/* A body that wants something changed: 2,500 ids of held entries and a note. */
#define API_CHANGE_BYTES_MAX (64 * 1024)
#define API_HELD_IDS_MAX     2500
#define API_NOTE_BYTES_MAX   4096
/* Held entries decided in one transaction, 10 ms, for which deliveries wait. */
#define API_HELD_AT_ONCE 100
/* 10,000 results of 400 bytes. A page ends with the row that reaches half of it. */
#define API_ANSWER_BYTES_MAX (8 * 1024 * 1024)
#define API_PAGE_BYTES       (API_ANSWER_BYTES_MAX / 2)
/* Answers that are being sent, together, beyond this much each: of slow clients, too. */
#define API_ANSWER_SMALL_BYTES 4096
#define API_ANSWERS_BYTES_MAX  (16 * 1024 * 1024)
/* A long poll was measured with 6 KiB. */
#define ADMIN_CONNECTION_BYTES (16 * 1024)
/* Of CONTRACT.md. */
#define API_ADDRESSES_MAX 10000
/* Rows of a page, unless the request says so, and at most. */
#define API_LIMIT     100
#define API_LIMIT_MAX 1000
/* Questions that wait for the reader's turn, beside the long polls, which may all ask
 * again at once: half of the other connections, so that metrics get through while a disk
 * hangs. */
#define READER_QUESTIONS_MAX (ADMIN_CONNECTIONS_LEAST / 2)
/* Long polls that are asked again before the next question, some milliseconds; and what
 * found nothing takes a tenth of the reader's time: it rests this many times as long. */
#define READER_LOOKS_AT_ONCE 32
#define READER_REST_TIMES    9
/* Rows looked at for a page, a tenth of a second: the next question waits. */
#define API_ROWS_SEEN_MAX 20000
/* Looked up in one state of the list: some milliseconds, in which upkeep waits. */
#define API_READ_ADDRESSES 1000
/* A form of the page: an address, percent-encoded. */
#define PAGE_FORM_BYTES_MAX 8192
/* The newest events that the page sums up, some milliseconds, and how many it lists. */
#define PAGE_EVENTS_SEEN_MAX 1000
#define PAGE_EVENTS_LISTED   12
/* Different diagnostics, providers or campaigns among them: those that are seen first. */
#define PAGE_GROUPS_MAX    512
#define PAGE_GROUPS_LISTED 8
#define PAGE_NAME_BYTES    160
/* Rows of the other lists. */
#define PAGE_HELD_LISTED       10
#define PAGE_QUARANTINE_LISTED 6
#define PAGE_TOPICS_LISTED     12
#define PAGE_CHANGES_LISTED    12
/* Messages about what needs a person. */
#define PAGE_ATTENTION_MAX 32
/* The methods of a path, `GET, POST, PUT, DELETE`. */
#define ROUTE_METHODS_BYTES 32
/* Of the newest quarantined messages, searched for an address: a tenth of a second, for
 * the next question waits. */
#define API_WHY_BYTES (16 * 1024 * 1024)
/* A sentence that quotes a parameter or a member. */
#define PROBLEM_DETAIL_BYTES 512
/* A hundred series of a hundred bytes, and those about the database. */
#define METRICS_BYTES_MAX (64 * 1024 + STORE_METRICS_BYTES_MAX)
/* How often the writer takes the figures of /metrics about the database, and for what
 * part of its time at most: Prometheus usually asks every 15 s or every minute. */
#define STORE_METRICS_EVERY_MS 10000
#define STORE_METRICS_SHARE    200
/* Topics heard last; a line of each has less than 400 bytes, and the four of each
 * receiver have as much. */
#define STORE_METRICS_TOPICS_MAX 128
#define STORE_METRICS_BYTES_MAX  (96 * 1024)
/* What alerts are about is looked at this often, and for what part of the time at most:
 * people need minutes to act on one. */
#define ALERT_EVERY_MS 30000
#define ALERT_SHARE    200
/* The days that are looked back at for as many sends as a rate needs. */
#define ALERT_DAYS_MAX 30
/* Identities whose rates are looked at, beside everybody's: a kilobyte each. */
#define ALERT_IDENTITIES_MAX 1000
/* What an alert says: what it means, a fact and what to type. */
#define ALERT_TEXT_BYTES_MAX (ALERT_FACT_BYTES + 2 * ALERT_SUBJECT_BYTES + 1024)
/* STATUS= is sent when it changes, and this often: each is a message to systemd. */
#define STATUS_EVERY_MS 10000
/* A message to systemd: a path, and what to type. */
#define NOTIFY_BYTES_MAX 8192
/* main looks this often at what may be late. */
#define MAIN_TICK_MS 1000
/* Beyond max_body, swallow up to this many times max_body so that the 413 is seen. */
#define HTTP_SWALLOW_FACTOR 4
/* A WAL of this size cannot be restarted because a reader does not end: logged once a
 * minute. */
#define STORE_WAL_PINNED_BYTES (8 * STORE_WAL_BYTES)

#endif
