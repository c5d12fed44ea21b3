#!/bin/bash
# Makes faults and sums them up by kind: what `make check-faults` calls.
#
# usage: [FAULTS=short|full] [FAULT_SEED=N] tests/fault/run.sh BUILD-FOLDER FAULT-PROGRAM…
#
# The programs and the tests of the whole daemon run side by side. Each appends lines
# `kind<TAB>injected<TAB>acknowledged<TAB>lost<TAB>doubled` to $FAULT_REPORT. It fails when a
# test failed, when anything acknowledged was lost or doubled, or when a kind is missing.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

build=$1
shift
export FAULTS=${FAULTS:-full}
case $FAULTS in
short | full) ;;
*)
    echo "FAULTS=$FAULTS: short or full" >&2
    exit 2
    ;;
esac
jobs=$(nproc)
results=$build/fault-results
rm -rf "$results"
mkdir -p "$results"
results=$(cd "$results" && pwd)
build=$(cd "$build" && pwd)
export FAULT_REPORT=$results/report PYTHONDONTWRITEBYTECODE=1
: > "$FAULT_REPORT"
failed=0
started=$SECONDS

# What the programs report.
expected=('power cut' 'I/O error' 'disk full' 'disk read-only' 'allocation failure'
    'foreign lock' 'pinned log' 'file replaced' 'clock jump')
# What the tests of the whole daemon report, by what they cannot do without.
expected_daemon=('2,000 slow clients' 'SIGTERM under load' 'certificate endpoint misbehaves'
    'checkpoint held up by a reader' 'kill -9 under load'
    'reset while lent to the writer' 'reset while waiting for a certificate'
    'restart by socket activation under load')
expected_preload=('I/O error, N-th call' 'I/O error, lasting'
    "I/O error, without systemd's socket" 'allocation failure, N-th'
    'allocation failure while fetching a certificate' 'disk hangs' 'power cut under load'
    'wall clock jumps' 'writer stalled, queue full')
expected_mount=('disk full, then free' 'mounted read-only, then writable')
expected_user=('file read-only, then writable')

# --- sanitizers -----------------------------------------------------------------------

reports=$results/sanitizer
export ASAN_OPTIONS="log_path=$reports:detect_leaks=1:detect_stack_use_after_return=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="log_path=$reports:print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"

# --- the whole daemon: begun first, since it mostly waits -----------------------------

log_daemon=$results/pytest.log
pytest_id=
if compgen -G 'tests/fault/test_*.py' > /dev/null; then
    export SESBOUNCED=$build/sesbounced SESBOUNCECTL=$build/sesbouncectl
    if ! [ -x "$SESBOUNCED" ] || ! [ -x "$SESBOUNCECTL" ]; then
        echo "the daemon: $SESBOUNCED or $SESBOUNCECTL is not built"
        exit 1
    fi
    side_by_side=()
    if /usr/bin/python3 -c 'import xdist' 2> /dev/null; then
        side_by_side=(-n $((2 * jobs)))
    fi
    timeout --kill-after=5 900 /usr/bin/python3 -m pytest -q -rs --tb=short --color=no \
        -p no:cacheprovider "${side_by_side[@]}" tests/fault \
        > "$log_daemon" 2>&1 < /dev/null &
    pytest_id=$!
fi

# --- in the process -------------------------------------------------------------------

run_program()
{
    local log
    log=$results/$(basename "$1").log
    timeout --kill-after=5 600 "$1" > "$log" 2>&1 < /dev/null
    echo $? > "$log.status"
}
export -f run_program
export results
if [ $# -gt 0 ]; then
    printf '%s\0' "$@" | xargs -0 -P "$jobs" -I{} bash -c 'run_program "$1"' - {}
fi

for program in "$@"; do
    log=$results/$(basename "$program").log
    status=$(cat "$log.status" 2> /dev/null || echo 'did not run')
    grep -h 'FAULT_SEED=' "$log"
    grep -i '^skipped' "$log"
    if [ "$status" != 0 ]; then
        failed=$((failed + 1))
        echo "--- $program (exit $status)"
        grep -v -E '^\[ (RUN|      OK) ' "$log" | tail -n 60
    fi
done
echo "in the process: $# programs, $failed failed ($((SECONDS - started)) s)"

if [ -n "$pytest_id" ]; then
    wait "$pytest_id"
    status=$?
    if [ $status != 0 ]; then
        failed=$((failed + 1))
        cat "$log_daemon"
    else
        grep '^SKIPPED' "$log_daemon"
    fi
    echo "the daemon: $(tail -n 1 "$log_daemon") ($((SECONDS - started)) s)"
    # Was there what they need?
    skipped() { grep -q "^SKIPPED.*$1" "$log_daemon"; }
    expected+=("${expected_daemon[@]}")
    skipped 'no C compiler' || skipped 'a sanitizer' || expected+=("${expected_preload[@]}")
    skipped 'right to mount' || expected+=("${expected_mount[@]}")
    skipped 'no setpriv' || expected+=("${expected_user[@]}")
fi

# --- the sum --------------------------------------------------------------------------

for report in "$reports".*; do
    [ -e "$report" ] || continue
    failed=$((failed + 1))
    echo "--- $report"
    head -n 80 "$report"
done

for kind in "${expected[@]}"; do
    if ! grep -q "^$kind	[1-9]" "$FAULT_REPORT"; then
        failed=$((failed + 1))
        echo "no report of: $kind"
    fi
done

# Kinds in the order in which they were first reported; exit 1 for a loss or a double.
sum_up()
{
    awk -F '\t' '
        NF != 5 { printf "not a line of a report: %s\n", $0; bad = 1; next }
        !($1 in injected) { order[++kinds] = $1 }
        { injected[$1] += $2; kept[$1] += $3; lost[$1] += $4; doubled[$1] += $5 }
        function line(name, a, b, c, d) { printf "%-48s %8s %12s %5s %8s\n", name, a, b, c, d }
        END {
            line("kind", "injected", "acknowledged", "lost", "doubled")
            for (i = 1; i <= kinds; i++) {
                k = order[i]
                line(k, injected[k], kept[k], lost[k], doubled[k])
                a += injected[k]; b += kept[k]; c += lost[k]; d += doubled[k]
            }
            line("all", a, b, c, d)
            exit bad || c > 0 || d > 0
        }' <(sort "$FAULT_REPORT")
}

mkdir -p "$build/fault"
table=$build/fault/results.txt
if ! sum_up > "$table"; then
    failed=$((failed + 1))
fi
cat "$table"
echo "check-faults ($FAULTS): $failed failed, $((SECONDS - started)) s"
[ $failed = 0 ]
