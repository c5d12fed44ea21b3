#!/bin/sh
# Starts the daemon on a database of its own, posts signed deliveries to it and
# reports the results: `make run` then serves until Ctrl-C, `make demo` stops.
#
# usage: contrib/demo/demo.sh run|demo [BUILD-FOLDER]
#
# Every step has an expectation that is checked; exit 1 if one did not hold. Needs nothing
# but the two programs and a POSIX shell: the deliveries are made by `sesbouncectl
# simulate`, which signs with a key that only this daemon trusts.
set -u
cd "$(dirname "$0")/../.." || exit 1

mode=${1-}
build=${2:-build}
case $mode in
run | demo) ;;
*)
    echo "usage: $0 run|demo [BUILD-FOLDER]" >&2
    exit 2
    ;;
esac

# Ctrl-C must reach this script, and not the make around it, which would report a failure:
# run it in its own process group, which has the terminal meanwhile.
if [ "$mode" = run ] && [ -t 0 ] && [ -z "${SESBOUNCED_DEMO_INNER-}" ]; then
    set -m
    SESBOUNCED_DEMO_INNER=1 "$0" "$@"
    exit
fi

dir=$build/$mode # `make demo` can run while `make run` serves
config=$dir/sesbounced.conf
log=$dir/sesbounced.log
database=$dir/sesbounced.db
ctl="$build/sesbouncectl -c $config"
daemon=
tail=
differed=0

# --- output ---------------------------------------------------------------------------

bold='' dim='' green='' red='' plain=''
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR-}" ]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
    green=$(printf '\033[32m') red=$(printf '\033[31m')
fi

title()
{
    printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

differs()
{
    differed=$((differed + 1))
    printf '  %sNOT AS EXPECTED: %s%s\n' "$red" "$*" "$plain"
}

# --- the daemon -----------------------------------------------------------------------

stop_daemon()
{
    [ -z "$tail" ] || kill "$tail" 2> /dev/null
    tail=
    [ -n "$daemon" ] || return 0
    kill -TERM "$daemon" 2> /dev/null
    wait "$daemon"
    status=$?
    daemon=
    rm -f "$dir/pid"
    return $status
}

# usage: finish EXIT-CODE, from a trap too
finish()
{
    trap '' INT TERM HUP
    stop_daemon || true
    trap - EXIT
    exit "$1"
}
trap 'finish 1' EXIT
trap 'finish 130' INT
trap 'finish 143' TERM HUP

write_config()
{
    cat > "$config" << END
# Written by contrib/demo/demo.sh; config/sesbounced.conf lists every setting.
[ingest]
listen = 127.0.0.1:$1

[store]
path = $PWD/$database
certificates = $PWD/$dir/certificates

# Trust what \`sesbouncectl simulate\` signs, for its own topic only.
[simulator]
enabled = yes
key = $PWD/$dir/simulator.pem

[admin]
listen = 127.0.0.1:$(($1 + 100))
END
}

# Waits until the daemon says that it is ready: 0; or has ended: 1.
await_ready()
{
    tries=0
    while [ $tries -lt 300 ]; do
        grep -q ': ready' "$log" && return 0
        kill -0 "$daemon" 2> /dev/null || return 1
        sleep 0.1
        tries=$((tries + 1))
    done
    return 1
}

# usage: start PORT
start()
{
    write_config "$1"
    : > "$log"
    "$build/sesbounced" -c "$config" 2>> "$log" < /dev/null &
    daemon=$!
    echo "$daemon" > "$dir/pid"
    await_ready
}

start_on_free_port()
{
    port=9025
    while [ $port -lt 9075 ]; do
        start $port && return 0
        kill -TERM "$daemon" 2> /dev/null
        wait "$daemon"
        daemon=
        grep -qi 'in use' "$log" || break
        port=$((port + 1))
    done
    printf '%ssesbounced did not start:%s\n' "$red" "$plain"
    cat "$log"
    exit 1
}

# usage: ask VERB…: what sesbouncectl says in JSON, without blanks between its parts
ask()
{
    answer=$($ctl -o json "$@" 2>&1)
    code=$?
    answer=$(printf '%s\n' "$answer" | sed 's/": /":/g; s/, "/,"/g')
}

# --- the deliveries -------------------------------------------------------------------

# usage: deliver WORDS ADDRESS HTTP-STATUS SUPPRESSED-REASON|- simulate-arguments…
# Posts one, prints the daemon's answer, and checks it and the state of the address.
deliver()
{
    words=$1 address=$2 expected=$3 reason=$4
    shift 4
    ask simulate "$@" --address "$address"
    status=$(printf '%s\n' "$answer" | sed -n 's/.*"status":\([0-9]*\).*/\1/p')
    text=$(printf '%s\n' "$answer" | sed -n 's/.*"answer":"\(.*\)"}$/\1/p')
    printf '  %-22s %-20s %s %s\n' "$words" "$address" "$status" "${text:-$answer}"
    [ "$status" = "$expected" ] || differs "the answer should have been $expected"
    if [ "$expected" = 200 ]; then
        [ $code = 0 ] || differs "sesbouncectl should have ended with 0, not $code"
    else
        [ $code = 1 ] || differs "sesbouncectl should have ended with 1, not $code"
    fi

    ask check "$address"
    if [ "$reason" = - ]; then
        [ $code = 0 ] || differs "$address may not be mailed: $answer"
        return
    fi
    [ $code = 1 ] || differs "$address may still be mailed: $answer"
    case $answer in
    *'"reason":"'"$reason"'"'*) ;;
    *) differs "$address should be suppressed for $reason: $answer" ;;
    esac
}

# usage: expect_event ADDRESS TYPE CLASS: the newest event of an address
expect_event()
{
    ask events --address "$1" --limit 1
    case $answer in
    *'"type":"'"$2"'","class":"'"$3"'"'*) ;;
    *) differs "the newest event of $1 should be a $2 of class $3: $answer" ;;
    esac
}

play()
{
    title 'Amazon SNS delivers (each message signed, checked, committed, then answered)'
    deliver 'a hard bounce' gone@example.com 200 BOUNCE bounce
    deliver 'a complaint' angry@example.com 200 COMPLAINT complaint
    deliver 'an out-of-office reply' away@example.com 200 - ooto
    deliver 'a delivery' fine@example.com 200 - delivery
    deliver 'a hard bounce, forged' victim@example.com 403 - bounce --forge
    expect_event gone@example.com Bounce hard
    expect_event angry@example.com Complaint complaint
    expect_event away@example.com Bounce ignored
}

show()
{
    title 'Suppressed now'
    $ctl suppress list | sed 's/^/  /'
    title 'Why gone@example.com?'
    told=$($ctl why gone@example.com)
    printf '%s\n' "$told" | sed 's/^/  /'
    command=$(printf '%s\n' "$told" | sed -n 's/^  \(.* suppress remove .*\)/\1/p')
    command=$(printf '%s' "$command" | sed "s|'YOUR REASON'|'the demo'|")
    sh -c "$command --dry-run" | grep -q removed || differs "what it says to type fails: $command"

    query='SELECT address, reason, detail, since FROM suppressed'
    title 'The same in SQL'
    printf '  %ssqlite3 %s "%s"%s\n' "$dim" "$database" "$query" "$plain"
    if [ -x /usr/bin/python3 ]; then
        rows=$(
            /usr/bin/python3 - "$database" "$query" << 'END'
import pathlib
import sqlite3
import sys
uri = pathlib.Path(sys.argv[1]).absolute().as_uri() + "?mode=ro"
for row in sqlite3.connect(uri, uri=True).execute(sys.argv[2]):
    print("  " + "|".join(row))
END
        ) || differs 'the query failed'
        echo "$rows"
    fi
}

advise()
{
    title 'Try next, in another terminal'
    cat << END
  $ctl check gone@example.com fine@example.com
  $ctl simulate bounce --address you@example.com
  $ctl suppress remove gone@example.com --note "mailbox repaired"
  $ctl events
  $ctl status
END
}

# Shows the log until somebody stops it, the make around it goes away or the daemon ends.
serve()
{
    trap 'serving=' INT TERM HUP
    serving=yes
    title "Serving on http://127.0.0.1:$port/sns until Ctrl-C"
    grep -q 'no metrics' "$log" ||
        printf '  The page: http://127.0.0.1:%s/\n' "$((port + 100))"
    printf '  The README says how to subscribe a topic of yours. The log (%s):\n\n' "$log"
    tail -n 0 -f "$log" &
    tail=$!
    while [ -n "$serving" ] && kill -0 "$daemon" 2> /dev/null && kill -0 $PPID 2> /dev/null; do
        sleep 1 &
        wait $!
    done
    if [ -n "$serving" ]; then
        differs 'the daemon ended by itself'
        cat "$log"
    fi
}

# --------------------------------------------------------------------------------------

mkdir -p "$dir"
if [ -e "$dir/pid" ] && running=$(cat "$dir/pid") && kill -0 "$running" 2> /dev/null &&
    grep -q sesbounced "/proc/$running/comm" 2> /dev/null; then
    echo "\`make $mode\` is running already (process $running): stop that one first." >&2
    trap - EXIT
    exit 1
fi

$build/sesbounced --version
start_on_free_port
printf '  listening on http://127.0.0.1:%s/sns, database %s\n' "$port" "$database"
play
show
[ "$mode" = demo ] || { advise && serve; }

echo
stop_daemon || differs "the daemon's exit code was $?"
trap - EXIT
if [ $differed -gt 0 ]; then
    printf '%s%d results were not as expected.%s\n' "$red" $differed "$plain"
    exit 1
fi
[ "$mode" = demo ] || { echo 'Stopped.' && exit 0; }
printf '%sAll results are as expected.%s\n' "$green" "$plain"
