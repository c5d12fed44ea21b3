#!/bin/bash
# One line a source file: how much of it the last run of the tests executed.
#
# usage: tests/coverage.sh BUILD-FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."

find "$1/obj/src" -name '*.gcda' | sort |
    while read -r data; do gcov -n "$data" 2> /dev/null; done |
    awk '
        /^File / { file = $2; gsub(/\x27/, "", file) }
        /^Lines executed:/ && file ~ /^src\// && file ~ /\.c$/ {
            split($0, part, /[:% ]+/)
            percent = part[3]; lines = $NF
            printf "%6.1f %%  %5d lines  %s\n", percent, lines, file
            all += lines; hit += lines * percent / 100
            file = ""
        }
        END { if (all) printf "%6.1f %%  %5d lines  in all\n", 100 * hit / all, all }'
