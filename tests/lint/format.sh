#!/bin/bash
# clang-format decides.
set -uo pipefail
files=$(find src include tests -name '*.[ch]' -print0 |
    xargs -0 -r clang-format --dry-run -Werror 2>&1 | grep -oE '^[^: ]+\.[ch]:' | sort | uniq -c)
[ -n "$files" ] || exit 0
printf 'lines that `make format` would change:\n%s\n' "$files"
exit 1
