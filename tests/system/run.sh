#!/bin/bash
# Tests contrib's recipes with the real programs: what `make check-system` calls.
#
# usage: tests/system/run.sh BUILD-FOLDER
#
# The programs lie in roots that debootstrap makes, kept in build/system. What cannot be
# installed is skipped, with the reason.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "$1" && pwd)
export SESBOUNCED=$build/sesbounced SESBOUNCECTL=$build/sesbouncectl PYTHONDONTWRITEBYTECODE=1
export SYSTEM_CACHE=$PWD/build/system

# Half an hour: the first run installs; later ones take two minutes.
timeout --kill-after=5 1800 /usr/bin/python3 -m pytest -q -rs --tb=short --color=no \
    -p no:cacheprovider tests/system < /dev/null
