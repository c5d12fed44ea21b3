-- What people ask: counters by hour, sender and provider; mail that was sent although its address
-- was on the list; who unsubscribed; two headers of the mail.

-- `message_id_header` without what `ses_message_id` has already: '@' is the id itself, and
-- '@example.com>' follows '<' and the id. `contact_list`: of a Subscription that is an opt-out.
ALTER TABLE event ADD COLUMN subject TEXT;
ALTER TABLE event ADD COLUMN message_id_header TEXT;
ALTER TABLE event ADD COLUMN contact_list TEXT;
-- One index of what is rare, since each costs every event something.
DROP INDEX event_not_addressed;
CREATE INDEX event_rare ON event (occurred_at) WHERE rule = 'not-addressed' OR type = 'Subscription';

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

CREATE VIEW hourly AS
SELECT strftime('%Y-%m-%d %H:%M:%f', c.hour * 3600, 'unixepoch') AS hour,
       nullif(d.account_id, '') AS account_id, nullif(d.region, '') AS region,
       nullif(d.identity, '') AS identity,
       nullif(d.configuration_set, '') AS configuration_set,
       nullif(c.provider, '') AS provider, d.scope, c.sends, c.deliveries, c.hard_bounces,
       c.soft_bounces, c.complaints, c.rejects, c.list_hits
FROM (SELECT hour, dimension, provider,
             sum(iif(kind = 1, n, 0)) AS sends, sum(iif(kind = 2, n, 0)) AS deliveries,
             sum(iif(kind = 3, n, 0)) AS hard_bounces,
             sum(iif(kind = 4, n, 0)) AS soft_bounces,
             sum(iif(kind = 5, n, 0)) AS complaints, sum(iif(kind = 6, n, 0)) AS rejects,
             sum(iif(kind = 7, n, 0)) AS list_hits
      FROM hour_count
      GROUP BY hour, dimension, provider) AS c
JOIN dimension AS d ON d.id = c.dimension;

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
