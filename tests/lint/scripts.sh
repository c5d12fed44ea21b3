#!/bin/bash
# Shell scripts and the tests in Python.
set -uo pipefail
status=0
mapfile -t scripts < <(grep -rlE --exclude-dir=.git --exclude-dir=build \
    '^#!/bin/(ba)?sh' .ci contrib schema tests)
shellcheck -S warning "${scripts[@]}" || status=1
for script in "${scripts[@]}"; do
    [ -x "$script" ] || { echo "$script: not executable" && status=1; }
done
find schema tests -name '*.py' -print0 | xargs -0 -r /usr/bin/python3 -c '
import ast, sys
for name in sys.argv[1:]:
    ast.parse(open(name, encoding="utf-8").read(), name)' || status=1
exit $status
