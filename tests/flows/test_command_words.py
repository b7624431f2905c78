from __future__ import annotations

import os
import subprocess

import pytest

from flows.command_words import quoted


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        ("plan.xlsx", "plan.xlsx"),
        ("Wellen/波-1.xlsx", "Wellen/波-1.xlsx"),
        ("my plan.xlsx", '"my plan.xlsx"'),
        ("source_name=web-*", '"source_name=web-*"'),
        ("", '""'),
    ],
)
def test_a_word_is_quoted_where_it_must_be(word: str, typed: str) -> None:
    """And as every shell understands it, if one way of writing does for all."""
    assert quoted(word) == typed


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell reads it")
@pytest.mark.parametrize("word", ['it\'s "q".xlsx', "$HOME", "`id`", "a\\b", "~", "a;b|c", "{x}#", "two\nlines", "[1-9]!"])
def test_a_shell_reads_the_word_that_was_meant(word: str) -> None:
    """Whatever stands in it: the next command can be pasted."""
    said = subprocess.run(["/bin/sh", "-c", f"printf %s {quoted(word)}"], capture_output=True, text=True, check=True)
    assert said.stdout == word
