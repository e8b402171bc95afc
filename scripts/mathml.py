"""Formulas as comments write them, as MathML, which browsers show without help.

    mathml("h = (1 - z) n + z h'        h' of the step before")

A letter is a variable, a longer word is upright; Greek letters have their names. `a / b` is a fraction, `x^2` a power,
`h_t` and `h_t+1` have indices, `x[i][j]` too, `sqrt(x)` is a root, `sum_j` a sum, `product_j` and `mean_j` alike,
`floor(x)` has brackets of its own, `w ~ U(0, 1)` is drawn. What stands beside each other is a product, more spaces are
a gap, each line is a row.
"""
import html
import re

GREEK = {"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "eps": "ε", "epsilon": "ε", "eta": "η", "theta": "θ",
         "lambda": "λ", "lambd": "λ", "mu": "μ", "rho": "ρ", "sigma": "σ", "pi": "π"}
# Optimizers' betas, which the comments call b1 and b2.
LETTERS = {**{name: f"<mi>{letter}</mi>" for name, letter in GREEK.items()},
           **{f"b{i}": f"<msub><mi>β</mi><mn>{i}</mn></msub>" for i in (1, 2)}}
OPERATORS = {"-": "−", "*": "·", ".": "·", "...": "…", "<=": "≤", ">=": "≥", "!=": "≠", "~": "∼"}
# What stands for all indices written below it.
OVER_ALL = {"sum": "<mo>∑</mo>", "product": "<mo>∏</mo>",
            **{name: f'<mi mathvariant="normal">{name}</mi>' for name in ("mean", "max", "min")}}
BRACKETS = {"floor": "⌊⌋", "ceil": "⌈⌉"}
TOKEN = re.compile(r"(?P<gap> {2,})|(?P<space> )|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-zÀ-ÿ]\w*'*)"
                   r"|(?P<operator>\.\.\.|\+=|<=|>=|!=|[-+=<>*/^|.,;:()\[\]?&~])")


class Unreadable(ValueError):
    pass


def tokens_of(line):
    at, found = 0, []
    while at < len(line):
        match = TOKEN.match(line, at)
        if not match:
            raise Unreadable(f"{line!r}: {line[at]!r} means nothing in a formula")
        text = match.group(0)
        # the index of t + 1 is written without spaces
        step = re.match(r"[+-]\d", line[match.end():]) if match.lastgroup == "name" and "_" in text else None
        if step:
            text += step.group(0)
        at += len(text)
        found.append((match.lastgroup, text))
    return found


def word(text):
    """A variable of one letter, a Greek one, or a word."""
    if text in LETTERS:
        return LETTERS[text]
    if len(text) == 1:
        return f"<mi>{text}</mi>"
    return f'<mi mathvariant="normal">{html.escape(text)}</mi>'


def fenced(left, inside, right):
    """Between brackets, which grow with what is tall alone: without a font for mathematics browsers let all of them grow."""
    grows = "" if "<mfrac" in inside or "<munder" in inside else ' stretchy="false"'
    return f"<mo{grows}>{left}</mo>{inside}<mo{grows}>{right}</mo>"


def name(text):
    bare = text.rstrip("'")
    primes = "′" * (len(text) - len(bare))
    head, _, index = bare.partition("_")
    if index and (head == "sum" or head in OVER_ALL and re.fullmatch("[ac-kmnt-v]{1,3}", index)):  # min_lr is a word
        return f"<munder>{OVER_ALL[head]}{word(index)}</munder>"
    if not index or (len(head) > 1 and head not in LETTERS):
        made = word(bare)
    else:
        parts = re.match(r"(\w+?)([+-])(\d)$", index)
        made_index = (f"<mrow>{word(parts[1])}<mo>{OPERATORS.get(parts[2], parts[2])}</mo><mn>{parts[3]}</mn></mrow>"
                      if parts else f"<mn>{index}</mn>" if index.isdigit() else
                      "<mrow>" + "".join(f"<mi>{c}</mi>" for c in index) + "</mrow>" if len(index) < 3 else word(index))
        made = f"<msub>{word(head)}{made_index}</msub>"
    return f"<msup>{made}<mo>{primes}</mo></msup>" if primes else made


class Reader:
    def __init__(self, line):
        self.tokens, self.at = tokens_of(line), 0

    def peek(self, skip=True):
        at = self.at
        while skip and at < len(self.tokens) and self.tokens[at][0] == "space":
            at += 1
        return self.tokens[at] if at < len(self.tokens) else ("end", "")

    def next(self):
        while self.at < len(self.tokens) and self.tokens[self.at][0] == "space":
            self.at += 1
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ("end", "")

    def row(self, until=()):
        """What comes up to one of `until`, and not that."""
        parts, before = [], ""
        while True:
            kind, text = self.peek()
            if kind == "end" or text in until:
                if kind == "end" and until:
                    raise Unreadable(f"a bracket has no partner: expected one of {until}")
                return parts
            if kind == "gap":
                self.next()
                # two spaces set the factors of a product apart, more of them, or those behind a comma, statements
                apart = len(text) > 2 or (parts and parts[-1] == "<mo>,</mo>")
                parts.append(f'<mspace width="{1.5 if apart else 0.3}em"/>')
                before = ""
            elif kind == "operator" and text not in "([|" and text not in ("^", "/"):
                self.next()
                if text in ")]":
                    raise Unreadable(f"{text!r} closes nothing")
                parts.append(f"<mo>{html.escape(OPERATORS.get(text, text))}</mo>")
                before = ""
            else:
                upright = kind == "name" and len(text.rstrip("'").partition("_")[0]) > 1 and text not in LETTERS
                if before and (upright or before == "word"):
                    parts.append('<mspace width="0.3em"/>')
                elif before:
                    parts.append("<mo>&#8290;</mo>")  # an invisible times
                parts.append(self.factor())
                before = "word" if upright else "thing"

    def factor(self):
        made, bare = self.power()
        while self.peek()[1] == "/":
            self.next()
            below, bare_below = self.power()
            made = bare = f"<mfrac><mrow>{bare}</mrow><mrow>{bare_below}</mrow></mfrac>"
        return made

    def power(self):
        """What it is, and the same without brackets around it."""
        made, bare = self.primary()
        while self.peek()[1] == "^":
            self.next()
            _, above = self.primary()
            made = bare = f"<msup><mrow>{made}</mrow><mrow>{above}</mrow></msup>"
        return made, bare

    def primary(self):
        kind, text = self.next()
        if kind == "number":
            made = bare = f"<mn>{text}</mn>"
        elif kind == "name" and text == "sqrt" and self.peek(False)[1] == "(":
            self.next()
            made = bare = f"<msqrt>{''.join(self.closed(')'))}</msqrt>"
        elif kind == "name" and text in BRACKETS and self.peek(False)[1] == "(":
            self.next()
            left, right = BRACKETS[text]
            made = bare = f"<mrow>{fenced(left, ''.join(self.closed(')')), right)}</mrow>"
        elif kind == "name":
            made = bare = name(text)
            if self.peek(False)[1] == "(":  # a call
                self.next()
                made = bare = f"<mrow>{made}{fenced('(', ''.join(self.closed(')')), ')')}</mrow>"
            indices = []
            while self.peek(False)[1] == "[":
                self.next()
                indices.append("".join(self.closed("]")))
            if indices:
                made = bare = f"<msub>{made}<mrow>{'<mo>,</mo>'.join(indices)}</mrow></msub>"
        elif text in ("(", "["):
            bare = "".join(self.closed(")" if text == "(" else "]"))
            made = f"<mrow>{fenced(text, bare, ')' if text == '(' else ']')}</mrow>"
            bare = bare if text == "(" else made  # [a = b] is 1 or 0, and stays so above a line
        elif text == "|":
            made = bare = f"<mrow>{fenced('|', ''.join(self.closed('|')), '|')}</mrow>"
        elif text in ("-", "+"):
            made = bare = f"<mrow><mo>{OPERATORS.get(text, text)}</mo>{self.power()[0]}</mrow>"
        else:
            raise Unreadable(f"expected a number, a name or a bracket, got {text!r}")
        return made, bare

    def closed(self, by):
        parts = self.row((by,))
        self.next()
        return parts


def mathml(text):
    """Lines of a formula as one element; Unreadable where they are none."""
    rows = []
    for line in text.rstrip(". \n").split("\n"):
        reader = Reader(line.strip())
        rows.append(f"<mtr><mtd>{''.join(reader.row())}</mtd></mtr>")
    return ('<math display="block" xmlns="http://www.w3.org/1998/Math/MathML"><mtable '
            f'displaystyle="true">{"".join(rows)}</mtable></math>')
