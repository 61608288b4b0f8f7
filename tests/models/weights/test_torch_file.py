"""The files under files/ were written by PyTorch 2.13 and by the safetensors package."""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from imgcls.models.weights.safetensors_file import read_safetensors_file
from imgcls.models.weights.torch_file import read_torch_file

FILES = Path(__file__).parent / "files"
MATRIX = np.arange(12, dtype="float32").reshape(3, 4)
READERS = {".safetensors": read_safetensors_file, ".pth": read_torch_file, ".pt": read_torch_file}
WRITTEN = ("zip.pth", "before_1_6.pth", "checkpoint.pt", "numbers.safetensors")


@pytest.mark.parametrize("name", WRITTEN)
def test_every_format_holds_the_same_numbers(name):
    arrays = READERS[Path(name).suffix](FILES / name)
    np.testing.assert_array_equal(arrays["matrix"], MATRIX)
    np.testing.assert_array_equal(arrays["transposed"], MATRIX.T)
    np.testing.assert_array_equal(arrays["row"], MATRIX[1])
    np.testing.assert_array_equal(arrays["half"], np.array([0.5, -2.0], "float16"))
    np.testing.assert_array_equal(arrays["bfloat16"], np.array([1.5, -3.0], "float32"))
    assert arrays["count"] == 7
    assert arrays["bool"].tolist() == [True, False]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_file_cut_off_anywhere_is_refused(name, tmp_path):
    whole = (FILES / name).read_bytes()
    path = tmp_path / name
    for length in range(0, len(whole) - 1, 37):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="can be read"):
            READERS[path.suffix](path)


@pytest.mark.parametrize(
    ("name", "written_as", "share", "said"),
    [
        ("zip.pth", "cut.pth", 0.5, "cut off, or of another kind"),
        ("zip.pth", "empty.pth", 0.0, "it is empty"),
        ("numbers.safetensors", "other.pth", 1.0, "cut off, or of another kind"),
        ("numbers.safetensors", "empty.safetensors", 0.0, "it is empty"),
        ("numbers.safetensors", "cut.safetensors", 0.1, "ends within its table"),
    ],
)
def test_what_is_wrong_is_said_in_words(name, written_as, share, said, tmp_path):
    whole, path = (FILES / name).read_bytes(), tmp_path / written_as
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=rf"can be read \(.*{said}"):
        READERS[path.suffix](path)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_web_page_is_refused(name, tmp_path):
    path = tmp_path / name
    path.write_text("<!DOCTYPE html><html><body>404</body></html>" * 20)
    with pytest.raises(ValueError, match="can be read"):
        READERS[path.suffix](path)


def test_a_pickle_that_builds_objects_is_refused():
    with pytest.raises(ValueError, match=r"asks for torch\.nn"):
        read_torch_file(FILES / "whole_module.pth")


class Harmful:
    def __reduce__(self):
        return print, ("this was run",)


def test_nothing_in_a_pickle_is_run(tmp_path, capsys):
    path = tmp_path / "harmful.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"weight": Harmful()}))
    with pytest.raises(ValueError, match=r"builtins\.print"):
        read_torch_file(path)
    path.write_bytes(pickle.dumps(Harmful()))
    with pytest.raises(ValueError, match=r"builtins\.print"):
        read_torch_file(path)
    assert capsys.readouterr().out == ""


def test_a_tensor_beyond_its_storage_is_refused(tmp_path):
    source = zipfile.ZipFile(FILES / "zip.pth")
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        for name in source.namelist():
            data = source.read(name)
            archive.writestr(name, data[:-4] if name.endswith("/data/0") else data)
    path = tmp_path / "short.pth"
    path.write_bytes(changed.getvalue())
    with pytest.raises(ValueError, match="ends too early"):
        read_torch_file(path)
