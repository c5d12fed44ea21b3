#include "store/sqlite/db.h"
#include "store/sqlite/db_sql_alerts.h"
#include "store/sqlite/db_sql_counters.h"
#include "store/sqlite/db_sql_sending.h"
#include "store/sqlite/db_sql_soft.h"

/* Only what is later than ?2 is looked at, which is nothing in most databases. */
#define CLOCK_IS_BEHIND                                                                  \
    "EXISTS (SELECT 1 FROM sns_message AS m WHERE m.sns_timestamp_ms > ?2"               \
    " AND m.sns_message_id NOT GLOB 'file:*' AND NOT EXISTS (SELECT 1 FROM unapplied"    \
    " AS u WHERE u.message_id = m.id AND u.reason = 'future'))"

/* As kept_read_entry() reads them. */
#define ENTRY_COLUMNS                                                                    \
    "strength, since, until, first_event_at, last_event_at, event_count, repeats,"       \
    " lifted_at, held_id, ended, is_basis, origin, detail, rule, held_why, actor, note," \
    " lifted_by, lifted_note"

/* A whole entry. */
#define ENTRY_ROW                                                                        \
    "INTO suppression (address, scope, reason, since, until, first_event_at,"            \
    " last_event_at, event_count, repeats, lifted_at, held_id, ended, is_basis,"         \
    " origin, detail, rule, held_why, actor, note, lifted_by, lifted_note)"              \
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

const char *const db_sql[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_READ_BEGIN] = "BEGIN",
    [SQL_READ_END] = "COMMIT",
    [SQL_VERSION] = "PRAGMA data_version",
    [SQL_PROBE] = "UPDATE probe SET n = n + 1 WHERE id = 1",

    /* Name and value; the rows of one query, so that all of them are of one moment.
     * `sums` has what is in both of the tables that the schema explains at `total`. */
    [SQL_STATUS] =
        "WITH days AS MATERIALIZED (SELECT sum(events) AS events, sum(suppressed_soft) AS"
        " soft, sum(suppressed_bounce) AS bounce, sum(suppressed_complaint) AS complaint,"
        " sum(suppressed_manual) AS manual FROM day_count), "
        "sums(name, n) AS MATERIALIZED (SELECT name, sum(n) FROM (SELECT name, n FROM "
        "total"
        " WHERE (name = 'events' OR name GLOB 'suppressed_*' OR name GLOB 'scoped_*')"
        " AND ends >= strftime('%s', 'now') / 60"
        " UNION ALL SELECT 'events', events FROM days"
        " UNION ALL SELECT 'suppressed_soft', soft FROM days"
        " UNION ALL SELECT 'suppressed_bounce', bounce FROM days"
        " UNION ALL SELECT 'suppressed_complaint', complaint FROM days"
        " UNION ALL SELECT 'suppressed_manual', manual FROM days) GROUP BY name) "
        "SELECT 'schema_version', user_version FROM pragma_user_version UNION ALL "
        "SELECT 'suppressed', coalesce(sum(n), 0) FROM sums"
        " WHERE name GLOB 'suppressed_*' UNION ALL "
        "SELECT * FROM (SELECT name, n FROM sums"
        " WHERE name GLOB 'suppressed_*' AND n > 0 ORDER BY name) UNION ALL "
        "SELECT * FROM (SELECT name, n FROM sums"
        " WHERE name GLOB 'scoped_*' AND n > 0 ORDER BY name) UNION ALL "
        "SELECT name, n FROM sums WHERE name = 'events' UNION ALL "
        "SELECT 'last_event_id', max(id) FROM event UNION ALL "
        "SELECT * FROM (SELECT name, n FROM total WHERE name IN"
        " ('quarantine', 'quarantine_bytes') ORDER BY name) UNION ALL "
        "SELECT 'quarantine_dropped_last_day', coalesce(sum(n), 0) FROM "
        "quarantine_dropped"
        " WHERE day >= date('now', '-1 day') UNION ALL "
        "SELECT 'repeats_last_day', coalesce(sum(repeats), 0) FROM day_count"
        " WHERE day >= date('now', '-1 day') UNION ALL "
        "SELECT 'last_received_at', min(max(at), strftime('%Y-%m-%d %H:%M:%f', 'now')) "
        "FROM "
        "(SELECT max(last_message_at) AS at FROM "
        "topic"
        " UNION ALL SELECT received_at FROM sns_message WHERE id ="
        " (SELECT max(id) FROM sns_message)) UNION ALL "
        "SELECT 'outbox', count(*) FROM outbox WHERE kind = 'confirm' UNION ALL "
        "SELECT 'outbox_oldest_seconds', coalesce((SELECT strftime('%s', 'now')"
        " - created_at_ms / 1000 FROM outbox WHERE kind = 'confirm' ORDER BY id"
        " LIMIT 1), 0) UNION ALL "
        "SELECT 'outbox_last_fault', (SELECT last_fault FROM outbox"
        " WHERE last_fault IS NOT NULL AND kind = 'confirm' ORDER BY id DESC LIMIT 1) "
        "UNION ALL "
        "SELECT name, n FROM total WHERE name = 'addresses_with_soft_bounces'",
    /* `guarded` is NULL where no provider is. */
    [SQL_STATUS_HELD] =
        "SELECT 'held', count(*) FROM suppression INDEXED BY suppression_held"
        " WHERE held_why IS NOT NULL UNION ALL"
        " SELECT 'guarded', group_concat(DISTINCT provider) FROM guard"
        " WHERE hour >= strftime('%s', 'now') / 3600 - 1",
    /* Its condition is that of the index event_rare. */
    [SQL_STATUS_NOT_ADDRESSED] =
        "SELECT 'not_addressed_last_day', count(*) FROM event WHERE rule = "
        "'not-addressed'"
        " AND occurred_at >= strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 day')",
    [SQL_MESSAGE_ADD] = "INSERT INTO sns_message (sns_timestamp_ms, sns_message_id, "
                        "topic_id, received_at, first_event_id, last_event_id)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT DO NOTHING",
    [SQL_MESSAGE_FIND] = "SELECT m.id, u.reason FROM sns_message AS m"
                         " LEFT JOIN unapplied AS u ON u.message_id = m.id"
                         " WHERE m.sns_timestamp_ms = ? AND m.sns_message_id = ?",
    [SQL_MESSAGE_EVENTS] = "UPDATE sns_message SET first_event_id = ?2,"
                           " last_event_id = ?3 WHERE id = ?1",
    /* There is one already when the message leaves the quarantine. */
    [SQL_BODY_ADD] = "INSERT INTO body (message_id, body, dictionary) VALUES (?, ?, ?)"
                     " ON CONFLICT DO UPDATE SET body = excluded.body,"
                     " dictionary = excluded.dictionary",
    [SQL_BODY_FIND] = "SELECT b.dictionary, b.body FROM event AS e"
                      " LEFT JOIN body AS b ON b.message_id = e.message_id"
                      " WHERE e.id = ?",
    [SQL_UNAPPLIED_ADD] =
        "INSERT INTO unapplied (message_id, reason, body_bytes, topic_id)"
        " SELECT ?1, ?2, ?3, topic_id FROM sns_message WHERE id = ?1",
    [SQL_UNAPPLIED_REASON] = "UPDATE unapplied SET reason = ?2 WHERE message_id = ?1",
    [SQL_UNAPPLIED_FIND] = "SELECT message_id FROM unapplied WHERE id = ?",
    [SQL_UNAPPLIED_DROP] =
        "DELETE FROM unapplied WHERE message_id = ? RETURNING body_bytes",
    /* Not joined with the group's row: that would sort all of the group. */
    [SQL_UNAPPLIED_REPEATED] =
        "SELECT message_id, body_bytes FROM unapplied AS u"
        " WHERE topic_id IS (SELECT nullif(topic_id, 0) FROM unapplied_total WHERE n > 1"
        " ORDER BY bytes DESC, topic_id, reason LIMIT 1)"
        " AND reason = (SELECT reason FROM unapplied_total WHERE n > 1"
        " ORDER BY bytes DESC, topic_id, reason LIMIT 1)"
        " AND EXISTS (SELECT 1 FROM unapplied AS n WHERE n.topic_id IS u.topic_id"
        " AND n.reason = u.reason AND n.id > u.id) ORDER BY id LIMIT ?",
    [SQL_UNAPPLIED_OLDEST] =
        "SELECT message_id, body_bytes FROM unapplied ORDER BY id LIMIT ?",
    [SQL_QUARANTINE_BYTES] = "SELECT n FROM total WHERE name = 'quarantine_bytes'",
    [SQL_QUARANTINE_DROPPED] = "INSERT INTO quarantine_dropped (day, n) VALUES (?, ?)"
                               " ON CONFLICT DO UPDATE SET n = n + excluded.n",
    [SQL_BODY_DROP] = "DELETE FROM body WHERE message_id = ?",

    [SQL_EVENT_ADD] =
        "INSERT INTO event (message_id, key_time, key_hash, type, class, cause, rule,"
        " address, address_seen, domain, scope, occurred_at, sent_at, ses_timestamp,"
        " bounce_type, bounce_subtype, complaint_subtype, feedback_type, candidates,"
        " status, action, diagnostic, reporting_mta, remote_mta_ip, user_agent,"
        " feedback_id, ses_message_id, source, from_domain, identity, account_id, region,"
        " configuration_set, tenant, campaign, tags, destination_count, source_ip,"
        " is_simulator, counts_as, subject, message_id_header, contact_list, tallied)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?,"
        " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    [SQL_EVENT_FIND] = "SELECT 1 FROM event WHERE key_time = ? AND key_hash = ?",
    /* The index is named, so that SQLite does not ask whether another one serves the
     * bound type, and prepare the statement again for each. The plus keeps it from
     * replacing the column by ?1 in the indexed expression, too. */
    [SQL_EVENT_REPEATS] =
        "SELECT counts_as FROM event INDEXED BY event_address WHERE address IS ?3"
        " AND substr(ses_message_id, 1, 16) = ?4"
        " AND +ses_message_id = ?1 AND type = ?2 LIMIT ?5",
    [SQL_EVENT_STRANGERS] =
        "SELECT NULL FROM event INDEXED BY event_stranger WHERE ses_message_id = ?"
        " AND type = ? AND (rule = 'not-addressed' OR rule = 'no-address') LIMIT ?",
    /* Only the event feed has tags, only the identity feed always a sourceIp. */
    [SQL_EVENT_ENRICH] =
        "UPDATE event SET configuration_set = coalesce(configuration_set, ?3),"
        " tenant = coalesce(tenant, ?4), campaign = coalesce(campaign, ?5),"
        " tags = coalesce(tags, ?6), source_ip = coalesce(source_ip, ?7),"
        " from_domain = coalesce(from_domain, ?8), identity = coalesce(identity, ?9),"
        " subject = coalesce(subject, ?10),"
        " message_id_header = coalesce(message_id_header, ?11)"
        " WHERE key_time = ?1 AND key_hash = ?2"
        " AND ((configuration_set IS NULL AND ?3 IS NOT NULL)"
        " OR (tenant IS NULL AND ?4 IS NOT NULL) OR (campaign IS NULL AND ?5 IS NOT NULL)"
        " OR (tags IS NULL AND ?6 IS NOT NULL) OR (source_ip IS NULL AND ?7 IS NOT NULL)"
        " OR (from_domain IS NULL AND ?8 IS NOT NULL)"
        " OR (identity IS NULL AND ?9 IS NOT NULL)"
        " OR (subject IS NULL AND ?10 IS NOT NULL)"
        " OR (message_id_header IS NULL AND ?11 IS NOT NULL))",
    [SQL_EVENT_DELIVERED] =
        "SELECT (SELECT min(occurred_at) FROM event WHERE address = ?1"
        " AND type = 'Delivery' AND occurred_at > ?2), (SELECT min(at_ms) FROM soft_event"
        " WHERE address = ?1 AND at_ms > ?3 AND is_counted = 0 AND is_doubtful = 0)",

    [SQL_SENDING_PUT] =
        "INSERT INTO sending (account_id, region, tenant, configuration_set, identity,"
        " origin, status, since, cause) VALUES (coalesce(?, ''), coalesce(?, ''),"
        " coalesce(?, ''), coalesce(?, ''), coalesce(?, ''), coalesce(?, ''), ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET status = excluded.status, since = excluded.since,"
        " cause = excluded.cause WHERE excluded.since >= since",

    [SQL_TOPIC_FIND] = "SELECT id FROM topic WHERE topic_arn = ?",
    [SQL_TOPIC_ADD] =
        "INSERT INTO topic (topic_arn, account_id, region) VALUES (?, ?, ?)",
    /* Our clock may have been ahead: the last message, not the latest time. */
    [SQL_TOPIC_MESSAGES] =
        "UPDATE topic SET messages = messages + ?2, last_message_at = ?3 WHERE id = ?1",
    [SQL_TOPIC_SUBSCRIPTIONS] =
        "SELECT coalesce(sum(state = 'confirmed'), 0),"
        " coalesce(sum(state = 'confirming' OR state = 'pending'), 0),"
        " max(iif(state = 'unsubscribed', sns_ms, NULL))"
        " FROM subscription WHERE topic_id = ?",
    [SQL_TOPIC_ANNOUNCED] = "UPDATE topic SET announced_at = ?2 WHERE id = ?1",
    [SQL_TOPIC_FORGET] = "UPDATE topic SET messages = 0, last_message_at = NULL,"
                         " announced_at = NULL WHERE topic_arn = ?",

    /* A row when the topic has more than it may; never the one that was just added. */
    [SQL_SUBSCRIPTION_OLDEST] =
        "SELECT id FROM subscription WHERE topic_id = ?1"
        " AND (SELECT count(*) FROM subscription WHERE topic_id = ?1) > ?2"
        " AND id < (SELECT max(id) FROM subscription WHERE topic_id = ?1)"
        " ORDER BY CASE state WHEN 'confirmed' THEN 2 WHEN 'confirming' THEN 1"
        " WHEN 'pending' THEN 1 ELSE 0 END, id LIMIT 1",
    /* No row when the token was confirmed already. */
    [SQL_SUBSCRIPTION_ASKED] =
        "INSERT INTO subscription (topic_id, token, state, since, sns_ms)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (topic_id, token) DO UPDATE"
        " SET state = excluded.state, since = excluded.since, sns_ms = excluded.sns_ms,"
        " fault = NULL WHERE state <> 'confirmed' RETURNING id",
    [SQL_SUBSCRIPTION_PROVEN] =
        "INSERT INTO subscription (topic_id, state, since, sns_ms)"
        " VALUES (?, 'confirmed', ?, ?) ON CONFLICT (topic_id) WHERE arn IS NULL"
        " AND token IS NULL AND clear_token IS NULL DO UPDATE"
        " SET state = excluded.state, since = excluded.since, sns_ms = excluded.sns_ms,"
        " fault = NULL",
    [SQL_SUBSCRIPTION_END] =
        "UPDATE subscription SET since = iif(state = 'unsubscribed', since, ?3),"
        " sns_ms = max(sns_ms, ?4), state = 'unsubscribed', fault = NULL"
        " WHERE topic_id = ?1 AND arn = ?2",
    [SQL_SUBSCRIPTION_END_PROVEN] =
        "UPDATE subscription SET arn = ?2, state = 'unsubscribed', since = ?3,"
        " sns_ms = ?4, fault = NULL WHERE topic_id = ?1 AND arn IS NULL"
        " AND token IS NULL AND clear_token IS NULL AND sns_ms <= ?4",
    [SQL_SUBSCRIPTION_END_UNKNOWN] =
        "INSERT INTO subscription (topic_id, arn, state, since, sns_ms, fault)"
        " VALUES (?1, ?2, 'unsubscribed', ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    [SQL_SUBSCRIPTION_END_ALL] =
        "UPDATE subscription SET state = 'unsubscribed', since = ?2, sns_ms = ?3,"
        " fault = ?4 WHERE topic_id = ?1 AND state = 'confirmed' AND sns_ms <= ?3",
    [SQL_SUBSCRIPTION_WAITING] =
        "SELECT s.id, s.token, s.clear_token FROM subscription AS s"
        " JOIN topic AS t ON t.id = s.topic_id WHERE t.topic_arn = ?1"
        " AND (s.token IS NOT NULL OR s.clear_token IS NOT NULL)"
        " AND s.state IN ('pending', 'confirming', 'failed') AND s.sns_ms > ?2"
        " ORDER BY s.id DESC LIMIT ?3",
    [SQL_SUBSCRIPTION_RESTART] = "UPDATE subscription SET state = 'confirming',"
                                 " since = ?2, fault = NULL WHERE id = ?1",
    /* Two tokens can confirm one subscription: one row is enough. */
    [SQL_SUBSCRIPTION_KNOWN] =
        "DELETE FROM subscription WHERE id = ?1 AND EXISTS (SELECT 1 FROM subscription"
        " AS o WHERE o.topic_id = subscription.topic_id AND o.arn = ?2 AND o.id <> ?1)",
    /* A Notification that came after it was asked for may have been its own, and counts
     * as that. */
    [SQL_SUBSCRIPTION_ANSWERED] =
        "UPDATE subscription SET state = 'confirmed', arn = ?2, fault = NULL,"
        " since = coalesce((SELECT p.since FROM subscription AS p"
        " WHERE p.topic_id = subscription.topic_id AND p.arn IS NULL AND p.token IS NULL"
        " AND p.clear_token IS NULL AND p.state = 'confirmed'"
        " AND p.sns_ms >= subscription.sns_ms), ?3) WHERE id = ?1",
    [SQL_SUBSCRIPTION_ABSORB] =
        "DELETE FROM subscription WHERE arn IS NULL AND token IS NULL"
        " AND clear_token IS NULL AND state = 'confirmed'"
        " AND topic_id = (SELECT topic_id FROM subscription WHERE id = ?1)"
        " AND sns_ms >= (SELECT sns_ms FROM subscription WHERE id = ?1)",
    [SQL_SUBSCRIPTION_FAILED] =
        "UPDATE subscription SET state = 'failed', since = ?2, fault = ?3 WHERE id = ?1",
    [SQL_SUBSCRIPTION_FAULT] = "UPDATE subscription SET fault = ?2 WHERE id = ?1",
    [SQL_SUBSCRIPTION_DROP] = "DELETE FROM subscription WHERE id = ?",
    [SQL_SUBSCRIPTION_FORGET] = "DELETE FROM subscription WHERE topic_id ="
                                " (SELECT id FROM topic WHERE topic_arn = ?)",

    /* Both go from the newest row back, and look at a bounded number. */
    [SQL_CLOCK_ASIDE] =
        "SELECT coalesce(sum(reason = 'future' AND received_at >= ?1), 0),"
        " coalesce(sum(reason = 'stale' AND received_at >= ?2), 0)"
        " FROM (SELECT u.reason, m.received_at FROM unapplied AS u"
        " JOIN sns_message AS m ON m.id = u.message_id ORDER BY u.id DESC LIMIT ?3)",
    [SQL_CLOCK_NTH_LAST] = "SELECT received_at >= ?1 FROM sns_message"
                           " ORDER BY id DESC LIMIT 1 OFFSET ?2",
    /* Our clock was ahead and has been set back; unless a message that we took says by
     * SNS's time that it is behind now, for then these times may be right. A file's time
     * is anybody's word. */
    [SQL_CLOCK_MEND_TOPICS] =
        "UPDATE topic SET last_message_at = min(last_message_at, ?1),"
        " announced_at = min(announced_at, ?1)"
        " WHERE (last_message_at > ?1 OR announced_at > ?1)"
        " AND NOT " CLOCK_IS_BEHIND,
    [SQL_CLOCK_MEND_SUBSCRIPTIONS] = "UPDATE subscription SET since = ?1 WHERE since > ?1"
                                     " AND NOT " CLOCK_IS_BEHIND,

    [SQL_TOKEN_WANTED] = "SELECT 1 FROM subscription WHERE token = ?"
                         " AND state IN ('pending', 'confirming', 'failed') LIMIT 1",
    [SQL_TOKEN_CLEAR] = "SELECT id, clear_token FROM subscription"
                        " WHERE clear_token IS NOT NULL LIMIT 1",
    [SQL_TOKEN_MOVED] =
        "UPDATE subscription SET token = ?2, clear_token = NULL WHERE id = ?1",
    /* It starts over when it was under way. */
    [SQL_OUTBOX_PUT] = "INSERT INTO outbox (kind, target, next_at_ms, created_at_ms)"
                       " VALUES ('confirm', ?, ?, ?) ON CONFLICT (target) WHERE kind = "
                       "'confirm' DO UPDATE"
                       " SET attempts = 0, next_at_ms = excluded.next_at_ms,"
                       " created_at_ms = excluded.created_at_ms, last_fault = NULL",
    [SQL_OUTBOX_NEXT] =
        "SELECT o.id, o.next_at_ms, t.topic_arn, s.token, s.clear_token, o.attempts"
        " FROM outbox AS o JOIN subscription AS s ON o.kind = 'confirm' AND s.id = "
        "o.target"
        " JOIN topic AS t ON t.id = s.topic_id ORDER BY o.next_at_ms, o.id",
    [SQL_OUTBOX_FIND] = "SELECT target, attempts, created_at_ms FROM outbox WHERE id = ?",
    [SQL_OUTBOX_RETRY] =
        "UPDATE outbox SET attempts = ?2, next_at_ms = ?3, last_fault = ?4 WHERE id = ?1",
    [SQL_OUTBOX_DROP] = "DELETE FROM outbox WHERE id = ?",
    [SQL_OUTBOX_DROP_SUBSCRIPTION] =
        "DELETE FROM outbox WHERE kind = 'confirm' AND target = ?",
    [SQL_OUTBOX_FORGET] =
        "DELETE FROM outbox WHERE kind = 'confirm'"
        " AND target IN (SELECT CAST(s.id AS TEXT) FROM subscription AS s"
        " JOIN topic AS t ON t.id = s.topic_id WHERE t.topic_arn = ?)",

    [SQL_TOTAL_ADD] = "INSERT INTO total (name, ends, n) VALUES (?, ?, ?)"
                      " ON CONFLICT DO UPDATE SET n = n + excluded.n",
    [SQL_TOTAL_TIDY] = "DELETE FROM total WHERE ends < ?",
    [SQL_TYPE_ADD] = "INSERT INTO type_count (day, type, n) VALUES (?, ?, ?)"
                     " ON CONFLICT DO UPDATE SET n = n + excluded.n",

    [SQL_COUNTED_ADD] =
        "INSERT INTO counted (hour, is_delivery, address_hash, event_hash,"
        " occurred_offset_ms, imported_hour) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
    /* Two seeks for each hour from ?1 on in which there is any. */
    [SQL_COUNTED_DELIVERED] =
        "WITH RECURSIVE hours(hour) AS (SELECT min(hour) FROM counted WHERE hour >= ?1"
        " UNION ALL SELECT (SELECT min(c.hour) FROM counted AS c"
        " WHERE c.hour > hours.hour) FROM hours WHERE hours.hour IS NOT NULL)"
        " SELECT c.hour * 3600000 + c.occurred_offset_ms AS ms FROM hours"
        " CROSS JOIN counted AS c ON c.hour = hours.hour"
        " AND c.is_delivery = 1 AND c.address_hash = ?2"
        " AND c.hour * 3600000 + c.occurred_offset_ms > ?3 ORDER BY ms LIMIT 1",
    /* The last of the next ?6 keys. */
    [SQL_COUNTED_TIDY_TO] =
        "SELECT hour, is_delivery, address_hash, event_hash FROM counted"
        " WHERE (hour, is_delivery, address_hash, event_hash) > (?1, ?2, ?3, ?4)"
        " AND hour < ?5 ORDER BY hour, is_delivery, address_hash, event_hash"
        " LIMIT 1 OFFSET ?6 - 1",
    [SQL_COUNTED_TIDY] =
        "DELETE FROM counted"
        " WHERE (hour, is_delivery, address_hash, event_hash) > (?1, ?2, ?3, ?4)"
        " AND (hour, is_delivery, address_hash, event_hash) <= (?5, ?6, ?7, ?8)"
        " AND coalesce(imported_hour, hour) < ?9",

    [SQL_ADDRESS_LIST] =
        "SELECT " ENTRY_COLUMNS " FROM suppression WHERE address = ?1 AND scope = ?2"
        " UNION ALL SELECT 0, max(at), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
        " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
        " FROM decision WHERE address = ?1 AND scope = ?2 AND action = 'remove'",
    [SQL_ENTRY_ADD] = "INSERT " ENTRY_ROW,
    [SQL_ENTRY_PUT] = "REPLACE " ENTRY_ROW,
    [SQL_ENTRY_ADD_PLAIN] =
        "INSERT INTO suppression (address, scope, reason, since, first_event_at,"
        " last_event_at, event_count, origin, detail, rule)"
        " VALUES (?1, ?2, ?3, ?4, ?4, ?4, 1, ?5, ?6, ?7)",
    [SQL_ENTRY_ENDED] =
        "SELECT address, scope FROM suppression WHERE until IS NOT NULL AND ended = 0"
        " AND lifted_at IS NULL AND held_why IS NULL AND until <= ? LIMIT 1",
    [SQL_HELD_FIND] = "SELECT address, scope, strength FROM suppression"
                      " WHERE held_why IS NOT NULL AND held_id = ?",
    [SQL_EVENT_COUNT] = "SELECT count(*) FROM (SELECT 1 FROM event WHERE address = ?"
                        " LIMIT ?)",
    [SQL_EVENT_LATER] = "SELECT 1 FROM event WHERE address = ? AND occurred_at > ?"
                        " AND type = 'Complaint' LIMIT 1",
    [SQL_REBUILD_NEXT] =
        "SELECT address FROM event WHERE address > ?1"
        " UNION SELECT address FROM suppression WHERE address > ?1 ORDER BY 1 LIMIT ?2",
    [SQL_REBUILD_EVENTS] =
        "SELECT id, occurred_at FROM event WHERE address = ? AND (type = 'Bounce'"
        " OR type = 'Complaint' OR type = 'Subscription') LIMIT ?",
    [SQL_REBUILD_EVENT] =
        "SELECT e.type, e.bounce_type, e.bounce_subtype, e.complaint_subtype,"
        " e.feedback_type, e.status, e.action, e.diagnostic, e.rule, e.ses_message_id,"
        " e.from_domain, e.identity, e.configuration_set, e.tenant, e.tags,"
        " e.candidates, e.occurred_at, m.received_at, e.guarded, e.scope"
        " FROM event AS e JOIN sns_message AS m ON m.id = e.message_id WHERE e.id = ?",
    [SQL_REBUILD_REVISION] =
        "SELECT count(*), max(id), (SELECT max(id) FROM decision WHERE address = ?1)"
        " FROM event WHERE address = ?1",
    [SQL_REBUILD_DECISIONS] =
        "SELECT scope, action, reason, at, actor, note FROM decision"
        " WHERE address = ? AND action <> 'add' ORDER BY id",
    [SQL_REBUILD_ENTRIES] =
        "SELECT scope, " ENTRY_COLUMNS " FROM suppression WHERE address = ?",
    [SQL_PROVIDER_HARD] =
        "SELECT hard FROM provider_hour WHERE provider = ? AND hour = ?",
    /* An outage is not what is usual. */
    [SQL_PROVIDER_USUAL] =
        "SELECT coalesce(max(hard), 0) FROM provider_hour AS p"
        " WHERE provider = ? AND hour >= ? AND hour < ? AND NOT EXISTS"
        " (SELECT 1 FROM guard AS g WHERE g.provider = p.provider"
        " AND p.hour BETWEEN strftime('%s', g.since) / 3600 AND g.hour)",
    [SQL_PROVIDER_PUT] =
        "INSERT INTO provider_hour (provider, hour, hard) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET hard = excluded.hard",
    [SQL_PROVIDER_TIDY] = "DELETE FROM provider_hour WHERE (provider, hour) IN"
                          " (SELECT provider, hour FROM provider_hour WHERE hour < ?"
                          " LIMIT ?)",
    [SQL_GUARD_OPEN] = "SELECT id FROM guard WHERE provider = ? AND hour >= ?"
                       " ORDER BY since DESC LIMIT 1",
    [SQL_GUARD_BEGIN] = "INSERT INTO guard (provider, since, hour, hard, usual)"
                        " VALUES (?, ?, ?, ?, ?)",
    [SQL_GUARD_HELD] = "UPDATE guard SET hour = ?2 WHERE id = ?1",
    [SQL_EVENT_GUARDED] = "UPDATE event SET guarded = 1 WHERE id = ?",
    [SQL_CHANGE_ID] = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'event'"
                      " RETURNING seq",
    [SQL_CHANGE_ADD] =
        "INSERT INTO list_change (id, at_ms, event_id, address, scope, action,"
        " reason_before, reason_after, origin, detail, until, rule, actor, note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SQL_CHANGE_ADD_OF_EVENT] =
        "INSERT INTO list_change (id, event_id, at_ms, scope, action, reason_before,"
        " reason_after, origin, detail, until, actor, note)"
        " VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [SQL_DECISION_ADD] =
        "INSERT INTO decision (address, scope, action, reason, until, at, actor, note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    /* +: else SQLite builds a table of the two scopes first, each time; and so it would
     * to put them in an order. */
    [SQL_SUPPRESSION] =
        "SELECT reason, scope, until FROM suppression"
        " WHERE address = ?1 AND (+scope = '*' OR +scope = ?2)"
        " AND lifted_at IS NULL AND held_why IS NULL"
        " AND (until IS NULL OR until > strftime('%Y-%m-%d %H:%M:%f', 'now'))",
    [SQL_IS_SUPPRESSED] =
        "SELECT 1 FROM suppression WHERE address = ?1 AND (+scope = '*' OR +scope = ?2)"
        " AND lifted_at IS NULL AND held_why IS NULL"
        " AND (until IS NULL OR until > strftime('%Y-%m-%d %H:%M:%f', 'now')) LIMIT 1",
    [SQL_NOTICE_ADD] = "INSERT INTO notice (at_ms, type, data) VALUES (?, ?, ?)",
    /* The oldest come first. */
    [SQL_NOTICE_TIDY] = "DELETE FROM notice WHERE at_ms < ?1"
                        " AND id IN (SELECT id FROM notice ORDER BY id LIMIT ?2)",
    DB_SQL_SOFT,
    DB_SQL_ALERTS,
    DB_SQL_COUNTERS DB_SQL_SENDING};
