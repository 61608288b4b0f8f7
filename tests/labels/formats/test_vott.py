"""VoTT 2: the files have the form that its `vottJson.ts`, `assetService.ts` and `applicationState.ts` state.

https://github.com/microsoft/VoTT
"""

import json

import pytest

from imgcls.labels import detect_format, read_labels


def region(*tags, kind="RECTANGLE", box=(10, 5, 20, 30)) -> dict:
    left, top, width, height = box
    points = [{"x": left, "y": top}, {"x": left + width, "y": top + height}]
    return {"id": "r", "type": kind, "tags": list(tags), "points": points,
            "boundingBox": {"left": left, "top": top, "width": width, "height": height}}  # fmt: skip


def asset(name: str, state: int = 2, folder: str = "file:/C:/Users/me/my%20photos/") -> dict:
    return {"format": "png", "id": f"id-{name}", "name": name, "path": folder + name.replace(" ", "%20"), "type": 1,
            "size": {"width": 64, "height": 48}, "state": state}  # fmt: skip


def entry(name: str, *regions: dict, **more) -> dict:
    return {"asset": asset(name, **more), "regions": list(regions), "version": "2.2.0"}


def export(*entries: dict) -> str:
    tags = [{"name": "cat", "color": "#5db300"}]
    assets = {one["asset"]["id"]: one for one in entries}
    return json.dumps({"name": "pets", "tags": tags, "version": "2.2.0", "assets": assets}, indent=4)


def test_an_export(data_set, look):
    data_set.image("vott-json-export/a b.png", "vott-json-export/b.png")
    outline = region("bird", kind="POLYGON") | {"boundingBox": None}
    path = data_set.write("vott-json-export/pets-export.json", export(
        entry("a b.png", region("cat", "sleeping"), outline), entry("b.png", state=1)))  # fmt: skip
    assert detect_format(data_set.root) == detect_format(path) == "vott"
    for records in (read_labels(data_set.root), read_labels(path)):
        name = "a b.png" if records.root == path.parent else "vott-json-export/a b.png"
        assert look.boxes(records, image=name) == {
            "cat": [10, 5, 30, 35],
            "sleeping": [10, 5, 30, 35],
            "bird": [10, 5, 30, 35],
        }
        assert len(records.boxes_or_images) == 4  # and the image that nobody tagged
        assert records.problems.empty


def test_a_project_and_its_assets_count_once(data_set, look):
    data_set.image("a.png", "b.png", "c.png")
    data_set.write("id-a.png-asset.json", json.dumps(entry("a.png", region("cat"))))
    data_set.write("pets-export.json", export(entry("a.png", region("dog"))))
    assets = {one["id"]: one for one in (asset("a.png"), asset("b.png", state=1), asset("c.png"))}
    data_set.write("pets.vott", json.dumps({"name": "pets", "tags": [], "assets": assets}))
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cat"), ("b.png", "")]
    assert look.reported(records, "left out")[0][2].endswith("its file id-c.png-asset.json is not here.")
    assert any("has other regions in another file" in reason for _, _, reason in look.reported(records, "noted"))


def test_an_image_in_the_net_is_the_file_of_its_name(data_set, look):
    data_set.image("a b.png")
    data_set.write("x-export.json", export(entry("a b.png", region("cat"), folder="https://store/box/")))
    assert look.labels(read_labels(data_set.root)) == [("a b.png", "cat")]


def test_what_is_no_label_is_reported(data_set, look):
    data_set.image("a.png")
    odd = [region(), region("cat", kind="POINT"), region("dog") | {"boundingBox": {"left": "x"}}, 5, region("")]
    data_set.write("x-export.json", export(entry("a.png", *odd)))
    data_set.write("id-b-asset.json", "{")
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"cat": None}
    lines = [line for _, line, _ in look.reported(records, "left out")]
    where = "assets.id-a.png.regions"
    assert lines == ["", f"{where}[0]", f"{where}[3]", f"{where}[4]", f"{where}[2]"]


def test_another_shape_is_reported(data_set, look):
    path = data_set.write("a.vott", '["assets"]')
    assert "no file of VoTT" in look.reported(read_labels(path, "vott"), "left out")[0][2]
    with pytest.raises(ValueError, match="none of the formats"):
        detect_format(path)
