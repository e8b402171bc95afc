"""What a page of the reference says of errors: what does not compile, what options may be, which Errors are thrown.

Nothing of it is written by hand but a sentence for each category, and that names the programs of tests/compile_fail
that show it. The rest is read off the headers, their sources and those programs. Standard library only.
"""
import re
from functools import cache
from pathlib import Path

from tables import row, table
from thrown import Sources, arguments, closing, literal, sources_of

ROOT = Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include" / "tenon"
PROGRAMS = ROOT / "tests" / "compile_fail"

# What all of a category refuse, and programs that do so.
REFUSES = {
    "layers": ("A shape that does not fit and an option that it does not know are one error of the compiler, which names "
               "the layer, its path and what it got", "conv_vector option_embedding"),
    "losses": ("An output that it cannot take is one error of the compiler, which names the loss and the last layer; "
               "targets that it cannot mean are an `Error` at the batch that has them, before anything is learned from it",
               "loss_without_softmax"),
    "optimizers": ("What has no `lr`, `states` and `update` is no optimizer, and one error of the compiler",
                   "call_own_optimizer"),
    "schedules": ("What is no function of the rate and the time is one error of the compiler", "call_schedule"),
    "regularizers": ("What has no `selection`, `l1` and `l2` is one error of the compiler", "call_regularizer"),
    "metrics": ("An output that it cannot judge is one error of the compiler, which names the metric and the last layer",
                "metric_of_fit call_metric_top_k call_metric_of_values"),
    "callbacks": ("What stands in a `Fit` without `callbacks(...)`, and a type of your own that has no member of a callback "
                  "or one with other arguments, are one error of the compiler",
                  "call_callbacks callback call_callback_arguments"),
    "initialisers": ("A type without `fill` is no initialiser, and one error of the compiler", "init"),
    "augmentation": ("What is no step, and a step of samples that it cannot change, are one error of the compiler, which "
                     "names the step", "augment_step augment_vector"),
}
REFUSES["compositions"] = REFUSES["layers"]

TAKES = re.compile(r"takes<(?:detail::)?([a-z][a-z_0-9]*)")
NO_WORDS = {"write", "std", "typename", "list", "detail", "wanted", "expected"}
OPTION = re.compile(r'visit\("(\w+)", o\.\w+, (.*)\);')
# An Error that only a callback of one's own can cause.
OF_OWN_CODE = "asked for in both readings"


def allowed(rule):
    """An interval of tenon/options.hpp in words; nothing for a rule that this does not know."""
    rule = re.sub(r"\bo\.(\w+)", r"\1", rule)
    if rule.endswith(".or_infinity()"):
        return allowed(rule.removesuffix(".or_infinity()")) + ", or infinity"
    for pattern, words in ((r"at_least\((.*)\)", "at least {}"), (r"above\((.*)\)", "more than {}"),
                           (r"from_to\((.*), (.*)\)", "from {} to {}"),
                           (r"from_below\((.*), (.*)\)", "at least {} and less than {}"),
                           (r"Allowed\{(.*), (.*), false, true\}", "more than {} and at most {}"),
                           (r"any_number()", "any finite number"), (r"as_epsilon()", "more than 0"),
                           (r"not_empty()", "not empty")):
        found = re.fullmatch(pattern, rule)
        if found and "?" not in rule:
            return words.format(*found.groups())
    choice = re.fullmatch(r"(\w+) \? (.*) : (.*)", rule)
    return f"{allowed(choice.group(2))} with {choice.group(1)}, else {allowed(choice.group(3))}" if choice else ""


@cache
def text_of_header(header):
    return re.sub(r"//.*", "", (INCLUDE / header).read_text())


@cache
def definition_of(name, header):
    """(bases, body, header) of a type that this header or one that it includes defines; nothing where there is none."""
    text = text_of_header(header)
    found = re.search(rf"^(?:struct|class) {name}\b(?!<)([^;{{]*)\{{", text, re.M)
    if found:
        return found[1], text[found.end() - 1:closing(text, found.end() - 1)], header
    for other in re.findall(r"^#include <tenon/(.*)>", text, re.M):
        inner = text_of_header(other)
        if re.search(rf"^(?:struct|class) {name}\b(?!<)[^;{{]*\{{", inner, re.M):
            return definition_of(name, other)
    return None


def with_bases(name, header):
    """(name, body, header) of a type and of what it inherits from."""
    found = definition_of(name, header)
    if not found:
        return []
    bases, body, where = found
    result = [(name, body, where)]
    for base in re.findall(r"\w+", bases):
        if base not in ("public", "detail", "final", name):
            result += with_bases(base, where)
    return result


def options_of(entry):
    """What its options may be: (name, rule)."""
    for _, body, _ in with_bases(entry.alias_of or entry.name, entry.header):
        found = OPTION.findall(re.sub(r"\s+", " ", body).replace(";", ";\n"))
        if found:
            return found
    return []


def refused_programs():
    """Of each program in tests/compile_fail: its wrong lines, and what the error has to show."""
    programs = []
    for path in sorted(PROGRAMS.glob("*.cpp")):
        text = path.read_text()
        wrong = re.search(r"^#ifdef TENON_WRONG\n(.*?)^#(?:else|endif)", text, re.M | re.S)
        facts = re.findall(r"^// expect: (.*)$", text, re.M)
        if wrong and facts:
            lines = [re.sub(r"\s*//.*", "", line).strip() for line in wrong.group(1).split("\n")]
            programs.append((" ".join(line for line in lines if line), [fact.replace("tenon::", "") for fact in facts]))
    return programs


REFUSED = refused_programs()
SOURCES = Sources(ROOT)


def sentence_of(word):
    """images_of_at_least<Height, Width>: images of at least Height, Width."""
    name, _, values = word.partition("<")
    return " ".join([name.strip("_").replace("_", " "), *([values.rstrip(">")] if values else [])])


def words_of(entry, place, types):
    """What its errors of the compiler say that it takes."""
    bodies = " ".join(body for _, body, _ in types)
    if place == "augmentation":  # a header has many of them
        found = re.findall(r"unless<.*?,\s*(\w+)(<[^<>]*>)?>;", bodies, re.S)
        return list(dict.fromkeys(word + arguments for word, arguments in found))
    words = TAKES.findall(text_of_header(entry.header)) if place != "callbacks" else []
    if place == "metrics":  # what train/measure.hpp asks
        compares = re.search(r"compares_classes = (true|false)", bodies)
        words += ["at_least_so_many_classes"] if "least_classes" in bodies else []
        words += ["data_with_classes" if compares[1] == "true" else "data_with_target_numbers"] if compares else []
    return [word for word in dict.fromkeys(words) if word not in NO_WORDS]


def assertions_of(types):
    """What the compiler says of wrong arguments."""
    said = []
    for _, body, _ in types:
        for found in re.finditer(r"static_assert\(", body):
            text = literal(arguments(body[found.end():closing(body, found.end() - 1) - 1])[-1])
            said += [text] if text else []
    return said


@cache
def thrown_by(name, header, place):
    """The texts of its Errors."""
    types = with_bases(name, header)
    bodies = " ".join(body for _, body, _ in types)
    shown = re.search(r'\bname = "([^"]*)"', bodies)
    shown = shown[1] if shown else name
    texts = SOURCES.thrown_by_type([name for name, _, _ in types], [f"include/tenon/{h}" for _, _, h in types],
                                   {"name": shown})
    compares = re.search(r"compares_classes = (true|false)", bodies)
    if place == "metrics" and compares:  # what a Fit asks of its validation data
        ours, others = ("class labels", "numbers")[::1 if compares[1] == "true" else -1]
        known = {"name_of_metric<Q>()": shown, '(Q::compares_classes ? "class labels" : "numbers")': ours,
                 '(data.has_labels() ? "class labels" : "numbers")': others}
        texts += SOURCES.thrown_by_type(["FitMetrics"], ["include/tenon/train/fit_metrics.hpp"], known, "check_columns")
    itself = re.search(r"\blength\(\) const", bodies)
    if place == "schedules" and (itself or re.search(r"ScheduleEnd> end\(\)", bodies)):  # what a Fit asks of it
        known = {"end_->name": shown if itself else "..."}
        texts += SOURCES.thrown_by_type(["AnySchedule"], ["include/tenon/optim/schedule.hpp"], known, "expect_length")
    return texts


def shown_texts(texts):
    """Its own first, and what may go wrong with writing a file in one line."""
    shown = []
    for text in texts:
        writes = re.match(r"(.*expected to write .*?, but ).*", text)
        text = writes[1] + "..." if writes else text
        if text not in shown and OF_OWN_CODE not in text and " " in text.partition(": ")[2]:
            shown.append(text)
    return sorted(shown, key=lambda text: text.startswith("..."))


def errors_of(entry, place):
    """What it refuses: when compiling, its options, when it runs, and programs that the tests compile."""
    name, out = entry.alias_of or entry.name, []
    types = with_bases(name, entry.header)
    assertions, texts = assertions_of(types), shown_texts(thrown_by(name, entry.header, place) if types else [])
    if place in REFUSES:
        out.append(REFUSES[place][0] + " ([reading compile errors](../../guides/compile_errors.md)).")
    words = words_of(entry, place, types)
    if words:
        out.append("It takes: " + "; ".join(sentence_of(word) for word in words) + ".")
    if assertions:
        out.append("Other arguments do not compile:\n\n" + "\n".join(f"- `{text}`" for text in assertions))
    rules = [row(f"`{option}`", allowed(rule)) for option, rule in options_of(entry)]
    if rules:
        out.append("Its options may be what the table says; anything else is an `Error` before anything is "
                   "computed:\n\n" + table(("option", "allowed"), rules))
    if any(re.search(r"\bvisit\(", body) and not OPTION.search(body) for _, body, _ in types):
        out.append("Options of those that it holds are checked alike.")
    if texts and place not in ("layers", "compositions"):
        out.append("What it can throw when it runs, an `Error` with `...` for what was found:\n\n" +
                   "\n".join(f"- `{text}`" for text in texts))
    layers = place in ("layers", "compositions")
    mine = re.compile(rf"layer<path<[^>]*>, {name}\b" if layers else rf"\b{name}\b")
    seen = [(code, facts) for code, facts in REFUSED
            if re.search(rf"\b{name}\b", code) and any(mine.search(fact.split("from_layer")[0]) for fact in facts)]
    if seen:
        seen.sort(key=lambda one: len(one[0]))
        rows = [row(f"`{code}`", "<br>".join(f"`{fact}`" for fact in facts)) for code, facts in seen[:2]]
        out.append("Refused, for example:\n\n" + table(("written", "the error shows"), rows))
    if types and place not in ("layers", "compositions", "losses") and len(out) == (place in REFUSES):
        out.append("It has no options to check and throws no `Error` of its own.")
    return "**Errors**\n\n" + "\n\n".join(out) if out else ""


# Categories whose pages show every Error that their headers and the sources of these can throw.
SHOWS_ALL = {"schedules", "metrics", "callbacks"}
# What a page has to say if the sources are read as they should: through a base, a member, a run and a file.
EXAMPLES = {"R2": "R2: expected values as targets, got none", "OneCycleLR": "OneCycleLR: the run has ...",
            "SaveBest": "...: expected to write the file, but ...", "StopOnSignal": "...: expected to write the file, but ...",
            "EarlyStopping": "EarlyStopping: expected ... in every epoch's record", "TopKAccuracy": "TopKAccuracy<K> takes K >= 1",
            "MultiLabelF1": "`threshold`", "GlorotNormal": "XavierNormal<Gain> takes a Gain above 0"}
# Functions of such a header that no page is about: they are documented with the functions that users call.
NO_PAGE = {"Monitor", "update_batch_norm", "take_statistics"}


def faults(entries, place):
    """What a test asks of the pages of a category."""
    where = "scripts/errors.py"
    found = [f"{where}: {place}: there is no tests/compile_fail/{name}.cpp"
             for name in REFUSES[place][1].split() if not (PROGRAMS / f"{name}.cpp").is_file()]
    every = [one for entry in entries for one in (entry, *entry.also)]
    found += [f"{one.header}, {one.name}: its page says nothing of errors"
              for one in every if not errors_of(one, place)]
    found += [f"{one.header}, {one.name}: its page does not say: {EXAMPLES[one.name]}"
              for one in every if EXAMPLES.get(one.name, "") not in errors_of(one, place)]
    if place not in SHOWS_ALL:
        return found
    shown = {text for one in every for text in thrown_by(one.alias_of or one.name, one.header, place)}
    for header in sorted({f"include/tenon/{one.header}" for one in every}):
        for path in (header, *sources_of(ROOT, header)):
            text = (ROOT / path).read_text()
            functions = [f for f in SOURCES.file(path)[0] if "throw Error(" in f.body and f.name not in NO_PAGE]
            for function in functions:
                for pattern in SOURCES.own_texts(function.body, {}):
                    begins = re.escape(pattern).replace(re.escape("..."), ".*")
                    if not any(re.fullmatch(begins, one) for one in shown):
                        found.append(f"{path}, {function.name}: no page says that it throws \"{pattern}\"")
            read = sum(f.body.count("throw Error(") for f in SOURCES.file(path)[0])
            if read < re.sub(r"//.*", "", text).count("throw Error("):
                found.append(f"{path}: {where} does not read all functions that throw an Error")
    return found
