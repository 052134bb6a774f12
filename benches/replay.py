#!/usr/bin/env python3
"""Makes a pgbench script of the statements that PostgreSQL has logged.

usage: replay.py LOG.json MARK [LITERAL=EXPRESSION ...] < head > script.sql

LOG.json is PostgreSQL's jsonlog with log_statement = all. Taken is what the
connection that ran the statement containing MARK ran since it began its
transaction (or the one statement, outside of one). Parameters stand in it as
literals; those named on the command line become expressions, so that each run of
the script is another booking, home or night. The head (\\set lines) comes first.
"""
import json
import re
import sys


def parameters(detail: str) -> dict[str, str]:
    """`$1 = 'a', $2 = NULL` as a dictionary of SQL literals."""
    return dict(re.findall(r"(\$\d+) = (NULL|'(?:[^']|'')*')", detail or ""))


def statement(row: dict) -> str | None:
    found = re.match(r"(?:execute [^:]*|statement): (.*)", row["message"], re.DOTALL)
    if not found:
        return None
    values = parameters(row.get("detail", ""))
    return re.sub(r"\$\d+", lambda name: values.get(name[0], name[0]), found[1]).strip().rstrip(";")


def main() -> None:
    log, mark, *replaced = sys.argv[1:]
    rows = [json.loads(line) for line in open(log, encoding="utf-8")]
    logged = [(row["pid"], text) for row in rows if (text := statement(row))]
    pid, at = next((pid, at) for at, (pid, text) in reversed(list(enumerate(logged))) if mark in text)
    mine = [(index, text) for index, (other, text) in enumerate(logged) if other == pid]
    here = next(place for place, (index, _) in enumerate(mine) if index == at)
    taken = [mine[here][1]]
    begins = [place for place in range(here + 1) if mine[place][1].lower().startswith("begin")]
    ends = [place for place in range(here, len(mine)) if mine[place][1].lower().startswith("commit")]
    if begins and ends and not any(mine[place][1].lower().startswith("commit") for place in range(begins[-1], here)):
        taken = [text for _, text in mine[begins[-1] : ends[0] + 1]]
    print(sys.stdin.read())
    for text in taken:
        for pair in replaced:
            literal, _, expression = pair.partition("=")
            text = text.replace(literal, expression)
        # A colon of a cast or a literal is no variable of pgbench, but "':x'" would be.
        print(re.sub(r"\s*\n\s*", " ", text) + ";")


main()
