#!/bin/bash
# No C file above 450 lines, or 600 in tests; no function above 60, or 100 in tests.
# clang-format puts the braces around a function's body, and no others, at the beginning of a line.
set -uo pipefail

find src include tests -name '*.[ch]' -print0 | xargs -0 -r awk '
    FNR == 1 {
        open = 0
        longest = FILENAME ~ /^tests/ ? 100 : 60
        most = FILENAME ~ /^tests/ ? 600 : 450
    }
    FNR == most + 1 { printf "%s: more than %d lines\n", FILENAME, most; bad = 1 }
    /^[A-Za-z_].*\(/ { name = $0 }
    /^{/ { open = FNR }
    /^}/ && open {
        if (FNR - open + 1 > longest) {
            printf "%s:%d: a function of %d lines: %s\n", FILENAME, open, FNR - open + 1, name
            bad = 1
        }
        open = 0
    }
    END { exit bad }'
