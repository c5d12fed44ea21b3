#!/bin/bash
# Every maximum in limits.h is one of the program: used somewhere.
set -uo pipefail
status=0
for name in $(sed -nE 's/^#define ([A-Z0-9_]+) .*/\1/p' include/sesbounce/limits.h); do
    if ! grep -rqw --include='*.[ch]' --exclude=limits.h "$name" src include; then
        echo "include/sesbounce/limits.h: $name is used nowhere"
        status=1
    fi
done
exit $status
