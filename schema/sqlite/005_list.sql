-- The list: entries that wait for a person, the log of its changes, and what soft counting
-- needs to know.

-- An entry that waits for a person has `held_why`, and as `held_id` the id of the change that
-- says so. `ended`: that its term is over is in the log. `is_basis`: it rests on what is kept no
-- longer, or on an import, so that a rebuild takes it as given.
ALTER TABLE suppression ADD COLUMN held_why TEXT;
ALTER TABLE suppression ADD COLUMN held_id INTEGER;
ALTER TABLE suppression ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
ALTER TABLE suppression ADD COLUMN is_basis INTEGER NOT NULL DEFAULT 0;
UPDATE suppression SET ended = 1
WHERE lifted_at IS NULL AND until <= strftime('%Y-%m-%d %H:%M:%f', 'now');
CREATE INDEX suppression_until ON suppression (until)
WHERE until IS NOT NULL AND ended = 0 AND lifted_at IS NULL AND held_why IS NULL;
CREATE UNIQUE INDEX suppression_held ON suppression (held_id) WHERE held_why IS NOT NULL;

-- What has changed in the list. Nearly every change comes from a kept event, and is the only one
-- that does: then it has the event's id, and as long as the event is there, the row leaves out
-- what the event has: `address`, `rule`, 'event' as `origin`, and `detail`, which is '', if that
-- is the event's type and subtype. So it needs no index by address. All others draw their id
-- from the same sequence, so that ids grow in commit order.
CREATE TABLE list_change (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    event_id INTEGER,
    address TEXT COLLATE NOCASE,
    scope TEXT NOT NULL,
    action TEXT NOT NULL,
    reason_before TEXT,
    reason_after TEXT,
    origin TEXT,
    detail TEXT,
    until TEXT,
    rule TEXT,
    actor TEXT,
    note TEXT
) STRICT;
-- SQLite looks through this table from its beginning, so what nearly every message needs is there.
INSERT INTO sqlite_sequence (rowid, name, seq)
SELECT -1, 'event', coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'event';
INSERT INTO sqlite_sequence (rowid, name, seq)
SELECT 0, 'sns_message', coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'sns_message';
DELETE FROM sqlite_sequence WHERE rowid > 0 AND name IN ('event', 'sns_message');
CREATE INDEX list_change_address ON list_change (address, id) WHERE address IS NOT NULL;

-- Hours in which a provider (the recipients' domain) had so many hard bounces that the outage
-- guard needs to know, and when the guard held bounces of a provider.
CREATE TABLE provider_hour (
    provider TEXT NOT NULL,
    hour INTEGER NOT NULL,
    hard INTEGER NOT NULL,
    PRIMARY KEY (provider, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_hour_hour ON provider_hour (hour);
CREATE TABLE guard (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    since TEXT NOT NULL,
    hour INTEGER NOT NULL, -- the last in which it held any
    hard INTEGER NOT NULL, -- hard bounces in the hour in which it began
    usual INTEGER NOT NULL, -- and at most in an hour before
    UNIQUE (provider, since)
) STRICT;
-- An event whose bounce the guard held.
ALTER TABLE event ADD COLUMN guarded INTEGER;

-- On which days Deliveries of a sending identity were seen; '': it is not known. `is_news`:
-- soft bounces that did not count until then are to be counted again.
CREATE TABLE identity_day (
    identity TEXT NOT NULL,
    day TEXT NOT NULL,
    is_news INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (identity, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_day_day ON identity_day (day);
CREATE INDEX identity_day_news ON identity_day (is_news) WHERE is_news = 1;

-- What people decide about held entries is a decision, too.
DROP VIEW decisions;
CREATE TABLE decision_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL COLLATE NOCASE,
    scope TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('add', 'remove', 'release', 'drop')),
    reason TEXT,
    until TEXT,
    at TEXT NOT NULL,
    actor TEXT,
    note TEXT
) STRICT;
INSERT INTO decision_new SELECT * FROM decision;
DROP TABLE decision;
ALTER TABLE decision_new RENAME TO decision;
CREATE INDEX decision_address ON decision (address, scope, action, at);
CREATE VIEW decisions AS
SELECT id, address, scope, action, reason, until, at, actor, note
FROM decision;

-- What soft counting knows: a soft bounce, or with neither flag a Delivery. Not by day, since a
-- Delivery that comes late may belong between two of one day. `is_doubtful`: SES calls it
-- transient, but the address may be dead; not `is_counted`: it is one of another scope.
DROP TRIGGER soft_day_first;
DROP TRIGGER soft_day_last;
CREATE TABLE soft_event (
    address TEXT NOT NULL COLLATE NOCASE,
    scope TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    identity TEXT NOT NULL, -- '': it is not known
    is_counted INTEGER NOT NULL,
    is_doubtful INTEGER NOT NULL,
    is_seen INTEGER NOT NULL, -- Deliveries of the identity were: otherwise it does not count
    PRIMARY KEY (address, scope, at_ms, identity)
) STRICT, WITHOUT ROWID;
-- Nobody knows whether there were Deliveries.
INSERT INTO soft_event
SELECT address, scope, at_ms, '', 1, max(is_doubtful), 0
FROM (SELECT address, scope, first_ms AS at_ms, 0 AS is_doubtful FROM soft_day
      UNION ALL SELECT address, scope, last_ms, 0 FROM soft_day
      UNION ALL SELECT address, scope, doubt_first_ms, 1 FROM soft_day
      UNION ALL SELECT address, scope, doubt_last_ms, 1 FROM soft_day)
WHERE at_ms IS NOT NULL
GROUP BY address, scope, at_ms;
DROP TABLE soft_day;
CREATE INDEX soft_event_at ON soft_event (at_ms);
CREATE INDEX soft_event_unseen ON soft_event (identity, at_ms) WHERE is_seen = 0;
CREATE TRIGGER soft_event_first AFTER INSERT ON soft_event
WHEN (NEW.is_counted OR NEW.is_doubtful)
     AND NOT EXISTS (SELECT 1 FROM soft_event WHERE address = NEW.address
                     AND (is_counted OR is_doubtful)
                     AND (scope IS NOT NEW.scope OR at_ms IS NOT NEW.at_ms
                          OR identity IS NOT NEW.identity))
BEGIN
    UPDATE total SET n = n + 1 WHERE name = 'addresses_with_soft_bounces';
END;
CREATE TRIGGER soft_event_last AFTER DELETE ON soft_event
WHEN (OLD.is_counted OR OLD.is_doubtful)
     AND NOT EXISTS (SELECT 1 FROM soft_event WHERE address = OLD.address
                     AND (is_counted OR is_doubtful))
BEGIN
    UPDATE total SET n = n - 1 WHERE name = 'addresses_with_soft_bounces';
END;

-- No aggregate in the outer query: a condition on address reaches the primary key.
DROP VIEW suppressed;
CREATE VIEW suppressed AS
SELECT s.address, s.scope, s.reason, s.detail, s.since,
       (SELECT CASE WHEN count(*) = count(o.until) THEN max(o.until) END
        FROM suppression AS o
        WHERE o.address = s.address AND o.scope = s.scope AND o.lifted_at IS NULL
          AND o.held_why IS NULL
          AND (o.until IS NULL OR o.until > strftime('%Y-%m-%d %H:%M:%f', 'now'))) AS until,
       s.last_event_at, s.event_count, s.first_event_at, s.origin, s.actor, s.note, s.rule
FROM suppression AS s
WHERE s.lifted_at IS NULL AND s.held_why IS NULL
  AND (s.until IS NULL OR s.until > strftime('%Y-%m-%d %H:%M:%f', 'now'))
  AND NOT EXISTS (
      SELECT 1 FROM suppression AS o
      WHERE o.address = s.address AND o.scope = s.scope AND o.strength > s.strength
        AND o.lifted_at IS NULL AND o.held_why IS NULL
        AND (o.until IS NULL OR o.until > strftime('%Y-%m-%d %H:%M:%f', 'now')));

-- Every entry there has ever been, including those that have expired, were lifted or wait.
DROP VIEW entries;
CREATE VIEW entries AS
SELECT address, scope, reason, detail,
       CASE WHEN held_why IS NOT NULL THEN 'held'
            WHEN lifted_at IS NOT NULL THEN 'lifted'
            WHEN until <= strftime('%Y-%m-%d %H:%M:%f', 'now') THEN 'expired'
            ELSE 'live' END AS state,
       since, until, first_event_at, last_event_at, event_count, repeats, origin, actor,
       note, lifted_at, lifted_by, lifted_note, rule, held_why AS why
FROM suppression;

CREATE VIEW guards AS
SELECT provider, since,
       hour >= strftime('%s', 'now') / 3600 - 1 AS is_open, hard AS hard_bounces, usual
FROM guard;

CREATE VIEW held AS
SELECT s.held_id AS id, s.address, s.scope, s.reason, s.detail, s.held_why AS why, s.since,
       (SELECT event_id FROM list_change WHERE id = s.held_id) AS event_id
FROM suppression AS s
WHERE s.held_why IS NOT NULL;
