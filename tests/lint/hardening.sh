#!/bin/bash
# The programs are built with what the compiler offers against the abuse of a bug.
set -uo pipefail
command -v readelf > /dev/null || { echo 'no readelf here' && exit 77; }
build=build/lint/gcc
$MAKE -s CC=gcc WERROR=1 BUILD=$build all | grep -vE '^  (CC|LINK) '
status=0

# usage: wants PROGRAM WHAT PATTERN READELF-OPTION…
wants()
{
    local program=$1 what=$2 pattern=$3
    shift 3
    readelf -W "$@" "$program" 2> /dev/null | grep -E "$pattern" > /dev/null && return
    echo "$program: $what"
    status=1
}

for program in $build/sesbounced $build/sesbouncectl; do
    wants $program 'not position independent' 'Type: +DYN' -h
    wants $program 'symbols are resolved late' 'BIND_NOW|FLAGS_1.*NOW' -d
    wants $program 'no RELRO' 'GNU_RELRO' -l
    wants $program 'an executable stack' 'GNU_STACK.* RW ' -l
    wants $program 'no _FORTIFY_SOURCE' '__[a-z]+_chk@' --dyn-syms
    wants $program 'no stack protector' '__stack_chk_fail@' --dyn-syms
done

# The first two from gcc 12 and glibc 2.35 on.
version=$(gcc -dumpversion)
flags=()
[ "${version%%.*}" -lt 12 ] || flags+=(-D_FORTIFY_SOURCE=3 -ftrivial-auto-var-init=zero)
[ "$(uname -m)" != x86_64 ] || flags+=(-fcf-protection)
[ "$(uname -m)" != aarch64 ] || flags+=(-mbranch-protection=standard)
for flag in "${flags[@]}"; do
    grep -qe "$flag" $build/flags || { echo "gcc $version without $flag" && status=1; }
done
exit $status
