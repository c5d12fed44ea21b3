-- What is worth telling people who do not look: webhooks and mail read it, in order, each from
-- where it was. `type` is one of the types that a webhook may ask for, `data` the JSON of its
-- `data`.
CREATE TABLE notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL
) STRICT;
