"""LabelMe, the desktop tool (its own `LabelFile` wrote the files) and the web tool.

http://labelme2.csail.mit.edu/Release3.0/browserTools/php/matlab_toolbox.php has the XML form.
"""

import json

import PIL.Image
import pytest

from imgcls.labels import ImageIndex, detect_format, read_labels


def test_what_the_desktop_tool_wrote(files, look):
    assert detect_format(files / "labelme") == "labelme"
    records = read_labels(files / "labelme")
    assert look.boxes(records, image="images/a.png") == {
        "indoor": None,
        "cat": [1, 2, 30.5, 40],
        "dog": [5, 5, 20, 30],
        "sun": [22, 14, 42, 34],
        "spot": None,
    }
    attributes = records.boxes_or_images.set_index("label")["attributes"]
    assert json.loads(attributes["cat"]) == {"blurred": True}
    assert json.loads(attributes["dog"]) == {"group_id": 3, "shape_type": "polygon"}
    assert "'b.png'" in look.reported(records, "left out")[0][2]  # it exists only inside its file


def test_embedded_images_are_written_and_the_others_copied(files, tmp_path, look):
    records = read_labels(files / "labelme", image_index=ImageIndex(files / "labelme", extract=tmp_path / "out"))
    assert records.root == tmp_path / "out"
    assert ("labels/b.png", "cat") in look.labels(records)
    with PIL.Image.open(records.root / "labels" / "b.png") as image:
        assert (image.size, image.getpixel((0, 0))) == ((64, 48), (0, 200, 0))
    assert (records.root / "labels" / "a.png").read_bytes() == (files / "labelme" / "images" / "a.png").read_bytes()


@pytest.mark.parametrize("path", ["../../secret.png", "/etc/passwd", "..\\..\\secret.png", "a\0.png", ""])
def test_a_path_that_leaves_the_folder_is_not_followed(data_set, path, look):
    data_set.write("../secret.png", b"x")
    shape = {"label": "cat", "points": [[1, 1], [9, 9]], "shape_type": "rectangle"}
    data_set.write("x/a.json", json.dumps({"shapes": [shape], "imagePath": path, "imageData": None}))
    records = read_labels(data_set.root)
    assert records.boxes_or_images.empty
    assert look.reported(records, "left out")[0][:2] == ("x/a.json", "shapes[0]")


@pytest.mark.parametrize("data", ["bm8gcGljdHVyZQ==", "%%%", ""])
def test_a_broken_embedded_image_is_reported(data_set, data, tmp_path, look):
    data_set.write("a.json", json.dumps({"shapes": [], "imagePath": "a.png", "imageData": data}))
    records = read_labels(data_set.root, image_index=ImageIndex(data_set.root, extract=tmp_path / "out"))
    assert look.reported(records, "left out")[0][:2] == ("a.json", "imageData")


def test_deep_nesting_and_odd_shapes_are_reported(data_set, look):
    data_set.image("a.png")
    data_set.write("deep.json", '{"shapes": ' + "[" * 10_000 + "]" * 10_000 + ', "imagePath": "a.png"}')
    shapes = [{"label": "cat", "points": 5}, {"label": None, "points": []}, 7, {"label": "dog", "points": [[1]]}]
    shapes.append({"label": "sun", "points": True, "shape_type": "circle"})
    data_set.write("odd.json", json.dumps({"shapes": shapes, "imagePath": "a.png", "flags": ["x"]}))
    left_out = {(file, line) for file, line, _ in look.reported(read_labels(data_set.root), "left out")}
    expected = {("odd.json", f"shapes[{i}]") for i in range(5)} | {("deep.json", ""), ("odd.json", "flags")}
    assert left_out == expected


WEB = """<annotation><filename>a.jpg</filename><folder>street</folder>
<imagesize><nrows>48</nrows><ncols>64</ncols></imagesize>
<object><name>
car
</name><deleted>0</deleted><verified>1</verified><occluded>yes</occluded><attributes>red</attributes>
<polygon><username>anna</username><pt><x>3</x><y>4</y></pt><pt><x>30</x><y>5</y></pt><pt><x>9</x><y>40</y></pt></polygon>
</object>
<object><name>ghost</name><deleted>1</deleted><polygon><pt><x>1</x><y>1</y></pt></polygon></object>
<object><name>bus</name><deleted>0</deleted><segm><box><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax></box>
</segm></object></annotation>"""


def test_the_web_tools_xml(data_set, look):
    data_set.image("Images/street/a.jpg")
    data_set.write("Annotations/street/a.xml", WEB)
    assert detect_format(data_set.root) == "labelme_web"
    records = read_labels(data_set.root)
    assert look.labels(records) == [("Images/street/a.jpg", "bus"), ("Images/street/a.jpg", "car")]
    assert look.boxes(records) == {"car": [3, 4, 30, 40], "bus": [1, 2, 9, 8]}
    car = records.boxes_or_images.set_index("label").loc["car"]
    assert (car["annotator"], car["occluded"], json.loads(car["attributes"])["attributes"]) == ("anna", True, "red")
    assert "'ghost' was deleted" in look.reported(records, "left out")[0][2]


def write_shapes(data_set, *shapes: tuple, flags: dict | None = None, name: str = "a") -> None:
    """A file with rectangles: label, corners, and what else the shape says."""
    rows = [
        {"label": label, "points": points, "shape_type": "rectangle", "flags": {}, "group_id": None} | more
        for label, points, more in shapes
    ]
    data_set.image(f"{name}.png")
    content = {"shapes": rows, "flags": flags or {}, "imagePath": f"{name}.png", "imageData": None}
    data_set.write(f"{name}.json", json.dumps(content))


def test_shapes_of_one_group_are_one_object(data_set, look):
    left, right = [[1, 2], [9, 9]], [[20, 5], [30, 12]]
    both = [("dog", left, {"group_id": 1}), ("dog", right, {"group_id": 1})]
    write_shapes(data_set, *both, ("cat", left, {"group_id": 1}), ("cow", left, {}))
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cat"), ("a.png", "cow"), ("a.png", "dog")]
    assert look.boxes(records) == {"dog": [1, 2, 30, 12], "cat": [1, 2, 9, 9], "cow": [1, 2, 9, 9]}
    assert look.reported(records, "noted") == [("a.json", "shapes[0]", "2 shapes of the group 1 are one 'dog'.")]


def test_what_is_marked_to_be_ignored_is_no_class(data_set, look):
    box = [[1, 2], [9, 9]]
    write_shapes(data_set, ("__ignore__", box, {}), ("cat", box, {}), ("dog", box, {"flags": {"__ignore__": True}}))
    write_shapes(data_set, ("cat", box, {}), flags={"__ignore__": True, "indoor": True}, name="b")
    write_shapes(data_set, flags={"__ignore__": False, "indoor": True}, name="c")
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cat"), ("c.png", "indoor")]
    assert [line for file, line, _ in look.reported(records, "noted") if file == "a.json"] == ["shapes[0]", "shapes[2]"]
    assert [file for file, *_ in look.reported(records, "left out")] == ["b.json"]


def test_images_on_the_disk_stay_where_they_are(data_set, tmp_path, look):
    write_shapes(data_set, ("cat", [[1, 2], [9, 9]], {}))
    records = read_labels(data_set.root, image_index=ImageIndex(data_set.root, extract=tmp_path / "out"))
    assert records.root == data_set.root
    assert not (tmp_path / "out").exists()
