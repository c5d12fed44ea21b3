-- The first schema. The views are the interface (schema/README.md); the tables may change
-- with a migration. Times that a view shows are text as SQLite writes it, so that an index
-- serves them; all other times are milliseconds since 1970.

CREATE TABLE topic (
    id INTEGER PRIMARY KEY,
    topic_arn TEXT NOT NULL UNIQUE,
    account_id TEXT,
    region TEXT,
    -- NULL: known from imported messages only
    state TEXT CHECK (state IN ('pending', 'confirming', 'confirmed', 'failed', 'unsubscribed')),
    since TEXT,
    subscription_arn TEXT,
    token TEXT,
    -- SNS's time of the subscription message that the state comes from
    subscription_ms INTEGER,
    last_message_at TEXT,
    messages INTEGER NOT NULL DEFAULT 0,
    announced_at TEXT,
    fault TEXT
) STRICT;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('confirm')),
    topic_id INTEGER NOT NULL REFERENCES topic (id),
    token TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at_ms INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    last_fault TEXT,
    UNIQUE (topic_id, kind)
) STRICT;
CREATE INDEX outbox_next ON outbox (next_at_ms);

-- SNS keeps a message's Timestamp across retries: together with it, the random id is a key
-- that grows. A message imported without an envelope has 'file:' and a digest as its id.
CREATE TABLE sns_message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sns_timestamp_ms INTEGER NOT NULL,
    sns_message_id TEXT NOT NULL,
    topic_id INTEGER REFERENCES topic (id),
    received_at TEXT NOT NULL,
    UNIQUE (sns_timestamp_ms, sns_message_id)
) STRICT;

CREATE TABLE body (
    message_id INTEGER PRIMARY KEY REFERENCES sns_message (id),
    body BLOB NOT NULL
) STRICT;

CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES sns_message (id),
    key_time INTEGER,
    key_hash INTEGER,
    type TEXT NOT NULL,
    class TEXT,
    cause TEXT,
    rule TEXT,
    address TEXT COLLATE NOCASE,
    address_seen TEXT,
    domain TEXT COLLATE NOCASE,
    scope TEXT NOT NULL,
    occurred_at TEXT NOT NULL,
    sent_at TEXT,
    ses_timestamp TEXT,
    bounce_type TEXT,
    bounce_subtype TEXT,
    complaint_subtype TEXT,
    feedback_type TEXT,
    candidates INTEGER,
    status TEXT,
    action TEXT,
    diagnostic TEXT,
    reporting_mta TEXT,
    remote_mta_ip TEXT,
    user_agent TEXT,
    feedback_id TEXT,
    ses_message_id TEXT,
    source TEXT,
    from_domain TEXT,
    identity TEXT,
    account_id TEXT,
    region TEXT,
    configuration_set TEXT,
    tenant TEXT,
    campaign TEXT,
    tags TEXT,
    destination_count INTEGER,
    source_ip TEXT,
    is_simulator INTEGER NOT NULL
) STRICT;
-- NULLs never clash: an event without any id is known by its SNS message alone.
CREATE UNIQUE INDEX event_key ON event (key_time, key_hash);
CREATE INDEX event_address ON event (address, id);
CREATE INDEX event_occurred ON event (occurred_at);
-- Was there a Delivery after a soft bounce that arrives late?
CREATE INDEX event_delivery ON event (address, occurred_at) WHERE type = 'Delivery';

CREATE TABLE unapplied (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL UNIQUE REFERENCES sns_message (id),
    reason TEXT NOT NULL
) STRICT;

CREATE TABLE suppression (
    address TEXT NOT NULL COLLATE NOCASE,
    scope TEXT NOT NULL,
    -- OR, not IN, which would build a table of the words for each row that is written.
    reason TEXT NOT NULL CHECK (reason = 'SOFT' OR reason = 'BOUNCE' OR reason = 'COMPLAINT'
                                OR reason = 'MANUAL'),
    strength INTEGER NOT NULL AS (CASE reason WHEN 'MANUAL' THEN 4 WHEN 'COMPLAINT' THEN 3
                                              WHEN 'BOUNCE' THEN 2 ELSE 1 END) VIRTUAL,
    detail TEXT,
    rule TEXT,
    since TEXT NOT NULL,
    until TEXT, -- NULL: permanent
    first_event_at TEXT,
    last_event_at TEXT,
    event_count INTEGER NOT NULL DEFAULT 0,
    repeats INTEGER NOT NULL DEFAULT 0,
    origin TEXT NOT NULL CHECK (origin = 'event' OR origin = 'import' OR origin = 'person'
                                OR origin = 'api'),
    actor TEXT,
    note TEXT,
    lifted_at TEXT,
    lifted_by TEXT,
    lifted_note TEXT,
    PRIMARY KEY (address, scope, reason)
) STRICT, WITHOUT ROWID;

-- What people decided; rows are only appended.
CREATE TABLE decision (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL COLLATE NOCASE,
    scope TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('add', 'remove')),
    reason TEXT,
    until TEXT,
    at TEXT NOT NULL,
    actor TEXT,
    note TEXT
) STRICT;
CREATE INDEX decision_address ON decision (address, scope, action, at);

-- A day on which an address bounced softly, until a later Delivery deletes it.
CREATE TABLE soft_day (
    address TEXT NOT NULL COLLATE NOCASE,
    scope TEXT NOT NULL,
    day TEXT NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    doubt_first_ms INTEGER, -- of the events that SES calls transient and that may be hard
    doubt_last_ms INTEGER,
    PRIMARY KEY (address, scope, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX soft_day_day ON soft_day (day);

-- Counted events, which must be recognised for 72 h. Hashes are 48 bits of SHA-256, so a row
-- takes about 26 bytes; the minute is the event's, so that the key grows.
CREATE TABLE counted (
    minute INTEGER NOT NULL,
    is_delivery INTEGER NOT NULL,
    address_hash INTEGER NOT NULL,
    event_hash INTEGER NOT NULL,
    occurred_offset_ms INTEGER NOT NULL, -- from the beginning of the minute
    imported_minute INTEGER,             -- when history was imported: counts as its age
    PRIMARY KEY (minute, is_delivery, address_hash, event_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE daily_count (
    day TEXT NOT NULL,
    scope TEXT NOT NULL,
    kind TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (day, scope, kind)
) STRICT, WITHOUT ROWID;

-- Messages of the types that are only counted or ignored.
CREATE TABLE type_count (
    day TEXT NOT NULL,
    type TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (day, type)
) STRICT, WITHOUT ROWID;

-- Written to find out whether writing works again.
CREATE TABLE probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    n INTEGER NOT NULL
) STRICT;
INSERT INTO probe (id, n) VALUES (1, 0);

-- No aggregate in the outer query: a condition on address reaches the primary key.
CREATE VIEW suppressed AS
SELECT s.address, s.scope, s.reason, s.detail, s.since,
       (SELECT CASE WHEN count(*) = count(o.until) THEN max(o.until) END
        FROM suppression AS o
        WHERE o.address = s.address AND o.scope = s.scope AND o.lifted_at IS NULL
          AND (o.until IS NULL OR o.until > strftime('%Y-%m-%d %H:%M:%f', 'now'))) AS until,
       s.last_event_at, s.event_count, s.first_event_at, s.origin, s.actor, s.note, s.rule
FROM suppression AS s
WHERE s.lifted_at IS NULL
  AND (s.until IS NULL OR s.until > strftime('%Y-%m-%d %H:%M:%f', 'now'))
  AND NOT EXISTS (
      SELECT 1 FROM suppression AS o
      WHERE o.address = s.address AND o.scope = s.scope AND o.strength > s.strength
        AND o.lifted_at IS NULL
        AND (o.until IS NULL OR o.until > strftime('%Y-%m-%d %H:%M:%f', 'now')));

-- Every entry there has ever been, including those that have expired or were lifted.
CREATE VIEW entries AS
SELECT address, scope, reason, detail,
       CASE WHEN lifted_at IS NOT NULL THEN 'lifted'
            WHEN until <= strftime('%Y-%m-%d %H:%M:%f', 'now') THEN 'expired'
            ELSE 'live' END AS state,
       since, until, first_event_at, last_event_at, event_count, repeats, origin, actor,
       note, lifted_at, lifted_by, lifted_note, rule
FROM suppression;

-- What people decided, in order.
CREATE VIEW decisions AS
SELECT id, address, scope, action, reason, until, at, actor, note
FROM decision;

CREATE VIEW events AS
SELECT e.id, e.type, e.class, e.cause, e.address, e.address_seen, e.domain, e.scope,
       e.occurred_at, e.sent_at, m.received_at, e.bounce_type, e.bounce_subtype,
       e.complaint_subtype, e.feedback_type, e.candidates, e.status, e.action, e.diagnostic,
       e.reporting_mta, e.remote_mta_ip, e.user_agent, e.feedback_id, e.ses_message_id,
       e.source, e.from_domain, e.identity, e.account_id, e.region, e.configuration_set,
       e.tenant, e.campaign, e.tags, e.destination_count, e.source_ip, e.is_simulator,
       t.topic_arn,
       CASE WHEN m.topic_id IS NOT NULL THEN m.sns_message_id END AS sns_message_id,
       e.ses_timestamp, e.rule
FROM event AS e
JOIN sns_message AS m ON m.id = e.message_id
LEFT JOIN topic AS t ON t.id = m.topic_id;

CREATE VIEW bounces AS SELECT * FROM events WHERE type = 'Bounce';
CREATE VIEW complaints AS SELECT * FROM events WHERE type = 'Complaint';

CREATE VIEW quarantine AS
SELECT q.id, m.received_at, t.topic_arn,
       CASE WHEN m.topic_id IS NOT NULL THEN m.sns_message_id END AS sns_message_id,
       q.reason, CAST(b.body AS TEXT) AS body
FROM unapplied AS q
JOIN sns_message AS m ON m.id = q.message_id
LEFT JOIN topic AS t ON t.id = m.topic_id
LEFT JOIN body AS b ON b.message_id = m.id;

CREATE VIEW topics AS
SELECT topic_arn, account_id, region, state, subscription_arn, since, last_message_at,
       messages, announced_at, fault
FROM topic
WHERE state IS NOT NULL;

CREATE VIEW daily AS
SELECT day, sends, deliveries, hard_bounces, soft_bounces, complaints, rejects, list_hits,
       CASE WHEN sends > 0 THEN min(1.0, 1.0 * hard_bounces / sends)
            WHEN deliveries > 0 THEN
                1.0 * hard_bounces / (deliveries + hard_bounces + soft_bounces)
       END AS bounce_rate,
       CASE WHEN deliveries > 0 THEN min(1.0, 1.0 * complaints / deliveries)
            WHEN sends > 0 THEN min(1.0, 1.0 * complaints / sends)
       END AS complaint_rate
FROM (SELECT day,
             coalesce(sum(n) FILTER (WHERE kind = 'sends'), 0) AS sends,
             coalesce(sum(n) FILTER (WHERE kind = 'deliveries'), 0) AS deliveries,
             coalesce(sum(n) FILTER (WHERE kind = 'hard_bounces'), 0) AS hard_bounces,
             coalesce(sum(n) FILTER (WHERE kind = 'soft_bounces'), 0) AS soft_bounces,
             coalesce(sum(n) FILTER (WHERE kind = 'complaints'), 0) AS complaints,
             coalesce(sum(n) FILTER (WHERE kind = 'rejects'), 0) AS rejects,
             coalesce(sum(n) FILTER (WHERE kind = 'list_hits'), 0) AS list_hits
      FROM daily_count
      GROUP BY day);
