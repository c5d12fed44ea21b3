-- How many bounces and complaints named nobody whom their mail was sent to (`status`).
CREATE INDEX event_not_addressed ON event (occurred_at) WHERE rule = 'not-addressed';
