/*
 * The text of the statements about counters by day and hour, leaks, and what is asked
 * about them: a part of the table in db_sql.c.
 */
#ifndef STORE_SQLITE_DB_SQL_COUNTERS_H
#define STORE_SQLITE_DB_SQL_COUNTERS_H

#include "sesbounce/limits.h"

#define TEXT_OF(macro)  TEXT_OF_(macro)
#define TEXT_OF_(value) #value

#define YESTERDAY "strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 day')"

#define COUNTERS                                                                         \
    "sends, deliveries, hard_bounces, soft_bounces, complaints, rejects, list_hits"
/* The next ?3 rows of hour ?1 that are folded: all, or those with a provider. */
#define HOUR_ROWS_FOLDED                                                                 \
    "FROM hour_count WHERE hour = ?1 AND (?2 OR provider > '')"                          \
    " ORDER BY dimension, provider, kind LIMIT ?3"

/* As the view `daily`, for rows with a sum of each counter. */
#define RATES                                                                            \
    "CASE WHEN sends > 0 THEN min(1.0, 1.0 * hard_bounces / sends)"                      \
    " WHEN deliveries > 0 THEN"                                                          \
    " 1.0 * hard_bounces / (deliveries + hard_bounces + soft_bounces) END"               \
    " AS bounce_rate,"                                                                   \
    " CASE WHEN deliveries > 0 THEN min(1.0, 1.0 * complaints / deliveries)"             \
    " WHEN sends > 0 THEN min(1.0, 1.0 * complaints / sends) END AS complaint_rate"
#define WORST_FIRST " ORDER BY hard_bounces + complaints DESC, sends DESC, 1"

/* clang-format off */
/* What is counted by hour, and not gathered in hour_count yet. */
#define HOURS_FRESH                                                                      \
    "SELECT strftime('%s', occurred_at) / 3600 AS hour,"                                 \
    " coalesce(account_id, '') AS account_id, coalesce(region, '') AS region,"           \
    " coalesce(identity, '') AS identity,"                                               \
    " coalesce(configuration_set, '') AS configuration_set, scope,"                      \
    " coalesce(domain, '') AS provider, tallied AS kind, 1 AS n FROM event"              \
    " WHERE tallied IS NOT NULL"                                                         \
    " AND id > (SELECT n FROM total WHERE name = 'hours_gathered')"
/* All from ?1 on. */
#define HOURS                                                                            \
    "(SELECT c.hour, d.account_id, d.region, d.identity, d.configuration_set, d.scope,"  \
    " c.provider, c.kind, c.n FROM hour_count AS c"                                      \
    " JOIN dimension AS d ON d.id = c.dimension WHERE c.hour >= ?1"                      \
    " UNION ALL SELECT * FROM (" HOURS_FRESH ") WHERE hour >= ?1)"
/* The same, summed up by sender and provider first: joining a million rows costs more. */
#define HOURS_SUMMED                                                                     \
    "(SELECT d.identity, d.configuration_set, d.scope, c.provider, c.kind, c.n"          \
    " FROM (SELECT dimension, provider, kind, sum(n) AS n FROM hour_count"               \
    " WHERE hour >= ?1 GROUP BY dimension, provider, kind) AS c"                         \
    " JOIN dimension AS d ON d.id = c.dimension UNION ALL"                               \
    " SELECT identity, configuration_set, scope, provider, kind, n FROM (" HOURS_FRESH   \
    ") WHERE hour >= ?1)"
#define SENDER "identity, configuration_set, scope, account_id, region"
#define SUM_OF(kind) "sum(iif(c.kind = " kind ", c.n, 0))"
/* Providers that have ever complained. Those of hours whose providers are folded (''), and
 * recipients without one, are neither that nor the contrary. */
#define REPORTING                                                                        \
    "WITH reporting(provider) AS MATERIALIZED (SELECT provider FROM hour_count"          \
    " WHERE kind = 5 AND provider > '' UNION SELECT provider FROM (" HOURS_FRESH ")"     \
    " WHERE kind = 5 AND provider > '') "
#define IS_REPORTING(provider) provider " IN (SELECT provider FROM reporting)"
/* For rows with sums of the sends and deliveries to named providers, and of those to
 * reporting ones, and of their complaints. */
#define REPORTING_RATES                                                                  \
    "CASE WHEN named_deliveries > 0 THEN"                                                \
    " iif(seen_deliveries > 0, min(1.0, 1.0 * seen_complaints / seen_deliveries), NULL)" \
    " WHEN seen_sends > 0 THEN min(1.0, 1.0 * seen_complaints / seen_sends) END"         \
    " AS reporting_complaint_rate,"                                                      \
    " CASE WHEN named_deliveries > 0 THEN 1.0 - 1.0 * seen_deliveries / named_deliveries"\
    " WHEN named_sends > 0 THEN 1.0 - 1.0 * seen_sends / named_sends END AS unseen_share"
#define SUM_IF(kind, condition) "sum(iif(c.kind = " kind " AND " condition ", c.n, 0))"
#define SUMS_OF_HOURS                                                                    \
    SUM_OF("1") " AS sends, " SUM_OF("2") " AS deliveries, "                             \
    SUM_OF("3") " AS hard_bounces, " SUM_OF("4") " AS soft_bounces, "                    \
    SUM_OF("5") " AS complaints, " SUM_OF("6") " AS rejects, "                           \
    SUM_OF("7") " AS list_hits, " REPORTING_SUMS_OF_HOURS
#define REPORTING_SUMS_OF_HOURS                                                          \
    SUM_IF("1", "c.provider > ''") " AS named_sends, "                                   \
    SUM_IF("2", "c.provider > ''") " AS named_deliveries, "                              \
    SUM_IF("1", IS_REPORTING("c.provider")) " AS seen_sends, "                           \
    SUM_IF("2", IS_REPORTING("c.provider")) " AS seen_deliveries, "                      \
    SUM_IF("5", "c.provider > ''") " AS seen_complaints"
#define STATS_BY(column, name)                                                           \
    REPORTING "SELECT " name ", " COUNTERS ", " RATES ", " REPORTING_RATES               \
    " FROM (SELECT nullif(" column ", '') AS " name ", " SUMS_OF_HOURS                   \
    " FROM " HOURS_SUMMED " AS c GROUP BY 1)" WORST_FIRST

/* By hour: in the order of the key, so that nothing is sorted. */
#define HOURS_REPORTING                                                                  \
    "(SELECT c.hour, " REPORTING_SUMS_OF_HOURS " FROM hour_count AS c"                   \
    " WHERE c.hour >= ?1 GROUP BY c.hour UNION ALL"                                      \
    " SELECT c.hour, " REPORTING_SUMS_OF_HOURS " FROM (" HOURS_FRESH ") AS c"            \
    " WHERE c.hour >= ?1 GROUP BY c.hour)"
#define REPORTING_SUMS                                                                   \
    "sum(named_sends) AS named_sends, sum(named_deliveries) AS named_deliveries,"        \
    " sum(seen_sends) AS seen_sends, sum(seen_deliveries) AS seen_deliveries,"           \
    " sum(seen_complaints) AS seen_complaints"

/* `daily` has days from before there were counters by hour. */
#define STATS_BY_DAY                                                                     \
    REPORTING "SELECT d.day, " COUNTERS ", bounce_rate, complaint_rate, "                \
    REPORTING_RATES " FROM daily AS d LEFT JOIN (SELECT"                                 \
    " date(hour * 3600, 'unixepoch') AS day, " REPORTING_SUMS                            \
    " FROM " HOURS_REPORTING " GROUP BY 1) AS h ON h.day = d.day"                        \
    " WHERE d.day >= date(?1 * 3600, 'unixepoch') ORDER BY d.day"
#define STATS_IN_ALL                                                                     \
    REPORTING "SELECT days, " COUNTERS ", " RATES ", " REPORTING_RATES                   \
    " FROM (SELECT count(*) AS days, coalesce(sum(sends), 0) AS sends,"                  \
    " coalesce(sum(deliveries), 0) AS deliveries,"                                       \
    " coalesce(sum(hard_bounces), 0) AS hard_bounces,"                                   \
    " coalesce(sum(soft_bounces), 0) AS soft_bounces,"                                   \
    " coalesce(sum(complaints), 0) AS complaints,"                                       \
    " coalesce(sum(rejects), 0) AS rejects, coalesce(sum(list_hits), 0) AS list_hits"    \
    " FROM daily WHERE day >= date(?1 * 3600, 'unixepoch')),"                            \
    " (SELECT " REPORTING_SUMS " FROM " HOURS_REPORTING ")"

/* Each mail and address once, as in the counters; a mail is one complaint. There are
 * Sends and Deliveries only where they are kept: NULL is not known. */
#define MAIL_OF_EVENT "coalesce(ses_message_id, 'event ' || id)"
#define ONCE_IF(tally, condition)                                                        \
    "count(DISTINCT iif(counts_as = " tally " AND " condition ", " MAIL_OF_EVENT         \
    " || ' ' || coalesce(address, ''), NULL))"
#define ONCE(tally) ONCE_IF(tally, "true")
#define STATS_OF_EVENTS(column)                                                          \
    REPORTING "SELECT " column ", " COUNTERS ", " RATES ", " REPORTING_RATES             \
    " FROM (SELECT " column ","                                                          \
    " nullif(" ONCE("1") ", 0) AS sends, nullif(" ONCE("2") ", 0) AS deliveries, "       \
    ONCE("3") " AS hard_bounces, " ONCE("4") " AS soft_bounces,"                         \
    " count(DISTINCT iif(counts_as = 5, " MAIL_OF_EVENT ", NULL)) AS complaints, "       \
    ONCE("6") " AS rejects, " ONCE("7") " AS list_hits, "                                \
    ONCE_IF("1", "domain > ''") " AS named_sends, "                                      \
    ONCE_IF("2", "domain > ''") " AS named_deliveries, "                                 \
    ONCE_IF("1", IS_REPORTING("domain")) " AS seen_sends, "                              \
    ONCE_IF("2", IS_REPORTING("domain")) " AS seen_deliveries, "                         \
    "count(DISTINCT iif(counts_as = 5 AND domain > '', " MAIL_OF_EVENT ", NULL))"        \
    " AS seen_complaints"                                                                \
    " FROM event WHERE occurred_at >= ?1 AND counts_as BETWEEN 1 AND 7 GROUP BY 1)"      \
    WORST_FIRST

#define FOLD_HOUR                                                                        \
    "INSERT INTO hour_count (hour, dimension, provider, kind, n)"                        \
    " SELECT ?4, dimension, iif(?2, provider, ''), kind, n"                              \
    " FROM (SELECT * " HOUR_ROWS_FOLDED ") WHERE true"                                   \
    " ON CONFLICT DO UPDATE SET n = n + excluded.n"
#define LEAKS_STATUS                                                                     \
    "SELECT name, n FROM total WHERE name = 'leaks' UNION ALL"                           \
    " SELECT 'leaks_last_day', count(*) FROM leak WHERE sent_at >= " YESTERDAY           \
    " UNION ALL SELECT * FROM (SELECT 'leaks_last_day_identity', identity FROM"          \
    " (SELECT identity FROM leak WHERE sent_at >= " YESTERDAY                            \
    " ORDER BY sent_at DESC LIMIT " TEXT_OF(STORE_LEAKS_TOLD_MAX) ")"                    \
    " GROUP BY identity ORDER BY count(*) DESC LIMIT 1)"

/* Of SQL_LEAK_FIND: the pluses keep SQLite from two look-ups and a sort, which cost ten
 * times as much as one look-up for all scopes. Of SQL_DAY_ADD, in the order of enum
 * policy_tally and tally_kind, and SQL_HOUR_ADD: nearly always there is a row, and then
 * this is cheaper than an upsert. */
#define DB_SQL_COUNTERS                                                                  \
    [SQL_DAY_ADD] = "UPDATE day_count SET other = other + ?2, sends = sends + ?3, "      \
                    "deliveries = deliveries + ?4, hard_bounces = hard_bounces + ?5, "   \
                    "soft_bounces = soft_bounces + ?6, complaints = complaints + ?7, "   \
                    "rejects = rejects + ?8, list_hits = list_hits + ?9, "               \
                    "simulator = simulator + ?10, repeats = repeats + ?11, "             \
                    "events = events + ?12, suppressed_soft = suppressed_soft + ?13, "   \
                    "suppressed_bounce = suppressed_bounce + ?14, "                      \
                    "suppressed_complaint = suppressed_complaint + ?15, "                \
                    "suppressed_manual = suppressed_manual + ?16"                        \
                    " WHERE day = ?1 AND scope = '*'",                                   \
    [SQL_DAY_FIRST] =                                                                    \
        "INSERT INTO day_count (day, scope, other, sends, deliveries, "                  \
        "hard_bounces, soft_bounces, complaints, rejects, list_hits, "                   \
        "simulator, repeats, events, suppressed_soft, suppressed_bounce, "               \
        "suppressed_complaint, suppressed_manual)"                                       \
        " VALUES (?1, '*', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "         \
        "?14, ?15, ?16)",                                                                \
    [SQL_DIMENSION_FIND] = "SELECT id FROM dimension WHERE identity = ?"                 \
                           " AND configuration_set = ? AND scope = ?"                    \
                           " AND account_id = ? AND region = ?",                         \
    [SQL_DIMENSION_ADD] = "INSERT INTO dimension (identity, configuration_set, scope,"   \
                          " account_id, region) VALUES (?, ?, ?, ?, ?)",                 \
    [SQL_HOUR_ADD] = "UPDATE hour_count SET n = n + ?5 WHERE hour = ?1"                  \
                     " AND dimension = ?2 AND provider = ?3 AND kind = ?4",              \
    [SQL_HOUR_FIRST] = "INSERT INTO hour_count (hour, dimension, provider, kind, n)"     \
                       " VALUES (?, ?, ?, ?, ?)",                                        \
    [SQL_HOURS_FRESH] = "SELECT count(e.id), coalesce(sum(e.id), 0),"                    \
                        " coalesce((SELECT max(id) FROM event), 0), t.n FROM total AS t"  \
                        " LEFT JOIN event AS e"                                          \
                        " ON e.id > t.n AND e.tallied IS NOT NULL"                       \
                        " WHERE t.name = 'hours_gathered'",                              \
    [SQL_HOURS_SENDERS] = "INSERT INTO dimension (" SENDER ") SELECT DISTINCT " SENDER   \
                          " FROM (" HOURS_FRESH " AND id <= ?) WHERE true"               \
                          " ON CONFLICT DO NOTHING",                                     \
    [SQL_HOURS_GATHER] =                                                                 \
        "INSERT INTO hour_count (hour, dimension, provider, kind, n)"                    \
        " SELECT hour, (SELECT d.id FROM dimension AS d WHERE d.identity = f.identity"   \
        " AND d.configuration_set = f.configuration_set AND d.scope = f.scope"           \
        " AND d.account_id = f.account_id AND d.region = f.region) AS dimension,"        \
        " provider, kind, sum(n) FROM (" HOURS_FRESH " AND id <= ?) AS f"                \
        " GROUP BY 1, 2, 3, 4 ON CONFLICT DO UPDATE SET n = n + excluded.n",             \
    [SQL_HOURS_GATHERED_TO] = "UPDATE total SET n = ? WHERE name = 'hours_gathered'",    \
    [SQL_HOUR_NEXT] = "SELECT hour FROM hour_count WHERE hour >= ? AND hour < ?"         \
                      " ORDER BY hour LIMIT 1",                                          \
    [SQL_HOUR_FOLD] = FOLD_HOUR,                                                         \
    [SQL_HOUR_FOLDED] = "DELETE FROM hour_count"                                         \
                        " WHERE (hour, dimension, provider, kind) IN (SELECT hour,"      \
                        " dimension, provider, kind " HOUR_ROWS_FOLDED ")",              \
    [SQL_LEAK_FIND] = "SELECT scope, since FROM suppression WHERE address = ?1"          \
                      " AND (+scope = '*' OR +scope = ?2) AND held_why IS NULL"          \
                      " AND since < ?3 AND (until IS NULL OR until > ?3)"                \
                      " AND (lifted_at IS NULL OR lifted_at > ?3)",                      \
    [SQL_LEAK_ADD] =                                                                     \
        "INSERT INTO leak (address, scope, suppressed_since, sent_at, identity,"         \
        " configuration_set, source_ip, campaign, ses_message_id)"                       \
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",                    \
    [SQL_LEAK_BOUND] = "DELETE FROM leak WHERE id <= ?",                                 \
    [SQL_STATUS_LEAKS] = LEAKS_STATUS,                                                   \
    [SQL_STATS_DOMAIN] = STATS_BY("c.provider", "domain"),                               \
    [SQL_STATS_IDENTITY] = STATS_BY("c.identity", "identity"),                           \
    [SQL_STATS_CONFIGURATION_SET] =                                                      \
        STATS_BY("c.configuration_set", "configuration_set"),                            \
    [SQL_STATS_DAY] = STATS_BY_DAY,                                                      \
    [SQL_STATS_ALL] = STATS_IN_ALL,                                                      \
    [SQL_STATS_SCOPE] = STATS_BY("c.scope", "scope"),                                    \
    [SQL_STATS_CAMPAIGN] = STATS_OF_EVENTS("campaign"),                                  \
    [SQL_STATS_TENANT] = STATS_OF_EVENTS("tenant"),                                      \
    [SQL_STATS_RECORDED_ONLY] =                                                          \
        "SELECT DISTINCT nullif(c.identity, '') AS identity FROM " HOURS " AS c"         \
        " WHERE c.kind = 4 AND NOT EXISTS (SELECT 1"                                     \
        " FROM identity_day AS i WHERE i.identity = c.identity AND i.day >= ?2)"         \
        " ORDER BY 1",
/* clang-format on */

#endif
