#!/usr/bin/env python3
"""scripts/wrap_markdown.py breaks long lines of Markdown, and nothing else: a test (style.markdown) runs this file."""
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from wrap_markdown import Items, wrapped  # noqa: E402


def lines(*them):
    return "\n".join(them)


class Paragraphs(unittest.TestCase):
    def expect(self, before, after):
        self.assertEqual(wrapped(before, 40), after)
        self.assertEqual(wrapped(after, 40), after)

    def test_what_is_too_much_goes_to_the_line_behind(self):
        self.expect(lines("A line that is much longer than forty columns", "and the next one.", "", "Another."),
                    lines("A line that is much longer than forty", "columns and the next one.", "", "Another."))

    def test_an_item_goes_on_below_its_text(self):
        self.expect(lines("- An item that is much longer than forty columns", "  and the next line.", "- Another."),
                    lines("- An item that is much longer than forty", "  columns and the next line.", "- Another."))
        self.expect(lines("1. An item that is longer than forty columns", "2. Another."),
                    lines("1. An item that is longer than forty", "   columns", "2. Another."))

    def test_a_number_that_goes_on_with_a_sentence_is_no_item(self):
        self.expect(lines("- A formula takes 95 ms in place of", "  166. A program for any processor saves as much",
                          "  as one for new processors."),
                    lines("- A formula takes 95 ms in place of", "  166. A program for any processor saves",
                          "  as much as one for new processors."))
        for before in ("", "- An item.\n\n"):
            self.expect(before + lines("A formula takes 95 ms in place of", "166. A program for any processor saves much",
                                       "more than that."),
                        before + lines("A formula takes 95 ms in place of", "166. A program for any processor saves",
                                       "much more than that."))

    def test_a_line_that_is_indented_too_far_joins_its_paragraph(self):
        self.expect(lines("- An item that is much longer than forty columns", "       and goes on."),
                    lines("- An item that is much longer than forty", "  columns and goes on."))

    def test_no_line_begins_with_what_would_be_a_list_or_a_heading(self):
        for marker in ("-", "+", "*", "166.", "7)", "#", "===", "|", "<b>", ">"):
            # Without the marker the line would end behind "columns", its fortieth.
            self.expect(f"Here the fortieth column ends in columns {marker} and more",
                        lines("Here the fortieth column ends in", f"columns {marker} and more"))

    def test_code_tables_headings_quotes_and_long_words_stay(self):
        word = "https://example.org/" + "a" * 40
        for text in (lines("```", "code that is much longer than forty columns is code", "```"),
                     lines("Text", "", "    code that is much longer than forty columns is code"),
                     "| a table | that is much longer than forty columns |",
                     "# A heading that is much longer than forty columns",
                     "> A quote that is much longer than forty columns", word):
            self.expect(text, text)

    def test_a_line_that_ends_where_it_ends_on_purpose_takes_nothing_from_the_next(self):
        self.expect(lines("A line that is much longer than forty columns  ", "Next."),
                    lines("A line that is much longer than forty", "columns  ", "Next."))

    def test_code_is_broken_last(self):
        self.expect("Here are some words and `code of three words` and more",
                    lines("Here are some words and", "`code of three words` and more"))


class OurDocuments(unittest.TestCase):
    """Every page, broken at several widths: the same words in the same lists, and once is enough."""

    def items(self, text):
        items, fenced, found = Items(), False, []
        for line in text.split("\n"):
            if line.lstrip().startswith("```"):
                fenced = not fenced
            if not fenced and items.begins(line):
                found.append(line.split()[0])
            items.text_of("" if fenced else line)
        return found

    def test_pages_keep_their_words_and_items(self):
        pages = [page for page in ROOT.rglob("*.md") if "build" not in page.relative_to(ROOT).parts]
        self.assertGreater(len(pages), 25)
        for page in pages:
            text = page.read_text(encoding="utf-8")
            for width in (60, 90, 120):
                with self.subTest(page=str(page.relative_to(ROOT)), width=width):
                    once = wrapped(text, width)
                    self.assertEqual(once.split(), text.split())
                    self.assertEqual(self.items(once), self.items(text))
                    self.assertEqual(wrapped(once, width), once)


if __name__ == "__main__":
    unittest.main()
