"""`labels.json`: what may stand in it, what is refused, and whose names they are."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lda import DataError, Label, Labels, load_labels
from lda.corpus.presentable import printable
from lda.labels import labels_file
from lda.labels.labels import LONGEST, clean_name
from lda.labels.labels_file import encode_labels, labels_object, parse_labels, read_labels, save_labels

if TYPE_CHECKING:
    from pathlib import Path

OURS, THEIRS = "a" * 64, "b" * 64


@dataclass
class Some:
    """As much of a model as names need."""

    n_topics: int = 4
    sha256: str = OURS

    def fingerprint(self) -> str:
        return self.sha256


def names(data: str | bytes) -> dict[int, str]:
    raw = data.encode() if isinstance(data, str) else data
    return {number: label.name for number, label in parse_labels(raw).names.items()}


@pytest.mark.parametrize(
    "text",
    [
        '{"1": "War", "3": "Peace"}',
        '[null, "War", "", "Peace"]',
        '{"names": {"1": "War", "3": {"name": "Peace"}, "2": null}}',
        '{"format": "raylda-labels", "version": 1, "names": {"3": {"name": "Peace"}, "1": {"name": "War"}}}',
        '{"names": [null, "War", {"name": " "}, "Peace"], "something": ["new"]}',
        '\ufeff{"1": " War", "3": "\\tPeace\\n"}',
    ],
)
def test_every_form_says_the_same(text: str) -> None:
    assert names(text) == {1: "War", 3: "Peace"}


def test_what_is_written_is_read() -> None:
    labels = Labels(
        names={
            3: Label(name="戦争 & <b>", source="callable a.b", when="2026-01-31T10:00:00+00:00"),
            0: Label(name="War"),
            1: Label(name="War"),
        },
        n_topics=4,
        fingerprint=OURS,
    )
    assert parse_labels(encode_labels(labels)) == labels
    assert list(labels.names) == [0, 1, 3]
    assert labels_object(labels)["names"]["0"] == {"name": "War", "source": "by hand"}


@given(
    st.dictionaries(
        st.integers(0, 9),
        st.text(min_size=1, max_size=LONGEST).filter(lambda s: bool(s.split())),
        max_size=10,
    )
)
def test_any_text_is_a_name_or_is_refused(found: dict[int, str]) -> None:
    try:
        labels = Labels(n_topics=10).with_names(dict(found))
    except ValueError:
        assert any(printable(" ".join(name.split())) != " ".join(name.split()) for name in found.values())
        return
    assert parse_labels(encode_labels(labels)) == labels
    assert all(printable(label.name) == label.name for label in labels.names.values())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["names", "format", "version", "n_topics", "fingerprint", "name", "source", "when", "1", "2"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_whatever_a_file_holds_is_names_or_a_value_error(data: bytes) -> None:
    try:
        labels = parse_labels(data)
    except ValueError:
        return
    assert parse_labels(encode_labels(labels)) == labels
    for label in labels.names.values():
        assert printable(label.name + label.source) == label.name + label.source
        assert 0 < len(label.name) <= LONGEST


DAMAGED: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "Expecting value"),
    "no JSON": ("War", "Expecting value"),
    "a number": ("3", "must be an object or a list"),
    "an empty list": ("[]", "an entry for each topic"),
    "no number": ('{"war": "War"}', "behind the numbers of topics"),
    "a number with a zero": ('{"03": "War"}', "behind the numbers of topics"),
    "a negative number": ('{"-1": "War"}', "behind the numbers of topics"),
    "digits of another script": ('{"٣": "War"}', "behind the numbers of topics"),
    "a huge number": ('{"99999999999999999999": "War"}', "behind the numbers of topics"),
    "a topic twice": ('{"3": "War", "3": "Peace"}', "'3' twice"),
    "a name that is none": ('{"3": 7}', "of topic 3, a name must be text"),
    "a name in lists": ('{"3": ["War"]}', "of topic 3, a name must be text"),
    "an escape": (r'{"3": "\u001b[2J"}', "of topic 3, a name must not hold control characters"),
    "a turn of direction": (r'{"3": "a\u202eb"}', "must not hold control characters"),
    "half a pair": (r'{"3": "\ud800"}', "surrogates not allowed"),
    "a long name": (json.dumps({"3": "x" * (LONGEST + 1)}), "at most 200 characters, got 201"),
    "no name of a source": ('{"names": {"3": {"name": "War", "source": 3}}}', "of topic 3, the source"),
    "no date": ('{"names": {"3": {"name": "War", "when": "soon"}}}', "must be as 2026-01-31"),
    "another format": ('{"format": "raylda-model", "names": {}}', "format must be raylda-labels"),
    "a newer version": ('{"format": "raylda-labels", "version": 2}', "written by a newer raylda"),
    "no version": ('{"format": "raylda-labels", "version": "1"}', "must be a number from 1"),
    "no names": ('{"names": "War"}', "must be an object"),
    "no number of topics": ('{"names": {}, "n_topics": true}', "n_topics must be a number"),
    "too few topics": ('{"names": {"3": "War"}, "n_topics": 2}', "topics 0 to 1, got a name for topic 3"),
    "no fingerprint": ('{"names": {}, "fingerprint": "../x"}', "64 hexadecimal digits"),
    "not a number": ('{"3": NaN}', "no number"),
    "deep": ('{"3":' * 50 + "1" + "}" * 50, "nested too deeply"),
    "very deep": ("[" * 100_000, "nested too deeply"),
    "no UTF-8": (b'{"3": "\xff"}', "decode"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_damage_is_a_line(tmp_path: Path, what: str) -> None:
    text, told = DAMAGED[what]
    (tmp_path / "l.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=r"holds no names of topics: ") as caught:
        load_labels(tmp_path / "l.json", Some())
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500 + len(str(tmp_path))


def test_names_of_another_model_are_refused_unless_told_to_be_taken(tmp_path: Path) -> None:
    path = tmp_path / "l.json"

    def written(**values: Any) -> Path:
        path.write_text(json.dumps({"names": {"1": "War"}, **values}))
        return path

    assert load_labels(written(), Some()).fingerprint == OURS
    assert load_labels(written(fingerprint=OURS, n_topics=4), Some()).n_topics == 4
    for values in ({"fingerprint": THEIRS}, {"n_topics": 5}, {"n_topics": 3}):
        with pytest.raises(DataError, match=r"another model \(.*--force"):
            load_labels(written(**values), Some())
        forced = load_labels(path, Some(), force=True)
        assert (forced.fingerprint, forced.n_topics, forced.name(1)) == (OURS, 4, "War")
    with pytest.raises(
        DataError, match=r"bbbbbbbbbbbb\.\.\. and 5 topics\), this one has .*aaaa.* and 4 topics"
    ):
        load_labels(written(fingerprint=THEIRS, n_topics=5), Some())
    path.write_text('{"4": "War"}')
    for force in (False, True):
        with pytest.raises(DataError, match="names topic 4, but the model has topics 0 to 3"):
            load_labels(path, Some(), force=force)
    path.write_text('["War", null, null]')
    with pytest.raises(DataError, match=r"another model \(3 topics\)"):
        load_labels(path, Some())


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path, tmp_path / "none.json", f"file://{tmp_path}/none.json"):
        with pytest.raises(DataError, match=r"cannot be read \(.*name a file with names of topics"):
            read_labels(path)
    with pytest.raises(DataError, match="s3x://"):
        read_labels("s3x://bucket/l.json")
    (tmp_path / "l.json").write_text(json.dumps({"1": "War" * 20}))
    assert read_labels(f"file://{tmp_path}/l.json").name(1) == "War" * 20
    monkeypatch.setattr(labels_file, "MOST_BYTES", 50)
    for path in (tmp_path / "l.json", f"file://{tmp_path}/l.json"):
        with pytest.raises(DataError, match="at most 50 bytes"):
            read_labels(path)


def test_a_pipe_will_do(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=('{"2": "War"}',), daemon=True)
    writer.start()
    assert load_labels(pipe, Some()).name(2) == "War"
    writer.join(10)


def test_a_file_of_ones_own_is_replaced_only_when_told(tmp_path: Path) -> None:
    save_labels(Labels().with_names({1: "War"}), tmp_path / "l.json")
    with pytest.raises(DataError, match="exists already"):
        save_labels(Labels(), tmp_path / "l.json")
    save_labels(Labels().with_names({1: "Peace"}), tmp_path / "l.json", overwrite=True)
    assert read_labels(tmp_path / "l.json").name(1) == "Peace"
    with pytest.raises(DataError, match="is a URI"):
        save_labels(Labels(), "s3://bucket/l.json")


def test_names_are_added_changed_and_taken_away() -> None:
    labels = Labels(n_topics=4).with_names({1: "War", 2: "Peace"}, source="a model", when="2026-01-31")
    changed = labels.with_names({1: None, 2: "  Truce \n now ", 3: "War"})
    assert {k: (label.name, label.source, label.when) for k, label in changed.names.items()} == {
        2: ("Truce now", "by hand", None),
        3: ("War", "by hand", None),
    }
    assert (len(changed), bool(changed), bool(Labels())) == (2, True, False)
    assert (changed.title(2), changed.title(0)) == ("2 Truce now", "0")
    assert labels.name(1) == "War", "the labels it was made of stay as they are"
    for names_, told in (
        ({4: "x"}, "topics 0 to 3"),
        ({4: None}, "topics 0 to 3"),
        ({-1: "x"}, "from 0, got -1"),
        ({"1": "x"}, "from 0, got .1."),
        ({1: 5}, "must be text, got 5"),
        ({1: "a\x00b"}, "control characters"),
    ):
        with pytest.raises(ValueError, match=told):
            labels.with_names(names_)  # type: ignore[arg-type]


def test_joiners_and_blanks_of_all_scripts_are_kept() -> None:
    assert clean_name("می\u200cخواهم  👩\u200d🚀\u00a0x") == "می\u200cخواهم 👩\u200d🚀 x"
