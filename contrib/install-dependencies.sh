#!/bin/sh
# Installs what is needed to build, to check, to lint, …; instant and silent if nothing is
# missing.
#
# usage: contrib/install-dependencies.sh build|check|lint|fuzz|bench
#
# On Debian and its relatives it runs apt-get, with sudo unless it is root, and asks no question.
# Elsewhere it looks for the tools and libraries themselves, names what is missing and stops.
set -eu

# NAME|OTHER: either of them will do.
build='gcc libc6-dev make pkg-config libmicrohttpd-dev
       libcurl4-openssl-dev|libcurl4-gnutls-dev libjansson-dev libsqlite3-dev
       libsystemd-dev libssl-dev libidn2-dev libzstd-dev zlib1g-dev'
# Not for building: what the daemon trusts when it fetches Amazon's certificates.
build="$build ca-certificates"
# pytest-xdist runs the black-box tests side by side.
check="$build libcmocka-dev python3 python3-pytest python3-pytest-xdist
       python3-cryptography python3-jsonschema sqlite3 openssl"
lint="$check git clang clang-format cppcheck shellcheck mandoc"
# The last one contains libFuzzer.
fuzz="$build clang libclang-rt-dev"
# The comparison with Node runs only if Node is installed already.
bench="$build python3 wrk"

case ${1-} in
build) wanted=$build ;;
check) wanted=$check ;;
lint) wanted=$lint ;;
fuzz) wanted=$fuzz ;;
bench) wanted=$bench ;;
*)
    echo "usage: $0 build|check|lint|fuzz|bench" >&2
    exit 2
    ;;
esac

say()
{
    echo "install-dependencies: $*"
}

# --- where there is no apt-get --------------------------------------------------------

has()
{
    command -v "$1" > /dev/null 2>&1
}

check_by_hand()
{
    missing=
    for tool in cc make pkg-config; do
        has $tool || missing="$missing $tool"
    done
    for library in libmicrohttpd libcurl jansson sqlite3 libsystemd libcrypto libidn2 libzstd zlib; do
        pkg-config --exists $library 2> /dev/null || missing="$missing $library"
    done
    if [ "$1" = bench ]; then
        has wrk || missing="$missing wrk"
        has /usr/bin/python3 || missing="$missing /usr/bin/python3"
    elif [ "$1" = fuzz ]; then
        has clang || missing="$missing clang"
    elif [ "$1" != build ]; then
        pkg-config --exists cmocka 2> /dev/null || missing="$missing cmocka"
        for tool in openssl sqlite3; do
            has $tool || missing="$missing $tool"
        done
        for module in pytest cryptography jsonschema; do
            /usr/bin/python3 -c "import $module" 2> /dev/null ||
                missing="$missing /usr/bin/python3:$module"
        done
    fi
    if [ "$1" = lint ]; then
        for tool in git gcc clang clang-format cppcheck shellcheck; do
            has $tool || missing="$missing $tool"
        done
    fi
    [ -n "$missing" ] || exit 0
    {
        say "this is not Debian or Ubuntu, so nothing was installed. Missing:"
        # shellcheck disable=SC2086 # a line for each
        printf '    %s\n' $missing
        say "install these with their development files, then run make again"
    } >&2
    exit 1
}

if ! has apt-get || ! has dpkg-query; then
    check_by_hand "$1"
fi

# --- Debian, Ubuntu -------------------------------------------------------------------

# What dpkg knows as installed, a line each, asked once.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')

is_installed()
{
    case "
$installed
" in
    *"
$1
"*) return 0 ;;
    esac
    return 1
}

missing=
for entry in $wanted; do
    found=
    for name in $(echo "$entry" | tr '|' ' '); do
        if is_installed "$name"; then
            found=yes
        fi
    done
    [ -n "$found" ] || missing="$missing ${entry%%|*}"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    if ! has sudo; then
        say "packages are missing and there is no sudo. As root:" >&2
        echo "    apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
    as_root=sudo
fi

apt()
{
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@" < /dev/null >> "$log" 2>&1
}

install()
{
    # shellcheck disable=SC2086 # a list of names
    apt install --no-install-recommends --no-remove $missing
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
say "installing with apt-get:$missing"
# Lists may be absent or older than what the mirror still has: then fetch them first.
if ! install; then
    say "fetching the package lists"
    apt update || :
    if ! install; then
        cat "$log" >&2
        say "apt-get could not install:$missing" >&2
        exit 1
    fi
fi
