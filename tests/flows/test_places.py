"""Plans and reports at a path, on the web and in a store: fetched, put, told in one line, and nothing secret shown."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import _registry

from flows.places import PlaceError, as_given, beside, deliver, fetch, is_elsewhere, name_of, put, shown, wave_files

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNED = "https://me:hidden@host/plans/my%20plan.xlsx?X-Signature=secret"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the class above
        """Say nothing."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A folder on the web."""
    (tmp_path / "web").mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "web"))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class Buckets(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store of buckets, as s3fs has one: keys need no folder, a bucket has to be there, and making a folder makes its bucket."""

    protocol = ("s3",)
    store: ClassVar[dict[str, object]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    @classmethod
    def _strip_protocol(cls, path: str) -> Any:
        return super()._strip_protocol(path.removeprefix("s3://"))

    def _open(self, path: str, mode: str = "rb", **said: Any) -> Any:
        if "w" in mode and not self.exists(f"/{path.split('/')[1]}"):
            raise FileNotFoundError("the specified bucket does not exist")
        return super()._open(path, mode, **said)


@pytest.fixture
def buckets(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Buckets]]:
    """s3:// in this process, as it is where s3fs is installed."""
    monkeypatch.setitem(_registry, "s3", Buckets)
    yield Buckets
    Buckets.store.clear()
    Buckets.pseudo_dirs[:] = [""]


@pytest.fixture
def store() -> Iterator[str]:
    """A store by URL, in this process: what fsspec does for s3:// is the same to its caller."""
    yield "memory://waves-test"
    fsspec.filesystem("memory").store.clear()


def test_a_place_is_spelt_and_shown() -> None:
    """Name, neighbour and what may be seen of a URL."""
    assert (is_elsewhere(SIGNED), is_elsewhere("C:\\plans\\plan.xlsx"), is_elsewhere("plans/plan.xlsx")) == (True, False, False)
    assert (name_of(SIGNED), name_of("a/b.xlsx"), name_of("s3://bucket/")) == ("my plan.xlsx", "b.xlsx", "plan.xlsx")
    assert shown(SIGNED) == "https://host/plans/my%20plan.xlsx"
    assert beside("s3://bucket/night/plan.xlsx", "r.xlsx") == "s3://bucket/night/r.xlsx"
    assert Path(as_given("plan.xlsx")) == Path.cwd() / "plan.xlsx"


def test_a_plan_on_the_web_is_fetched_under_its_name(web: str, tmp_path: Path) -> None:
    """Byte for byte; one that is not there is one line without what a URL keeps secret."""
    (tmp_path / "web" / "plan.xlsx").write_bytes(b"plan")
    (tmp_path / "here").mkdir()
    copy = fetch(f"{web}/plan.xlsx?token=secret", tmp_path / "here")
    assert (copy.name, copy.read_bytes()) == ("plan.xlsx", b"plan")
    with pytest.raises(PlaceError) as refused:
        fetch(f"{web}/absent.xlsx?token=secret", tmp_path / "here")
    assert f"{web}/absent.xlsx cannot be read" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_web_is_only_read(web: str, tmp_path: Path) -> None:
    """A report beside a plan on the web has to be given a place, and nothing is put there."""
    (tmp_path / "web" / "plan.xlsx").write_bytes(b"plan")
    with pytest.raises(PlaceError, match="say where it goes"), wave_files(f"{web}/plan.xlsx", "", "", "r.xlsx"):
        pass
    with pytest.raises(PlaceError, match="nothing can be put there"):
        put(tmp_path / "web" / "plan.xlsx", f"{web}/copy.xlsx")


def test_a_run_works_on_copies_and_leaves_nothing(store: str, tmp_path: Path) -> None:
    """The plan is fetched, the report put beside it, and both copies are gone at the end."""
    (tmp_path / "plan.xlsx").write_bytes(b"plan")
    put(tmp_path / "plan.xlsx", f"{store}/plan.xlsx")
    with wave_files(f"{store}/plan.xlsx", "", "", "plan.wave-1.report.xlsx") as files:
        assert (files.plan.read_bytes(), files.report_url) == (b"plan", f"{store}/plan.wave-1.report.xlsx")
        assert files.report is not None
        files.report.write_bytes(b"report")
        assert deliver(files.report, files.report_url) == ""
    assert not files.plan.parent.exists()
    assert fetch(f"{store}/plan.wave-1.report.xlsx", tmp_path).read_bytes() == b"report"


def test_a_bucket_is_never_made_and_a_folder_is(tmp_path: Path, buckets: type[Buckets]) -> None:
    """A mistyped bucket is refused, not made: a report in it would be where nobody looks."""
    (tmp_path / "plan.xlsx").write_bytes(b"plan")
    buckets().mkdir("/there")
    put(tmp_path / "plan.xlsx", "s3://there/night/plan.xlsx")
    with pytest.raises(PlaceError, match=r"s3://their/night/plan\.xlsx cannot be written"):
        put(tmp_path / "plan.xlsx", "s3://their/night/plan.xlsx")
    assert buckets().find("/") == ["/there/night/plan.xlsx"]
    put(tmp_path / "plan.xlsx", (tmp_path / "new" / "plan.xlsx").as_uri())
    assert (tmp_path / "new" / "plan.xlsx").read_bytes() == b"plan"


def test_a_report_that_cannot_be_put_stays(store: str, tmp_path: Path) -> None:
    """It is the only copy: it is told where it lies."""
    (tmp_path / "plan.xlsx").write_bytes(b"plan")
    with wave_files(str(tmp_path / "plan.xlsx"), "nowhere://r.xlsx", "", "r.xlsx") as files:
        assert files.report is not None
        files.report.write_bytes(b"report")
        said = deliver(files.report, files.report_url)
    assert said.startswith("nowhere://r.xlsx cannot be written")
    assert said.endswith(f"; it lies in {files.report} on this machine")
    assert files.report.read_bytes() == b"report"
    files.report.unlink()
    files.report.parent.rmdir()


def test_a_store_without_its_package_says_what_to_install(tmp_path: Path) -> None:
    """s3fs is not installed with the rest."""
    if "s3" in fsspec.available_protocols() and __import__("importlib.util").util.find_spec("s3fs"):
        pytest.skip("s3fs is installed here")
    with pytest.raises(PlaceError, match="pip install s3fs"):
        fetch("s3://bucket/plan.xlsx", tmp_path)


def test_files_of_this_machine_are_used_as_they_are(tmp_path: Path) -> None:
    """No copy, no folder."""
    with wave_files(str(tmp_path / "plan.xlsx"), "", str(tmp_path / "r.html"), "r.xlsx") as files:
        assert (files.plan, files.report, files.html) == (tmp_path / "plan.xlsx", None, tmp_path / "r.html")


def test_a_path_is_put_whole(tmp_path: Path) -> None:
    """Its folder is made; what was there is replaced."""
    (tmp_path / "plan.xlsx").write_bytes(b"plan")
    put(tmp_path / "plan.xlsx", str(tmp_path / "new" / "plan.xlsx"))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["plan.xlsx"]
