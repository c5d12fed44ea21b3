#!/bin/bash
# The top level holds what the design says and nothing else; no file names a place that
# exists on one machine only; text files end in a newline and hold no trailing blanks.
set -uo pipefail
status=0

# shellcheck disable=SC2010 # the names are ours
extra=$(ls -A | grep -vxE 'Makefile|README\.md|LICENSE|src|include|tests|contrib|schema|config|build|\..*')
if [ -n "$extra" ]; then
    printf 'not in the layout of the top level: %s\n' "$extra"
    status=1
fi

mapfile -d '' files < <(find . -type f -not -path './.git/*' -not -path './build/*' \
    -not -name '*.pyc' -print0)

# The folder this clone lies in, unless every machine has it, and people's own folders.
here=$(dirname "$PWD")
places='/home/[a-z]|/root/|/Users/'
case $here in
/ | /tmp | /var/tmp | /srv | /opt | /usr/src | /root) ;;
*) places="$places|${here//./\\.}/" ;;
esac
if grep -nHIE "(^|[^A-Za-z0-9_.)}/-])($places)" "${files[@]}" | grep -v '^\./tests/lint/layout\.sh:'; then
    echo 'these lines name a place of this machine'
    status=1
fi

if grep -nHIE '[[:blank:]]+$' "${files[@]}" | grep -vE '^\./(tests/data|tests/fuzz|LICENSE)'; then
    echo 'these lines end in blanks'
    status=1
fi
exit $status
