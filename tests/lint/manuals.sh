#!/bin/bash
# The manual pages are without a fault that mandoc knows.
set -uo pipefail
compgen -G 'contrib/man/*.[1-8]' > /dev/null || { echo 'no manual pages' && exit 77; }
mandoc -T lint -W warning contrib/man/*.[1-8]
