"""Annotation files that nothing reads are named, with the tool that wrote them and the way out."""

import json

import pytest

from imgcls.labels import detect_format, read_labels

REGION = {"shape_attributes": {"name": "rect", "x": 1, "y": 2, "width": 9, "height": 9}, "region_attributes": {}}
VIA = {"a.png1": {"filename": "a.png", "size": 1, "regions": [REGION], "file_attributes": {}}}
DARWIN = {
    "version": "2.0",
    "schema_ref": "https://darwin-public.s3.eu-west-1.amazonaws.com/darwin_json/2.0/schema.json",
    "item": {"name": "a.png", "slots": []},
    "annotations": [{"name": "cat", "bounding_box": {"x": 1, "y": 2, "w": 9, "h": 9}}],
}
LABELBOX = {"data_row": {"external_id": "a.png"}, "projects": {"p": {"labels": [{"annotations": {"objects": []}}]}}}
SCALE = [{"task_id": "1", "params": {"attachment": "a.png"}, "response": {"annotations": [{"label": "cat"}]}}]
BDD = [{"name": "a.png", "labels": [{"category": "cat", "box2d": {"x1": 1, "y1": 2, "x2": 9, "y2": 9}}]}]
SUPERANNOTATE = {"metadata": {"name": "a.png"}, "instances": [{"type": "bbox", "className": "cat", "points": {}}]}
FIFTYONE = {"samples": [{"filepath": "a.png", "ground_truth": {"_cls": "Classification", "label": "cat"}}]}
FILES = {
    "the VGG Image Annotator": ("via.json", json.dumps(VIA)),
    "V7 Darwin": ("a.json", json.dumps(DARWIN)),
    "Labelbox": ("export.ndjson", json.dumps(LABELBOX) + "\n"),
    "Scale AI": ("tasks.json", json.dumps(SCALE)),
    "BDD100K or Scalabel": ("det_train.json", json.dumps(BDD)),
    "SuperAnnotate": ("a.png.json", json.dumps(SUPERANNOTATE)),
    "FiftyOne": ("samples.json", json.dumps(FIFTYONE)),
    "SageMaker Ground Truth": ("output.manifest", '{"source-ref": "s3://b/a.png", "kind": 0}\n'),
    "ICDAR's text detection": ("gt_a.txt", "1,2,9,2,9,9,1,9,EXIT\n"),
    "DOTA": ("a.txt", "imagesource:GoogleEarth\ngsd:0.1\n1.0 2.0 9.0 2.0 9.0 9.0 1.0 9.0 ship 0\n"),
    "MATLAB": ("imagelabels.mat", b"MATLAB 5.0 MAT-file"),
}
VIA_CSV = (
    "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes\n"
    'a.png,1,{},1,0,"{""name"":""rect"",""x"":1}","{""kind"":""cat""}"\n'
)


@pytest.mark.parametrize("tool", FILES)
@pytest.mark.parametrize("folders", [("images",), ("cat", "dog"), ()])
def test_a_known_tool_is_named_with_the_way_out(data_set, tool, folders):
    for folder in folders:
        data_set.image(f"{folder}/a.png")
    name, content = FILES[tool]
    data_set.write(name, content)
    with pytest.raises(ValueError, match=tool) as refusal:
        detect_format(data_set.root)
    assert name in str(refusal.value)
    assert any(word in str(refusal.value) for word in ("Convert", "Export", "Write a CSV table"))


def test_a_table_of_the_vgg_image_annotator_is_named_too(data_set):
    data_set.image("a.png")
    data_set.write("via.csv", VIA_CSV)
    with pytest.raises(ValueError, match="VGG Image Annotator"):
        detect_format(data_set.root)


def test_folders_that_are_asked_for_are_read_and_the_files_beside_them_reported(data_set, look):
    data_set.image("cat/a.png", "dog/a.png")
    data_set.write("via.json", json.dumps(VIA))
    data_set.write("labels.txt", "cat\ndog\n")
    data_set.write("README.txt", "hello")
    records = read_labels(data_set.root, "folders")
    assert look.labels(records) == [("cat/a.png", "cat"), ("dog/a.png", "dog")]
    reported = {file: reason for file, _, reason in look.reported(records, "noted")}
    assert reported.keys() == {"via.json", "labels.txt"}
    assert "VGG Image Annotator" in reported["via.json"]


@pytest.mark.parametrize("name", ["boxes.xml", "boxes.json", "boxes.csv", "boxes.txt"])
def test_files_of_nobody_beside_folders_are_reported(data_set, name, look):
    data_set.image("cat/a.png", "dog/a.png")
    data_set.write(name, "<boxes>" if name.endswith("xml") else "{}")
    records = read_labels(data_set.root)
    assert [file for file, *_ in look.reported(records, "noted")] == [name]
    for image in data_set.root.glob("*/a.png"):
        image.unlink()
    data_set.image("images/a.png")
    (data_set.root / "cat").rmdir()
    (data_set.root / "dog").rmdir()
    with pytest.raises(ValueError, match=rf"Its labels may be in {name}"):
        read_labels(data_set.root)
