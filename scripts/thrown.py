"""The Errors that a function can throw, read off the library's sources: what a page of the reference says of errors.

Functions are found by their names. A function throws what it throws itself and what the functions throw that it calls:
members of its own type, free functions, and, as `run.f(...)`, those of a run of `fit`. A text stands as the user sees
it, with ... for what is known only when the program runs. Standard library only.
"""
import re
from functools import cache
from pathlib import Path

KEYWORDS = set("if for while switch catch return sizeof throw decltype requires alignas static_assert".split())
HEAD = re.compile(r"^( *)(?!//|#|(?:return|throw|else|case|using|if|for|while|switch|do)\b)"
                  r"(?:[\w:<>,&*\[\] ]+[ &*])?"
                  r"((?:\w+::)*~?\w+)\((?!\*)")
TYPE = re.compile(r"^( *)(?:struct|class) (?:\w+::)*(\w+)\b(?!.*;$)")
# What stands before the name of a member: its type, and the header of that.
RECEIVERS = {"run.": ("TrainingRun", "train/training_run.hpp"), "run.model().": ("Model", "model/model.hpp"),
             "a.": ("Archive", "train/archive.hpp"),
             "file->": ("EventFile", "train/callbacks/tensorboard.hpp"),
             "sums_.": ("ValueSums", "metrics/regression.hpp")}
# What a run does when all callbacks have been called.
LATER = {"save_checkpoint": ("a.", "save")}
# run.f(, x.f(, detail::f<T>(; then make_shared<EventFile>(, Archive a(, f(
KNOWN = "|".join(rf"(?<![\w.]){re.escape(receiver)}" for receiver in sorted(RECEIVERS, key=len, reverse=True))
CALL = re.compile(rf"(?P<receiver>(?:\w+::)+|{KNOWN}|\b(?:contents|state)_->|[\w\])](?:\.|->))?"
                  r"(?:\bmake_shared<(?P<shared>[A-Z]\w*)>|\b(?P<type>[A-Z]\w*) [a-z]\w*|"
                  r"\b(?P<name>\w+)(?:<[\w:<>, ]*>)?)\(")


def closing(text, start):
    """Behind the bracket that closes the one at `start`."""
    depth, i = 0, start
    while i < len(text):
        if text[i] in "\"'":
            quote, i = text[i], i + 1
            while i < len(text) and text[i] != quote:
                i += 2 if text[i] == "\\" else 1
        elif text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i + 1
        i += 1
    return len(text)


def arguments(text):
    """What stands between commas outside brackets and quotes."""
    parts, i, begin = [], 0, 0
    while i < len(text):
        if text[i] in "([{":
            i = closing(text, i)
            continue
        if text[i] in "\"'":
            quote, i = text[i], i + 1
            while i < len(text) and text[i] != quote:
                i += 2 if text[i] == "\\" else 1
        elif text[i] == ",":
            parts.append(text[begin:i].strip())
            begin = i + 1
        i += 1
    return [*parts, text[begin:].strip()]


class Function:
    def __init__(self, name, owner, parameters, body):
        self.name, self.owner, self.parameters, self.body = name, owner, parameters, body


def functions_of(path):
    """The functions that a file defines."""
    lines = path.read_text().split("\n")
    found, types = [], []  # types: (indentation, name) of those that are open
    for i, line in enumerate(lines):
        spaces = len(line) - len(line.lstrip())
        types = [t for t in types if line.strip() in ("", "public:", "private:", "protected:") or spaces > t[0]]
        opened = TYPE.match(line)
        if opened:
            types.append((spaces, opened[2]))
            continue
        head = HEAD.match(line)
        if not head or head[2] in KEYWORDS:
            continue
        text = "\n".join(lines[i:i + 12])
        behind = closing(text, head.end() - 1)
        initialisers = r"(?: try)? : (?:[\w:<>]+[({][^;]*?[)}],?\s*)+"
        begin = re.match(rf"(?:{initialisers}|[^;{{}}]*?)\{{", text[behind:])
        if not begin:
            continue
        text = "\n".join(lines[i:i + 400])
        opening = behind + begin.end() - 1
        end = closing(text, opening)
        caught = re.match(r" catch \([^)]*\) \{", text[end:])
        body = text[opening:closing(text, end + caught.end() - 1) if caught else end]
        name = head[2].split("::")
        owner = name[-2] if len(name) > 1 else types[-1][1] if types else ""
        parameters = [re.sub(r".*?(\w+)(?: = .*)?$", r"\1", one, flags=re.S)
                      for one in arguments(text[head.end():behind - 1])]
        found.append(Function(name[-1], owner, parameters, re.sub(r"//.*", "", body)))
    return found


def literal(part):
    """A string in quotes as it is; nothing for anything else."""
    quoted = re.fullmatch(r'(?:std::string\()?((?:"(?:[^"\\]|\\.)*"\s*)+)\)?', part.strip())
    if not quoted:
        return None
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', quoted[1])).replace('\\"', '"')


def text_of(expression, known):
    """What an Error says; `known` are parameters whose values are known."""
    expression = expression.strip()
    value = lambda part: known.get(re.sub(r"^std::string(?:_view)?\((.*)\)$", r"\1", part.strip()), "...")
    formatted = re.match(r"fmt::format\(", expression)
    if formatted:
        first, *rest = arguments(expression[formatted.end():closing(expression, formatted.end() - 1) - 1])
        shown = iter(rest)
        return re.sub(r"\{[^}]*\}", lambda _: text_of(next(shown, ""), known), literal(first) or "...")
    parts, begin, i = [], 0, 0
    while i < len(expression):  # at + outside brackets and quotes
        if expression[i] in "([{":
            i = closing(expression, i)
            continue
        if expression[i] in "\"'":
            i += 1
            while i < len(expression) and expression[i] != '"':
                i += 2 if expression[i] == "\\" else 1
        elif expression[i] == "+":
            parts.append(expression[begin:i])
            begin = i + 1
        i += 1
    parts.append(expression[begin:])
    return re.sub(r"(\.\.\.)+", "...", "".join(literal(p) if literal(p) is not None else value(p) for p in parts))


def sources_of(root, header):
    """x.cpp and x_*.cpp of x.hpp."""
    stem = header.replace("include/tenon/", "src/").removesuffix(".hpp")
    further = sorted((root / stem).parent.glob(f"{Path(stem).name}_*.cpp"))
    return [path.relative_to(root).as_posix() for path in [root / f"{stem}.cpp", *further] if path.is_file()]


class Sources:
    """The functions of the library, by the file that defines them."""

    def __init__(self, root):
        self.root = root
        self.files = {}  # path: (its functions, the headers of this library that it includes)

    def file(self, path):
        if path not in self.files:
            there = (self.root / path).is_file()
            included = re.findall(r"^#include <(tenon/.*)>", (self.root / path).read_text(), re.M) if there else []
            self.files[path] = (functions_of(self.root / path) if there else [], [f"include/{h}" for h in included])
        return self.files[path]

    @cache
    def seen_from(self, header):
        """The functions that code of a header can call: its own, those of the headers that it or its source includes,
        and what stands in the sources of these."""
        functions, done = {}, set()
        for path in [header, *sources_of(self.root, header)]:
            for near in [path, *self.file(path)[1]]:
                for one in (near, *sources_of(self.root, near)):
                    if one not in done:
                        done.add(one)
                        for function in self.file(one)[0]:
                            functions.setdefault(function.name, []).append((near, function))
        return functions

    def own_texts(self, body, known):
        return [text_of(body[found.end():closing(body, found.end() - 1) - 1], known)
                for found in re.finditer(r"\bthrow Error\(", body)]

    def thrown_by(self, body, header, owners, known, depth=0, seen=()):
        """The texts that code of a header, a member of one of the types `owners`, can throw."""
        texts = self.own_texts(body, known)
        if depth == 8:
            return texts
        visible = self.seen_from(header)
        for found in CALL.finditer(body):
            receiver, name = found["receiver"] or "", found["name"] or found["type"] or found["shared"]
            if name in KEYWORDS or (receiver.startswith("std::") and not found["shared"]):
                continue
            given = [a for a in arguments(body[found.end():closing(body, found.end() - 1) - 1]) if a]
            for where, function in self.called(visible, receiver, name, owners, bool(found["name"])):
                if function in seen:
                    continue
                inside = {k: v for k, v in known.items() if k not in function.parameters}
                for parameter, argument in zip(function.parameters, given):
                    value, last = literal(argument), re.split(r"\.|::", argument)[-1]
                    inside[parameter] = value if value is not None else known.get(last, "...")
                between = next((r for r in (re.fullmatch(r"TargetRange\{([^,]*), ([^,]*)\}", a) for a in given) if r), None)
                if between:  # what check_targets says of a range of numbers
                    inside["describe(range)"] = f"targets from {between[1]} to {between[2]}"
                more = self.thrown_by(function.body, where, [function.owner, *owners], inside, depth + 1,
                                      (*seen, function))
                if between:
                    more = [text for text in more if "a distribution" not in text]
                texts += more
        # A text that is put together elsewhere says nothing here.
        texts = dict.fromkeys(re.sub(r"\.{4,}", "...", text) for text in texts)
        return [text for text in texts if re.search(r"[a-z]{3}", text.partition(": ")[2] or text)]

    def called(self, visible, receiver, name, owners, by_name):
        """The functions that a call may mean, and their files."""
        if receiver == "run.":
            receiver, name = LATER.get(name, (receiver, name))
        if receiver in RECEIVERS:
            owner, header = RECEIVERS[receiver]
            header = f"include/tenon/{header}"
            functions = [f for path in (header, *sources_of(self.root, header)) for f in self.file(path)[0]]
            return [(header, f) for f in functions if f.owner == owner and f.name == name]
        if receiver in ("contents_->", "state_->"):  # what a class hides in its source
            return [(where, f) for where, f in visible.get(name, []) if f.owner in ("Contents", "State")]
        spaces = receiver.split("::")[:-1]
        if receiver and not spaces:
            return []
        wanted = [name] if not by_name else ["", *spaces[-1:]] + ([] if receiver else list(owners))
        return [(where, f) for where, f in visible.get(name, []) if f.owner in wanted]

    def thrown_by_type(self, names, headers, known, member=""):
        """By all members of a type and its bases, or by one of them; `headers` define them."""
        texts = []
        for header in dict.fromkeys(headers):
            for functions in self.seen_from(header).values():
                for where, function in functions:
                    if function.owner in names and member in ("", function.name):
                        texts += self.thrown_by(function.body, where, names, known, 0, (function,))
        return list(dict.fromkeys(texts))
