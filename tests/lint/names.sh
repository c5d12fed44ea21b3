#!/bin/bash
# Functions of src and include can be found and believed by their names: a static function has
# a name of two words or more, which no other file has, and is_X, has_X and can_X are questions.
# names.txt lists names that do not keep to this yet; it only gets shorter.
#
# usage: tests/lint/names.sh [--list]   --list prints what names.txt has to hold
exec /usr/bin/python3 -B tests/lint/names.py "$@"
