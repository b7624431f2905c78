"""Words and data go where they belong, whatever the console can print and whoever reads."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli import output
from tests.flows.cli.command_line import ROOT
from tests.plans import make_plan


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_errors_go_to_stderr_and_data_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line begins with what it is, in plain text in a pipe."""
    output.error("nothing was sent")
    output.hint("run it again")
    output.write("data")
    assert capsys.readouterr() == ("data\n", "error: nothing was sent\nhint: run it again\n")


def test_a_line_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Text with line breaks in it is still one line."""
    output.error("first\nsecond\n")
    assert capsys.readouterr().err == "error: first second\n"


def test_colour_on_a_terminal_beside_the_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal gets colour, and the word is there too."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert output.painted(output.Word.ERROR, Terminal()) == "\033[1;31merror:\033[0m"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_when_told_so(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """NO_COLOR and dumb terminals get the word alone."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)
    assert output.painted(output.Word.ERROR, Terminal()) == "error:"


def in_console(code: str, encoding: str) -> tuple[int, str, str]:
    """Run code in an interpreter whose console has this encoding."""
    environment = {"PYTHONIOENCODING": encoding, "PATH": "", "PYTHONPATH": str(ROOT)}
    script = f"from flows.cli import output; output.make_encoding_safe(); {code}"
    ended = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, timeout=30, check=False)
    return ended.returncode, ended.stdout.decode(encoding), ended.stderr.decode(encoding)


def test_console_that_cannot_print_a_character() -> None:
    """A cp1252 console shows `?` for what it does not have, instead of a traceback."""
    code, out, err = in_console(r"output.write('\u670d\u52a1 \u2501'); output.error('\u670d')", "cp1252")
    assert (code, out.rstrip(), err.rstrip()) == (0, "?? ?", "error: ?")


def test_json_is_whole_on_such_a_console() -> None:
    """One object of --json loses no character where the console has few: it is escaped."""
    _, out, _ = in_console(r"output.write_json({'note': '\u670d'})", "cp1252")
    assert out.rstrip() == r'{"note": "\u670d"}'
    _, out, _ = in_console(r"output.write_json({'note': '\u670d'})", "utf-8")
    assert out.rstrip() == '{"note": "\u670d"}'


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are closed otherwise there")
def test_reader_that_has_gone_is_no_failure() -> None:
    """`waves ... | head -1` ends without a traceback."""
    code = "from flows.cli import output\nfor _ in range(20000): output.write('x' * 100)"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(30), err) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
@pytest.mark.parametrize(
    ("redirected", "code", "said"),
    [
        ("2>&1 >&-", 0, "hint:"),
        ("2>&-", 0, ""),
        (">&- 2>&- <&-", 0, ""),
        ("2>&1 >/dev/full", 1, "error: standard output cannot be written (no space left on device)"),
        ("2>/dev/full", 0, ""),
        ("2>&1 | true", 0, ""),
    ],
)
def test_streams_that_are_closed_or_full(tmp_path: Path, redirected: str, code: int, said: str) -> None:
    """No traceback and no exit code of the interpreter's: only lost findings are a failure, told in one line."""
    if "/dev/full" in redirected and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    plan = make_plan(tmp_path / "plan.xlsx")
    script = f"{sys.executable} -m flows.cli check {plan} {redirected}"
    ended = subprocess.run(["/bin/sh", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    shown = ended.stdout.removeprefix("plan.xlsx: 1 server in 1 wave: 0 errors, 0 warnings\n") + ended.stderr
    assert (ended.returncode, shown[: len(said)], shown.count("\n") <= 1) == (code, said, True), shown
