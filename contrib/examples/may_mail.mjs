// May this address be mailed? Ask sesbounced's list before you send. Node 22.13 or newer.
//
// usage: node may_mail.mjs DATABASE ADDRESS [SCOPE]
// exit status: 0 it may be mailed, 1 it is suppressed, 2 the list could not be asked: do not send

import { DatabaseSync } from 'node:sqlite';

/** { reason, since }, or undefined: it may be mailed. Throws if the list cannot be asked. */
export function suppressed(database, address, scope = '*') {
  if (!/^[\x21-\x7e]+$/.test(address ?? '')) {
    throw new Error('not ASCII: convert the domain with url.domainToASCII() first');
  }
  // readOnly: a file that is missing is an error, not an empty list.
  const db = new DatabaseSync(database, { readOnly: true });
  try {
    db.exec('PRAGMA busy_timeout = 5000'); // how long to wait for a lock; else not at all
    return db.prepare(`SELECT reason, since FROM suppressed
      WHERE address = lower(?) AND scope IN ('*', ?) LIMIT 1`).get(address, scope);
  } finally {
    db.close();
  }
}

let found;
try {
  found = suppressed(...process.argv.slice(2));
} catch (fault) {
  console.error(`do not send: ${fault.message}`);
  process.exit(2);
}
console.log(found ? `suppressed since ${found.since}: ${found.reason}` : 'may be mailed');
process.exitCode = found ? 1 : 0;
