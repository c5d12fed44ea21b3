#!/bin/bash
# The same settings in the program, in the sample file and in the manual, and the sample
# file says each one's default.
set -uo pipefail
status=0
sample=config/sesbounced.conf
manual=contrib/man/sesbounced.conf.5
daemon=build/lint/gcc/sesbounced

$MAKE -s CC=gcc WERROR=1 BUILD=build/lint/gcc $daemon > /dev/null || exit 1

# usage: names FILE…: SECTION.KEY a line. A setting may be commented out, prose may not
# look like one.
names()
{
    sed -nE 's/^#?(\[[a-z]+\])$/\1/p; s/^#?([a-z_]+) =( .*)?$/\1/p' "$1" |
        awk '/^\[/ { section = substr($0, 2, length($0) - 2); next } { print section "." $0 }' |
        sort -u
}

effective=$(mktemp)
all=$(mktemp)
trap 'rm -f "$effective" "$all"' EXIT

if ! $daemon --check-config -c /dev/null > "$effective"; then
    echo 'the defaults do not pass --check-config'
    exit 1
fi
if ! diff <(names "$effective") <(names $sample); then
    echo "< the program's settings (--check-config), > those of $sample"
    status=1
fi

# With every setting of the sample switched on nothing changes.
sed -E 's/^#((\[[a-z]+\])|([a-z_]+ =.*))$/\1/' $sample > "$all"
if ! $daemon --check-config -c "$all" | diff "$effective" -; then
    echo "< the defaults, > what $sample says they are"
    status=1
fi

for name in $(names $sample); do
    if ! grep -qE "(^|[^a-z_])${name#*.}([^a-z_]|$)" $manual; then
        echo "$manual: nothing about $name"
        status=1
    fi
done
exit $status
