-- What is sent out to webhooks and by mail.

-- Where each [webhook NAME] and [mail NAME] is in what it gets: list_change, event and notice grow
-- in commit order, so that what is committed is what will be sent. Up to these ids it is in the
-- outbox, or was not for it.
CREATE TABLE receiver (
    name TEXT PRIMARY KEY,
    format TEXT NOT NULL,
    wanted INTEGER NOT NULL, -- 1 << enum news: what it had no interest in does not follow later
    change_id INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    notice_id INTEGER NOT NULL,
    off_since_ms INTEGER,     -- it answered 410
    not_before_ms INTEGER,    -- it asked for a pause
    failures INTEGER NOT NULL DEFAULT 0, -- attempts since the last success
    sent INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,   -- given up, ever
    success_at_ms INTEGER,
    fault TEXT,
    fault_at_ms INTEGER
) STRICT, WITHOUT ROWID;

-- Of kind 'send', the target is a receiver, and the payload says which rows, or 'test'; the message
-- is made of them when it is sent. One that was given up stays.
ALTER TABLE outbox ADD COLUMN failed_at_ms INTEGER;
CREATE INDEX outbox_send ON outbox (target, next_at_ms) WHERE kind = 'send' AND failed_at_ms IS NULL;
CREATE INDEX outbox_failed ON outbox (target) WHERE kind = 'send' AND failed_at_ms IS NOT NULL;

-- A part of the ids of messages, so that another list has others.
CREATE TABLE instance (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL
) STRICT;
INSERT INTO instance (id, name) VALUES (1, lower(hex(randomblob(8))));

CREATE VIEW webhooks AS
SELECT name, format,
       CASE WHEN off_since_ms IS NOT NULL THEN 'off' WHEN failures > 0 THEN 'failing'
            ELSE 'ok' END AS state,
       (SELECT count(*) FROM outbox WHERE kind = 'send' AND target = r.name
                                      AND failed_at_ms IS NULL) AS waiting,
       (SELECT count(*) FROM outbox WHERE kind = 'send' AND target = r.name
                                      AND failed_at_ms IS NOT NULL) AS failed,
       sent,
       strftime('%Y-%m-%d %H:%M:%f', success_at_ms / 1000.0, 'unixepoch') AS last_success_at,
       fault AS last_fault,
       strftime('%Y-%m-%d %H:%M:%f', fault_at_ms / 1000.0, 'unixepoch') AS last_fault_at,
       strftime('%Y-%m-%d %H:%M:%f', (
           SELECT max(min(next_at_ms), coalesce(r.not_before_ms, 0)) FROM outbox
           WHERE kind = 'send' AND target = r.name AND failed_at_ms IS NULL
             AND r.off_since_ms IS NULL) / 1000.0, 'unixepoch') AS next_attempt_at
FROM receiver AS r;

CREATE VIEW webhook_messages AS
SELECT id, target AS name, iif(failed_at_ms IS NULL, 'waiting', 'failed') AS state, attempts,
       strftime('%Y-%m-%d %H:%M:%f', created_at_ms / 1000.0, 'unixepoch') AS since,
       strftime('%Y-%m-%d %H:%M:%f', iif(failed_at_ms IS NULL, next_at_ms, NULL) / 1000.0,
                'unixepoch') AS next_attempt_at,
       last_fault, payload AS what
FROM outbox
WHERE kind = 'send';
