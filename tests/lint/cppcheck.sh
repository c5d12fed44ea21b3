#!/bin/bash
# cppcheck finds nothing in the programs.
set -uo pipefail
mkdir -p build/lint/cppcheck
cppcheck --quiet --error-exitcode=1 --std=c11 --library=posix,gnu -j "$(nproc)" \
    --cppcheck-build-dir=build/lint/cppcheck \
    --enable=warning,performance,portability --inline-suppr \
    --suppressions-list=tests/lint/cppcheck.suppressions -Iinclude -Isrc -Ibuild/generated src
