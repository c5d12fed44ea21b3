#!/bin/bash
# Runs every check of this folder, or those that are named: what `make lint` calls.
#
# usage: tests/lint/run.sh [NAME…]
#
# A check is NAME.sh: silent and 0 when all is well, else it says what is wrong, with file
# and line, and fails. Exit 77: it could not be tried, and says why.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
export MAKE=${MAKE:-make} LC_ALL=C.UTF-8

if [ $# = 0 ]; then
    # Those that are quick come first.
    set -- layout sizes banned layers cycles names wording limits format scripts manuals units \
        build_gcc build_clang hardening install settings cppcheck analyzer
fi
failed=()
for name in "$@"; do
    started=$SECONDS
    output=$(tests/lint/"$name".sh 2>&1)
    case $? in
    0) printf 'ok       %-12s %3d s\n' "$name" $((SECONDS - started)) ;;
    77) printf 'skipped  %-12s %s\n' "$name" "$output" ;;
    *)
        printf 'FAILED   %-12s %3d s\n%s\n' "$name" $((SECONDS - started)) "$output"
        failed+=("$name")
        ;;
    esac
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "lint: failed: ${failed[*]}"
    exit 1
fi
echo "lint: all $# checks passed"
