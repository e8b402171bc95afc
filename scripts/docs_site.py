#!/usr/bin/env python3
"""Writes all pages of the web site, and mkdocs.yml, into a folder: scripts/docs_site.py FOLDER

scripts/docs calls this and mkdocs. The pages are those of docs/, what they have links to, and those that
scripts/reference.py and scripts/api.py make from the headers. Standard library only.
"""
import re
import shutil
import sys
from pathlib import Path

from api import write_api
from reference import ROOT, write, write_reference

# In the order of the menu; other pages of docs/guides come behind them.
GUIDES = ("data networks formulas training sequences images generative transfer import microcontrollers "
          "device_training many_machines compile_errors compile_time performance determinism playground")

CONFIG = """site_name: Tenon
site_description: Deep learning in C++20, where a network is a type
docs_dir: pages
site_dir: site
use_directory_urls: false
theme:
  name: material
  font: false
  icon:
    logo: material/set-square
  features: [navigation.tabs, navigation.indexes, navigation.top, toc.follow]
  palette:
    - media: "(prefers-color-scheme: light)"
      scheme: default
      primary: indigo
      toggle: {icon: material/weather-night, name: dark}
    - media: "(prefers-color-scheme: dark)"
      scheme: slate
      primary: indigo
      toggle: {icon: material/weather-sunny, name: light}
plugins: [search]
markdown_extensions:
  - tables
  - sane_lists
  - attr_list
  - toc: {permalink: true}
  - pymdownx.highlight: {use_pygments: true}
  - pymdownx.superfences
extra_css: [extra.css]
"""

CSS = """.md-grid { max-width: 76rem; }
[data-md-color-scheme="slate"] { --md-typeset-a-color: #9fa8ff; }
[data-md-color-scheme="slate"] .md-nav__link--active { color: #9fa8ff; }
.md-typeset table:not([class]) td, .md-typeset table:not([class]) th { padding: .5em .8em; }
.md-typeset td code { word-break: normal; overflow-wrap: normal; }
.md-typeset table:not([class]) { font-size: .72rem; }
.md-typeset h1, .md-typeset h2, .md-typeset h3, .md-typeset h4, .md-typeset :not(td) > code { overflow-wrap: anywhere; }
.md-typeset pre > code { overflow-wrap: normal; }
.md-typeset .formula { overflow-x: auto; margin: 1em 0 1em 1.5em; font-size: 1.1em; }
.md-typeset .formula mtd { padding: .35em 0; text-align: left; }
.md-typeset .formula math { display: block; text-align: left; }
.md-typeset .formula msub > :nth-child(2), .md-typeset .formula msubsup > :nth-child(2) { padding-top: .35em; }
.md-typeset table:not([class]) td:first-child, .md-typeset table:not([class]) th:first-child { min-width: 6rem; }
"""


def title_of(path):
    found = re.search(r"^# (.+)$", path.read_text(), re.M)
    return found.group(1) if found else path.stem


class Pages:
    """Copies of the documentation's pages, and of all they have links to; what is no page is shown as code."""

    def __init__(self, folder):
        self.folder = folder
        self.outside = {}  # what lies outside docs/, and where its page is

    def place_of(self, path):
        relative = path.relative_to(ROOT).as_posix()
        if relative.startswith("docs/"):
            return relative[5:]
        if relative not in self.outside:
            page = path.suffix == ".md"
            self.outside[relative] = f"project/{relative}" if page else f"sources/{relative}.md"
        return self.outside[relative]

    def copy(self, source, place):
        """The page `source` as `place`, with its links mended."""
        up = "../" * place.count("/")

        def mend(found):
            name, _, anchor = found.group(1).partition("#")
            path = (source.parent / name).resolve()
            if not name or re.match(r"(https?|mailto):", name) or not path.exists():
                return found.group(0)
            return f"]({up}{self.place_of(path)}{'#' + anchor if anchor else ''})"

        text = re.sub(r"\]\(([^)\s]+)\)", mend, source.read_text())
        if place == "index.md":  # only the site has these pages
            new = "- [Reference](reference/index.md): a page for every layer, loss, optimizer, metric and callback."
            text = re.sub(r"- A page for every .*(\n  .*)*", new, text)
        write(self.folder / place, text)

    def show(self, source, place):
        if source.is_dir():
            text, language = "\n".join(sorted(p.name for p in source.iterdir())), "text"
        else:
            text, language = source.read_text().rstrip(), "cpp" if source.suffix in (".cpp", ".hpp") else "text"
        name = source.relative_to(ROOT).as_posix()
        write(self.folder / place, f"# {source.name}\n\n`{name}`\n\n```{language}\n{text}\n```\n")

    def copy_all(self):
        for page in sorted((ROOT / "docs").rglob("*.md")):
            self.copy(page, self.place_of(page))
        shutil.copytree(ROOT / "docs/pictures", self.folder / "pictures", dirs_exist_ok=True)
        for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "CODE_OF_CONDUCT.md"):
            self.place_of(ROOT / name)
        done = set()
        while set(self.outside) - done:  # a page that is copied may lead further
            for name in sorted(set(self.outside) - done):
                done.add(name)
                (self.copy if name.endswith(".md") else self.show)(ROOT / name, self.outside[name])


def write_site(folder):
    pages = folder / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    copies = Pages(pages)
    copies.copy_all()
    reference = write_reference(pages / "reference")
    api = write_api(pages / "api")
    write(pages / "extra.css", CSS)

    nav, listed = ["nav:"], set()

    def menu(title, places, depth=1):
        nav.append("  " * (2 * depth - 1) + f"- {title}:")
        for place in places:
            listed.add(place)
            nav.append("  " * (2 * depth + 1) + f"- {title_of(pages / place)}: {place}")

    def rest(pattern):
        found = sorted(p.relative_to(pages).as_posix() for p in pages.glob(pattern))
        return [place for place in found if place not in listed]

    nav.append("  - Home: index.md")
    listed.add("index.md")
    menu("Start", ["start.md", "install.md", "lessons.md"])
    menu("Guides", [f"guides/{name}.md" for name in GUIDES.split()])
    nav += [f"      - {title_of(pages / place)}: {place}" for place in rest("guides/*.md")]
    nav += ["  - Reference:", "      - Everything: reference/index.md"]
    for title, items in reference:
        nav += [f"      - {title}:", *(f"          - {name}: {place}" for name, place in items)]
    menu("API", [place for _, place in api])
    menu("From elsewhere", rest("from_*.md"))
    menu("Project", rest("*.md") + rest("project/**/*.md"))
    menu("Sources", rest("sources/**/*.md"))
    write(folder / "mkdocs.yml", CONFIG + "\n".join(nav) + "\n")
    return sum(1 for _ in pages.rglob("*.md"))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(f"{write_site(Path(sys.argv[1]))} pages")
