"""A spreadsheet's letters for its columns, and back; columns are counted from 0."""

from __future__ import annotations


def column_letters(index: int) -> str:
    """The letters of a column: A, B, ... Z, AA."""
    letters = ""
    while index >= 0:
        index, rest = divmod(index, 26)
        letters = chr(65 + rest) + letters
        index -= 1
    return letters


def column_index(letters: str) -> int:
    """The column that has these letters, whatever their case."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
