// The peer: what people write who put this together in an afternoon. Express, Amazon's own
// sns-validator, better-sqlite3 with a write-ahead log and an fsync a commit: verify, insert
// the bounce and the suppression in one transaction, answer 200.
//
// usage: node peer.js PORT DATABASE CERTIFICATE.pem, with NODE_PATH at the packages
'use strict';

const fs = require('fs');
const https = require('https');
const { Readable } = require('stream');

const [port, path, certificate] = process.argv.slice(2);

// sns-validator fetches the certificate once and keeps it. There is no network here, so the
// one request is answered from the file.
https.get = (url, answer) => {
    const response = Readable.from([fs.readFileSync(certificate)]);
    response.statusCode = 200;
    setImmediate(answer, response);
    return { on() { return this; } };
};

const express = require('express');
const MessageValidator = require('sns-validator');
const Database = require('better-sqlite3');

const db = new Database(path);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec(`
    CREATE TABLE IF NOT EXISTS bounces (
        id INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, feedback_id TEXT,
        address TEXT NOT NULL, type TEXT, subtype TEXT, status TEXT, diagnostic TEXT,
        occurred_at TEXT, ses_message_id TEXT, source TEXT, body TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS bounces_address ON bounces (address);
    CREATE TABLE IF NOT EXISTS suppressions (
        address TEXT PRIMARY KEY, reason TEXT NOT NULL, since TEXT NOT NULL,
        last_event_at TEXT NOT NULL, events INTEGER NOT NULL)`);
const addBounce = db.prepare(`
    INSERT OR IGNORE INTO bounces (message_id, feedback_id, address, type, subtype, status,
        diagnostic, occurred_at, ses_message_id, source, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
const suppress = db.prepare(`
    INSERT INTO suppressions (address, reason, since, last_event_at, events)
    VALUES (?, 'BOUNCE', ?, ?, 1)
    ON CONFLICT (address) DO UPDATE SET last_event_at = excluded.last_event_at,
        events = events + 1`);

const store = db.transaction((envelope, event, body) => {
    const { bounce, mail } = event;
    for (const recipient of bounce.bouncedRecipients) {
        const address = recipient.emailAddress.toLowerCase();
        addBounce.run(envelope.MessageId, bounce.feedbackId, address, bounce.bounceType,
            bounce.bounceSubType, recipient.status, recipient.diagnosticCode,
            bounce.timestamp, mail.messageId, mail.source, body);
        if (bounce.bounceType === 'Permanent')
            suppress.run(address, envelope.Timestamp, envelope.Timestamp);
    }
});

const validator = new MessageValidator();
const app = express();
app.use(express.text({ type: () => true, limit: '2mb' }));
app.get('/healthz', (request, response) => response.send('ok\n'));
app.post('/sns', (request, response) => {
    let envelope;
    try {
        envelope = JSON.parse(request.body);
    } catch {
        return response.sendStatus(400);
    }
    validator.validate(envelope, (error) => {
        if (error)
            return response.sendStatus(403);
        try {
            const event = JSON.parse(envelope.Message);
            if ((event.eventType ?? event.notificationType) === 'Bounce')
                store(envelope, event, request.body);
            response.sendStatus(200);
        } catch {
            response.sendStatus(500);
        }
    });
});
app.listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
