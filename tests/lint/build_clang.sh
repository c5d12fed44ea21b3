#!/bin/bash
# Programs and tests (also those of faults) compile with clang without a warning.
set -uo pipefail
$MAKE -s -k CC=clang WERROR=1 BUILD=build/lint/clang all unit-programs fault-programs |
    grep -vE '^  (CC|LINK) '
exit "${PIPESTATUS[0]}"
