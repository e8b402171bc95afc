#!/usr/bin/env python3
"""Writes a program of the examples that stand in the comments of layers, losses, ...: scripts/doc_examples.py FILE

A test (docs.examples) asks the compiler whether it means something. Examples of networks are types, whose shapes are
asked for where they say their input; nodes of graphs are types, too; of a call of fit it is the Fit, with the variables
declared before it and those of GIVEN. What has an ellipsis (...) is left out. Standard library only.
"""
import re
import sys
from pathlib import Path

from reference import all_entries, blocks_of

# What examples use without a declaration.
GIVEN = """
constexpr std::uint64_t seed = 1;
extern const Dataset<float> train, test;
extern const Model<Sequential<Dense<64, 10>, Softmax>> model;
extern const DrawnRows seen, answers;
extern const Moments real;
extern const std::vector<float> rows;
"""

COMMENT = re.compile(r"\s*//.*$", re.M)


def balanced(text, begin):
    """From text[begin], an opening brace, to the brace that closes it."""
    depth = 0
    for i in range(begin, len(text)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return text[begin:i + 1]
    return None


def statements_of(code):
    """What can be compiled of an example, and the name of its network where that says its input."""
    code = COMMENT.sub("", code)
    if "..." in code:
        return [], None
    nodes = [line.strip().rstrip(",") for line in code.split("\n") if line.startswith("Node<")]
    out = [f"using Nodes{i} = detail::list<{line}>;" for i, line in enumerate(nodes)]
    rest = "\n".join(line for line in code.split("\n") if not line.startswith("Node<"))
    types = re.findall(r"^(?:template <[^\n]*>\n)?using \w+ = [^;]*;", rest, re.M)
    out += types
    fit = re.search(r"\bFit\{", rest)
    if fit:
        how = balanced(rest, fit.end() - 1)
        if how:  # with the variables that are declared before it
            out += re.findall(r"^(?:const )?(?!Model)[A-Z]\w*(?:<[^;\n]*>)? \w+(?:\{[^;\n]*\})?;", rest, re.M)
            out.append(f"const auto how = Fit{how};")
    whole = types and not types[-1].startswith("template") and \
        re.search(r"\bInput<\d|= Sequential<(Dense|Conv2D)<\d+, \d+", types[-1])
    return out, re.match(r"using (\w+)", types[-1]).group(1) if whole else None


def program():
    out, headers, count = ["using namespace tenon;", GIVEN], {"tenon.hpp"}, 0
    for _, entries in all_entries():
        for entry in entries:
            for kind, lines in blocks_of(entry.doc):
                if kind != "code":
                    continue
                statements, network = statements_of("\n".join(line[4:] for line in lines))
                if statements:
                    count += 1
                    headers.add(entry.header)
                    out += ["", f"namespace example_{count} {{  // {entry.header}: {entry.name}", *statements]
                    out += [f"static_assert(output_shape<{network}>::size > 0);"] if network else []
                    out.append("}")
    first = ["// Written by scripts/doc_examples.py.", *(f"#include <tenon/{h}>" for h in sorted(headers)), ""]
    return "\n".join(first + out) + "\n", count


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    text, count = program()
    if count < 160:
        sys.exit(f"expected at least 160 examples in the comments of headers, found {count}: are they read?")
    Path(sys.argv[1]).write_text(text)
    print(f"{count} examples")
