#!/usr/bin/env python3
"""Breaks lines of Markdown that are longer than 120 columns; scripts/format calls it.

    scripts/wrap_markdown.py FILE...            writes the files anew
    scripts/wrap_markdown.py --check FILE...    changes nothing, and says which lines are too long

Only what a reader sees as running text is broken: no tables, headings, code and HTML, and no word. What is too much
goes to the line behind it, where that belongs to the same paragraph.
"""
import re
import sys
from pathlib import Path

WIDTH = 120
ITEM = re.compile(r"(\s*)([-*+]|\d+\.) +")
# What is no running text, or begins something of its own.
APART = re.compile(r"\s*(\||#|<|```|$)")
MARKER = re.compile(r"([-*+]|\d+\.|#+|>|=+|-+)( |$)")


def place_to_break(line, first):
    """The last space at which the line may end, behind its indent: not within `code` where that can be helped."""
    def spaces(limit, within_code):
        for at in range(min(limit, len(line) - 1), first, -1):
            inside = line.count("`", 0, at) % 2 == 1
            if line[at] == " " and (within_code or not inside) and not MARKER.match(line[at + 1:]):
                yield at
    for within_code in (False, True):
        at = next(spaces(WIDTH, within_code), None)
        if at is not None and at > first + 40:
            return at
    return None


def wrapped(text):
    lines, out, fenced, code, at = text.split("\n"), [], False, False, 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.lstrip().startswith("```"):
            fenced = not fenced
        item = ITEM.match(line)
        indent = " " * (item.end() if item else len(line) - len(line.lstrip()))
        if line.strip() and (code or not out or not out[-1].strip()):
            code = not item and len(indent) >= 4  # up to the next line that is not indented so
        if fenced or code or APART.match(line) or len(line) <= WIDTH:
            out.append(line)
            continue
        end = place_to_break(line, len(indent))
        if end is None:
            out.append(line)
            continue
        out.append(line[:end].rstrip())
        rest = indent + line[end:].lstrip()
        behind = lines[at] if at < len(lines) else ""
        same_indent = len(behind) - len(behind.lstrip()) == len(indent)
        if same_indent and not APART.match(behind) and not ITEM.match(behind):
            lines[at] = rest + " " + behind.lstrip()
        else:
            lines.insert(at, rest)
    return "\n".join(out)


def main():
    check = sys.argv[1:2] == ["--check"]
    faults = []
    for name in sys.argv[1 + check:]:
        text = Path(name).read_text(encoding="utf-8")
        after = wrapped(text)
        if after == text:
            continue
        if not check:
            Path(name).write_text(after, encoding="utf-8")
            continue
        kept = after.split("\n")
        faults += [f"{name}:{number}: longer than {WIDTH} columns" for number, line in enumerate(text.split("\n"), 1)
                   if len(line) > WIDTH and line not in kept]
    print("\n".join(faults), end="\n" if faults else "")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
