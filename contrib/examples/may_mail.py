#!/usr/bin/env python3
"""May this address be mailed? Ask sesbounced's list before you send.

usage: may_mail.py DATABASE ADDRESS [SCOPE]
exit status: 0 it may be mailed, 1 it is suppressed, 2 the list could not be asked: do not send
"""

import sqlite3
import sys

QUERY = """SELECT reason, since FROM suppressed
    WHERE address = lower(?) AND scope IN ('*', ?) LIMIT 1"""


def suppressed(database, address, scope="*"):
    """(reason, since), or None: it may be mailed. Raises if the list cannot be asked."""
    if not address.isascii():
        raise ValueError("not ASCII: convert the domain to A-labels first (xn--…)")
    # mode=ro: a file that is missing is an error, not an empty list. timeout: how long to
    # wait for a lock, in seconds.
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)
    try:
        return db.execute(QUERY, (address, scope)).fetchone()
    finally:
        db.close()


if __name__ == "__main__":
    try:
        found = suppressed(*sys.argv[1:])
    except (sqlite3.Error, ValueError, TypeError) as fault:
        sys.exit(print(f"do not send: {fault}", file=sys.stderr) or 2)
    print(f"suppressed since {found[1]}: {found[0]}" if found else "may be mailed")
    sys.exit(1 if found else 0)
