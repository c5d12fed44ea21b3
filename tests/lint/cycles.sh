#!/bin/bash
# No two modules (a .c with its header, which lies next to it or in include/sesbounce/) need
# each other, directly or by way of others. A module is FOLDER/NAME, or public/NAME for a
# header in include/sesbounce/ that no .c of its name includes.
set -uo pipefail

# Commands for sed: which module has the public header.
homes()
{
    local file name
    for file in src/*/*.c; do
        name=$(basename "$file" .c)
        if grep -q "^#include \"sesbounce/$name.h\"" "$file"; then
            echo "s|public/$name\\b|$(basename "$(dirname "$file")")/$name|g"
        fi
    done
}

# "MODULE MODULE", a line for each include.
edges()
{
    grep -rnoE --include='*.[ch]' '^# *include "[^"]+"' src include |
        sed -E -e 's|^src/([a-z]+(/[a-z]+)?)/([a-z0-9_]+)\.[ch]:[0-9]+:|\1/\3 |' \
            -e 's|^include/sesbounce/([a-z0-9_]+)\.h:[0-9]+:|public/\1 |' \
            -e 's|^([a-z]+)(/.*)# *include "([a-z0-9_]+)\.h"$|\1\2\1/\3|' \
            -e 's|# *include "sesbounce/([a-z0-9_]+)\.h"$|public/\1|' \
            -e 's|# *include "([a-z]+(/[a-z]+)?/[a-z0-9_]+)\.h"$|\1|' |
        sed -E -f <(homes) | awk '$1 != $2' | sort -u
}

cycles=$(edges | tsort 2>&1 > /dev/null | sed 's/^tsort: //')
[ -z "$cycles" ] || { printf 'these include each other:\n%s\n' "$cycles"; exit 1; }
