#!/usr/bin/env python3
"""Whether the README's table of what Tenon can do says what the tests wrote into docs/support.md.

    scripts/readme_table.py    names the cells that do not

A row stands for networks of some sections of docs/support.md, a column for one of theirs. "yes": all of these networks
can be run so; nothing: none of them; "all but `A`, `B`": those layers refuse, and no others; any other words: some can
and some cannot. Standard library only.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = {"train": "gradient", "float, no heap": "Frozen", "one step a call": "steps", "int8": "Quantized"}
# By the first word of a row. Of formulas of one's own the zoo has too few to say what holds for all.
SECTIONS = {"vectors": ["Vectors"], "images": ["Images", "Images through blocks, and signals"],
            "sequences": ["Sequences"], "text": ["Attention and tokens"],
            "graphs": ["Graphs", "Graphs of blocks, and over steps"], "your": []}


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def networks_of_support():
    """Of each section its networks, as {column: cell}."""
    sections, networks, heads = {}, None, []
    for line in (ROOT / "docs" / "support.md").read_text().split("\n"):
        if line.startswith("### "):
            networks = sections.setdefault(line[4:], [])
        elif line.startswith("| network |"):
            heads = cells_of(line)
        elif line.startswith("| ") and networks is not None and len(cells_of(line)) == len(heads):
            networks.append(dict(zip(heads, cells_of(line))))
    return sections


def fault_of(cell, found):
    """What is wrong with a cell, given the cells of its networks; nothing where it is right."""
    refused = [one for one in found if re.match(r"no\b", one)]
    layers = sorted({re.match(r"no: (\w+)", one)[1] for one in refused if one.startswith("no: ")})
    some = f"{len(refused)} of {len(found)} are refused, by {', '.join(layers) or 'no layer'}"
    if cell == "yes":
        return some if refused else None
    if cell == "":
        return some if len(refused) < len(found) else None
    if cell.startswith("all but "):
        return some if sorted(re.findall(r"`(\w+)`", cell)) != layers else None
    return None if 0 < len(refused) < len(found) else some


def main():
    sections, faults, compared = networks_of_support(), [], 0
    readme = (ROOT / "README.md").read_text()
    table = re.search(r"^\| networks of .*\n(?:\|.*\n)+", readme, re.M)[0].strip().split("\n")
    heads = cells_of(table[0])
    for line in table[2:]:
        row = dict(zip(heads, cells_of(line)))
        name = re.split(r"\W", row["networks of"])[0]
        found = [network for section in SECTIONS[name] for network in sections[section]]
        for head, column in COLUMNS.items():
            if found:
                compared += 1
                fault = fault_of(row[head], [network[column] for network in found])
                faults += [f'README.md, {row["networks of"]}, {head}: "{row[head]}", but {fault}'] if fault else []
    if faults or compared < 20:
        print("\n".join(faults))
        sys.exit(f"{len(faults)} of {compared} cells of the README's table are not what docs/support.md says")
    print(f"{compared} cells of the README's table are what docs/support.md says")


if __name__ == "__main__":
    main()
