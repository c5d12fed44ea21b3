#!/bin/bash
# Includes point down only: base <- message <- policy <- store, remote, config (never each
# other) <- report <- daemon, ctl (never each other); and each library is included where the
# design lets it be linked. A folder in store/ is an engine: store/ and an engine see of each
# other nothing but store/engine.h.
set -uo pipefail

# Public headers and the layer whose they are. A new header is added here.
declare -A layer_of
own()
{
    local layer=$1 name
    shift
    for name; do layer_of[$name]=$layer; done
}
own base base64 buf cleanup clock digest expiry file json_scan limits log net_address queue str
own message address arn authentic mention ses_event sns_message sns_signature sns_url verdict
own policy alert intake news policy policy_list
own config settings
own store store store_alert store_read store_retention store_notice store_sending
own remote certificates https simulator
own report amazon filter following html listing output publish rates rule_text status story text when

declare -A below=(
    [base]='base'
    [message]='base message'
    [policy]='base message policy'
    [config]='base message policy config'
    [store]='base message policy store engine'
    [sqlite]='base message policy store engine sqlite'
    [remote]='base message remote'
    [report]='base message policy store report'
    [daemon]='base message policy config store remote report daemon'
    [ctl]='base message policy config store remote report ctl'
)

# Libraries, by the beginning of what is included. (jansson in remote/ and ctl/ writes what
# `simulate` posts; curl in ctl/ talks to our own daemon, which remote/ must never do.)
declare -A libraries=(
    [base]='openssl/sha.h'
    [message]='openssl/ idn2.h'
    [policy]=''
    [config]=''
    [store]='zstd.h'
    [sqlite]='sqlite3.h'
    [remote]='curl/ openssl/ jansson.h'
    [report]=''
    [daemon]='microhttpd.h systemd/ openssl/ jansson.h'
    [ctl]='jansson.h curl/ zlib.h'
)
third_party='jansson.h openssl/ idn2.h sqlite3.h curl/ microhttpd.h systemd/ zstd.h zlib.h'

status=0
fault()
{
    echo "$1"
    status=1
}

# usage: begins TEXT PREFIX…
begins()
{
    local text=$1 prefix
    shift
    for prefix; do
        [[ $text == "$prefix"* ]] && return 0
    done
    return 1
}

# usage: check_include FILE:LINE LAYER INCLUDED
check_include()
{
    local where=$1 layer=$2 included=$3 name target

    case $included in
    sesbounce/*.h)
        name=${included#sesbounce/}
        target=${layer_of[${name%.h}]-}
        [ -n "$target" ] || fault "$where: whose is $included? Tell tests/lint/layers.sh"
        ;;
    store/engine.h) target=engine ;;
    store/sqlite/*.h) target=sqlite ;;
    *_private.h | */*.h)
        target=${included%%/*}
        [ -n "${below[$target]-}" ] || target=
        ;;
    *) target= ;;
    esac

    if [ -n "$target" ]; then
        [ "$layer $target" != 'sqlite store' ] || [ "$included" = sesbounce/store.h ] ||
            fault "$where: an engine may not include $included"
        [[ " ${below[$layer]} " == *" $target "* ]] ||
            fault "$where: $layer may not include $included, which is of $target"
        return
    fi
    # The journal is reached from one file.
    [ "${where%%:*} $included" != 'src/base/log.c systemd/sd-journal.h' ] || return 0
    # shellcheck disable=SC2086 # lists of prefixes
    if begins "$included" $third_party && ! begins "$included" ${libraries[$layer]}; then
        fault "$where: $layer may not use $included"
    fi
}

while IFS=: read -r file line rest; do
    included=$(sed -E 's/^# *include *[<"]([^>"]+)[>"].*/\1/' <<< "$rest")
    case $file in
    src/store/sqlite/*) layer=sqlite ;;
    src/*)
        layer=${file#src/}
        layer=${layer%%/*}
        ;;
    *)
        layer=${file##*/}
        layer=${layer_of[${layer%.h}]-}
        [ -n "$layer" ] || { fault "$file: whose is it? Tell tests/lint/layers.sh" && continue; }
        ;;
    esac
    check_include "$file:$line" "$layer" "$included"
done < <(grep -rnE --include='*.[ch]' '^# *include' src include)

# base/, message/ and policy/ are pure: no clock, file, environment or log. (base/clock, base/file
# and base/log are what others reach them through.)
pure=$(find src/base src/message src/policy -name '*.[ch]' ! -name 'clock.*' ! -name 'file.*' ! -name 'log.*')
# shellcheck disable=SC2086 # a list of files
if grep -nE '(^|[^A-Za-z0-9_])(clock_gettime|clock_(wall|mono)_ms|time|getenv|f?open|getrandom|log_event|log_write|file_[a-z_]+) ?\(' $pure; then
    fault 'base/, message/ and policy/ are pure'
fi

# Only the programs log.
if grep -rnE --include='*.c' '(^|[^A-Za-z0-9_])log_(event|write) ?\(' src |
    grep -vE '^src/(daemon|ctl|base/log)'; then
    fault 'only daemon/ and ctl/ log'
fi
exit $status
