#!/bin/bash
# The texts that people read are free of the words in wording.txt: README and all other
# Markdown, manuals, the sample, units and scripts of contrib, the schema, the comments and
# messages of src and include, the tests and their names. Not the comments in tests of the
# store and in tests/fault yet, and not other names: `\b` does not match beside an underscore.
exec /usr/bin/python3 -B tests/lint/wording.py
