-- Whose sending SES has paused or resumed: the newest report about each, by SES's own time.
-- A column is '' if the report does not name one; if all three are '', it concerns the account.
CREATE TABLE sending (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    tenant TEXT NOT NULL,
    configuration_set TEXT NOT NULL,
    identity TEXT NOT NULL,
    origin TEXT NOT NULL, -- who decided; sending is paused while any of them pauses it
    status TEXT NOT NULL,
    since TEXT NOT NULL,
    cause TEXT,
    PRIMARY KEY (account_id, region, tenant, configuration_set, identity, origin)
) STRICT, WITHOUT ROWID;
CREATE INDEX sending_paused ON sending (since) WHERE status = 'DISABLED';

CREATE VIEW paused AS
SELECT since, nullif(account_id, '') AS account_id, nullif(region, '') AS region,
       nullif(tenant, '') AS tenant, nullif(configuration_set, '') AS configuration_set,
       nullif(identity, '') AS identity, nullif(origin, '') AS origin, cause
FROM sending
WHERE status = 'DISABLED';

-- A day's counters, in one row, so that a commit changes one row only. The last five have a
-- meaning only as a sum over all days and `total`.
CREATE TABLE day_count (
    day TEXT NOT NULL,
    scope TEXT NOT NULL,
    other INTEGER NOT NULL DEFAULT 0,
    sends INTEGER NOT NULL DEFAULT 0,
    deliveries INTEGER NOT NULL DEFAULT 0,
    hard_bounces INTEGER NOT NULL DEFAULT 0,
    soft_bounces INTEGER NOT NULL DEFAULT 0,
    complaints INTEGER NOT NULL DEFAULT 0,
    rejects INTEGER NOT NULL DEFAULT 0,
    list_hits INTEGER NOT NULL DEFAULT 0,
    simulator INTEGER NOT NULL DEFAULT 0,
    repeats INTEGER NOT NULL DEFAULT 0,
    events INTEGER NOT NULL DEFAULT 0,
    suppressed_soft INTEGER NOT NULL DEFAULT 0,
    suppressed_bounce INTEGER NOT NULL DEFAULT 0,
    suppressed_complaint INTEGER NOT NULL DEFAULT 0,
    suppressed_manual INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (day, scope)
) STRICT, WITHOUT ROWID;
INSERT INTO day_count (day, scope, other, sends, deliveries, hard_bounces, soft_bounces, complaints,
                       rejects, list_hits, simulator, repeats)
SELECT day, scope,
       coalesce(sum(n) FILTER (WHERE kind = 'other'), 0),
       coalesce(sum(n) FILTER (WHERE kind = 'sends'), 0),
       coalesce(sum(n) FILTER (WHERE kind = 'deliveries'), 0),
       coalesce(sum(n) FILTER (WHERE kind = 'hard_bounces'), 0),
       coalesce(sum(n) FILTER (WHERE kind = 'soft_bounces'), 0),
       coalesce(sum(n) FILTER (WHERE kind = 'complaints'), 0),
       coalesce(sum(n) FILTER (WHERE kind = 'rejects'), 0),
       coalesce(sum(n) FILTER (WHERE kind = 'list_hits'), 0),
       coalesce(sum(n) FILTER (WHERE kind = 'simulator'), 0),
       coalesce(sum(n) FILTER (WHERE kind = 'repeats'), 0)
FROM daily_count
GROUP BY day, scope;
DROP VIEW daily;
DROP TABLE daily_count;
CREATE VIEW daily AS
SELECT day, sends, deliveries, hard_bounces, soft_bounces, complaints, rejects, list_hits,
       CASE WHEN sends > 0 THEN min(1.0, 1.0 * hard_bounces / sends)
            WHEN deliveries > 0 THEN
                1.0 * hard_bounces / (deliveries + hard_bounces + soft_bounces)
       END AS bounce_rate,
       CASE WHEN deliveries > 0 THEN min(1.0, 1.0 * complaints / deliveries)
            WHEN sends > 0 THEN min(1.0, 1.0 * complaints / sends)
       END AS complaint_rate
FROM (SELECT day, sum(sends) AS sends, sum(deliveries) AS deliveries,
             sum(hard_bounces) AS hard_bounces, sum(soft_bounces) AS soft_bounces,
             sum(complaints) AS complaints, sum(rejects) AS rejects,
             sum(list_hits) AS list_hits
      FROM day_count
      GROUP BY day);

-- How many bounces and complaints named an address that the mail was not sent to (`status`).
CREATE INDEX event_not_addressed ON event (occurred_at) WHERE rule = 'not-addressed';

-- Totals, so that no query has to count rows: changed in the transaction that changes what
-- they count. A total is the sum of `n` over the rows whose minute `ends` (since 1970) is not
-- over; 9223372036854775807 never is. What a transaction adds to a total without an end goes
-- into `day_count` if the transaction writes a row there anyway, which saves a page.
CREATE TABLE total (
    name TEXT NOT NULL,
    ends INTEGER NOT NULL DEFAULT 9223372036854775807,
    n INTEGER NOT NULL,
    PRIMARY KEY (name, ends)
) STRICT, WITHOUT ROWID;
ALTER TABLE unapplied ADD COLUMN body_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE unapplied SET body_bytes = coalesce(
    (SELECT length(b.body) FROM body AS b WHERE b.message_id = unapplied.message_id), 0);
INSERT INTO total (name, n)
SELECT 'events', count(*) FROM event
UNION ALL SELECT 'quarantine', count(*) FROM unapplied
UNION ALL SELECT 'quarantine_bytes', coalesce(sum(body_bytes), 0) FROM unapplied
UNION ALL SELECT 'addresses_with_soft_bounces', count(DISTINCT address) FROM soft_day;

CREATE TRIGGER soft_day_first AFTER INSERT ON soft_day
WHEN NOT EXISTS (SELECT 1 FROM soft_day WHERE address = NEW.address
                 AND (scope IS NOT NEW.scope OR day IS NOT NEW.day))
BEGIN
    UPDATE total SET n = n + 1 WHERE name = 'addresses_with_soft_bounces';
END;
CREATE TRIGGER soft_day_last AFTER DELETE ON soft_day
WHEN NOT EXISTS (SELECT 1 FROM soft_day WHERE address = OLD.address)
BEGIN
    UPDATE total SET n = n - 1 WHERE name = 'addresses_with_soft_bounces';
END;

-- suppressed_REASON: how many rows `suppressed` has, at most a minute late. An address and
-- scope has the reason of its strongest live entry: a weaker one that ends later counts until
-- its own end, less until the end of the stronger one.
-- Row by row, with look-ups by key: sorting a list of millions would take more memory than
-- the unit allows.
INSERT INTO total (name, ends, n)
SELECT 'suppressed_' || lower(s.reason),
       coalesce(strftime('%s', s.until) / 60, 9223372036854775807), 1
FROM suppression AS s
WHERE s.lifted_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM suppression AS o
    WHERE o.address = s.address AND o.scope = s.scope AND o.strength > s.strength
      AND o.lifted_at IS NULL
      AND coalesce(strftime('%s', o.until) / 60, 9223372036854775807)
          >= coalesce(strftime('%s', s.until) / 60, 9223372036854775807))
ON CONFLICT DO UPDATE SET n = n + 1;
-- What a stronger entry hides until it ends.
INSERT INTO total (name, ends, n)
SELECT 'suppressed_' || lower(h.reason), h.hidden_until, -1
FROM (SELECT s.reason, coalesce(strftime('%s', s.until) / 60, 9223372036854775807) AS ends,
             (SELECT max(coalesce(strftime('%s', o.until) / 60, 9223372036854775807))
              FROM suppression AS o
              WHERE o.address = s.address AND o.scope = s.scope
                AND o.strength > s.strength AND o.lifted_at IS NULL) AS hidden_until
      FROM suppression AS s
      WHERE s.lifted_at IS NULL) AS h
WHERE h.ends > h.hidden_until
ON CONFLICT DO UPDATE SET n = n - 1;

-- Subscriptions -----------------------------------------------------------------------
-- A topic may have several subscriptions to us, each with its own token, state and end. A row
-- is identified by its token until SNS has reported its ARN. One row of a topic may have
-- neither: a subscription that somebody else confirmed, known only from its messages. Tokens
-- are in files beside the database that the group cannot read.

DROP VIEW topics;

CREATE TABLE subscription (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic_id INTEGER NOT NULL REFERENCES topic (id),
    state TEXT NOT NULL
        CHECK (state IN ('pending', 'confirming', 'confirmed', 'failed', 'unsubscribed')),
    since TEXT NOT NULL,
    -- SNS's time of the message that the row began with or that ended it
    sns_ms INTEGER NOT NULL,
    arn TEXT,
    token TEXT,       -- SHA-256 of it, the name of its file
    clear_token TEXT, -- from before there were files, until the daemon has written one
    fault TEXT,
    UNIQUE (topic_id, arn),
    UNIQUE (topic_id, token)
) STRICT;
CREATE UNIQUE INDEX subscription_proven ON subscription (topic_id)
    WHERE arn IS NULL AND token IS NULL AND clear_token IS NULL;

INSERT INTO subscription (topic_id, state, since, sns_ms, clear_token, fault)
SELECT t.id,
       CASE WHEN EXISTS (SELECT 1 FROM outbox AS o WHERE o.topic_id = t.id) THEN 'confirming'
            WHEN t.state = 'failed' THEN 'failed'
            ELSE 'pending' END,
       coalesce(t.since, strftime('%Y-%m-%d %H:%M:%f', 'now')),
       coalesce(t.subscription_ms, 0), t.token, t.fault
FROM topic AS t
WHERE t.state IS NOT NULL AND t.token IS NOT NULL;

INSERT INTO subscription (topic_id, state, since, sns_ms, arn, fault)
SELECT id, state, coalesce(since, strftime('%Y-%m-%d %H:%M:%f', 'now')),
       -- What is known only from messages gives way to any subscription message.
       CASE WHEN state = 'confirmed' AND subscription_arn IS NULL THEN 0
            ELSE coalesce(subscription_ms, 0) END,
       subscription_arn, CASE WHEN token IS NULL THEN fault END
FROM topic
WHERE state IN ('confirmed', 'unsubscribed') OR (state IS NOT NULL AND token IS NULL);

CREATE TABLE task (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('confirm')),
    subscription_id INTEGER NOT NULL REFERENCES subscription (id),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at_ms INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    last_fault TEXT,
    UNIQUE (subscription_id, kind)
) STRICT;
INSERT INTO task (id, kind, subscription_id, attempts, next_at_ms, created_at_ms, last_fault)
SELECT o.id, o.kind, s.id, o.attempts, o.next_at_ms, o.created_at_ms, o.last_fault
FROM outbox AS o
JOIN subscription AS s ON s.topic_id = o.topic_id AND s.clear_token IS NOT NULL;
DROP TABLE outbox;
ALTER TABLE task RENAME TO outbox;
CREATE INDEX outbox_next ON outbox (next_at_ms);

ALTER TABLE topic DROP COLUMN state;
ALTER TABLE topic DROP COLUMN since;
ALTER TABLE topic DROP COLUMN subscription_arn;
ALTER TABLE topic DROP COLUMN token;
ALTER TABLE topic DROP COLUMN subscription_ms;
ALTER TABLE topic DROP COLUMN fault;

-- A topic has the state of its best subscription: one that delivers, else one that is being
-- confirmed, else one that waits for a person, else the most recent one.
CREATE VIEW topics AS
SELECT t.topic_arn, t.account_id, t.region, s.state, s.arn AS subscription_arn, s.since,
       t.last_message_at, t.messages, t.announced_at, s.fault,
       (SELECT count(*) FROM subscription AS w
        WHERE w.topic_id = t.id AND w.state IN ('pending', 'confirming')) AS waiting
FROM topic AS t
JOIN subscription AS s ON s.id = (
    SELECT b.id FROM subscription AS b
    WHERE b.topic_id = t.id
    ORDER BY CASE b.state WHEN 'confirmed' THEN 3 WHEN 'confirming' THEN 2
                          WHEN 'pending' THEN 1 ELSE 0 END DESC,
             CASE b.state WHEN 'confirmed' THEN b.arn IS NULL END,
             CASE b.state WHEN 'confirmed' THEN b.since END, b.since DESC, b.id DESC
    LIMIT 1);

-- Counted keys by hour instead of minute, so that one seek per hour finds the later
-- Deliveries of an address.
CREATE TABLE counted_by_hour (
    hour INTEGER NOT NULL,
    is_delivery INTEGER NOT NULL,
    address_hash INTEGER NOT NULL,
    event_hash INTEGER NOT NULL,
    occurred_offset_ms INTEGER NOT NULL, -- from the beginning of the hour
    imported_hour INTEGER,               -- when history was imported: counts as its age
    PRIMARY KEY (hour, is_delivery, address_hash, event_hash)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO counted_by_hour
SELECT minute / 60 - (minute % 60 < 0), is_delivery, address_hash, event_hash,
       occurred_offset_ms + 60000 * (minute - 60 * (minute / 60 - (minute % 60 < 0))),
       imported_minute / 60
FROM counted;
DROP TABLE counted;
ALTER TABLE counted_by_hour RENAME TO counted;

-- As what an event counted, to find how many events of a mail, an address and a type there are
-- already: a number of `enum tally_kind`, NULL in events from before this column. All addresses
-- that the mail was not sent to count as one, since a server can make up any number of them.
ALTER TABLE event ADD COLUMN counts_as INTEGER;
-- One index serves look-ups by address, and by address and mail: the first sixteen characters
-- of a message id, SES's region and time, distinguish a mail from nearly all others.
DROP INDEX event_address;
CREATE INDEX event_address ON event (address, substr(ses_message_id, 1, 16));
CREATE INDEX event_stranger ON event (ses_message_id, type)
    WHERE rule = 'not-addressed' OR rule = 'no-address';

-- When the quarantine is full, messages of the topic (0: none) and reason with the most bytes
-- are dropped first; `quarantine_dropped` counts them.
ALTER TABLE unapplied ADD COLUMN topic_id INTEGER;
UPDATE unapplied SET topic_id = (SELECT m.topic_id FROM sns_message AS m
                                 WHERE m.id = unapplied.message_id);
CREATE INDEX unapplied_group ON unapplied (topic_id, reason, id);
CREATE TABLE unapplied_total (
    topic_id INTEGER NOT NULL,
    reason TEXT NOT NULL,
    n INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (topic_id, reason)
) STRICT, WITHOUT ROWID;
INSERT INTO unapplied_total (topic_id, reason, n, bytes)
SELECT coalesce(topic_id, 0), reason, count(*), sum(body_bytes) FROM unapplied
GROUP BY topic_id, reason;
CREATE TRIGGER unapplied_comes AFTER INSERT ON unapplied
BEGIN
    INSERT INTO unapplied_total (topic_id, reason, n, bytes)
    VALUES (coalesce(NEW.topic_id, 0), NEW.reason, 1, NEW.body_bytes)
    ON CONFLICT DO UPDATE SET n = n + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER unapplied_goes AFTER DELETE ON unapplied
BEGIN
    UPDATE unapplied_total SET n = n - 1, bytes = bytes - OLD.body_bytes
    WHERE topic_id = coalesce(OLD.topic_id, 0) AND reason = OLD.reason;
END;
CREATE TRIGGER unapplied_moves AFTER UPDATE OF reason ON unapplied
BEGIN
    UPDATE unapplied_total SET n = n - 1, bytes = bytes - OLD.body_bytes
    WHERE topic_id = coalesce(OLD.topic_id, 0) AND reason = OLD.reason;
    INSERT INTO unapplied_total (topic_id, reason, n, bytes)
    VALUES (coalesce(NEW.topic_id, 0), NEW.reason, 1, NEW.body_bytes)
    ON CONFLICT DO UPDATE SET n = n + 1, bytes = bytes + excluded.bytes;
END;
CREATE TABLE quarantine_dropped (
    day TEXT PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
