-- What people ask: counters by hour, sender and provider; mail that was sent although its address
-- was on the list; who unsubscribed; two headers of the mail.

-- `message_id_header` without what `ses_message_id` has already: '@' is the id itself, and
-- '@example.com>' follows '<' and the id. `contact_list`: of a Subscription that is an opt-out.
ALTER TABLE event ADD COLUMN subject TEXT;
ALTER TABLE event ADD COLUMN message_id_header TEXT;
ALTER TABLE event ADD COLUMN contact_list TEXT;
-- As what it counts in its hour, as `counts_as`; NULL: it does not, or is in `hour_count` already.
ALTER TABLE event ADD COLUMN tallied INTEGER;
-- One index of what is rare, since each costs every event something.
DROP INDEX event_not_addressed;
CREATE INDEX event_rare ON event (occurred_at) WHERE rule = 'not-addressed' OR type = 'Subscription'
    OR (rule = 'permanent-auth' OR rule = 'permanent-blocked' OR rule = 'complaint-auth-failure'
        OR rule = 'complaint-virus');

DROP VIEW complaints;
DROP VIEW bounces;
DROP VIEW events;
CREATE VIEW events AS
SELECT e.id, e.type, e.class, e.cause, e.address, e.address_seen, e.domain, e.scope,
       e.occurred_at, e.sent_at, m.received_at, e.bounce_type, e.bounce_subtype,
       e.complaint_subtype, e.feedback_type, e.candidates, e.status, e.action, e.diagnostic,
       e.reporting_mta, e.remote_mta_ip, e.user_agent, e.feedback_id, e.ses_message_id,
       e.source, e.from_domain, e.identity, e.account_id, e.region, e.configuration_set,
       e.tenant, e.campaign, e.tags, e.destination_count, e.source_ip, e.is_simulator,
       t.topic_arn,
       CASE WHEN m.topic_id IS NOT NULL THEN m.sns_message_id END AS sns_message_id,
       e.ses_timestamp, e.rule, e.subject,
       CASE WHEN e.message_id_header = '@' THEN e.ses_message_id
            WHEN e.message_id_header GLOB '@*'
                THEN '<' || e.ses_message_id || e.message_id_header
            ELSE e.message_id_header END AS message_id_header,
       e.contact_list
FROM event AS e
JOIN sns_message AS m ON m.id = e.message_id
LEFT JOIN topic AS t ON t.id = m.topic_id;
CREATE VIEW bounces AS SELECT * FROM events WHERE type = 'Bounce';
CREATE VIEW complaints AS SELECT * FROM events WHERE type = 'Complaint';

-- In events from before this migration only the rule tells that it is an opt-out.
CREATE VIEW unsubscribes AS
SELECT address, scope, contact_list, occurred_at, id AS event_id
FROM event
WHERE type = 'Subscription' AND (rule = 'opt-out' OR contact_list IS NOT NULL);

-- Who sent: the texts that the counters of all hours share. '': it is not known.
CREATE TABLE dimension (
    id INTEGER PRIMARY KEY,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    identity TEXT NOT NULL,
    configuration_set TEXT NOT NULL,
    scope TEXT NOT NULL,
    UNIQUE (identity, configuration_set, scope, account_id, region)
) STRICT;

-- A row for each counter that is not 0: changing one number of a short row costs least. It takes
-- some 30 bytes, and those of the current hour are side by side. `hour` since 1970; `kind` as
-- `counts_as` of `event`. After 35 days the rows of a day become one, of its first hour, and after
-- 400 days those of all providers ('').
CREATE TABLE hour_count (
    hour INTEGER NOT NULL,
    dimension INTEGER NOT NULL,
    provider TEXT NOT NULL,
    kind INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (hour, dimension, provider, kind)
) STRICT, WITHOUT ROWID;
-- Who has ever complained: few.
CREATE INDEX hour_count_complaints ON hour_count (provider) WHERE kind = 5;

-- What an event with `tallied` counts is added here later, with that of many others: up to now, of
-- those up to the id in `total`. Readers add the others, some hundred at the end of `event`.
INSERT INTO total (name, n)
SELECT 'hours_gathered', coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'event';
CREATE TRIGGER event_goes BEFORE DELETE ON event
WHEN OLD.tallied IS NOT NULL AND OLD.id > (SELECT n FROM total WHERE name = 'hours_gathered')
BEGIN
    INSERT INTO dimension (account_id, region, identity, configuration_set, scope)
    VALUES (coalesce(OLD.account_id, ''), coalesce(OLD.region, ''), coalesce(OLD.identity, ''),
            coalesce(OLD.configuration_set, ''), OLD.scope)
    ON CONFLICT DO NOTHING;
    INSERT INTO hour_count (hour, dimension, provider, kind, n)
    SELECT strftime('%s', OLD.occurred_at) / 3600, id, coalesce(OLD.domain, ''), OLD.tallied, 1
    FROM dimension
    WHERE identity = coalesce(OLD.identity, '') AND scope = OLD.scope
      AND configuration_set = coalesce(OLD.configuration_set, '')
      AND account_id = coalesce(OLD.account_id, '') AND region = coalesce(OLD.region, '')
    ON CONFLICT DO UPDATE SET n = n + 1;
END;

-- scoped_REASON: how many of suppressed_REASON are of the mail of one scope only; see there.
INSERT INTO total (name, ends, n)
SELECT 'scoped_' || lower(s.reason),
       coalesce(strftime('%s', s.until) / 60, 9223372036854775807), 1
FROM suppression AS s
WHERE s.scope <> '*' AND s.lifted_at IS NULL AND s.held_why IS NULL AND NOT EXISTS (
    SELECT 1 FROM suppression AS o
    WHERE o.address = s.address AND o.scope = s.scope AND o.strength > s.strength
      AND o.lifted_at IS NULL AND o.held_why IS NULL
      AND coalesce(strftime('%s', o.until) / 60, 9223372036854775807)
          >= coalesce(strftime('%s', s.until) / 60, 9223372036854775807))
ON CONFLICT DO UPDATE SET n = n + 1;
INSERT INTO total (name, ends, n)
SELECT 'scoped_' || lower(h.reason), h.hidden_until, -1
FROM (SELECT s.reason, coalesce(strftime('%s', s.until) / 60, 9223372036854775807) AS ends,
             (SELECT max(coalesce(strftime('%s', o.until) / 60, 9223372036854775807))
              FROM suppression AS o
              WHERE o.address = s.address AND o.scope = s.scope AND o.strength > s.strength
                AND o.lifted_at IS NULL AND o.held_why IS NULL) AS hidden_until
      FROM suppression AS s
      WHERE s.scope <> '*' AND s.lifted_at IS NULL AND s.held_why IS NULL) AS h
WHERE h.ends > h.hidden_until
ON CONFLICT DO UPDATE SET n = n - 1;

-- Hours with and without events that are not gathered yet: the latter need not be sorted.
CREATE VIEW hourly AS
WITH fresh AS (
    SELECT strftime('%s', occurred_at) / 3600 AS hour, coalesce(account_id, '') AS account_id,
           coalesce(region, '') AS region, coalesce(identity, '') AS identity,
           coalesce(configuration_set, '') AS configuration_set, scope,
           coalesce(domain, '') AS provider, tallied AS kind
    FROM event
    WHERE tallied IS NOT NULL AND id > (SELECT n FROM total WHERE name = 'hours_gathered')),
counted AS (
    SELECT c.hour, d.account_id, d.region, d.identity, d.configuration_set, d.scope, c.provider,
           sends, deliveries, hard_bounces, soft_bounces, complaints, rejects, list_hits
    FROM (SELECT hour, dimension, provider,
                 sum(iif(kind = 1, n, 0)) AS sends, sum(iif(kind = 2, n, 0)) AS deliveries,
                 sum(iif(kind = 3, n, 0)) AS hard_bounces,
                 sum(iif(kind = 4, n, 0)) AS soft_bounces,
                 sum(iif(kind = 5, n, 0)) AS complaints, sum(iif(kind = 6, n, 0)) AS rejects,
                 sum(iif(kind = 7, n, 0)) AS list_hits
          FROM hour_count
          WHERE hour NOT IN (SELECT hour FROM fresh)
          GROUP BY hour, dimension, provider) AS c
    JOIN dimension AS d ON d.id = c.dimension
    UNION ALL
    SELECT hour, account_id, region, identity, configuration_set, scope, provider,
           sum(iif(kind = 1, n, 0)), sum(iif(kind = 2, n, 0)), sum(iif(kind = 3, n, 0)),
           sum(iif(kind = 4, n, 0)), sum(iif(kind = 5, n, 0)), sum(iif(kind = 6, n, 0)),
           sum(iif(kind = 7, n, 0))
    FROM (SELECT hour, account_id, region, identity, configuration_set, scope, provider, kind,
                 1 AS n FROM fresh
          UNION ALL
          SELECT c.hour, d.account_id, d.region, d.identity, d.configuration_set, d.scope,
                 c.provider, c.kind, c.n
          FROM hour_count AS c JOIN dimension AS d ON d.id = c.dimension
          WHERE c.hour IN (SELECT hour FROM fresh))
    GROUP BY hour, account_id, region, identity, configuration_set, scope, provider)
SELECT strftime('%Y-%m-%d %H:%M:%f', hour * 3600, 'unixepoch') AS hour,
       nullif(account_id, '') AS account_id, nullif(region, '') AS region,
       nullif(identity, '') AS identity, nullif(configuration_set, '') AS configuration_set,
       nullif(provider, '') AS provider, scope, sends, deliveries, hard_bounces,
       soft_bounces, complaints, rejects, list_hits
FROM counted;

-- Mail that was sent after its address was suppressed. The newest 100,000 are kept; how many
-- there ever were is in `total`, 'leaks'.
CREATE TABLE leak (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL COLLATE NOCASE,
    scope TEXT NOT NULL, -- of the entry
    suppressed_since TEXT NOT NULL,
    sent_at TEXT NOT NULL,
    identity TEXT,
    configuration_set TEXT,
    source_ip TEXT,
    campaign TEXT,
    ses_message_id TEXT NOT NULL,
    UNIQUE (ses_message_id, address, scope)
) STRICT;
CREATE INDEX leak_sent ON leak (sent_at);
CREATE INDEX leak_address ON leak (address);
INSERT INTO total (name, n) VALUES ('leaks', 0);

CREATE VIEW leaks AS
SELECT address, scope, suppressed_since, sent_at, identity, configuration_set, source_ip,
       campaign, ses_message_id
FROM leak;
