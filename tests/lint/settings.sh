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
# look like one. Sections with a name are called NAME.
names()
{
    sed -nE 's/^#?(\[[a-z]+( NAME)?\])$/\1/p; s/^#?([a-z_]+) =( .*)?$/\1/p' "$1" |
        awk '/^\[/ { section = substr($0, 2, length($0) - 2); next } { print section "." $0 }' |
        sort -u
}

effective=$(mktemp)
all=$(mktemp)
named=$(mktemp)
trap 'rm -f "$effective" "$all" "$named"' EXIT

# One section of each kind that has a name, with what it cannot be without.
printf '%s\n' '[scope NAME]' 'match = tenant:NAME' \
    '[webhook NAME]' 'url = https://127.0.0.1/' 'format = slack' > "$all"
# A webhook and a mail cannot have the same name.
mail=$(printf '%s\n' '[mail NAME]' 'smtp = smtp://127.0.0.1' 'from = a@b.example' \
    'to = c@d.example')

if ! $daemon --check-config -c /dev/null > "$effective"; then
    echo 'the defaults do not pass --check-config'
    exit 1
fi
if ! $daemon --check-config -c "$all" > "$named" ||
    ! $daemon --check-config -c <(echo "$mail") >> "$named" ||
    ! diff <(names "$named") <(names $sample); then
    echo "< the program's settings (--check-config), > those of $sample"
    status=1
fi

# With every setting of the sample switched on nothing changes, except that sections with a
# name, which are last, are there then.
sed -E '/^#\[/,$d; s/^#([a-z_]+ =.*)$/\1/' $sample > "$all"
if ! $daemon --check-config -c "$all" | diff "$effective" -; then
    echo "< the defaults, > what $sample says they are"
    status=1
fi

names $sample | while IFS=. read -r section key; do
    awk -v title=".Ss [$section]" -v item=".It Ic $key" '
        /^\.S[sh] / { inside = $0 == title }
        inside && $0 == item { found = 1 }
        END { exit !found }' $manual ||
        echo "$manual: nothing about [$section] $key"
done | grep . && status=1
exit $status
