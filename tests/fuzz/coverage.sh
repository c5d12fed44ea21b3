#!/bin/bash
# Replays what the fuzzer learned, and tells how much of each source file it executed; the
# lines that it did not are marked ##### in BUILD-FOLDER/lines/FILE.gcov.
#
# usage: tests/fuzz/coverage.sh BUILD-FOLDER CORPUS-FOLDER
set -euo pipefail
cd "$(dirname "$0")/../.."

build=$1
corpus=$2
find "$build" -name '*.gcda' -delete
for replay in "$build"/unit/fuzz/*; do
    target=${replay##*/}
    folders=("tests/data/fuzz/$target")
    [ ! -d "$corpus/$target" ] || folders+=("$corpus/$target")
    "$replay" "${folders[@]}" > "$build/replay.log" 2>&1 ||
        { tail -n 5 "$build/replay.log" && exit 1; }
done
tests/coverage.sh "$build"
# gcov looks for sources below, and writes into, the folder it runs in.
mkdir -p "$build/lines"
here=$PWD
ln -sfn "$here/src" "$here/include" "$build/lines/"
cd "$build/lines"
find "$here/$build/obj/src" -name '*.gcda' -exec gcov -p {} + > /dev/null 2>&1
