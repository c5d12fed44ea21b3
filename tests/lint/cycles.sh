#!/bin/bash
# No two modules of the daemon (a .c with its header) need each other, directly or by way
# of others.
set -uo pipefail

# "MODULE MODULE", a line for each include.
edges()
{
    grep -rnoE --include='*.[ch]' '^# *include "[^"]+"' src/daemon |
        sed -E 's|^src/daemon/([a-z0-9_]+)\.[ch]:[0-9]+:# *include "([a-z0-9_]+/)*([a-z0-9_]+)\.h"$|\1 \3|' |
        awk '$1 != $2' | sort -u
}

cycles=$(edges | tsort 2>&1 > /dev/null | sed 's/^tsort: //')
[ -z "$cycles" ] || { printf 'these include each other:\n%s\n' "$cycles"; exit 1; }
