#!/usr/bin/env python3
"""How well the compiler explains wrong programs, as a table.

  table.py COMPILER DIRECTORY_OR_FILE... [-- FLAG...]

A program says in its comments what its error should show, as `// expect: TEXT` (one each) or
`// facts: TEXT|TEXT|`; it is compiled with -DTENON_WRONG. An error explains the program if it is
the only one, has at most 12 lines with g++ and 20 with clang, and shows the facts in these lines.
Otherwise the program is "legal" if it compiles, "language" if the first error is none of Tenon's
(tests/compile_fail/README.md lists both kinds), and else "NO". A name that has changed gets a warning of its own,
which is not counted.
"""
import os
import re
import subprocess
import sys
from multiprocessing.pool import ThreadPool


def normal(text):
    return re.sub(r"\s+", "", re.sub(r"(\d)(ull|ul|u|l)\b", r"\1", text, flags=re.I))


def facts_of(source):
    facts = []
    for line in open(source):
        if line.startswith("// expect: "):
            facts.append(line[11:])
        elif line.startswith("// facts: "):
            facts += [fact for fact in line[10:].strip().split("|") if fact]
    return [normal(fact) for fact in facts]


def main():
    arguments, flags = sys.argv[1:], []
    if "--" in arguments:
        cut = arguments.index("--")
        arguments, flags = arguments[:cut], arguments[cut + 1:]
    compiler, places = arguments[0], arguments[1:]
    most = 20 if "clang" in os.path.basename(os.path.realpath(compiler)) else 12
    sources = []
    for place in places:
        sources += [os.path.join(place, name) for name in sorted(os.listdir(place)) if name.endswith(".cpp")] \
            if os.path.isdir(place) else [place]
    counts = {"right": 0, "language": 0, "legal": 0, "NO": 0}
    with ThreadPool(os.cpu_count()) as pool:
        for outcome, row in pool.imap(lambda source: judge(compiler, flags, most, source), sources):
            counts[outcome] += 1
            print(f"{outcome:8} {row}", flush=True)
    print(f"{compiler}: {len(sources)} programs: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items()))


def judge(compiler, flags, most, source):
    run = subprocess.run([compiler, "-std=c++20", "-fdiagnostics-color=never", "-fsyntax-only",
                          "-Wno-deprecated-declarations", "-DTENON_WRONG", *flags, source],
                         capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    lines = run.stderr.splitlines()
    errors = [line for line in lines if "error:" in line]
    head = normal("\n".join(lines[:most]))
    lacking = [fact for fact in facts_of(source) if fact not in head]
    if run.returncode == 0:
        outcome = "legal"
    elif len(errors) == 1 and len(lines) <= most and not lacking:
        outcome = "right"
    else:
        outcome = "NO" if "net/refuse.hpp" in errors[0] else "language"
    first = re.sub(r"^\S+ *(fatal )?error: ", "", errors[0])[:150] if errors else ""
    lacks = "lacks " + ", ".join(lacking) + ": " if lacking and errors else ""
    return outcome, f"{len(errors):2} {len(lines):4}  {os.path.basename(source)[:-4]:32} {lacks}{first}"


main()
