"""Tables of a page of the documentation, in Markdown."""


def row(*cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def table(heads, rows):
    return "\n".join([row(*heads), "|" + "---|" * len(heads), *rows])
