#!/bin/bash
# Runs the fuzz targets of one build, one after the other, a line each: what `make fuzz`
# calls. Fails when one of them found something, and names the file that shows it.
#
# usage: tests/fuzz/run.sh BUILD-FOLDER SECONDS [TARGET…]
#
# What the fuzzer learns stays in BUILD-FOLDER/corpus, so that the next run goes on there.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

build=$1
seconds=$2
shift 2
if [ $# = 0 ]; then
    for source in tests/fuzz/fuzz_*.c; do
        target=${source##*/fuzz_}
        set -- "$@" "${target%.c}"
    done
fi
findings=$build/findings
logs=$build/logs
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
mkdir -p "$findings" "$logs"
export ASAN_OPTIONS="detect_stack_use_after_return=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"

# usage: options TARGET: the options of libFuzzer for this target
options()
{
    local dictionary=tests/fuzz/$1.dict
    case $1 in
    ses | store | delivery | json) dictionary=tests/fuzz/ses.dict ;;
    envelope | delivery_raw | records) dictionary=tests/fuzz/envelope.dict ;;
    esac
    [ ! -e "$dictionary" ] || echo "-dict=$dictionary"
    case $1 in
    address | names) echo -max_len=512 ;;
    *) echo -max_len=8192 ;;
    esac
}

# The seeds: ours for this target, and the cases of the unit tests where they fit.
seeds()
{
    echo "tests/data/fuzz/$1"
    case $1 in
    ses | json) echo tests/data/ses ;;
    esac
}

# usage: final NAME LOG: a figure of libFuzzer's closing statistics
final()
{
    sed -nE "s/^stat::$1: +([0-9]+)/\1/p" "$2" | tail -n 1
}

failed=0
printf '%-13s %11s %8s %6s %9s %7s  %s\n' target execs execs/s edges features corpus findings
for target; do
    corpus=$build/corpus/$target
    log=$logs/$target.log
    mkdir -p "$corpus"
    mapfile -t arguments < <(options "$target")
    mapfile -t folders < <(seeds "$target")
    # An own time-out too: a target that hangs in its first input must not hang us.
    timeout --kill-after=10 $((seconds + 120)) "$build/fuzz/$target" \
        -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="$findings/$target-" "${arguments[@]}" \
        "$corpus" "${folders[@]}" > "$log" 2>&1 < /dev/null
    status=$?
    edges=$(grep -oE ' cov: [0-9]+' "$log" | tail -n 1 | grep -oE '[0-9]+')
    features=$(grep -oE ' ft: [0-9]+' "$log" | tail -n 1 | grep -oE '[0-9]+')
    printf '%-13s %11s %8s %6s %9s %7s  %s\n' "$target" \
        "$(final number_of_executed_units "$log")" "$(final average_exec_per_sec "$log")" \
        "$edges" "$features" "$(find "$corpus" -type f | wc -l)" \
        "$([ $status = 0 ] && echo 0 || echo 1)"
    [ $status != 0 ] || continue
    failed=1
    grep -E -m 3 'broken promise|ERROR: |runtime error|SUMMARY' "$log"
    artifact=$(sed -nE 's/^.*Test unit written to (.*)$/\1/p' "$log" | tail -n 1)
    echo "    input:  ${artifact:-none was written (exit $status)}"
    echo "    again:  $build/fuzz/$target ${artifact:-}"
    echo "    log:    $log"
done
exit $failed
