-- What is worth telling people who do not look: webhooks and mail read it, in order, each from
-- where it was. `type` is one of the types that a webhook may ask for, `data` the JSON of its
-- `data`.
CREATE TABLE notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL
) STRICT;

-- What was wrong and needed a person, and what is. Of a name and subject one is open at most.
-- `gone_ms`: since when what it rests on is gone, and it may end. `about`: JSON for receivers.
CREATE TABLE alert (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    subject TEXT NOT NULL, -- '': there is only one
    level TEXT NOT NULL,
    since TEXT NOT NULL,
    resolved_at TEXT,
    gone_ms INTEGER,
    value REAL,
    threshold REAL,
    text TEXT NOT NULL,
    about TEXT
) STRICT;
CREATE UNIQUE INDEX alert_open ON alert (name, subject) WHERE resolved_at IS NULL;

CREATE VIEW alerts AS
SELECT id, name, nullif(subject, '') AS subject, level, since, resolved_at, value, threshold, text
FROM alert;

-- What SES says endangers a sender's reputation: the newest report about each, by SES's own time.
-- As in `sending`, a column is '' if the report does not name one.
CREATE TABLE finding (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    tenant TEXT NOT NULL,
    configuration_set TEXT NOT NULL,
    identity TEXT NOT NULL,
    kind TEXT NOT NULL, -- BOUNCE, COMPLAINT, DKIM, …
    is_open INTEGER NOT NULL,
    since TEXT NOT NULL,
    said TEXT,
    PRIMARY KEY (account_id, region, tenant, configuration_set, identity, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_open ON finding (since) WHERE is_open = 1;

-- In which hours (since 1970) a topic sent anything, of the last 90 days: how long it is usually
-- silent.
CREATE TABLE topic_hour (
    topic_id INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    PRIMARY KEY (topic_id, hour)
) STRICT, WITHOUT ROWID;
