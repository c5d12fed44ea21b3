#!/bin/bash
# `make install` puts in place what the README and the manuals name, and `make uninstall`
# takes all of it away again.
set -uo pipefail
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
status=0

# usage: run_make TARGET
run_make()
{
    $MAKE -s CC=gcc BUILD=build/lint/gcc PREFIX=/usr DESTDIR="$root" "$1" > "$root.log" 2>&1 || {
        cat "$root.log"
        status=1
    }
    rm -f "$root.log"
}

run_make install
for file in sbin/sesbounced bin/sesbouncectl share/doc/sesbounced/schema.md \
    share/man/man{8/sesbounced.8,8/sesbouncectl.8,5/sesbounced.conf.5} \
    lib/systemd/system/sesbounced.{service,socket} lib/sysusers.d/sesbounced.conf \
    ../etc/sesbounced/sesbounced.conf; do
    [ -s "$root/usr/$file" ] || { echo "make install: no /usr/$file" && status=1; }
done
run_make uninstall
left=$(find "$root" -type f)
[ -z "$left" ] || { echo "make uninstall left: $left" && status=1; }
exit $status
