#!/bin/bash
# Programs and tests (also those of faults) compile with gcc without a warning.
set -uo pipefail
$MAKE -s -k CC=gcc WERROR=1 BUILD=build/lint/gcc all unit-programs fault-programs |
    grep -vE '^  (CC|LINK) '
exit "${PIPESTATUS[0]}"
