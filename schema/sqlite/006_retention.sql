-- Retention and erasure.

-- A message that goes takes its events with it, and an address that is erased is looked for in
-- the message that named it. The events of a message are between these two ids, with no other
-- message's, since one transaction writes them. NULL: it never had any.
ALTER TABLE sns_message ADD COLUMN first_event_id INTEGER;
ALTER TABLE sns_message ADD COLUMN last_event_id INTEGER;
UPDATE sns_message SET first_event_id = e.first_id, last_event_id = e.last_id
FROM (SELECT message_id, min(id) AS first_id, max(id) AS last_id
      FROM event GROUP BY message_id) AS e
WHERE sns_message.id = e.message_id;

-- About whom nothing from before `at_ms` may come back. The hash is HMAC-SHA256 of the address
-- under the random key. Who reads the file can test whether a certain address was erased, but
-- not find out which ones were.
CREATE TABLE tombstone (
    hash BLOB PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tombstone_key (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    key BLOB NOT NULL
) STRICT;

-- On which days an address bounced softly, as long as that counts.
CREATE VIEW soft_days AS
SELECT DISTINCT address, scope, date(at_ms / 1000, 'unixepoch') AS day, identity
FROM soft_event
WHERE is_counted OR is_doubtful;

-- With the lines of what was erased, which have no address. CAST: all columns of both parts have
-- the same affinity, so that a condition on address reaches the indexes.
CREATE VIEW suppression_log AS
SELECT c.id, strftime('%Y-%m-%d %H:%M:%f', c.at_ms / 1000.0, 'unixepoch') AS at, e.address,
       c.scope, c.action, c.reason_before, c.reason_after,
       CAST(iif(c.detail = '', e.bounce_type || '/' || e.bounce_subtype, c.detail) AS TEXT)
           AS detail, c.until, c.actor, CAST(coalesce(c.origin, 'event') AS TEXT) AS origin,
       e.rule, c.event_id, c.note
FROM event AS e
JOIN list_change AS c ON c.id = e.id AND c.event_id = e.id AND c.address IS NULL
UNION ALL
SELECT id, strftime('%Y-%m-%d %H:%M:%f', at_ms / 1000.0, 'unixepoch'), address,
       scope, action, reason_before, reason_after, detail, until, actor, origin,
       rule, event_id, note
FROM list_change
WHERE address IS NOT NULL OR event_id IS NULL;
