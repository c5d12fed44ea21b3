/*
 * The text of the statements about alerts: what they are measured by, and they
 * themselves. A part of the table in db_sql.c; behind db_sql_counters.h.
 */
#ifndef STORE_SQLITE_DB_SQL_ALERTS_H
#define STORE_SQLITE_DB_SQL_ALERTS_H

#include "store/sqlite/db_sql_counters.h"

/* clang-format off */
/* Of each hour and sender: the first key of hour_count, so that nothing is sorted. */
#define SUMS_OF_KINDS                                                                    \
    "sum(iif(kind = 1, n, 0)) AS sends, sum(iif(kind = 2, n, 0)) AS deliveries,"         \
    " sum(iif(kind = 3, n, 0)) AS hard, sum(iif(kind = 4, n, 0)) AS soft,"               \
    " sum(iif(kind = 5, n, 0)) AS complaints"
#define SUMS_SINCE(hour)                                                                 \
    "sum(iif(hour >= " hour ", sends, 0)), sum(iif(hour >= " hour ", deliveries, 0)),"   \
    " sum(iif(hour >= " hour ", hard, 0)), sum(iif(hour >= " hour ", soft, 0)),"         \
    " sum(iif(hour >= " hour ", complaints, 0))"

/*
 * Of SQL_ALERT_SENDERS: the hours from ?1 until before ?2, and those of them from ?3 on,
 * by identity. Of SQL_ALERT_REFUSED: the condition in brackets is that of the index. Of
 * SQL_ALERT_TOPIC_HOURS: how many, the first, the last, and the third-longest pause.
 */
#define DB_SQL_ALERTS                                                                    \
    [SQL_ALERT_SENDERS] =                                                                \
        "SELECT nullif(identity, ''), " SUMS_SINCE("?1") ", " SUMS_SINCE("?3")           \
        " FROM (SELECT d.identity, c.* FROM (SELECT hour, dimension, " SUMS_OF_KINDS     \
        " FROM hour_count WHERE hour >= ?1 AND hour < ?2 GROUP BY hour, dimension) AS c" \
        " JOIN dimension AS d ON d.id = c.dimension"                                     \
        " UNION ALL SELECT identity, hour, 0, " SUMS_OF_KINDS " FROM (" HOURS_FRESH ")"  \
        " WHERE hour >= ?1 AND hour < ?2 GROUP BY hour, identity) GROUP BY identity",    \
    [SQL_ALERT_REFUSED] =                                                                \
        "SELECT coalesce(sum(rule = 'permanent-auth'"                                    \
        " OR rule = 'complaint-auth-failure'), 0),"                                      \
        " coalesce(sum(rule = 'permanent-blocked'), 0),"                                 \
        " coalesce(sum(rule = 'complaint-virus'), 0)"                                    \
        " FROM (SELECT rule FROM event INDEXED BY event_rare"                            \
        " WHERE (rule = 'permanent-auth' OR rule = 'permanent-blocked'"                  \
        " OR rule = 'complaint-auth-failure' OR rule = 'complaint-virus')"               \
        " AND occurred_at >= ?1 AND is_simulator = 0 LIMIT ?2)",                         \
    [SQL_ALERT_LEAKS] =                                                                  \
        "SELECT count(*) FROM (SELECT 1 FROM leak WHERE sent_at >= ?1 LIMIT ?2)",        \
    [SQL_ALERT_QUARANTINE] =                                                             \
        "SELECT coalesce(sum(reason NOT IN ('future', 'stale')), 0),"                    \
        " coalesce(sum(reason = 'stale'), 0), (SELECT coalesce(sum(n), 0)"               \
        " FROM quarantine_dropped WHERE day >= ?3) FROM (SELECT u.reason, m.received_at" \
        " FROM unapplied AS u JOIN sns_message AS m ON m.id = u.message_id"              \
        " ORDER BY u.id DESC LIMIT ?2) WHERE received_at >= ?1",                         \
    [SQL_ALERT_HELD] =                                                                   \
        "SELECT n, (SELECT at_ms FROM list_change WHERE id = first)"                     \
        " FROM (SELECT count(*) AS n, min(held_id) AS first FROM suppression"            \
        " INDEXED BY suppression_held WHERE held_why IS NOT NULL)",                      \
    [SQL_ALERT_FINDINGS] =                                                               \
        "SELECT account_id, region, tenant, configuration_set, identity, kind, since,"   \
        " said FROM finding WHERE is_open = 1 ORDER BY since LIMIT ?",                   \
    [SQL_ALERT_TOPIC_HOURS] =                                                            \
        "WITH hours(hour, pause) AS MATERIALIZED (SELECT h.hour, h.hour"                 \
        " - lag(h.hour) OVER (ORDER BY h.hour) FROM topic_hour AS h"                     \
        " JOIN topic AS t ON t.id = h.topic_id WHERE t.topic_arn = ?1 AND h.hour >= ?2)" \
        " SELECT count(*), coalesce(max(hour) - min(hour), 0), coalesce((SELECT pause"   \
        " FROM hours WHERE pause IS NOT NULL ORDER BY pause DESC LIMIT 1 OFFSET 2), 0)"  \
        " FROM hours",                                                                   \
    [SQL_ALERT_OPEN] =                                                                   \
        "SELECT id, name, subject, level, since, gone_ms, about FROM alert"              \
        " WHERE resolved_at IS NULL ORDER BY id LIMIT ?",                                \
    [SQL_ALERT_ADD] =                                                                    \
        "INSERT INTO alert (name, subject, level, since, value, threshold, text, about)" \
        " VALUES (?, coalesce(?, ''), ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",         \
    [SQL_ALERT_BOUND] = "DELETE FROM alert WHERE id <= ? AND resolved_at IS NOT NULL",   \
    [SQL_ALERT_RISE] = "UPDATE alert SET level = ?2, gone_ms = NULL, value = ?3,"        \
                       " threshold = ?4, text = ?5, about = ?6"                          \
                       " WHERE id = ?1 AND resolved_at IS NULL",                         \
    [SQL_ALERT_GONE] =                                                                   \
        "UPDATE alert SET gone_ms = ?2 WHERE id = ?1 AND resolved_at IS NULL",           \
    [SQL_ALERT_RESOLVE] = "UPDATE alert SET resolved_at = max(?2, since)"                \
                          " WHERE id = ?1 AND resolved_at IS NULL",                      \
    [SQL_FINDING_PUT] =                                                                  \
        "INSERT INTO finding (account_id, region, tenant, configuration_set, identity,"  \
        " kind, is_open, since, said) VALUES (coalesce(?, ''), coalesce(?, ''),"         \
        " coalesce(?, ''), coalesce(?, ''), coalesce(?, ''), coalesce(?, ''), ?, ?, ?)"  \
        " ON CONFLICT DO UPDATE SET is_open = excluded.is_open, since = excluded.since," \
        " said = coalesce(excluded.said, said) WHERE excluded.since >= since",           \
    [SQL_TOPIC_HOUR_ADD] =                                                               \
        "INSERT INTO topic_hour (topic_id, hour) VALUES (?, ?) ON CONFLICT DO NOTHING",  \
    [SQL_TOPIC_HOUR_TIDY] = "DELETE FROM topic_hour WHERE topic_id = ? AND hour < ?",    \
    [SQL_TOPIC_HOUR_FORGET] = "DELETE FROM topic_hour WHERE topic_id ="                  \
                              " (SELECT id FROM topic WHERE topic_arn = ?)"
/* clang-format on */

#endif
