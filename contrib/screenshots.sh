#!/bin/sh
# Takes pictures of the page, with invented data, in the real Chromium: overview, story of an
# address, empty state and sign-in, at 390 and 1440 pixels, light and dark; and the README's.
#
# usage: contrib/screenshots.sh FOLDER [BUILD-FOLDER]
#
# As root, since tests/system takes them (tests/README.md). README's picture is written to
# contrib/page.png only if FOLDER is contrib; otherwise to FOLDER/page.png.
set -eu
[ $# -ge 1 ] || { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2 && exit 2; }
cd "$(dirname "$0")/.."
mkdir -p "$1"
folder=$(cd "$1" && pwd)
build=$(cd "${2:-build}" && pwd)
export SESBOUNCED="$build/sesbounced" SESBOUNCECTL="$build/sesbouncectl"
export SYSTEM_CACHE="$PWD/build/system" PYTHONDONTWRITEBYTECODE=1
export README_PICTURE="$folder/page.png"
if [ "$1" = contrib ]; then
    only=picture
else
    only='overview or story or who or picture'
    export SCREENSHOTS="$folder"
fi
/usr/bin/python3 -m pytest -q -rs --tb=short -p no:cacheprovider -k "$only" tests/system/test_page.py
