/* The statements of store_prune.c and store_erase*.c. */
#include "store/sqlite/db.h"
#include "store/sqlite/db_sql_counters.h"

/* What strangers write into an event. */
#define EVENT_TEXTS                                                                      \
    "address_seen, diagnostic, source, tags, campaign, user_agent, reporting_mta,"       \
    " subject, message_id_header, contact_list"
/* Of the message ?1, which alone has events between these ids. */
#define E_IS_OF_MESSAGE                                                                  \
    "e.id BETWEEN (SELECT first_event_id FROM sns_message WHERE id = ?1)"                \
    " AND (SELECT last_event_id FROM sns_message WHERE id = ?1) AND e.message_id = ?1"
/* The text goes if it is like ?1. */
#define UNNAMED(column) column " = iif(" column " LIKE ?1 ESCAPE '\\', NULL, " column ")"
#define ENTRY_IS_NOTED                                                                   \
    "(note LIKE ?1 ESCAPE '\\' OR lifted_note LIKE ?1 ESCAPE '\\'"                       \
    " OR detail LIKE ?1 ESCAPE '\\') AND address IS NOT ?2"

/* Events and changes draw their ids from one sequence. */
#define SPAN_OF(pruned, table)                                                           \
    "WITH gone AS (SELECT coalesce((SELECT n FROM total WHERE name = " pruned            \
    "), 0) AS id) SELECT id, coalesce((SELECT min(id) FROM " table                       \
    " WHERE id > gone.id), 0), coalesce((SELECT seq FROM sqlite_sequence"                \
    " WHERE name = 'event'), 0) FROM gone"

const char *const db_sql_retention[SQL_COUNT] = {
    /* By SNS's own time, since ours may be wrong; a file's is anybody's word. */
    [SQL_PRUNE_CLOCK] =
        "SELECT coalesce((SELECT max(sns_timestamp_ms) FROM (SELECT sns_timestamp_ms,"
        " sns_message_id FROM sns_message ORDER BY sns_timestamp_ms DESC,"
        " sns_message_id DESC LIMIT ?1) WHERE sns_message_id NOT GLOB 'file:*'),"
        " (SELECT strftime('%s', received_at) * 1000 FROM sns_message"
        " ORDER BY id DESC LIMIT 1), ?2)",
    /* Only where a database was lost lately, and where something waits to be pruned for
     * the first time. */
    [SQL_STATUS_TIMES] =
        "SELECT name, strftime('%Y-%m-%d %H:%M:%f', n, 'unixepoch') FROM total"
        " WHERE name = 'begun_anew_at' AND n >= strftime('%s', 'now') - 86400"
        " * " TEXT_OF(
            STORE_LOST_TELL_DAYS) " UNION ALL SELECT 'pruning_begins_at', "
                                  "strftime('%Y-%m-%d %H:%M:%f', n,"
                                  " 'unixepoch') FROM total WHERE name = 'prune_from'"
                                  " AND n > strftime('%s', 'now') + 0",
    [SQL_PRUNE_FROM] = "SELECT n FROM total WHERE name = 'prune_from'",
    [SQL_PRUNE_FROM_PUT] = "INSERT INTO total (name, n) VALUES ('prune_from', ?)"
                           " ON CONFLICT DO UPDATE SET n = excluded.n",
    [SQL_PRUNE_MESSAGE_TIME] =
        "SELECT strftime('%s', received_at) * 1000 FROM sns_message WHERE id = ?",
    [SQL_PRUNE_CHANGE_TIME] = "SELECT at_ms FROM list_change WHERE id = ?",
    /* Those of the next ?3 rows that are older than ?2. */
    [SQL_PRUNE_FIND_BODIES] =
        "SELECT message_id, ?5 IS NOT NULL FROM (SELECT b.message_id, m.received_at FROM "
        "body AS b"
        " JOIN sns_message AS m ON m.id = b.message_id WHERE b.message_id > ?1"
        " ORDER BY b.message_id LIMIT ?3) WHERE received_at < ?2 LIMIT ?4",
    [SQL_PRUNE_FIND_MESSAGES] =
        "SELECT id, received_at < ?5 FROM (SELECT id, received_at FROM sns_message"
        " WHERE id > ?1 ORDER BY id LIMIT ?3) WHERE received_at < ?2 LIMIT ?4",
    /* In the order of the messages, as they came into quarantine. */
    [SQL_PRUNE_FIND_UNAPPLIED] =
        "SELECT message_id, ?5 IS NOT NULL FROM (SELECT u.message_id, m.received_at FROM "
        "unapplied AS"
        " u JOIN sns_message AS m ON m.id = u.message_id WHERE u.message_id > ?1"
        " ORDER BY u.message_id LIMIT ?3) WHERE received_at < ?2 LIMIT ?4",
    [SQL_PRUNE_FIND_CHANGES] =
        "SELECT id, ?5 IS NOT NULL FROM (SELECT id, at_ms FROM list_change WHERE id > ?1"
        " ORDER BY id LIMIT ?3) WHERE at_ms < ?2 LIMIT ?4",
    [SQL_PRUNE_COUNT_EVENTS] = "SELECT count(*) FROM event AS e WHERE " E_IS_OF_MESSAGE,
    [SQL_PRUNE_COUNT_BODY] = "SELECT NOT EXISTS (SELECT 1 FROM unapplied"
                             " WHERE message_id = ?)",
    /* Any earlier event of the address may be what made its entry what it is. */
    [SQL_PRUNE_BASIS] =
        "UPDATE suppression SET is_basis = 1 WHERE is_basis = 0"
        " AND (address, scope, reason) IN (SELECT s.address, s.scope, s.reason"
        " FROM event AS e CROSS JOIN suppression AS s ON s.address = e.address"
        " WHERE (e.class <> 'ignored' OR s.rule = e.rule)"
        " AND e.occurred_at <= s.last_event_at AND s.is_basis = 0"
        " AND " E_IS_OF_MESSAGE ")",
    [SQL_PRUNE_CHANGES_FILL] =
        "UPDATE list_change SET address = e.address, rule = e.rule,"
        " origin = coalesce(origin, 'event'),"
        " detail = iif(detail = '', e.bounce_type || '/' || e.bounce_subtype, detail)"
        " FROM event AS e"
        " WHERE list_change.id = e.id AND list_change.event_id = e.id"
        " AND list_change.address IS NULL AND " E_IS_OF_MESSAGE,
    [SQL_PRUNE_EVENTS] = "DELETE FROM event AS e WHERE " E_IS_OF_MESSAGE,
    [SQL_PRUNE_MESSAGE] = "DELETE FROM sns_message WHERE id = ?1 AND NOT EXISTS"
                          " (SELECT 1 FROM unapplied WHERE message_id = ?1)",
    [SQL_PRUNE_BODY] = "DELETE FROM body WHERE message_id = ?1 AND NOT EXISTS"
                       " (SELECT 1 FROM unapplied WHERE message_id = ?1)",
    /* Not what an entry that waits for a person is known by. */
    [SQL_PRUNE_CHANGE] =
        "DELETE FROM list_change WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM suppression"
        " WHERE held_why IS NOT NULL AND held_id = ?1)",
    /* Up to which id there may be gaps, for those who read in the order of ids. */
    [SQL_PRUNE_NOTE_EVENTS] =
        "INSERT INTO total (name, n) SELECT 'events_pruned', last_event_id"
        " FROM sns_message WHERE id = ?1 AND last_event_id IS NOT NULL"
        " ON CONFLICT DO UPDATE SET n = max(n, excluded.n)",
    [SQL_PRUNE_NOTE_CHANGE] = "INSERT INTO total (name, n) VALUES ('changes_pruned', ?)"
                              " ON CONFLICT DO UPDATE SET n = max(n, excluded.n)",
    [SQL_SPAN_EVENTS] = SPAN_OF("'events_pruned'", "event"),
    [SQL_SPAN_LOG] = SPAN_OF("'changes_pruned'", "list_change"),

    [SQL_TOMBSTONE_KEY] = "SELECT key FROM tombstone_key",
    [SQL_TOMBSTONE_KEY_ADD] = "INSERT INTO tombstone_key (id, key) VALUES (1, ?)",
    [SQL_TOMBSTONE_PUT] =
        "INSERT INTO tombstone (hash, at_ms) VALUES (?, ?) ON CONFLICT DO UPDATE"
        " SET at_ms = max(at_ms, excluded.at_ms)",
    [SQL_TOMBSTONE_FIND] = "SELECT at_ms FROM tombstone WHERE hash = ?",
    [SQL_ERASE_SPELLINGS] =
        "SELECT DISTINCT address_seen FROM event WHERE address = ? LIMIT ?",
    /* In which it is on the list. */
    [SQL_ERASE_SCOPE] =
        "SELECT scope FROM suppression WHERE address = ?1 AND lifted_at IS NULL"
        " AND held_why IS NULL AND (until IS NULL OR until > ?2) LIMIT 1",
    [SQL_ERASE_LAST_EVENT] = "SELECT coalesce(max(id), 0) FROM event",
    [SQL_ERASE_LAST_MESSAGE] = "SELECT coalesce(max(message_id), 0) FROM body",
    [SQL_ERASE_LAST_UNAPPLIED] = "SELECT coalesce(max(id), 0) FROM unapplied",
    [SQL_ERASE_LAST_CHANGE] = "SELECT coalesce(max(id), 0) FROM list_change",
    [SQL_ERASE_ENTRIES] = "DELETE FROM suppression WHERE address = ?",
    [SQL_ERASE_ENTRIES_PAST] =
        "DELETE FROM suppression WHERE address = ?1 AND (lifted_at IS NOT NULL"
        " OR held_why IS NOT NULL OR until <= ?2)",
    [SQL_ERASE_ENTRIES_BARE] =
        "UPDATE suppression SET detail = NULL, rule = NULL, actor = NULL, note = NULL,"
        " first_event_at = NULL, last_event_at = NULL, event_count = 0, is_basis = 1"
        " WHERE address = ?",
    [SQL_ERASE_CHANGES] = "DELETE FROM list_change WHERE address = ?",
    [SQL_ERASE_CHANGES_BARE] = "UPDATE list_change SET detail = NULL, rule = NULL,"
                               " note = NULL WHERE address = ?",
    [SQL_ERASE_DECISIONS] = "DELETE FROM decision WHERE address = ?",
    [SQL_ERASE_LEAKS] = "DELETE FROM leak WHERE address = ?",
    [SQL_ERASE_DAYS] = "DELETE FROM soft_event WHERE address = ?",
    /* Of all mail, if the address stays on that list; no entry without an address. */
    [SQL_ERASE_LINE] =
        "INSERT INTO list_change (id, at_ms, address, scope, action, reason_before,"
        " reason_after, until, origin, actor, note)"
        " SELECT ?7, ?1, ?2, coalesce(s.scope, '*'), ?3, s.reason, s.reason, s.until,"
        " ?4, ?5, ?6 FROM (SELECT 1) LEFT JOIN (SELECT scope, reason, until"
        " FROM suppression WHERE address = ?2"
        " ORDER BY scope <> '*', strength DESC LIMIT 1) AS s",
    [SQL_ERASE_EVENTS_FIND] =
        "SELECT id, message_id FROM event WHERE address = ?1 AND id <= ?2 LIMIT ?3",
    [SQL_ERASE_MESSAGES_FIND] =
        "SELECT DISTINCT message_id FROM event WHERE address = ?1 AND message_id > ?2"
        " ORDER BY message_id LIMIT ?3",
    [SQL_ERASE_EVENTS_COUNT] = "SELECT count(*) FROM event WHERE address = ?",
    [SQL_ERASE_COUNTED_HOUR] =
        "SELECT hour FROM counted WHERE hour > ? ORDER BY hour LIMIT 1",
    [SQL_ERASE_COUNTED] = "DELETE FROM counted WHERE hour = ?1 AND is_delivery IN (0, 1)"
                          " AND address_hash = ?2",
    [SQL_ERASE_COUNTED_COUNT] = "SELECT count(*) FROM counted WHERE hour = ?1"
                                " AND is_delivery IN (0, 1) AND address_hash = ?2",
    [SQL_ERASE_IDENTITY] = "SELECT 1 FROM dimension WHERE identity = ? LIMIT 1",
    [SQL_ERASE_EVENT] = "DELETE FROM event WHERE id = ?",
    [SQL_ERASE_EVENT_CHANGES] =
        "DELETE FROM list_change WHERE id = ?1 AND event_id = ?1 AND address IS NULL",
    [SQL_ERASE_EVENT_CHANGES_BARE] =
        "UPDATE list_change SET address = ?2, origin = coalesce(origin, 'event'),"
        " detail = NULL, rule = NULL, note = NULL"
        " WHERE id = ?1 AND event_id = ?1 AND address IS NULL",
    [SQL_ERASE_IS_SHARED] = "SELECT 1 FROM event AS e WHERE e.address IS NOT ?2"
                            " AND " E_IS_OF_MESSAGE " LIMIT 1",
    /* What is the address's own is not searched: it goes, or has gone, another way. The
     * texts of the next statements are in the order of EVENT_TEXTS. */
    [SQL_ERASE_SEARCH_EVENTS] =
        "SELECT id, " EVENT_TEXTS " FROM event WHERE id > ?1 AND id <= ?2"
        " AND address IS NOT ?4 AND (address_seen LIKE ?3 ESCAPE '\\' OR diagnostic LIKE "
        "?3 ESCAPE '\\'"
        " OR source LIKE ?3 ESCAPE '\\' OR tags LIKE ?3 ESCAPE '\\'"
        " OR campaign LIKE ?3 ESCAPE '\\' OR user_agent LIKE ?3 ESCAPE '\\'"
        " OR reporting_mta LIKE ?3 ESCAPE '\\' OR subject LIKE ?3 ESCAPE '\\'"
        " OR message_id_header LIKE ?3 ESCAPE '\\'"
        " OR contact_list LIKE ?3 ESCAPE '\\')",
    [SQL_ERASE_SEARCH_BODIES] =
        "SELECT message_id FROM body WHERE message_id > ?1 AND message_id <= ?2"
        " AND ?3 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM unapplied AS u"
        " WHERE u.message_id = body.message_id) AND NOT EXISTS (SELECT 1 FROM"
        " sns_message AS m CROSS JOIN event AS e WHERE m.id = body.message_id"
        " AND e.id BETWEEN m.first_event_id AND m.last_event_id"
        " AND e.message_id = m.id AND +e.address = ?4)",
    [SQL_ERASE_SEARCH_QUARANTINE] =
        "SELECT u.message_id, b.body FROM unapplied AS u JOIN body AS b"
        " ON b.message_id = u.message_id WHERE u.id > ?1 AND u.id <= ?2"
        " AND ?3 IS NOT NULL AND ?4 IS NOT NULL",
    [SQL_ERASE_SEARCH_CHANGES] =
        "SELECT id FROM list_change AS c WHERE id > ?1 AND id <= ?2"
        " AND (note LIKE ?3 ESCAPE '\\' OR detail LIKE ?3 ESCAPE '\\')"
        " AND address IS NOT ?4 AND NOT EXISTS (SELECT 1 FROM event AS e"
        " WHERE e.id = c.event_id AND c.address IS NULL AND e.address = ?4)",
    [SQL_ERASE_EVENT_TEXTS] = "SELECT " EVENT_TEXTS " FROM event WHERE id = ?",
    [SQL_ERASE_EVENT_REDACT] =
        "UPDATE event SET address_seen = ?2, diagnostic = ?3, source = ?4, tags = ?5,"
        " campaign = ?6, user_agent = ?7, reporting_mta = ?8, subject = ?9,"
        " message_id_header = ?10, contact_list = ?11 WHERE id = ?1",
    [SQL_ERASE_CHANGE_NOTES] =
        "UPDATE list_change SET " UNNAMED("note") ", " UNNAMED("detail") " WHERE id = ?2",
    [SQL_ERASE_ENTRY_NOTE_FIND] =
        "SELECT count(*) FROM suppression WHERE " ENTRY_IS_NOTED,
    [SQL_ERASE_ENTRY_NOTE] = "UPDATE suppression SET " UNNAMED("note") ", " UNNAMED(
        "lifted_note") ", " UNNAMED("detail") " WHERE " ENTRY_IS_NOTED,
    [SQL_ERASE_DECISION_NOTE_FIND] =
        "SELECT count(*) FROM decision WHERE note LIKE ?1 ESCAPE '\\'"
        " AND address IS NOT ?2",
    [SQL_ERASE_DECISION_NOTE] = "UPDATE decision SET note = NULL"
                                " WHERE note LIKE ?1 ESCAPE '\\' AND address IS NOT ?2",
    [SQL_BODY_OF_MESSAGE] = "SELECT dictionary, body FROM body WHERE message_id = ?",
};
