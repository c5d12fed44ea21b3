#!/bin/bash
# gcc's -fanalyzer finds nothing in the programs. (clang 14's analyzer is not asked: it
# reports leaks of what the cleanup attribute frees. gcc 12 in turn takes variables that are
# set at their declaration for uninitialised once their address is cast, as in freep(): that
# question is left to the compilers' own warnings.)
set -uo pipefail
$MAKE -s -k CC=gcc WERROR=1 \
    CFLAGS='-O0 -g -fanalyzer -Wno-analyzer-use-of-uninitialized-value' \
    BUILD=build/lint/analyzer all | grep -vE '^  (CC|LINK) '
exit "${PIPESTATUS[0]}"
