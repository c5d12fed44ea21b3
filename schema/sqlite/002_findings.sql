-- How many bounces and complaints named nobody whom their mail was sent to (`status`).
CREATE INDEX event_not_addressed ON event (occurred_at) WHERE rule = 'not-addressed';

-- Totals, so that nobody has to count: changed in the transaction that changes what they
-- count.
CREATE TABLE total (
    name TEXT PRIMARY KEY,
    n INTEGER NOT NULL
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

-- How many rows `suppressed` has, by reason: the sum of `n` over `ends` (minutes since 1970)
-- not before this one; at most a minute late. An address and scope has the reason of its
-- strongest live entry: a weaker one that ends later counts until its own end, less until
-- the end of the stronger one.
CREATE TABLE suppressed_count (
    ends INTEGER NOT NULL,
    reason TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (ends, reason)
) STRICT, WITHOUT ROWID;
INSERT INTO suppressed_count (ends, reason, n)
SELECT ends, reason, sum(n)
FROM (WITH live AS (
          SELECT address, scope, reason, strength,
                 coalesce(strftime('%s', until) / 60, 9223372036854775807) AS ends,
                 max(coalesce(strftime('%s', until) / 60, 9223372036854775807)) OVER (
                     PARTITION BY address, scope ORDER BY strength DESC
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS stronger_ends
          FROM suppression
          WHERE lifted_at IS NULL)
      SELECT ends, reason, 1 AS n FROM live
      WHERE stronger_ends IS NULL OR ends > stronger_ends
      UNION ALL
      SELECT stronger_ends, reason, -1 FROM live WHERE ends > stronger_ends)
GROUP BY ends, reason;
