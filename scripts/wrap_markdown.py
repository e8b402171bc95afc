#!/usr/bin/env python3
"""Breaks lines of Markdown that are longer than 120 columns; scripts/format calls it.

    scripts/wrap_markdown.py FILE...            writes the files anew
    scripts/wrap_markdown.py --check FILE...    changes nothing, and says which lines are too long

Only what a reader sees as running text is broken: no tables, headings, quotes, code and HTML, and no word. What is too
much goes to the line behind it, where that belongs to the same paragraph. A number with a dot at the beginning of a
line is an item of a list only where CommonMark says so: 166. here is not one, as it goes on with a paragraph.
"""
import re
import sys
from pathlib import Path

WIDTH = 120
ITEM = re.compile(r"( *)([-*+]|\d{1,9}[.)])( +|$)")
# What is no running text, or begins something of its own.
APART = re.compile(r"\s*(\||#|<|>|```|~~~|(=+|-+)\s*$|$)")
# With these in front, what was the middle of a sentence would be something else.
MARKER = re.compile(r"([-*+]|\d+[.)]|#+|=+|-+|~~~.*)( |$)|[|<>]|```")


def place_to_break(line, first, width):
    """The last space at which the line may end, behind its indent: not within `code` where that can be helped."""
    def spaces(limit, within_code):
        for at in range(min(limit, len(line) - 1), first, -1):
            inside = line.count("`", 0, at) % 2 == 1
            if line[at] == " " and (within_code or not inside) and not MARKER.match(line[at + 1:].lstrip()):
                yield at
    for within_code in (False, True):
        at = next(spaces(width, within_code), None)
        if at is not None and at > first + width // 3:
            return at
    return None


class Items:
    """Which lines begin an item of a list. Asked for one line after the other."""

    def __init__(self):
        self.within = 0  # where the text of the item begins that is open, or 0
        self.before = ""

    def begins(self, line):
        return self._match(line) is not None

    def text_of(self, line):
        """Where the text of a line begins, which is then the line before."""
        indent = len(line) - len(line.lstrip())
        item = self._match(line)
        if item:
            self.within = item.end()
        elif line.strip() and APART.match(self.before) and indent < self.within:
            self.within = 0  # a paragraph that no item contains
        self.before = line
        return item.end() if item else indent

    def _match(self, line):
        item = ITEM.match(line)
        if item is None or APART.match(self.before):
            return item
        # In a paragraph only a bullet or a first number begins a list, unless the line leaves the paragraph's item.
        interrupts = item[2] in ("-", "*", "+", "1.", "1)") and item[3] and len(item[1]) < self.within + 4
        return item if interrupts or len(item[1]) < self.within else None


def wrapped(text, width=WIDTH):
    lines, out, items, fenced, code, at = text.split("\n"), [], Items(), False, False, 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if fenced:
            items.before = ""
            out.append(line)
            continue
        begins = items.begins(line)
        if line.strip() and (code or not items.before.strip()):
            code = not begins and line.startswith("    ")  # up to the next line that is not indented so
        first = items.text_of(line)
        end = None
        if not code and not APART.match(line) and len(line) > width:
            end = place_to_break(line, first, width)
        if end is None:
            out.append(line)
            continue
        out.append(line[:end].rstrip())
        items.before = out[-1]
        rest = " " * first + line[end:].lstrip()
        behind = lines[at] if at < len(lines) else ""
        hard_break = line.endswith(("  ", "\\"))
        if not hard_break and not APART.match(behind) and not items.begins(behind):
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
