/*
 * The text of the statements about what is sent out: a part of the table in db_sql.c.
 */
#ifndef STORE_SQLITE_DB_SQL_SENDING_H
#define STORE_SQLITE_DB_SQL_SENDING_H

#define SEND_WAITING "kind = 'send' AND failed_at_ms IS NULL"

/* clang-format off */
#define DB_SQL_SENDING                                                                   \
    /* What an import brings is not news. */                                             \
    [SQL_SEND_CHANGES] =                                                                 \
        "SELECT id, iif(origin IS 'import', 'erased', action), reason_before,"           \
        " reason_after FROM list_change WHERE id > ?1 ORDER BY id LIMIT ?2",             \
    /* Neither is what came without an envelope, or so late that it is history: a queue  \
     * keeps for 14 days. */                                                             \
    [SQL_SEND_EVENTS] =                                                                  \
        "SELECT e.id, CASE WHEN (e.type = 'Bounce' OR e.type = 'Complaint')"             \
        " AND (SELECT m.topic_id IS NOT NULL AND e.occurred_at >="                       \
        " strftime('%Y-%m-%d %H:%M:%f', m.received_at, '-14 days') FROM sns_message AS m"\
        " WHERE m.id = e.message_id) THEN e.type END"                                    \
        " FROM event AS e WHERE e.id > ?1 ORDER BY e.id LIMIT ?2",                       \
    [SQL_SEND_NOTICES] =                                                                 \
        "SELECT id, type FROM notice WHERE id > ?1 ORDER BY id LIMIT ?2",                \
    [SQL_SEND_NOTICE] = "SELECT at_ms, type, data FROM notice WHERE id = ?",             \
    [SQL_SEND_ENDS] =                                                                    \
        "SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'event'),"                 \
        " coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'notice'), 0)",         \
    [SQL_SEND_INSTANCE] = "SELECT name FROM instance",                                   \
    [SQL_SEND_CHANGE_AT] =                                                               \
        "SELECT id, at_ms FROM list_change WHERE id > ? ORDER BY id LIMIT 1",            \
    [SQL_SEND_EVENT_AT] =                                                                \
        "SELECT e.id, CAST(strftime('%s', m.received_at) AS INTEGER) * 1000 + 999"       \
        " FROM event AS e JOIN sns_message AS m ON m.id = e.message_id"                  \
        " WHERE e.id > ? ORDER BY e.id LIMIT 1",                                         \
    [SQL_SEND_NOTICE_AT] =                                                               \
        "SELECT id, at_ms FROM notice WHERE id > ? ORDER BY id LIMIT 1",                 \
    [SQL_RECEIVER_ADD] =                                                                 \
        "INSERT INTO receiver (name, format, change_id, event_id, notice_id, wanted)"    \
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET format = ?2,"        \
        " change_id = iif(wanted & ?7, change_id, ?3),"                                  \
        " event_id = iif(wanted & ?8, event_id, ?4),"                                    \
        " notice_id = iif(wanted & ?9, notice_id, ?5), wanted = ?6",                     \
    [SQL_RECEIVER_NEXT] =                                                                \
        "SELECT name FROM receiver WHERE name > ? ORDER BY name LIMIT 1",                \
    [SQL_RECEIVER_FIND] =                                                                \
        "SELECT change_id, event_id, notice_id, off_since_ms IS NOT NULL, not_before_ms,"\
        " failures, (SELECT count(*) FROM outbox WHERE " SEND_WAITING                    \
        " AND target = ?1), (SELECT count(*) FROM outbox WHERE " SEND_WAITING            \
        " AND target = ?1 AND attempts = 0) FROM receiver WHERE name = ?1",              \
    [SQL_RECEIVER_DROP] = "DELETE FROM receiver WHERE name = ?",                         \
    [SQL_RECEIVER_DROP_MESSAGES] =                                                       \
        "DELETE FROM outbox WHERE kind = 'send' AND target = ?",                         \
    [SQL_RECEIVER_MOVE] =                                                                \
        "UPDATE receiver SET change_id = ?2, event_id = ?3, notice_id = ?4"              \
        " WHERE name = ?1 AND change_id = ?5 AND event_id = ?6 AND notice_id = ?7",      \
    [SQL_RECEIVER_SUCCESS] =                                                             \
        "UPDATE receiver SET success_at_ms = ?2, sent = sent + 1, failures = 0,"         \
        " not_before_ms = NULL WHERE name = ?1",                                         \
    [SQL_RECEIVER_FAULT] =                                                               \
        "UPDATE receiver SET fault_at_ms = ?2, fault = ?3, failures = failures + 1,"     \
        " failed = failed + ?4, off_since_ms = coalesce(off_since_ms, ?5),"              \
        " not_before_ms = coalesce(?6, not_before_ms) WHERE name = ?1",                  \
    [SQL_RECEIVER_ON] =                                                                  \
        "UPDATE receiver SET off_since_ms = NULL, not_before_ms = NULL, failures = 0"    \
        " WHERE name = ?1",                                                              \
    [SQL_SEND_PUT] =                                                                     \
        "INSERT INTO outbox (kind, target, payload, next_at_ms, created_at_ms)"          \
        " VALUES ('send', ?, ?, ?, ?)",                                                  \
    [SQL_SEND_NEXT] =                                                                    \
        "SELECT id, payload, attempts, next_at_ms, created_at_ms FROM outbox"            \
        " WHERE " SEND_WAITING " AND target = ? ORDER BY next_at_ms, id LIMIT 1",        \
    [SQL_SEND_ATTEMPTS] =                                                                \
        "SELECT attempts FROM outbox WHERE id = ? AND " SEND_WAITING,                    \
    [SQL_SEND_FIND] =                                                                    \
        "SELECT target, payload, attempts FROM outbox WHERE id = ? AND " SEND_WAITING,   \
    [SQL_SEND_STATE] =                                                                   \
        "SELECT failed_at_ms IS NOT NULL, last_fault FROM outbox WHERE id = ?",          \
    [SQL_SEND_GIVE_UP] =                                                                 \
        "UPDATE outbox SET attempts = ?2, failed_at_ms = ?3, last_fault = ?4"            \
        " WHERE id = ?1",                                                                \
    [SQL_SEND_BOUND_FAILED] =                                                            \
        "DELETE FROM outbox WHERE kind = 'send' AND failed_at_ms IS NOT NULL"            \
        " AND target = ?1 AND id <= (SELECT id FROM outbox WHERE kind = 'send'"          \
        " AND failed_at_ms IS NOT NULL AND target = ?1 ORDER BY id DESC"                 \
        " LIMIT 1 OFFSET ?2)",                                                           \
    [SQL_SEND_RETRY_ALL] =                                                               \
        "UPDATE outbox SET attempts = 0, next_at_ms = ?2, failed_at_ms = NULL"           \
        " WHERE kind = 'send' AND target = ?1 AND payload <> 'test'",                    \
    [SQL_SEND_RETRY_ONE] =                                                               \
        "UPDATE outbox SET attempts = 0, next_at_ms = ?2, failed_at_ms = NULL"           \
        " WHERE kind = 'send' AND id = ?1 AND payload <> 'test'"
/* clang-format on */

#endif
