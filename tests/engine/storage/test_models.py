from __future__ import annotations

import os

import pytest

from engine.errors import FileError
from engine.storage.model_file import Model
from engine.storage.models import check_target, open_model, save_model_as
from engine.storage.npz import encode_npz
from engine.training.config import TrainingConfig
from tests.engine.storage.samples import CONVNET, MLP, assert_same, weights_of

MODEL = Model(spec=CONVNET, weights=weights_of(CONVNET), config=TrainingConfig(seed=5), class_names=("a", "b", "c"))


def test_a_model_file_opens_with_everything_it_holds(tmp_path):
    path = tmp_path / "m.safetensors"
    save_model_as(path, MODEL)
    opened = open_model(path)
    assert_same(opened.model.weights, MODEL.weights)
    assert (opened.model.spec, opened.model.config, opened.model.class_names) == (
        CONVNET,
        MODEL.config,
        ("a", "b", "c"),
    )
    assert opened.note == ""


@pytest.mark.parametrize("name", ["w.params", "w.npz", "w-symbol.json"])
def test_weights_alone_open_into_a_network_and_say_so(tmp_path, name):
    save_model_as(tmp_path / name, MODEL)
    opened = open_model(tmp_path / name, CONVNET)
    assert_same(opened.model.weights, MODEL.weights)
    assert opened.note == f"{len(MODEL.weights)} tensors of {name} were matched to convnet."
    with pytest.raises(FileError, match="--network NAME") as caught:
        open_model(tmp_path / name)
    assert caught.value.code == "file.no_network"


def test_a_missing_file_is_called_missing_and_not_without_a_network(tmp_path):
    for name in ("none.params", "none.npz", "none.safetensors", "none-symbol.json"):
        with pytest.raises(FileError, match="There is no file"):
            open_model(tmp_path / name)


def test_what_is_in_no_known_format_is_not_asked_for_a_network(tmp_path):
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    for path in (tmp_path / "photo.png", tmp_path):
        with pytest.raises(FileError, match="no format that Netarium knows"):
            open_model(path)


def test_a_text_that_is_called_a_model_is_said_to_be_none(tmp_path):
    path = tmp_path / "homework.safetensors"
    path.write_text("This is no model, but the beginning of an essay.")
    with pytest.raises(FileError, match="is not a model") as caught:
        open_model(path)
    assert caught.value.code == "file.no_model"
    assert "such as a text" in str(caught.value)
    assert "header" not in str(caught.value), "a student need not know what a header is"


def test_foreign_weights_that_do_not_fit_are_refused(tmp_path):
    (tmp_path / "w.npz").write_bytes(encode_npz(weights_of(MLP)))
    with pytest.raises(FileError, match="needs shape"):
        open_model(tmp_path / "w.npz", CONVNET)


@pytest.mark.parametrize("name", ["m.safetensors", "M.PARAMS", "m.npz", "m-symbol.json"])
def test_a_good_target_passes_and_nothing_is_left_behind(tmp_path, name):
    check_target(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["model.pickle", "model", "-symbol.json", "none/m.npz", "file/m.npz", "x" * 300 + ".npz"]
)
def test_a_bad_target_is_refused_before_and_when_it_is_written(tmp_path, name):
    (tmp_path / "file").write_text("")
    sentences = []
    for refuse in (check_target, lambda path: save_model_as(path, MODEL)):
        with pytest.raises(FileError) as caught:
            refuse(tmp_path / name)
        sentences.append(str(caught.value))
    assert sentences[0] == sentences[1]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_with_the_name_of_a_model_is_no_target(tmp_path):
    (tmp_path / "m.npz").mkdir()
    with pytest.raises(FileError, match="it is a folder"):
        check_target(tmp_path / "m.npz")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_no_target(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(FileError, match="not allowed to write there"):
        check_target(tmp_path / "m.npz")
