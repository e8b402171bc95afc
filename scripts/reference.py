#!/usr/bin/env python3
"""Pages of the documentation from the comments in the headers.

    scripts/reference.py    says which layers, losses, ... do not say what they are, and writes nothing

scripts/docs_site.py, which writes the web site, imports it. Standard library only. What is read of a header: the
comment (///) above each struct, class and alias in namespace tenon whose name is PascalCase; what stands in its body is
read for the table of its members.
"""
import functools
import html
import math
import re
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from errors import allowed, definition_of, errors_of, faults as faults_of_errors, options_of
from mathml import Unreadable, mathml
from schedule_picture import WITHOUT as NO_SCHEDULES, schedule_picture
from tables import row, table

ROOT = Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include" / "tenon"


def named(folder, names):
    return [f"{folder}/{name}.hpp" for name in names.split()]


# title, folder, what it is, headers
CATEGORIES = [
    ("Layers", "layers", "What networks are made of.", ["layers/*.hpp"]),
    ("Compositions", "compositions", "Layers made of layers, and whole networks.",
     named("net", "sequential residual add concat repeat gate split_at masked named graph graph_names")
     + named("networks", "dense_block unet transformer quantization_aware")),
    ("Losses", "losses", "What training makes small.", ["losses/*.hpp"]),
    ("Optimizers", "optimizers", "How parameters follow their gradients.",
     named("optim", "sgd adam adamw rmsprop adagrad adadelta nadam radam asgd lion lamb groups")),
    ("Schedules", "schedules", "How the learning rate goes.",
     named("optim", "schedules cyclic_lr schedule reduce_lr_on_plateau")),
    ("Regularizers", "regularizers", "Penalties on weights.", ["optim/regularizer.hpp"]),
    ("Metrics", "metrics", "What is measured.", ["metrics/*.hpp"]),
    ("Callbacks", "callbacks", "What happens during training.",
     ["train/callbacks/*.hpp", "train/averaged_model.hpp", "train/callback.hpp"]),
    ("Initialisers", "initialisers", "What weights begin with.", ["init/*.hpp"]),
    ("Augmentation", "augmentation", "Random changes that leave the meaning of a sample alone.",
     ["data/augment/steps.hpp", "data/augment.hpp"]),
]

# Headers of layers, losses, ... that define none.
WITHOUT = {"layers/normalization.hpp", "layers/options.hpp", "layers/several_inputs.hpp", "losses/arguments.hpp",
           "losses/batch_weight.hpp", "losses/formula.hpp", "losses/loss.hpp", "losses/input_kind.hpp",
           "losses/joint.hpp", "losses/loss_check.hpp", "losses/target_range.hpp",
           "metrics/metric.hpp", "metrics/bound.hpp", "init/gain.hpp", "optim/clip.hpp", "optim/monitor.hpp",
           "optim/norm_blocks.hpp", "optim/optimizer.hpp"}
# Categories of which every page shows a formula.
WITH_FORMULAS = {"layers", "losses", "optimizers", "schedules", "regularizers", "metrics", "initialisers"}
# Those whose pages say what other frameworks call it, and which.
WITH_NAMES = {"layers": "PyTorch, ONNX or Keras", "losses": "PyTorch or Keras", "optimizers": "PyTorch or Keras",
              "schedules": "PyTorch or Keras", "metrics": "scikit-learn, Keras or PyTorch", "callbacks": "Keras or PyTorch"}
# Those whose pages show an example; and what needs none: a layer that only the library writes, and results.
WITH_EXAMPLES = {"layers", "losses", "optimizers", "schedules", "metrics", "callbacks"}
WITHOUT_EXAMPLE = {"StreamedConv1D", "DrawnRows", "Moments", "SampleQuality"}
# Layers of one formula without a curve: they look at more than one number, or at random ones.
WITHOUT_CURVE = set("Dropout GLU SwiGLU L2Normalize LayerNorm RMSNorm Softmax LogSoftmax".split())
# What users do not write.
INTERNAL = set("""OutputArguments FormulaLayer LossTarget LossArguments OptimizerArrays Group AnySchedule Predictions OutputLoss JointLoss
    OutputMetric EventFile SignalWatch GraphPart ReadOptions Callbacks Metrics MatrixSize ImageSize TargetKind
    AugmentedDataset LinearDefault Walk Steps""".split())


class Entry:
    def __init__(self, name, doc, template, header, body, base, used=""):
        self.name, self.doc, self.template, self.header, self.body, self.base = name, doc, template, header, body, base
        self.also = []
        self.used = used  # the type that a `using` names
        self.alias_of = ""  # the same where that has the comment, too


def opens_more(template):
    """Whether the parameters of a template go on; < and > within parentheses compare."""
    outside = re.sub(r"\([^()]*\)", "", template)
    return outside.count("<") > outside.count(">")


def entries_of(path):
    """The documented types of a header, in its order."""
    header = path.relative_to(INCLUDE).as_posix()
    lines = path.read_text().split("\n")
    spaces, found, doc, template = [], [], [], ""
    i = 0
    while i < len(lines):
        line = lines[i]
        i += 1
        opened = re.match(r"namespace ([\w:]+) \{$", line)
        if opened:
            spaces.append(opened.group(1))
            doc, template = [], ""
        elif re.match(r"\}  // namespace", line):
            spaces and spaces.pop()
            doc, template = [], ""
        elif line.startswith("///"):
            doc.append(line[4:] if line.startswith("/// ") else line[3:])
        elif line.startswith("template"):
            template = line
            while opens_more(template):
                template += " " + lines[i].strip()
                i += 1
        elif re.match(r"\s+requires", line) or line.startswith("requires"):
            continue
        else:
            if re.match(r"using \w+$", line):
                line += " " + lines[i].strip()
                i += 1
            deprecated = re.search(r'\[\[deprecated\("([^"]*)"\)\]\] ?', line)
            if deprecated:
                line = line.replace(deprecated.group(0), "")
                doc += ["", f"Deprecated: {deprecated.group(1)}."] if doc else []
            declared = re.match(r"(struct|class|using) (\w+)(.*)$", line)
            if declared and spaces in (["tenon"], ["tenon", "augment"], ["tenon::augment"]):
                kind, name, rest = declared.groups()
                # A specialisation, a declaration, or a word of an error.
                usable = name[0].isupper() and not rest.startswith("<") and (doc or kind == "using" or rest != ";")
                body, base = [], ""
                if usable and kind != "using":
                    text = rest
                    while "{" not in text and ";" not in text:
                        text += " " + lines[i].strip()
                        i += 1
                    base = text.split("{")[0].strip(" :;")
                    if "{" in text and not re.search(r"\{.*\};?$", text):
                        while i < len(lines) and not lines[i].startswith("};"):
                            body.append(lines[i])
                            i += 1
                alias = re.search(r"= (\w+)", rest) if kind == "using" else None
                if usable and name not in INTERNAL and not any(name == e.name for e in found if not doc):
                    if doc:
                        found.append(Entry(name, doc, template, header, body, base, alias[1] if alias else ""))
                    elif found and kind != "using" and not lines[max(0, i - 2)].strip().startswith("}  //"):
                        # Its neighbour's comment is about both.
                        found[-1].also.append(Entry(name, found[-1].doc, template, header, body, base))
                    elif found and kind == "using":
                        # The comment of what it names, if that stands in this header, or else its neighbour's.
                        note = [f"Deprecated, {deprecated.group(1)}.", ""] if deprecated else []
                        named = alias[1] if alias else ""
                        of = next((e for e in found if named in (e.name, *(other.name for other in e.also))), found[-1])
                        of.also.append(Entry(name, note + of.doc, template, header, body, base))
                        of.also[-1].used = of.also[-1].alias_of = named
            if line.strip():
                doc, template = [], ""
    return found


def all_entries():
    """(category, entries) in their order; an entry whose name has come before is a form of that one."""
    result = []
    for category in CATEGORIES:
        entries, seen = [], {}
        for pattern in category[3]:
            for path in sorted(INCLUDE.glob(pattern)):
                for entry in entries_of(path):
                    if entry.name in seen:
                        seen[entry.name].doc += ["", *entry.doc]
                    else:
                        seen[entry.name] = entry
                        entries.append(entry)
        result.append((category, entries))
    return result


# --- from a comment to Markdown ------------------------------------------------------------------

LABELS = re.compile(r"(?:(?<=\s)|^)"
                    r"(Shapes|Options|Parameters?(?: and PyTorch's name)?|Gradients?|PyTorch|Keras|ONNX|scikit-learn): ")
CODE = re.compile(r"[;{}]|\bNode<|\bfit\(|\bGraph<|//")


def escape(text):
    """Prose for Markdown: nothing but `code` means anything."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(p if p.startswith("`") else re.sub(r"([*_\[\]\\])", r"\\\1", html.escape(p, quote=False))
                   for p in parts)


def blocks_of(doc):
    """('text' | 'code', lines) from the lines of a comment."""
    blocks = []
    for line in doc:
        kind = None if not line.strip() else "code" if line.startswith("    ") else "text"
        if kind is None:
            blocks.append((None, []))
        elif blocks and blocks[-1][0] == kind:
            blocks[-1][1].append(line)
        else:
            blocks.append((kind, [line]))
    joined = []
    for kind, lines in blocks:
        # Code with an empty line in it is one block.
        if kind == "code" and len(joined) > 1 and joined[-1][0] is None and joined[-2][0] == "code":
            joined.pop()
            joined[-1][1].extend(["", *lines])
        else:
            joined.append((kind, lines))
    return [(kind, lines) for kind, lines in joined if kind]


def has_example(doc):
    return any(kind == "code" and CODE.search("\n".join(lines)) for kind, lines in blocks_of(doc))


def looks_like_formula(text):
    """Not a file's content, a command or what a program prints."""
    return not re.search(r"--|==|\"|\bepoch\b|\w/\w+/|\.(cpp|hpp|csv|txt)\b", text) and re.search(r"[=()^|]|sum_|\b[a-z]_[a-z]\b", text)


def equation_of(text):
    """The first "y = ..." that a sentence has, up to a stop, comma or colon outside of parentheses; two lines of
    "y = a where c, otherwise b"."""
    cases = re.search(r"\by = ([^.,]+) (where [^.,]+), (?:otherwise ([^,;]+?)|([^,;]+?) elsewhere)(?=[,;]|\.(?!\d)|$)", text)
    if cases:
        return f"y = {cases[1]} {cases[2]}\ny = {cases[3] or cases[4]} otherwise"
    found = re.search(r"(?<![\w<(])[ybs](\[[^]]*\])* = ", text)
    if not found:
        return None
    depth = 0
    for i in range(found.end(), len(text) + 1):
        c = text[i:i + 1]
        depth += (c in "([{" and c != "") - (c in ")]}" and c != "")
        ends = c == "" or (c in ".,;:" and text[i + 1:i + 2] in ("", " "))
        of_several = c == "," and " of " not in text[found.start():i].rpartition(" over ")[2] and " over " in text[found.start():i]
        if depth < 0 or (depth == 0 and ends and not of_several):
            equation = text[found.start():i].strip()
            return equation if len(equation) > 5 or equation == "y = x" else None
    return None


def display_of(doc, base=""):
    """The formula of a comment that has none by itself, as a block of its own: of its first sentence, or of its base."""
    texts = [equation_of(LABELS.split(" ".join(line.strip() for line in lines))[0])
             for kind, lines in blocks_of(doc) if kind == "text"]
    written = re.match(r"Map<(.*)>$", base.strip(), re.S)
    if written and "detail::" not in base and "param<" not in base:
        texts.append("y = " + re.sub(r"std::numbers::sqrt2", "sqrt(2)", written.group(1)))
    for text in texts:
        try:
            if text and '"' not in text and "`" not in text and "::" not in text:
                return mathml(text)
        except Unreadable:
            pass
    return None


@functools.cache
def keras_names():
    """What docs/from_keras.md says that Keras calls them, by our names: of a cell with as many names as the other, or
    with one for all of them. Where a name means something else there, the cell says so in parentheses."""
    found = {}
    text = (ROOT / "docs" / "from_keras.md").read_text(encoding="utf-8")
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        title = section.split("\n")[0]
        for line in section.split("\n"):
            cells = [c.strip() for c in line.strip("|").split(" | ")]
            words = re.sub(r"`[^`]*`", "", line)
            if title == "A program" or not line.startswith("| `") or len(cells) != 2 or "(" in words:
                continue
            theirs, ours = (re.findall(r"`([^`]+)`", cell) for cell in cells)
            inside = re.match(r"[a-z]+\.", theirs[0])
            theirs = [name[len(inside[0]):] if inside and name.startswith(inside[0]) else name for name in theirs]
            wanted = r"\w+" if inside or title.endswith("initialisers") else r"[A-Z]\w*"
            theirs = [name[0] for code in theirs if (name := re.match(wanted + r"(?=\(|$)", code))]
            ours = [name[0] for code in ours if (name := re.match(r"[A-Z]\w*", code))]
            if len(theirs) == 1:
                theirs *= len(ours)
            if len(theirs) == len(ours):
                for name, other in zip(ours, theirs):
                    other = (inside[0] if inside else "") + other
                    if other not in found.setdefault(name, []):
                        found[name].append(other)
    return {name: ", ".join(others) for name, others in found.items()}


def markdown_of(doc, base="", name=""):
    """The comment as a page; of a type with this name, with what Keras calls it even if the comment does not say that."""
    out, elsewhere = [], []
    for kind, lines in blocks_of(doc):
        if kind == "code":
            text = "\n".join(line[4:] for line in lines).rstrip()
            is_code = bool(CODE.search(text))
            if is_code and "**Example**" not in out:
                out.append("**Example**")
            try:
                formula = None if is_code or not looks_like_formula(text) else mathml(text)
            except Unreadable:
                formula = None
            out.append(f'<div class="formula">{formula}</div>' if formula else
                       f"```{'cpp' if is_code else 'text'}\n{text}\n```")
            continue
        text = " ".join(line.strip() for line in lines)
        parts = LABELS.split(text)
        if parts[0].strip():
            out.append(escape(parts[0].strip()))
        for label, text in zip(parts[1::2], parts[2::2]):
            if label in ("PyTorch", "Keras", "ONNX", "scikit-learn"):
                elsewhere.append((label, escape(text.strip().rstrip("."))))
            else:
                out.append(f"**{label}.** {escape(text.strip())}")
    if name in keras_names() and "Keras" not in dict(elsewhere):
        after = next((i + 1 for i, (label, _) in enumerate(elsewhere) if label == "PyTorch"), len(elsewhere))
        elsewhere.insert(after, ("Keras", keras_names()[name]))
    if elsewhere:
        out.append("**Elsewhere**\n\n" + table(("framework", "name"), [row(*e) for e in elsewhere]))
    if not any("<math" in part for part in out):
        formula = display_of(doc, base)
        if formula:
            out.insert(min(1, len(out)), f'<div class="formula">{formula}</div>')
    return "\n\n".join(out)


def summary_of(doc):
    for kind, lines in blocks_of(doc):
        if kind == "text":
            text = " ".join(line.strip() for line in lines)
            # To the first full stop or colon that stands in no parentheses and ends no "et al.".
            depth = 0
            for i, c in enumerate(text):
                depth += (c == "(") - (c == ")")
                ends = c in ".:" and text[i - 1] != " " and text[i + 1:i + 2] in ("", " ")
                if ends and depth == 0 and not re.search(r"\b(al|[A-Z])$", text[:i]):
                    return escape(text[:i])
            return escape(text.rstrip(":,"))
    return ""


# type name = value;  // meaning. Or several names of one type.
MEMBER = re.compile(r"^  (?!static|using|template|friend|return|explicit|constexpr|void|struct|//)"
                    r"([\w:][\w:<>, ]*?) (\w+(?:(?: = [^;]+|\{[^}]*\})?, \w+)*)(?: = ([^;]+)|\{([^}]*)\})?;"
                    r"(?:\s*//+<?\s*(.*))?$")
NEXT_NAME = re.compile(r", (?=\w+(?: = |\{|$|,))")


def members_of(entry):
    rows = []
    for line in entry.body:
        if line.startswith("private:"):
            break
        found = MEMBER.match(line)
        if found and not found.group(2).endswith("_"):
            kind, names, value, braces, text = found.groups()
            last = value or braces or ""
            declared = NEXT_NAME.split(names + (f" = {last}" if last else ""))
            for one in declared:
                name, _, default = one.partition("{" if "{" in one.partition(" = ")[0] else " = ")
                rows.append((f"`{name}`", f"`{kind}`", f"`{default.rstrip('}')}`" if default else "", escape(text or "")))
    return rows


# --- pictures of activations, from their formulas ------------------------------------------------

def safe(function):
    def call(*a):
        try:
            return function(*a)
        except (OverflowError, ValueError):
            return math.inf
    return call


FUNCTIONS = {
    "exp": safe(math.exp), "expm1": safe(math.expm1), "log": safe(math.log), "tanh": math.tanh, "erf": math.erf,
    "sqrt": safe(math.sqrt), "abs": abs, "max": max, "min": min, "square": lambda v: v * v,
    "sigmoid": lambda v: 1 / (1 + safe(math.exp)(-v)), "softplus": lambda v: max(v, 0) + math.log1p(math.exp(-abs(v))),
    "select": lambda c, a, b: a if c else b, "clamp": lambda v, low, high: min(max(v, low), high),
    "straight_through": lambda value, like: value, "log1p": safe(math.log1p),
}


def function_of(entry):
    """An activation as a function of a number, with the defaults of its arguments; or nothing."""
    other = definition_of(entry.used, entry.header) if entry.used else None
    found = re.match(r"Map<(.*)>$", (other[0].strip(" :") if other else entry.base).strip())
    if not found:
        return None
    text = found.group(1)
    header = (INCLUDE / entry.header).read_text()
    for name, value in re.findall(r"^inline constexpr double (\w+) = ([\d.]+);", header, re.M):
        text = text.replace(f"detail::{name}", value)
    for name, value in re.findall(r"auto (\w+) = ([-\d.]+)", entry.template):
        text = text.replace(f"detail::number_or_1<{name}>()", f"({value})")
    text = re.sub(r'param<"\w+", (?:Option\.\.\., )?Constant<([\d.]+)>>', r"\1", text)
    text = re.sub(r'param<"\w+", Ones>', "1", text)
    text = text.replace("std::numbers::sqrt2", "math.sqrt(2)")
    text = text.replace("detail::sqrt_of_two_over_pi", "math.sqrt(2 / math.pi)")
    if "::" in text or "<" in re.sub(r" < ", "", text) or '"' in text:
        return None
    try:
        code = compile(text, entry.name, "eval")
        names = dict(FUNCTIONS, math=math, __builtins__={})
        f = lambda v: float(eval(code, names, {"x": v}))
        return f if all(math.isfinite(f(v)) for v in (-4.0, -0.5, 0.0, 0.5, 4.0)) else None
    except Exception:
        return None


def picture_of(f, name):
    """The function and its derivative, as SVG in the page."""
    width, height, low, high, bottom, top = 480, 300, -4.0, 4.0, -2.0, 4.0
    across = lambda x: (x - low) / (high - low) * width
    down = lambda y: (top - y) / (top - bottom) * height
    at = lambda x, y: f"{across(x):.1f},{down(y):.1f}"
    seen = lambda y: min(max(y, bottom - 1), top + 1)
    slope_at = lambda x: (f(x + 1e-5) - f(x - 1e-5)) / 2e-5
    line = lambda x0, y0, x1, y1: f"M{at(x0, y0)} L{at(x1, y1)}"
    text = lambda x, y, words, more="": f'<text x="{x:.0f}" y="{y:.0f}" {more}>{words}</text>'

    steps = [low + (high - low) * k / 400 for k in range(401)]
    curve = " ".join(at(x, seen(f(x))) for x in steps)
    slope = " ".join(at(x, seen(slope_at(x))) for x in (s + 1e-3 for s in steps))  # beside the kinks
    grid = [line(k, bottom, k, top) for k in range(-4, 5)] + [line(low, k, high, k) for k in range(-2, 5)]
    labels = [text(across(k) + 3, down(0) + 12, k) for k in (-3, -2, -1, 1, 2, 3)]
    labels += [text(across(0) + 3, down(k) - 3, k) for k in (-1, 1, 2, 3)]
    labels += [text(8, 16, name, 'fill="#1f77d0" font-size="14"')]
    labels += [text(8, 34, "its derivative", 'fill="#e8710a" font-size="14"')]
    return "".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" ',
        f'aria-label="{name} and its derivative" style="max-width:100%;height:auto" fill="none" stroke-width="2">',
        f'<path stroke="#88888833" stroke-width="1" d="{" ".join(grid)}"/>',
        f'<path stroke="#888888" stroke-width="1" d="{line(low, 0, high, 0)} {line(0, bottom, 0, top)}"/>',
        f'<polyline points="{slope}" stroke="#e8710a" stroke-dasharray="6 4"/>',
        f'<polyline points="{curve}" stroke="#1f77d0" stroke-width="3"/>',
        f'<g fill="#888888" stroke="none" font-size="11" font-family="sans-serif">{"".join(labels)}</g></svg>'])


# --- pages ---------------------------------------------------------------------------------------

def spelling(entry):
    """What stands between its angle brackets; a list of options says nothing, its page says it better."""
    inside = re.match(r"template <(.*)>$", entry.template)
    if not inside or re.match(r"(auto|class)\.\.\. \w+$", inside.group(1)):
        return ""
    return f"{entry.name}<{inside.group(1)}>"


def words_of_name(name):
    """EarlyStopping: early, stopping. The site's search takes a name for one word."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+D?", name)
    return [word.lower() for word in words] if all(len(word) > 1 for word in words) and name != "RMSprop" else [name]


def linked(text, up):
    """Names of pages, `docs/support.md`, as links from a page that stands so many folders below."""
    def link(found):
        path = found[1].replace("\\", "")
        title = re.search(r"^# (.+)$", (ROOT / "docs" / path).read_text(), re.M)[1]
        return f"[{title}]({'../' * up}{path})"
    return re.sub(r"\bdocs/([\w/\\]+\.md)\b", link, text)


def page_of(entry, place):
    out = [f"# {entry.name}", f"```cpp\n{spelling(entry)}\n```" if spelling(entry) else "",
           markdown_of(entry.doc, entry.base or "", entry.name)]
    formula = re.match(r"Map<(.*)>$", entry.base.strip())
    if formula and "detail::" not in formula.group(1):
        out.append(f"**As it is written:** the whole layer is a formula.\n\n```cpp\n{entry.base}\n```")
    f = function_of(entry)
    if f:
        out.append(picture_of(f, entry.name))
    if place == "schedules":
        out.append(schedule_picture(entry.name))
    rows = members_of(entry)
    if rows:
        heads = ("name", "type", "default", "meaning")
        used = 4 if any(cells[3] for cells in rows) else 3
        out.append("**Members**\n\n" + table(heads[:used], [row(*cells[:used]) for cells in rows]))
    out.append(errors_of(entry, place))
    words = words_of_name(entry.name)
    out.append(f"Header: `tenon/{entry.header}`" + (f". In words: {' '.join(words)}." if len(words) > 1 else ""))
    return linked("\n\n".join(part for part in out if part) + "\n", 2)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def write_reference(folder):
    """One page for each type, an index for each category; gives what mkdocs.yml lists."""
    nav = []
    overview = ["# Reference", "Written from the comments in the headers."]
    for (title, place, what, _), entries in all_entries():
        every = sorted([*entries, *(other for entry in entries for other in entry.also)], key=lambda e: e.name.lower())
        rows = [row(f"[{e.name}]({e.name}.md)", summary_of(e.doc)) for e in every]
        write(folder / place / "index.md", f"# {title}\n\n{what}\n\n" + table(("name", "what it is"), rows) + "\n")
        for entry in every:
            write(folder / place / f"{entry.name}.md", page_of(entry, place))
        links = ", ".join(f"[{e.name}]({place}/{e.name}.md)" for e in every)
        overview.append(f"**[{title}]({place}/index.md)**: {links}")
        pages = [(e.name, f"reference/{place}/{e.name}.md") for e in every]
        nav.append((title, [("All", f"reference/{place}/index.md"), *pages]))
    write(folder / "index.md", "\n\n".join(overview) + "\n")
    return nav


# --- what a header brings ------------------------------------------------------------------------

def included_by(headers):
    """The headers that these include, and those include, and so on; tenon/all/FOLDER.hpp as CMake makes it."""
    left_out = re.search(r'EXCLUDE REGEX "(.*networks.*)"\)', (ROOT / "cmake" / "umbrella.cmake").read_text())[1]
    found, next_ones = set(), list(headers)
    while next_ones:
        header = next_ones.pop()
        folder = re.fullmatch(r"all/(.*)\.hpp", header)
        if folder:
            every = [p.relative_to(INCLUDE).as_posix() for p in INCLUDE.glob(f"{folder[1]}/*.hpp")]
            next_ones += [h for h in every if not re.search(left_out.replace("\\\\", "\\"), h)]
        elif header not in found and (INCLUDE / header).is_file():
            found.add(header)
            next_ones += re.findall(r"^#include <tenon/(.*?)>", (INCLUDE / header).read_text(), re.M)
    return found


# --- what a test asks ----------------------------------------------------------------------------

def check():
    faults = []
    # No header of these folders is forgotten.
    listed = {p for category in CATEGORIES for pattern in category[3] for p in INCLUDE.glob(pattern)}
    for folder in ("layers", "losses", "optim", "metrics", "train/callbacks", "init"):
        for path in sorted(INCLUDE.glob(f"{folder}/*.hpp")):
            if path not in listed and path.relative_to(INCLUDE).as_posix() not in WITHOUT:
                faults.append(f"{path.relative_to(INCLUDE)}: scripts/reference.py does not list it, so it has no page")
    for (title, place, _, patterns), entries in all_entries():
        faults += faults_of_errors(entries, place)
        for pattern in patterns:
            headers = {p.relative_to(INCLUDE).as_posix() for p in INCLUDE.glob(pattern)}
            if not headers:
                faults.append(f"{pattern}: there is no such header; scripts/reference.py lists it")
            for header in sorted(headers - WITHOUT - {e.header for e in entries}):
                if "under its old name" in (INCLUDE / header).read_text(encoding="utf-8"):
                    continue
                if place in ("layers", "losses", "metrics", "initialisers", "callbacks"):
                    faults.append(f"{header}: no type with a comment (///) above it, so it has no page")
        for entry in entries:
            text = " ".join(entry.doc)
            where = f"{entry.header}, {entry.name}"
            if "Deprecated" in text:
                continue
            if place == "layers":
                if not re.search(r"\b[Ss]hapes?\b", text):
                    faults.append(f"{where}: says no shapes (Shapes: ...)")
                if not re.search(r"\b[Gg]radients?\b", text):
                    faults.append(f"{where}: says no gradient (Gradient: ...)")
            if place == "schedules" and entry.name not in NO_SCHEDULES and "<svg" not in page_of(entry, place):
                faults.append(f"{where}: its page has no picture (scripts/schedule_picture.py)")
            if "Map<" in entry.base and entry.name not in WITHOUT_CURVE and not function_of(entry):
                faults.append(f"{where}: its page has no picture of the formula")
            if place in WITH_NAMES and not re.search(r"\b(PyTorch|ONNX|Keras|scikit-learn)\b", text):
                faults.append(f"{where}: says no name in {WITH_NAMES[place]} (or that there is none)")
            for name in re.findall(r"^\| (?:PyTorch|Keras|ONNX|scikit-learn) \| (.*) \|$", markdown_of(entry.doc), re.M):
                if len(name) > 160:
                    faults.append(f"{where}: more than a name is taken for one: {name[:60]}...")
            if place in WITH_EXAMPLES and entry.name not in WITHOUT_EXAMPLE and not has_example(entry.doc):
                faults.append(f"{where}: shows no example")
            # Groups are several optimizers.
            if place in WITH_FORMULAS and entry.name != "Groups" and "<math" not in markdown_of(entry.doc, entry.base or ""):
                faults.append(f"{where}: shows no formula (a block of its own, or \"y = ...\")")
            faults += [f"{where}: scripts/errors.py has no words for what {name} may be: {rule}"
                       for name, rule in options_of(entry) if not allowed(rule)]
            if not summary_of(entry.doc):
                faults.append(f"{where}: its comment does not say in words what it is")
    # Formulas are shown as such.
    for text, expected in (("a / (b + 1)", "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac>"),
                           ("sqrt(eps)^2", "<msup><mrow><msqrt><mi>ε</mi></msqrt></mrow><mrow><mn>2</mn></mrow></msup>"),
                           ("h_t'", "<msup><msub><mi>h</mi><mrow><mi>t</mi></mrow></msub><mo>′</mo></msup>"),
                           ("[a] / 2", '<mfrac><mrow><mrow><mo stretchy="false">[</mo><mi>a</mi>'),
                           ("product_t p", '<munder><mo>∏</mo><mi>t</mi></munder>'), ("min_lr", '<mi mathvariant="normal">min_lr</mi>'),
                           ("floor(x)", '<mo stretchy="false">⌊</mo><mi>x</mi><mo stretchy="false">⌋</mo>')):
        if expected not in mathml(text):
            faults.append(f"scripts/mathml.py: {text} becomes {mathml(text)}")
    for _, entries in all_entries():
        for entry in entries:
            for kind, lines in blocks_of(entry.doc):
                text = "\n".join(line[4:] for line in lines)
                if kind == "code" and not CODE.search(text) and looks_like_formula(text):
                    try:
                        ElementTree.fromstring(mathml(text))
                    except (Unreadable, ElementTree.ParseError) as problem:
                        faults.append(f"{entry.header}, {entry.name}: no formula that scripts/mathml.py reads: {problem}")
    # The tables for those who come from elsewhere: every name in the last column is in tenon.hpp, or in a header that
    # the page names.
    for page in sorted((ROOT / "docs").glob("from_*.md")):
        text = page.read_text()
        headers = included_by(["tenon.hpp", *re.findall(r"`tenon/([\w/]+\.hpp)`", text)])
        words = {word for header in headers for word in re.findall(r"\w+", (INCLUDE / header).read_text())}
        for line in text.split("\n"):
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if not line.startswith("| ") or len(cells) < 2:
                continue
            for code in re.findall(r"`([^`]+)`", cells[-1]):
                for word in re.findall(r"\b[A-Za-z_]\w*", re.sub(r'"[^"]*"', "", code)):
                    if word not in words:
                        faults.append(f"docs/{page.name}: `{code}`: neither tenon.hpp nor a header that the page names "
                                      f"has {word}")
    # Pages say what Keras calls it, as that table does.
    expected = {"Dense": "Dense", "LayerNorm": "LayerNormalization", "BatchNorm2D": "BatchNormalization",
                "MAE": "MeanAbsoluteError", "Upsample": "UpSampling1D, UpSampling2D", "GELU": "activations.gelu",
                "HeNormal": "he_normal"}
    for name, other in expected.items():
        if keras_names().get(name) != other:
            faults.append(f"{name} is {keras_names().get(name)} in Keras, says docs/from_keras.md, not {other}")
    # And what is written holds all of them.
    with tempfile.TemporaryDirectory() as folder:
        write_reference(Path(folder))
        index = (Path(folder) / "index.md").read_text()
        for (title, place, _, _), entries in all_entries():
            for entry in entries:
                page = Path(folder) / place / f"{entry.name}.md"
                named = page.is_file() and f"tenon/{entry.header}" in page.read_text()
                if entry.name in keras_names() and page.is_file() and "| Keras |" not in page.read_text():
                    faults.append(f"{entry.header}, {entry.name}: the page does not say what Keras calls it")
                for other in entry.also:
                    old = re.search(rf"using {other.name}\s+\[\[deprecated", (INCLUDE / other.header).read_text())
                    if old and "Deprecated" not in (Path(folder) / place / f"{other.name}.md").read_text():
                        faults.append(f"{other.header}, {other.name}: its page does not say that it is deprecated")
                    same = next((e for e in entries if (e.name, e.header) == (other.alias_of, other.header)), entry)
                    if summary_of(same.doc) not in markdown_of(other.doc):
                        faults.append(f"{other.header}, {other.name}: its page does not say what {same.name} is")
                if not named or f"({place}/{entry.name}.md)" not in index:
                    faults.append(f"{entry.header}, {entry.name}: the index or the page lacks it")
    counts = ", ".join(f"{len(e) + sum(len(x.also) for x in e)} {c[0].lower()}" for c, e in all_entries())
    if faults:
        print("\n".join(faults))
        sys.exit(f"{len(faults)} faults in the documentation of the headers")
    print(f"every page has what it needs: {counts}")


if __name__ == "__main__":
    check()
