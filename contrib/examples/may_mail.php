<?php
// May this address be mailed? Ask sesbounced's list before you send.
//
// usage: php may_mail.php DATABASE ADDRESS [SCOPE]
// exit status: 0 it may be mailed, 1 it is suppressed, 2 the list could not be asked: do not send

/** [reason, since], or null: it may be mailed. Throws if the list cannot be asked. */
function suppressed(string $database, string $address, string $scope = '*'): ?array
{
    if (preg_match('/[^\x21-\x7e]/', $address)) {
        throw new InvalidArgumentException('not ASCII: convert the domain with idn_to_ascii() first');
    }
    // Read-only: a file that is missing is an error, not an empty list.
    $db = new SQLite3($database, SQLITE3_OPEN_READONLY);
    $db->enableExceptions(true);
    $db->busyTimeout(5000); // how long to wait for a lock; without it, not at all
    $query = $db->prepare("SELECT reason, since FROM suppressed
        WHERE address = lower(:address) AND scope IN ('*', :scope) LIMIT 1");
    $query->bindValue(':address', $address, SQLITE3_TEXT);
    $query->bindValue(':scope', $scope, SQLITE3_TEXT);
    return $query->execute()->fetchArray(SQLITE3_NUM) ?: null;
}

try {
    $found = suppressed(...array_slice($argv, 1));
} catch (Throwable $fault) {
    fwrite(STDERR, "do not send: {$fault->getMessage()}\n");
    exit(2);
}
echo $found ? "suppressed since $found[1]: $found[0]\n" : "may be mailed\n";
exit($found ? 1 : 0);
