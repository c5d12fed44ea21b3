"""What wording.sh runs: prints file, line, the words found and what to write instead."""
import re
import subprocess
import sys

SCOPE = ("*.md", "contrib/*", "config/*", "schema/*", "src/*", "include/*", "Makefile")
# What may stand between two words: a line's end and the mark of a comment, or a string's end.
BLANK = r'(?:\s|\\n|"\s*"|\n\s*(?:/?\*|#|--|//))+'


def rules():
    for line in open("tests/lint/wording.txt", encoding="utf-8"):
        if not line.startswith("#"):
            pattern, instead = line.rstrip("\n").split("\t")
            # A look-behind has a fixed width, so its blanks stay what they are.
            parts = re.split(r"(\(\?<![^)]*\))", pattern)
            parts[::2] = [part.replace(" ", BLANK) for part in parts[::2]]
            yield re.compile("".join(parts), re.IGNORECASE), instead


def faults(path, known):
    text = open(path, encoding="utf-8").read()
    for pattern, instead in known:
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield line, f"{path}:{line}: `{' '.join(match.group().split())}`: write {instead}"


def main():
    listed = subprocess.run(("git", "ls-files", "-z", *SCOPE), check=True, capture_output=True,
                            text=True).stdout.split("\0")[:-1]
    known = list(rules())
    found = [fault for path in listed for _, fault in sorted(faults(path, known))]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


sys.exit(main())
