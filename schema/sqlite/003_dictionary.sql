-- With which dictionary a body is packed (schema/dictionary), 0: it is plain, as is every
-- body in quarantine.
ALTER TABLE body ADD COLUMN dictionary INTEGER NOT NULL DEFAULT 0;
