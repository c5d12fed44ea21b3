"""What wording.sh runs: prints file, line, the words found and what to write instead."""
import re
import subprocess
import sys

TEXTS = ("*.md", "contrib/*", "config/*", "schema/*", "src/*", "include/*", "Makefile")
# Of tests everything, and the functions' names as the words that they consist of.
TESTS = ("tests/*.c", "tests/*.h", "tests/*.py", "tests/*.sh", "tests/*.js", "tests/*.lua")
# Of these only the names.
NAMES_ONLY = ("tests/lint/wording.py", "tests/unit/store/", "tests/fault/")
NAME = re.compile(r"\b(?:void|def) (\w+)\(")
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


def faults(path, text, known):
    for pattern, instead in known:
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield line, f"{path}:{line}: `{' '.join(match.group().split())}`: write {instead}"


def only_names(text):
    """The text with the same lines, in which nothing is left but the functions' names."""
    return "\n".join(". ".join([*NAME.findall(line), ""]).replace("_", " ")
                     for line in text.split("\n"))


def listed(patterns):
    done = subprocess.run(("git", "ls-files", "-z", *patterns), check=True,
                          capture_output=True, text=True)
    for path in done.stdout.split("\0")[:-1]:
        if not path.endswith((".zdict", ".png")):
            yield path, open(path, encoding="utf-8").read()


def main():
    known = list(rules())
    texts = list(listed(TEXTS))
    for path, text in listed(TESTS):
        texts.append((path, only_names(text)))
        if not path.startswith(NAMES_ONLY):
            # `is None` is Python's.
            texts.append((path, re.sub(r"(?<=\bis )None\b", "", text)))
    found = [fault for path, text in texts for _, fault in sorted(faults(path, text, known))]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


sys.exit(main())
