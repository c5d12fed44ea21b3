-- What is to be done elsewhere, of any kind. What `target` and `payload` are depends on the
-- kind: of 'confirm', the target is the id of a subscription, whose row has the rest.
CREATE TABLE task (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    payload TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at_ms INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    last_fault TEXT
) STRICT;
INSERT INTO task (id, kind, target, attempts, next_at_ms, created_at_ms, last_fault)
SELECT id, kind, subscription_id, attempts, next_at_ms, created_at_ms, last_fault
FROM outbox;
DROP TABLE outbox;
ALTER TABLE task RENAME TO outbox;
CREATE INDEX outbox_next ON outbox (next_at_ms);
CREATE UNIQUE INDEX outbox_confirm ON outbox (target) WHERE kind = 'confirm';
