#!/bin/bash
# Every maximum in a limits.h is one of the program, used somewhere; and every maximum of
# the program is in one, except for those that others give. (What a policy counts with is a
# decision, not a bound.)
set -uo pipefail
status=0
for file in include/sesbounce/limits.h src/*/limits.h; do
    for name in $(sed -nE 's/^#define ([A-Z0-9_]+) .*/\1/p' "$file"); do
        if ! grep -rqw --include='*.[ch]' --exclude=limits.h "$name" src include; then
            echo "$file: $name is used nowhere"
            status=1
        fi
    done
done
if grep -rnE --include='*.[ch]' --exclude=limits.h \
    '^#define [A-Z0-9_]+_(MAX|MS) +[(]*(size_t[)])?[0-9][^A-Z]*$' src |
    grep -vE '^src/(message/)?policy'; then
    echo 'these are bounds: they belong in a limits.h'
    status=1
fi
exit $status
