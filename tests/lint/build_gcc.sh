#!/bin/bash
# Programs and tests compile with gcc without a warning.
set -uo pipefail
$MAKE -s -k CC=gcc WERROR=1 BUILD=build/lint/gcc all unit-programs | grep -vE '^  (CC|LINK) '
exit "${PIPESTATUS[0]}"
