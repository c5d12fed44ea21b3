#!/bin/sh
# Prints a C header with the bytes of the dictionaries given, in their order: 001.zdict first.
set -eu
echo '/* Made by schema/dictionary/embed.sh from the files beside it. */'
number=0
for file; do
    number=$((number + 1))
    if [ "$(basename "$file")" != "$(printf '%03d' "$number").zdict" ]; then
        echo "$0: $file should be $(printf '%03d' "$number").zdict" >&2
        exit 1
    fi
    echo "static const unsigned char dictionary_${number}[] = {"
    od -An -v -tu1 "$file" | sed -e 's/  */ /g' -e 's/\([0-9]\)\( \|$\)/\1,\2/g'
    echo '};'
done
echo 'static const struct dictionary {'
echo '    const unsigned char *bytes;'
echo '    size_t size;'
echo '} dictionaries[] = {'
for i in $(seq "$number"); do
    echo "    {dictionary_$i, sizeof(dictionary_$i)},"
done
echo '};'
