#!/bin/bash
# Runs the tests of one build and sums them up: what `make check` calls.
#
# usage: tests/run.sh BUILD-FOLDER UNIT-TEST-PROGRAM…
#
# Unit tests run side by side, then the black-box tests and the random histories. A
# sanitizer's report fails the run wherever it comes from, also from a daemon whose exit
# code nobody looked at.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

build=$1
shift
jobs=$(nproc)
results=$build/results
rm -rf "$results"
mkdir -p "$results"
results=$(cd "$results" && pwd)
build=$(cd "$build" && pwd)
failed=0
passed=0
skipped=0
started=$SECONDS

# --- sanitizers -----------------------------------------------------------------------

reports=$results/sanitizer
export ASAN_OPTIONS="log_path=$reports:detect_leaks=1:detect_stack_use_after_return=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="log_path=$reports:print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
export TSAN_OPTIONS="log_path=$reports:halt_on_error=1:second_deadlock_stack=1${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
# gcc 12's ThreadSanitizer cannot live with the address layouts of newer kernels.
fixed_layout=()
if [ "${SANITIZE-}" = thread ] && setarch "$(uname -m)" -R true 2> /dev/null; then
    fixed_layout=(setarch "$(uname -m)" -R)
fi

# --- unit tests -----------------------------------------------------------------------

# build/unit/LAYER/test_X logs to unit-LAYER-test_X.log
log_of()
{
    echo "$results/unit-$(basename "$(dirname "$1")")-$(basename "$1").log"
}

run_unit()
{
    local program=$1 log
    log=$(log_of "$program")
    timeout --kill-after=5 300 "$program" > "$log" 2>&1 < /dev/null
    echo $? > "$log.status"
}
export -f run_unit log_of
export results
if [ $# -gt 0 ]; then
    printf '%s\0' "$@" |
        "${fixed_layout[@]}" xargs -0 -P "$jobs" -I{} bash -c 'run_unit "$1"' - {}
fi

for program in "$@"; do
    log=$(log_of "$program")
    status=$(cat "$log.status" 2> /dev/null || echo 'did not run')
    sum()
    {
        sed -nE "s/^\[  $1  \] ([0-9]+) test.*/\1/p" "$log" |
            awk '{ sum += $1 } END { print sum + 0 }'
    }
    passed=$((passed + $(sum PASSED)))
    skipped=$((skipped + $(sum SKIPPED)))
    failures=$(sum FAILED)
    # A crash, a time-out or a leak fails without cmocka counting anything.
    [ "$status" = 0 ] || [ "$failures" -gt 0 ] || failures=1
    if [ "$failures" -gt 0 ]; then
        failed=$((failed + failures))
        echo "--- $program (exit $status)"
        grep -v -E '^\[ (RUN|      OK) ' "$log" | tail -n 60
    else
        # A tier that was left out says so in a line of its own.
        grep -i '^skipped' "$log"
    fi
done
echo "unit: $# programs, $passed tests passed, $failed failed ($((SECONDS - started)) s)"

# --- black box ------------------------------------------------------------------------

# usage: count WORD: from pytest's closing line, `3 failed, 17 passed, 1 skipped in 2.10s`
count()
{
    tail -n 1 "$results/blackbox.log" | grep -oE "[0-9]+ $1" | awk '{ sum += $1 } END { print sum + 0 }'
}

if compgen -G 'tests/blackbox/test_*.py' > /dev/null; then
    started=$SECONDS
    export SESBOUNCED=$build/sesbounced SESBOUNCECTL=$build/sesbouncectl
    if ! [ -x "$SESBOUNCED" ] || ! [ -x "$SESBOUNCECTL" ]; then
        echo "black box: $SESBOUNCED or $SESBOUNCECTL is not built"
        exit 1
    fi
    export PYTHONDONTWRITEBYTECODE=1
    side_by_side=()
    if /usr/bin/python3 -c 'import xdist' 2> /dev/null; then
        side_by_side=(-n $((2 * jobs)))
    fi
    # ThreadSanitizer finds what threads do to each other: it runs the files in which the
    # daemon has much to do at a time. The others run without it and under the others.
    # The histories are about what the policy decides, which no sanitizer sees better.
    wanted=(tests/blackbox tests/model)
    # Nor do they see more in files that wait for clocks and locks, which ThreadSanitizer
    # runs, or that compare texts.
    if [ -n "${SANITIZE-}" ]; then
        wanted=(tests/blackbox)
        for name in certificates compact early_readers health readers start starvation \
            list_files policy stats views whom why why_truth; do
            wanted+=("--ignore=tests/blackbox/test_$name.py")
        done
    fi
    if [ "${SANITIZE-}" = thread ]; then
        wanted=()
        for name in admin api certificates compact early_readers framing health \
            http_answers https kill overload quarantine readers start starvation \
            subscriptions; do
            wanted+=("tests/blackbox/test_$name.py")
        done
    fi
    timeout --kill-after=5 900 \
        "${fixed_layout[@]}" /usr/bin/python3 -m pytest -q -rs --tb=short --color=no \
        -p no:cacheprovider "${side_by_side[@]}" "${wanted[@]}" \
        > "$results/blackbox.log" 2>&1 < /dev/null
    status=$?
    failures=$(($(count failed) + $(count 'errors?')))
    if [ $status != 0 ]; then
        [ $failures -gt 0 ] || failures=1
        cat "$results/blackbox.log"
    else
        grep '^SKIPPED' "$results/blackbox.log"
    fi
    failed=$((failed + failures))
    passed=$((passed + $(count passed)))
    skipped=$((skipped + $(count skipped)))
    echo "black box: $(tail -n 1 "$results/blackbox.log")"
fi

# --------------------------------------------------------------------------------------

for report in "$reports".*; do
    [ -e "$report" ] || continue
    failed=$((failed + 1))
    echo "--- $report"
    head -n 80 "$report"
done

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
