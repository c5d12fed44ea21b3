"""What names.sh runs: prints file, line and name of a function, and what is wrong with it."""
import re
import subprocess
import sys

LIST = "tests/lint/names.txt"
# clang-format begins a function's head, and no statement, at the beginning of a line.
HEAD = re.compile(
    r"^(\w[\w *]*?[ *])(\w+)\(((?:[^(){};]|\([^(){};]*\))*)\)([^{};=]*[{;])", re.MULTILINE
)
NOT_CODE = re.compile(
    r"/\*.*?\*/|//[^\n]*"
    r"|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
    r"|^[ \t]*#(?:\\\n|[^\n])*",
    re.DOTALL | re.MULTILINE,
)
# Each rule is broken once, in ways that look alike; the rest is right.
SAMPLE = {
    "a.c": 'static void add(void)\n{\n}\n\n/* static void run(void)\n{ */\n'
           "static int row_add(int (*each)(char *), int row)\n{\n    run(row);\n}\n"
           "static int row_add_twice(void);\n",
    "b.c": "static struct row *row_add(void)\n{\n}\n\nvoid keep(void)\n{\n}\n\n"
           "bool row_is_new(const struct row *row, struct str key, const char *const *names)\n"
           "{\n}\n",
    "c.h": "void row_has_ended(struct row *row);\nbool is_read(const char *text,\n"
           "             pid_t *ret_pid);\nint row_can_go(const char *names[]);\n"
           "bool has_row(struct store *store, struct row *ret);\n"
           "bool row_is_late(struct row *row, void *by_ms);\nvoid this_case(int *hash);\n",
}
SAMPLE_FAULTS = ["a.c:1:add", "a.c:7:row_add", "b.c:1:row_add", "c.h:1:row_has_ended",
                 "c.h:2:is_read", "c.h:4:row_can_go", "c.h:5:has_row"]


def code(text):
    """The text with the same lines, without comments, strings and directives."""
    return NOT_CODE.sub(lambda match: "\n" * match.group().count("\n"), text)


def is_output(parameter):
    """`int *x`, `const char **x`, `char x[8]` and `struct x *ret_x`. Not `struct x *x` and
    `void *x`, which may be what the question is about: it may have to be locked."""
    kind, pointer, name = re.sub(r"(\w+)\[\w*\]", r"*\1", parameter).rpartition("*")
    if not pointer or "(" in parameter:
        return False
    constant = re.search(r"const\s*$" if "*" in kind else r"\bconst\b", kind)
    return not constant and ("*" in kind or not re.search(r"\b(struct|void)\b", kind)
                             or name.strip().split("_")[0] == "ret")


def predicate_faults(before, parameters):
    if before.replace("static ", "").replace("inline ", "").strip() not in ("bool", "int"):
        yield "the name is a question, but the answer is neither bool nor int"
    if any(map(is_output, parameters.split(","))):
        yield "the name is a question, but there is a parameter for a second answer"


def name_faults(files):
    """(path, line, name, what is wrong) of {path: text}."""
    places = {}
    for path, text in files.items():
        text = code(text)
        for match in HEAD.finditer(text):
            before, name, parameters, after = match.groups()
            line = text.count("\n", 0, match.start(2)) + 1
            if re.search(r"(^|_)(is|has|can)_", name):
                for wrong in predicate_faults(before, parameters):
                    yield path, line, name, wrong
            if after.endswith("{"):
                is_static = before.startswith("static ")
                places.setdefault(name, []).append((path, line, is_static))
    for name, found in places.items():
        for path, line, is_static in found:
            if is_static and "_" not in name:
                yield path, line, name, "one word: add the noun, or the verb"
            if is_static and len(found) > 1:
                others = ", ".join(sorted({other for other, *_ in found} - {path}))
                yield path, line, name, f"the name is also in {others}"


def sources():
    done = subprocess.run(("git", "ls-files", "-z", "src/*.[ch]", "include/*.h"), check=True,
                          capture_output=True, text=True)
    return {path: open(path, encoding="utf-8").read() for path in done.stdout.split("\0")[:-1]}


def main():
    found = sorted(f"{path}:{line}:{name}" for path, line, name, _ in name_faults(SAMPLE))
    assert found == SAMPLE_FAULTS, f"names.py does not see what is wrong: {found}"
    faults = sorted(set(name_faults(sources())))
    offending = {name for _, _, name, _ in faults}
    if sys.argv[1:] == ["--list"]:
        print("\n".join(sorted(offending)))
        return 0
    listed = [line.strip() for line in open(LIST) if not line.startswith("#")]
    wrong = ["{}:{}: {}: {}".format(*fault) for fault in faults if fault[2] not in listed]
    wrong += [f"{LIST}: remove {name}: nothing is wrong with it" for name in listed
              if name not in offending]
    if wrong:
        print("\n".join(wrong))
    return 1 if wrong else 0


sys.exit(main())
