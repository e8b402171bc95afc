#!/usr/bin/env python3
"""Pages of everything public in the headers: types, functions and constants, by folder.

    scripts/api.py    says which names do not say what they are, and writes nothing

scripts/docs_site.py, which writes the web site, imports it. Standard library only. What is read of a header: what
stands in namespace tenon itself (and in tenon::augment, edge, generative, session, and the like, but not in detail),
with the comment (///) above it, or above a neighbour that it directly follows; of a class, its public members.
"""
import re
import sys
from pathlib import Path

from reference import INCLUDE, ROOT, linked, markdown_of, write

# What a folder is about, in the order of the pages.
FOLDERS = {
    "": "Tenon", "model": "Models", "net": "Networks", "layers": "Layers", "networks": "Networks of layers and of networks", "expr": "Formulas", "train": "Training",
    "losses": "Losses", "optim": "Optimizers", "init": "Initialisers", "metrics": "Metrics", "data": "Data", "text": "Text",
    "generative": "Generative networks", "report": "Reports and pictures", "io": "Files", "edge": "Microcontrollers",
    "dist": "Many machines", "kernels": "Kernels",
}
PRIVATE = re.compile(r"(^|::)(detail|embedded|kernels)(::|$)")
# Overloads that are only there to be refused: what they stand beside has the comments.
REFUSING = {"expr/misused.hpp"}
# Words that begin what is no declaration of a name.
SKIPPED = re.compile(r"(extern template|template class|template struct|static_assert|friend|#|private:|protected:|using namespace|"
                     r"return|if |for |\}|//|requires$|TENON_|enum class \w+ *;)")


class Name:
    """A declaration and its comment; of a class the members, which are Names too."""

    def __init__(self, name, code, doc, line):
        self.name, self.code, self.doc, self.line, self.members = name, code, doc, line, []


def depth_of(text):
    """How many brackets text opens and does not close, without those in strings and comments."""
    bare = re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])\'|//.*', "", text)
    return sum(bare.count(c) for c in "({[") - sum(bare.count(c) for c in ")}]")


def head_of(code):
    """The declaration without its body or value."""
    level = 0
    for i, c in enumerate(code):
        if c in "([":
            level += 1
        elif c in ")]":
            level -= 1
        elif level == 0 and c == "{" and not re.search(r"operator$", code[:i].rstrip()):
            return code[:i].rstrip()
        elif level == 0 and c == ";":
            return code[:i].rstrip()
    return code.rstrip()


def name_of(head):
    """What a declaration is called; None for what has no name to look up."""
    head = re.sub(r"\[\[[^\]]*\]\]\s*", "", head)
    # templates' own heads say nothing about the name
    while head.startswith("template"):
        level, i = 0, head.index("<")
        for i in range(i, len(head)):
            level += (head[i] == "<") - (head[i] == ">")
            if level == 0:
                break
        head = re.sub(r"^\s*requires\b(\s*\([^()]*(\([^()]*\)[^()]*)*\)|\s+[^\n]+\n?)", "", head[i + 1:].lstrip()).lstrip()
    found = re.match(r"(?:struct|class|enum class|enum|concept|using)\s+(\w+)", head)
    if found:
        specialised = re.match(r"(?:struct|class)\s+\w+\s*<", head)
        return None if specialised else found.group(1)
    found = re.search(r"(operator\s*(?:\(\)|\[\]|[^\s(]+)|~?\w+)\s*\(", head)
    if found and found.group(1) not in ("requires", "explicit", "decltype", "noexcept", "alignas"):
        return re.sub(r"\s", "", found.group(1))
    found = re.search(r"(\w+)\s*(?:=[^=].*|\[.*\])?$", head.split("=")[0].strip())
    return found.group(1) if found else None


def members_of(lines, begin, end, public, indent):
    """The documented names between two lines of a file, whose code is indented so far."""
    found, doc, follows = [], [], None
    i = begin
    while i < end:
        line = lines[i]
        text = line.strip()
        inside = line.startswith(" " * indent) and not line.startswith(" " * (indent + 1))
        if not text:
            doc, follows = [], None
        elif re.match(r" *(public|private|protected):$", line) and len(line) - len(line.lstrip()) <= indent:
            public = text == "public:"
            doc, follows = [], None
        elif text.startswith("///"):
            if not text.startswith("///<"):
                doc.append(text[4:] if text.startswith("/// ") else text[3:])
        elif not inside or not public or SKIPPED.match(text):
            if not text.startswith(("//", "#")):
                doc = []
                level = depth_of(line)
                while level > 0 and i + 1 < end:
                    i += 1
                    level += depth_of(lines[i])
        else:
            first, code, level = i, line[indent:], depth_of(line)
            while i + 1 < end and (level > 0 or not re.search(r"[;}]\s*(//.*)?$", lines[i])):
                i += 1
                code += "\n" + lines[i][indent:]
                level += depth_of(lines[i])
            head = head_of(code)
            name = name_of(head)
            declared = re.search(r"(^|\n|> )(struct|class) \w+$", head) and "{" not in code  # and defined elsewhere
            outside = ("= delete" in code or re.search(r"[\w>]::\w+\(", head) or  # defined, guided or refused
                       re.search(r"\)\s*->", head) and not re.search(r"\bauto \w+\(", head))
            if declared or outside or re.match(r"using [\w:]+::\w+$", head) or "[[deprecated" in code or name == "operator":
                name = None  # declared here, but explained elsewhere, or a word of an error message
            if name:
                beside = re.search(r"[;{,}] *//+<? (.+)$", lines[first] if "\n" not in code else "")
                own = doc or ([beside.group(1)] if beside else follows.doc if follows else [])
                if not own and re.search(r"^\s*(///|[\w:<>, ]+[=\w{}.\" ]*[,;]? *//)", "\n".join(code.split("\n")[1:]), re.M):
                    own = ["Its members say what it is."]
                entry = Name(name, head, own, first + 1)
                if re.search(r"(^|\n)(struct|class)\s", head) and "\n" in code:
                    body = next((k for k in range(first, i) if lines[k].rstrip().endswith("{")), first) + 1
                    entry.members = members_of(lines, body, i, not re.search(r"(^|\n)class\s", head), indent + 2)
                found.append(entry)
                follows = entry
            doc = []
        i += 1
    return found


def names_of(path):
    """The public names of a header."""
    lines = path.read_text().split("\n")
    spaces, found, begin = [], [], None
    for i, line in enumerate(lines):
        opened = re.match(r"(?:inline )?namespace ([\w:]*) ?\{$", line)
        if opened or re.match(r"\}  // namespace", line):
            if begin is not None and spaces and spaces[0].startswith("tenon") and not PRIVATE.search("::".join(spaces)):
                found += members_of(lines, begin, i, True, 0)
            if opened:
                spaces.append(opened.group(1))
            elif spaces:
                spaces.pop()
            begin = i + 1 if spaces else None
    return found


def public_headers():
    for path in sorted(INCLUDE.rglob("*.hpp")):
        place = path.relative_to(INCLUDE)
        if len(place.parts) > 2 and place.parts[1] not in ("callbacks", "augment"):
            continue  # what layers are made of
        if place.as_posix() in REFUSING:
            continue
        yield place, names_of(path)


def write_name(name, level, out):
    if not name.doc and not name.members:
        return
    out.append(f"{'#' * level} {name.name}\n" if level < 5 else f"**{name.name}**\n")
    out.append(f"```cpp\n{name.code}\n```\n")
    out.append(markdown_of(name.doc) + "\n")
    for member in (m for m in name.members if m.doc):
        out.append(f"```cpp\n{member.code}\n```\n")
        out.append(markdown_of(member.doc) + "\n")


def write_api(folder):
    """Writes a page for each folder; (title, place) of each."""
    pages = {}
    for place, names in public_headers():
        documented = [n for n in names if n.doc]
        if documented:
            pages.setdefault(place.parts[0] if len(place.parts) > 1 else "", []).append((place, documented))
    done = []
    for key, title in FOLDERS.items():
        if key not in pages:
            continue
        out = [f"# {title}\n", f"What `tenon/{key + '/' if key else ''}` declares, header by header.\n"]
        for place, names in pages[key]:
            out.append(f"## tenon/{place.as_posix()}\n")
            for name in names:
                write_name(name, 3, out)
        write(folder / f"{key or 'tenon'}.md", linked("\n".join(out), 1))
        done.append((title, f"api/{key or 'tenon'}.md"))
    return done


def undocumented():
    for place, names in public_headers():
        for name in names:
            if not name.doc and place.parts[0] in FOLDERS:
                yield f"include/tenon/{place.as_posix()}:{name.line}: {name.name} does not say what it is"


if __name__ == "__main__":
    missing = list(undocumented())
    print("\n".join(missing) if missing else "every public name says what it is")
    sys.exit(1 if missing else 0)
