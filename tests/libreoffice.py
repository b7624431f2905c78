"""LibreOffice for tests: several workbooks through one run of `soffice`, recalculated, with a profile of its own, bounded in time.

    if reason := why_not():
        left_out(reason)
    copies = convert([plan, report], "xlsx", folder)

Nobody's own LibreOffice is met by it: profile, home and files are the test's. It ends when the call does, whatever it hangs on.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_SECONDS = 120.0
"""No working machine needs so long: it is there so that a hanging LibreOffice ends the test, and not the night."""

_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode"><value>0</value></prop></item>
</oor:items>
"""
"""Every formula is calculated anew when a workbook is opened, whoever saved it."""


def why_not() -> str:
    """Why it cannot run here, in one line; empty where it can."""
    return "" if shutil.which("soffice") else "LibreOffice (soffice) is not installed: no workbook is opened in it"


def convert(files: Sequence[Path], kind: str, folder: Path) -> list[Path]:
    """Have LibreOffice open the files and save each as `kind` (xlsx, pdf) into `folder`; where they are. AssertionError if not.

    Their names must differ.
    """
    with tempfile.TemporaryDirectory(prefix="libreoffice-") as home:
        profile = Path(home) / "profile"
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_RECALCULATE, encoding="utf-8")
        words = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", "--nolockcheck"]
        said = _run([*words, "--convert-to", kind, "--outdir", str(folder), *map(str, files)], Path(home))
    made = [folder / f"{file.stem}.{kind}" for file in files]
    missing = [path.name for path in made if not path.exists()]
    assert not missing, f"LibreOffice did not open {', '.join(missing)}:\n{said}"
    return made


def _run(command: Sequence[str], home: Path) -> str:
    """Run it to its end in a session of its own, that ends with it; what it said."""
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(home)}
    process = subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        said, _ = process.communicate(timeout=MOST_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return said
