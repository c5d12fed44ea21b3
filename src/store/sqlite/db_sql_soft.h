/*
 * The text of the statements about soft counting: a part of the table in db_sql.c.
 */
#ifndef STORE_SQLITE_DB_SQL_SOFT_H
#define STORE_SQLITE_DB_SQL_SOFT_H

/*
 * Of SQL_SOFT_SCOPE: those in which a Delivery at ?3 can be news. Of SQL_SOFT_SCOPES: is
 * ?2 among those in which the address is counted, or is there room for one more? Of
 * SQL_IDENTITY_MATTERS: are there soft bounces that count now, from ?3 until before ?4?
 */
#define DB_SQL_SOFT                                                                      \
    [SQL_SOFT_PUT] =                                                                     \
        "INSERT INTO soft_event (address, scope, at_ms, identity, is_counted,"           \
        " is_doubtful, is_seen) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"      \
        " SET is_counted = excluded.is_counted, is_doubtful = excluded.is_doubtful,"     \
        " is_seen = excluded.is_seen",                                                   \
    [SQL_SOFT_DROP] = "DELETE FROM soft_event WHERE address = ? AND scope = ?"           \
                      " AND at_ms = ? AND identity = ?",                                 \
    [SQL_SOFT_TIDY_BASIS] =                                                              \
        "UPDATE suppression SET is_basis = 1 WHERE reason = 'SOFT' AND is_basis = 0"     \
        " AND (address, scope) IN (SELECT address, scope FROM soft_event"                \
        " WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",                                      \
    [SQL_SOFT_TIDY] = "DELETE FROM soft_event WHERE (address, scope, at_ms) IN"          \
                      " (SELECT address, scope, at_ms FROM soft_event WHERE at_ms < ?"   \
                      " ORDER BY at_ms LIMIT ?)",                                        \
    [SQL_SOFT_SCOPE] =                                                                   \
        "SELECT min(scope) FROM (SELECT * FROM (SELECT scope FROM (SELECT scope,"        \
        " max(at_ms) AS last_ms, is_counted OR is_doubtful AS is_bounce FROM soft_event" \
        " WHERE address = ?1 AND scope > ?2 GROUP BY scope)"                             \
        " WHERE is_bounce OR last_ms > ?3 ORDER BY scope LIMIT 1) UNION ALL"             \
        " SELECT scope FROM suppression WHERE address = ?1"                              \
        " AND scope > ?2 AND reason = 'SOFT' AND lifted_at IS NULL)",                    \
    [SQL_SOFT_SCOPES] =                                                                  \
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM soft_event WHERE address = ?1"             \
        " AND scope = ?2) OR (SELECT count(DISTINCT scope) FROM soft_event"              \
        " WHERE address = ?1) < ?3",                                                     \
    [SQL_SOFT_SEEN] =                                                                    \
        "UPDATE soft_event SET is_seen = 1 WHERE (address, scope, at_ms, identity) IN"   \
        " (SELECT address, scope, at_ms, identity FROM soft_event WHERE is_seen = 0"     \
        " AND identity = ?1 AND at_ms >= ?2 AND at_ms < ?3 ORDER BY at_ms LIMIT 1)"      \
        " RETURNING address, scope, at_ms",                                              \
    [SQL_IDENTITY_ADD] =                                                                 \
        "INSERT INTO identity_day (identity, day) VALUES (?, ?) ON CONFLICT DO NOTHING", \
    [SQL_IDENTITY_SEEN] = "SELECT 1 FROM identity_day WHERE identity = ?"                \
                          " AND day >= ? AND day <= ? LIMIT 1",                          \
    [SQL_IDENTITY_MATTERS] =                                                             \
        "UPDATE identity_day SET is_news = 1 WHERE identity = ?1 AND day = ?2"           \
        " AND EXISTS (SELECT 1 FROM soft_event WHERE is_seen = 0 AND identity = ?1"      \
        " AND at_ms >= ?3 AND at_ms < ?4)",                                              \
    [SQL_IDENTITY_NEXT] = "SELECT identity, unixepoch(day) * 1000 FROM identity_day"     \
                          " WHERE is_news = 1 LIMIT 1",                                  \
    [SQL_IDENTITY_DONE] =                                                                \
        "UPDATE identity_day SET is_news = 0 WHERE identity = ? AND day = ?",            \
    [SQL_IDENTITY_TIDY] = "DELETE FROM identity_day WHERE (identity, day) IN"            \
                          " (SELECT identity, day FROM identity_day WHERE day < ?"       \
                          " LIMIT ?)",                                                   \
    [SQL_ADDRESS_SOFT] =                                                                 \
        "SELECT at_ms, is_counted, is_doubtful, is_seen, identity FROM soft_event"       \
        " WHERE address = ? AND scope = ? ORDER BY at_ms, identity"

#endif
