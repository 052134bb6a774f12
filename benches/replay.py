#!/usr/bin/env python3
"""Makes a pgbench script of the statements that PostgreSQL has logged.

usage: replay.py LOG [LITERAL=>EXPRESSION ...] < head > script.sql

LOG is PostgreSQL's log with log_statement = all, emptied before the request that
is to be replayed. Parameters stand in the script as literals; those named on the
command line become expressions, so that each run of the script is another
booking, home or night. Ids made in the request become made-up ones; one named on
the command line was there before. The head
(\\set lines, `n` a large random number among them) comes first. What the server
does on its own meanwhile is left out.
"""
import re
import sys

# Polls of the worker and of the search index, and what a connection asks once.
OWN = re.compile(r"from jobs|update jobs|snapshot|pg_type|log_statement|pg_reload_conf|marketplace_clock", re.IGNORECASE)
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ENTRY = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[(\d+)\] (\w+):  ", re.MULTILINE)


def entries(log: str) -> list[tuple[str, str, str]]:
    """Connection, level and text of each entry, its lines joined."""
    starts = list(ENTRY.finditer(log))
    ends = [start.start() for start in starts[1:]] + [len(log)]
    return [(m[1], m[2], log[m.end() : end].replace("\n\t", "\n").strip()) for m, end in zip(starts, ends)]


def statements(log: str) -> list[tuple[str, str]]:
    """Connection and text of each statement, with its parameters in place."""
    found: list[tuple[str, str]] = []
    for pid, level, text in entries(log):
        if level == "LOG" and (match := re.match(r"(?:execute [^:]*|statement): (.*)", text, re.DOTALL)):
            found.append((pid, match[1].strip().rstrip(";")))
        elif level == "DETAIL" and text.lower().startswith("parameters: ") and found and found[-1][0] == pid:
            values = dict(re.findall(r"(\$\d+) = (NULL|'(?:[^']|'')*')", text))
            found[-1] = (pid, re.sub(r"\$\d+", lambda name: values.get(name[0], name[0]), found[-1][1]))
    return found


def main() -> None:
    path, *replaced = sys.argv[1:]
    with open(path, encoding="utf-8", errors="replace") as file:
        logged = [text for _, text in statements(file.read()) if not OWN.search(text)]
    made: dict[str, str] = {}
    for text in logged:
        if re.search(r"\binsert into\b", text, re.IGNORECASE):
            known = " ".join(logged[: logged.index(text)])
            for one in UUID.findall(text):
                if one not in known and not any(one in pair for pair in replaced):
                    made.setdefault(one, f"md5('{len(made)} ' || :n)::uuid")
    print(sys.stdin.read())
    for text in logged:
        for literal, expression in (pair.split("=>", 1) for pair in replaced):
            text = text.replace(literal, expression)
        for one, expression in made.items():
            text = text.replace(f"'{{{one}}}'", f"array[{expression}]").replace(f"'{one}'", expression)
        print(re.sub(r"\s*\n\s*", " ", text) + ";")


main()
