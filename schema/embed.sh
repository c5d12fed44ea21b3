#!/bin/sh
# Prints a C header with the text of the migrations given, in their order.
set -eu
echo '/* Made by schema/embed.sh; edit schema/sqlite instead. */'
echo 'static const struct migration {'
echo '    const char *name;'
echo '    const char *sql;'
echo '} migrations[] = {'
number=0
for file; do
    number=$((number + 1))
    name=$(basename "$file" .sql)
    case $name in
    "$(printf '%03d' "$number")"_*) ;;
    *)
        echo "$0: $file should begin with $(printf '%03d' "$number")_" >&2
        exit 1
        ;;
    esac
    echo "    {\"$name\","
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/     "/' -e 's/$/\\n"/' "$file"
    echo '    },'
done
echo '};'
