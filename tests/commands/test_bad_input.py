"""Whatever is wrong is said in one line with a number, a place and a way on; never with a traceback."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import run

import orjson
import pyarrow.parquet as pq
import pytest

from matching_rules.loader import rules_directory

from .conftest import Shop
from .terminal import Ended, identity

HEAD = b"source,source_record_id,given_name,family_name,birth_date,email\n"
GOOD = (
    b"pos,1,Ana,Li,1985-03-04,a@li.example\npos,2,Bo,Ek,1972-06-11,bo@ek.example\n"
    b"pos,3,Cy,Ox,1990-01-02,cy@ox.example\npos,4,Ana,Li,1985-03-04,a@li.example\n"
)
LINES = (
    b'{"source":"pos","source_record_id":"1","given_name":"Ana","email":"a@li.example"}\n'
    b'{"source":"pos","source_record_id":"2","given_name":"Bo","email":"bo@ek.example"}\n'
    b'{"source":"pos","source_record_id":"3","given_name":"Cy","email":"cy@ox.example"}\n'
)

# What stands in the file → the code, row and column that tell it, and where they are told.
ROWS: dict[str, tuple[str, bytes, str, int, str | None, str]] = {
    "wrong encoding": ("a.csv", HEAD + GOOD + b"pos,5,J\xfcrgen,X,,\n", "E301", 5, None, "quarantine"),
    "NUL byte": ("a.csv", HEAD + GOOD + b"pos,5,J\0n,X,,\n", "E302", 5, "given_name", "quarantine"),
    "too few fields": ("a.csv", HEAD + GOOD + b"pos,5,Jo\n", "E304", 5, None, "quarantine"),
    "too many fields": ("a.csv", HEAD + GOOD + b"pos,5,Jo,X,,,,\n", "E304", 5, None, "quarantine"),
    "no record id": ("a.csv", HEAD + GOOD + b"pos,,Jo,X,,\n", "E311", 5, "source_record_id", "quarantine"),
    "no source": ("a.csv", HEAD + GOOD + b",5,Jo,X,,\n", "E312", 5, "source", "quarantine"),
    "a 10 MB field": (
        "a.csv",
        HEAD + GOOD + b"pos,5," + b"x" * 10_000_000 + b",X,,\n",
        "E309",
        5,
        None,
        "quarantine",
    ),
    "a key twice": ("a.csv", HEAD + b"pos,1,Old,Li,,\n" + GOOD, "E340", 1, None, "warnings"),
    "an impossible date": (
        "a.csv",
        HEAD + GOOD + b"pos,5,Jo,X,1985-02-31,\n",
        "E363",
        5,
        "birth_date",
        "warnings",
    ),
    "a date to come": (
        "a.csv",
        HEAD + GOOD + b"pos,5,Jo,X,2985-02-01,\n",
        "E364",
        5,
        "birth_date",
        "warnings",
    ),
    "invalid JSON": (
        "a.jsonl",
        LINES + b'{"source":"pos","source_record_id":\n',
        "E306",
        4,
        None,
        "quarantine",
    ),
    "JSON that is no object": ("a.jsonl", LINES + b"[1]\n", "E307", 4, None, "quarantine"),
    "a list for a value": (
        "a.jsonl",
        LINES + b'{"source":"pos","source_record_id":"9","email":["x"]}\n',
        "E310",
        4,
        "email",
        "quarantine",
    ),
}
FILES: dict[str, tuple[str, bytes | None, str]] = {
    "missing": ("absent.csv", None, "E201"),
    "empty": ("a.csv", b"", "E204"),
    "duplicate header": ("a.csv", b"source,source_record_id,email,email\npos,1,a,b\n", "E205"),
    "no record id column": ("a.csv", b"source,id\npos,1\n", "E206"),
    "no source column": ("a.csv", b"source_record_id,email\n1,a@li.example\n", "E210"),
    "not Parquet": ("a.parquet", b"PAR1 but no more", "E207"),
    "a header in another encoding": ("a.csv", b"source,source_record_id,pr\xe9nom\npos,1,Ana\n", "E211"),
}


def resolved(tmp_path: Path, name: str, content: bytes, *more: str) -> Ended:
    (tmp_path / name).write_bytes(content)
    return identity("resolve", tmp_path / name, "--out", tmp_path / "out", "--json", *more)


@pytest.fixture(scope="module")
def bad_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for each kind of bad row, and `out`, where all of them were resolved to at once."""
    folder = tmp_path_factory.mktemp("rows")
    files = [folder / f"{trouble}.{case[0].partition('.')[2]}" for trouble, case in ROWS.items()]
    for file, (_, content, *_) in zip(files, ROWS.values(), strict=True):
        file.write_bytes(content)
    assert identity("resolve", *files, "--out", folder / "out").code == 0
    return folder


@pytest.mark.parametrize("trouble", ROWS)
def test_a_bad_row_is_set_aside_with_code_file_row_and_column_and_the_others_go_on(
    bad_rows: Path, trouble: str
) -> None:
    name, _, code, row, column, table = ROWS[trouble]
    file = str(bad_rows / f"{trouble}.{name.partition('.')[2]}")
    report = orjson.loads((bad_rows / "out" / "report.json").read_bytes())
    (told,) = (found for found in report["files"] if found["file"] == file)
    assert told["accepted"] + told["quarantined"] + told["rejected"] == told["rows"]
    assert told["accepted"] >= 3
    issues = pq.read_table(bad_rows / "out" / f"{table}.parquet").to_pylist()
    (issue,) = (found for found in issues if found["file"] == file)
    assert (issue["code"], issue["row"], issue["column"]) == (code, row, column)
    assert file in issue["message"]
    assert f"row {row}" in issue["message"]


@pytest.mark.parametrize("trouble", FILES)
@pytest.mark.parametrize("command", ["resolve", "load", "ingest", "train"])
def test_a_bad_file_is_refused_by_number_and_name(tmp_path: Path, command: str, trouble: str) -> None:
    name, content, code = FILES[trouble]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    outs = {"resolve": ("--out", tmp_path / "out"), "train": ("--out", tmp_path / "m.json")}
    more: tuple[str | Path, ...] = outs.get(command, ())
    ended = identity(command, tmp_path / name, *more, database=tmp_path / "identity.db")
    assert ended.code == 3
    ended.complains(code, tmp_path / name)
    assert not (tmp_path / "out").exists()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    ended = identity("resolve", tmp_path, "--out", tmp_path / "out")
    assert ended.code == 3
    ended.complains("E202", tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    report = resolved(tmp_path, "a.csv", b"\xef\xbb\xbf" + HEAD + GOOD).report
    assert report["files"][0]["accepted"] == 4
    text = (HEAD + GOOD).decode()
    report = resolved(tmp_path, "b.csv", text.encode("utf-16")).report
    assert report["files"][0]["accepted"] == 4


def test_of_a_key_twice_the_last_row_counts(tmp_path: Path) -> None:
    report = resolved(tmp_path, "a.csv", HEAD + b"pos,1,Old,Li,,\n" + GOOD).report
    assert (report["records"], report["files"][0]["rejected"]) == (4, 1)
    names = pq.read_table(tmp_path / "out" / "golden.parquet")["given_name"].to_pylist()
    assert "Old" not in names


def test_a_file_without_rows_or_without_anything_to_compare_is_refused_by_number(tmp_path: Path) -> None:
    for name, content in (("none.csv", HEAD), ("bare.csv", b"source,source_record_id\npos,1\npos,2\n")):
        ended = resolved(tmp_path, name, content)
        assert ended.code in (3, 7)
        assert ended.err[:2] in ("E2", "E6")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    shutil.copytree(rules_directory(), folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder


def edited(folder: Path, old: str, new: str, file: str = "customer.match.yml") -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


RULES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "unknown comparator": (
        lambda f: edited(f, "comparator: city", "comparator: town"),
        "E131",
        "comparisons[10]",
    ),
    "thresholds out of order": (
        lambda f: edited(f, "review: -4.0", "review: 4.0"),
        "E135",
        "thresholds.review",
    ),
    "no match file": (lambda f: (f / "customer.match.yml").unlink(), "E101", "customer.match.yml"),
    "not YAML": (lambda f: edited(f, "comparisons:", "comparisons: ]"), "E102", "customer.match.yml"),
    "no nicknames": (lambda f: (f / "reference" / "nicknames.txt").unlink(), "E101", "nicknames.txt"),
    "no sources": (lambda f: shutil.rmtree(f / "sources"), "E101", "sources"),
    "source of another name": (
        lambda f: edited(f, "source: pos", "source: till", "sources/pos.yml"),
        "E116",
        "pos.yml",
    ),
    "survivorship of nothing": (
        lambda f: (f / "customer.survivorship.yml").write_text("rules: []\n"),
        "E12",
        "customer.survivorship.yml",
    ),
}


@pytest.mark.parametrize("trouble", RULES)
def test_rules_that_are_wrong_are_refused_with_file_and_place(rules: Path, trouble: str) -> None:
    spoil, code, place = RULES[trouble]
    spoil(rules)
    for more in ((), ("--json",)):
        ended = identity("rules", "check", "--rules", rules, *more)
        assert ended.code == 4
        assert ended.err.startswith(code)
        assert place in ended.err


def test_rules_are_found_by_the_environment_too(rules: Path, tmp_path: Path) -> None:
    assert identity("rules", "check", "--json", rules=rules).report["rules"] == str(rules)
    ended = identity("rules", "check", rules=tmp_path / "nowhere")
    assert ended.code == 4
    ended.complains("E101", "nowhere")


def test_an_unknown_golden_id_record_or_source_is_said_so(shop: Shop, tmp_path: Path) -> None:
    database = shop.database
    ended = identity("profile", "g0000000000000000", database=database)
    assert ended.code == 6
    ended.complains("E501", "g0000000000000000")
    for left, right in (("pos:none", "erp:none"), ("nonsense", ""), (":", "::")):
        ended = identity("explain", left, right, database=database)
        assert ended.code == 6
        ended.complains("E502", left)
    ended = identity("load", "--source", "till", shop.folder / "pos.csv", database=tmp_path / "i.db")
    assert ended.code in (3, 4)
    assert ended.err.startswith(("E117", "E206"))


def test_asking_a_database_before_anything_was_loaded_is_answered_by_number(tmp_path: Path) -> None:
    database = tmp_path / "identity.db"
    assert identity("events", "--json", database=database).report == {"events": []}
    assert identity("rematch", "--json", database=database).report["records"] == 0
    ended = identity("train", "--out", tmp_path / "model.json", database=database)
    assert ended.code == 3
    ended.complains("E221")
    identity("profile", "g1", database=database).complains("E501")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("sqlite:////nowhere/at/all/identity.db", "E402"),
        ("mysql://user:secret@host/name", "E401"),
        ("no url at all", "E401"),
        ("postgresql://user:secret@127.0.0.1:1/name", "E402"),
    ],
)
def test_a_database_that_cannot_be_used_is_said_without_repeating_the_password(url: str, code: str) -> None:
    ended = identity("events", database=url)
    assert ended.code == 5
    ended.complains(code)
    assert "secret" not in ended.err


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "identity.db"
    file.write_bytes(b"not a database, " * 100)
    ended = identity("events", database=file)
    assert ended.code == 5
    assert ended.err.startswith("E4")
    assert file.read_bytes() == b"not a database, " * 100


def test_an_out_folder_that_cannot_be_one_is_refused_by_number(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    ended = resolved(tmp_path, "a.csv", HEAD + GOOD)
    assert ended.code == 3
    ended.complains("E220", tmp_path / "out")


@pytest.mark.parametrize("command", ["train", "model export", "sample", "demo"])
def test_a_file_that_cannot_be_written_is_refused_by_number(shop: Shop, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("a file")
    target = tmp_path / "file" / "model.json"
    arguments: dict[str, list[str | Path]] = {
        "train": [shop.records, "--out", target],
        "model export": [shop.model, "--splink", "--out", target],
        "sample": ["--people", "5", "--out", target],
        "demo": ["--people", "100", "--folder", target],
    }
    ended = identity(*command.split(), *arguments[command])
    assert ended.code == 3
    ended.complains("E220", target)


def test_a_model_that_is_none_is_refused_by_number(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}")
    for model in (tmp_path / "model.json", tmp_path / "none.json"):
        ended = resolved(tmp_path, "a.csv", HEAD + GOOD, "--model", str(model))
        assert ended.code == 7
        ended.complains("E605", model)
    old = orjson.loads(shop.model.read_bytes()) | {"format": 0}
    (tmp_path / "model.json").write_bytes(orjson.dumps(old))
    resolved(tmp_path, "a.csv", HEAD + GOOD, "--model", str(tmp_path / "model.json")).complains("E606")


def test_a_model_of_more_columns_judges_by_those_that_are_there(shop: Shop, tmp_path: Path) -> None:
    report = resolved(tmp_path, "a.csv", HEAD + GOOD, "--model", str(shop.model)).report
    assert (report["records"], report["profiles"], report["trained_now"]) == (4, 3, False)


def test_an_unknown_engine_truth_or_format_is_refused_by_number(shop: Shop, tmp_path: Path) -> None:
    for more, code, ends in (
        (["--engine", "hadoop"], "E603", 7),
        (["--engine", "spark"], "E608", 7),
        (["--truth", "person"], "E209", 3),
        (["--truth", "email"], "E212", 3),
    ):
        ended = resolved(tmp_path, "a.csv", HEAD + GOOD, *more)
        assert ended.code == ends
        ended.complains(code)
    ended = identity("model", "export", shop.model, "--out", tmp_path / "m.json")
    assert ended.code == 7
    ended.complains("E604")


@pytest.mark.parametrize(("name", "value"), [("IDENTITY_THREADS", "many"), ("IDENTITY_MEMORY", "much")])
def test_a_setting_that_makes_no_sense_is_refused_by_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    ended = resolved(tmp_path, "a.csv", HEAD + GOOD)
    assert ended.code > 1
    assert ended.err.startswith("E")
    assert value in ended.err


def test_wrong_usage_ends_with_two() -> None:
    for arguments in (
        ["resolve"],
        ["no-such-command"],
        ["events", "--limit", "0"],
        ["sample", "--people", "x"],
    ):
        assert identity(*arguments).code == 2


def test_the_program_itself_ends_with_the_code_and_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "identity.cli", "resolve", "absent.csv", "--out", str(tmp_path / "out")]
    ended = run(command, capture_output=True, text=True, check=False, cwd=rules_directory().parent)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == "E201: absent.csv does not exist. Check the path.\n"
