"""Formats and writers: one file each with a declared row, listed without an import; one's own can be added."""

import subprocess
import sys
from pathlib import Path

import pytest

from imgcls.labels import (
    FORMATS,
    WRITERS,
    Format,
    Records,
    detect_format,
    read_labels,
    register_format,
    register_writer,
    write_labels,
)
from imgcls.labels.assembly import assemble
from imgcls.labels.declarations import declared
from imgcls.labels.formats import find_format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Problems
from imgcls.labels.writer import Writer
from imgcls.labels.writers import find_writer

ORDER = [
    *("coco", "voc", "yolo", "createml", "labelme", "labelme_web", "label_studio", "cvat", "vott", "datumaro"),
    *("supervisely", "roboflow", "open_images", "kitti", "imagenet", "imagenet_lists", "idx", "cifar", "tfrecord"),
    *("mturk", "toloka", "table", "folders"),
]


def test_formats_are_looked_for_in_this_order():
    assert list(FORMATS) == ORDER
    assert [name for name, row in FORMATS.items() if row.last_resort] == ["table", "folders"]
    assert list(WRITERS) == ["coco", "voc", "yolo", "csv", "folders"]


@pytest.mark.parametrize("name", ORDER)
def test_a_format_declares_what_it_is(name):
    module = find_format(name)
    assert FORMATS[name] == module.FORMAT
    assert module.FORMAT.name == Path(module.__file__).stem
    assert module.FORMAT.help.endswith(".")
    options = module.read.__code__.co_varnames[2 : module.read.__code__.co_argcount]
    assert module.FORMAT.options == options


@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_declares_what_it_is(name):
    assert WRITERS[name] == find_writer(name).WRITER


def test_the_formats_are_listed_without_pandas():
    code = "import sys, imgcls.labels; print('pandas' in sys.modules, len(imgcls.labels.FORMATS))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", str(len(ORDER))]


class ByFileName:
    """The class is what stands before the hyphen in an image's name."""

    FORMAT = Format("by_file_name", "class-number.png", "The class stands in the image's name.")

    def detect(self, source: Path) -> bool:
        return source.is_dir() and any(source.glob("*-*.png"))

    def read(self, source: Path, image_index: ImageIndex | None = None) -> Records:
        image_index = image_index or ImageIndex(source)
        rows = [{"image": path, "label": path.split("-")[0], "file": path} for path in image_index.paths]
        return assemble(rows, Problems(), image_index)


@pytest.fixture
def own_format(monkeypatch):
    from imgcls.labels import formats

    monkeypatch.setattr(formats._CATALOGUE, "_registered", {})
    yield register_format(ByFileName())
    FORMATS.pop("by_file_name")


def test_a_format_of_ones_own_is_found_and_read(own_format, data_set, look):
    assert list(FORMATS)[-3:] == ["by_file_name", "table", "folders"]
    data_set.image("cat-1.png", "dog-2.png")
    assert detect_format(data_set.root) == "by_file_name"
    assert look.labels(read_labels(data_set.root)) == [("cat-1.png", "cat"), ("dog-2.png", "dog")]


def test_what_is_no_format_is_refused(own_format):
    with pytest.raises(TypeError, match="no FORMAT and no detect and no read"):
        register_format(object())
    with pytest.raises(ValueError, match="a format 'by_file_name' already"):
        register_format(ByFileName())


def test_an_option_that_a_format_does_not_have_is_refused(data_set):
    data_set.write("t.csv", "image,label\na.png,cat\n")
    with pytest.raises(ValueError, match=r"The format table has no option 'colums'\. Did you mean 'columns'\?"):
        read_labels(data_set.root, colums={})
    with pytest.raises(ValueError, match=r"The format coco has no option 'keep'\. It has none\."):
        read_labels(data_set.root, "coco", keep=["patient"])


def test_a_writer_of_ones_own_writes(data_set, tmp_path):
    class Names:
        WRITER = Writer("names", "a list of the classes")

        def write(self, records: Records, folder: Path, copy_images: bool) -> Problems:
            (folder / "names.txt").write_text("\n".join(records.class_names))
            return Problems()

    data_set.image("cat/1.png", "dog/2.png")
    register_writer(Names())
    try:
        assert write_labels(read_labels(data_set.root), tmp_path / "out", "names").empty
    finally:
        WRITERS.pop("names")
    assert (tmp_path / "out" / "names.txt").read_text() == "cat\ndog"


@pytest.mark.parametrize("call", ["Format(name)", 'Format("a", "b", colour=1)'])
def test_a_declaration_that_is_no_literal_is_refused(tmp_path, call):
    (tmp_path / "a.py").write_text(f"FORMAT = {call}\n")
    with pytest.raises(ValueError, match="expected a row of literals only"):
        declared(tmp_path, "FORMAT", Format)
