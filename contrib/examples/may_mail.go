// May this address be mailed? Ask sesbounced's list before you send.
//
// usage: may_mail DATABASE ADDRESS [SCOPE]
// exit status: 0 it may be mailed, 1 it is suppressed, 2 the list could not be asked: do not send
package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	_ "github.com/mattn/go-sqlite3"
)

const query = `SELECT reason, CAST(since AS TEXT) FROM suppressed
	WHERE address = lower(?) AND scope IN ('*', ?) LIMIT 1`

// open is to be called once. mode=ro: a file that is missing is an error, not an empty
// list. _busy_timeout: how long to wait for a lock, in milliseconds.
func open(database string) (*sql.DB, error) {
	path := (&url.URL{Path: database}).EscapedPath()
	return sql.Open("sqlite3", "file:"+path+"?mode=ro&_busy_timeout=5000")
}

// suppressed gives "" if the address may be mailed. If there is an error, do not send.
func suppressed(db *sql.DB, address, scope string) (string, error) {
	for _, character := range address {
		if character > 126 {
			return "", errors.New("not ASCII: convert the domain with x/net/idna first")
		}
	}
	var reason, since string
	err := db.QueryRow(query, address, scope).Scan(&reason, &since)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return "suppressed since " + since + ": " + reason, err
}

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		fmt.Fprintln(os.Stderr, "usage: may_mail DATABASE ADDRESS [SCOPE]")
		os.Exit(2)
	}
	scope := "*"
	if len(os.Args) == 4 {
		scope = os.Args[3]
	}
	db, err := open(os.Args[1])
	found := ""
	if err == nil {
		found, err = suppressed(db, os.Args[2], scope)
	}
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "do not send:", err)
		os.Exit(2)
	case found != "":
		fmt.Println(found)
		os.Exit(1)
	}
	fmt.Println("may be mailed")
}
