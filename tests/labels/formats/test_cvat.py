"""CVAT: https://docs.cvat.ai/docs/other/xml_format/; Datumaro wrote the files for images."""

import pytest

from imgcls.labels import detect_format, read_labels


def test_what_datumaro_wrote(files, look):
    assert detect_format(files / "cvat") == "cvat"
    records = read_labels(files / "cvat")
    assert look.boxes(records, image="images/a.png") == {
        "cat": [10, 5, 30, 35],
        "Guide dog": [5, 6, 25, 40],
        "птица": None,
    }
    assert look.boxes(records, image="images/b.png") == {"птица": None, "cat": [30, 10, 50, 20]}
    assert ("images/empty.png", "") in look.labels(records)
    assert set(records.boxes_or_images["split"]) == {"train", "validation"}
    assert look.flags(records, "occluded")["Guide dog"] is False
    assert [line for _, line, _ in look.reported(records, "noted")] == ["39"]
    assert not look.reported(records, "left out")


def image(shapes: str, name: str = "a.png", more: str = "") -> str:
    head = "<annotations><version>1.1</version><meta></meta>"
    return f'{head}<image id="0" name="{name}" width="64" height="48" {more}>{shapes}</image></annotations>'


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        ('<box label="x" xtl="20" ytl="10" xbr="40" ybr="14" rotation="90.00"/>', [28, 2, 32, 22]),
        ('<ellipse label="x" cx="30" cy="20" rx="10" ry="4"/>', [20, 16, 40, 24]),
        ('<ellipse label="x" cx="30" cy="20" rx="10" ry="4" rotation="90"/>', [26, 10, 34, 30]),
        ('<mask label="x" left="5" top="6" width="4" height="3" rle="1, 2, 2, 2, 5"/>', [6, 6, 8, 8]),
        ('<mask label="x" left="5" top="6" width="4" height="3" rle="0, 9, 3"/>', [5, 6, 9, 9]),
        ('<polygon label="x" points="1.5,2;30,2;30,20.5"/>', [1.5, 2, 30, 20.5]),
        ('<cuboid label="x" xtl1="1" ytl1="2" xbr1="9" ybr1="8" xtl2="3" ytl2="1" xbr2="12" ybr2="7"/>', [1, 1, 12, 8]),
        ('<skeleton label="x"><points label="1" points="3,4"/><points label="2" points="9,8"/>'
         '<points label="3" outside="1" points="60,40"/></skeleton>', [3, 4, 9, 8]),
    ],
)  # fmt: skip
def test_every_kind_of_shape(data_set, look, shape, box):
    data_set.image("a.png")
    data_set.write("annotations.xml", image(shape))
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"x": box}
    assert records.problems.empty


def test_tags_attributes_and_subsets(data_set, look):
    data_set.image("images/Validation/a.png")
    tag = '<tag label="cat"><attribute name="truncated">true</attribute><attribute name="mood">calm</attribute></tag>'
    data_set.write("annotations.xml", image(tag, more='subset="Validation"'))
    row = look.only(read_labels(data_set.root))
    assert (row["image"], row["label"], row["split"]) == ("images/Validation/a.png", "cat", "validation")
    assert row["truncated"]
    assert row["attributes"] == '{"mood": "calm"}'


def test_a_subset_without_a_folder_is_no_folder(data_set, look):
    data_set.image("photos/a.png")
    data_set.write("annotations.xml", image('<tag label="cat"/>', more='subset="default"'))
    records = read_labels(data_set.root)
    assert look.labels(records) == [("photos/a.png", "cat")]
    assert records.problems.empty


VIDEO = """<annotations><version>1.1</version><meta><task><name>clip</name>
<original_size><width>64</width><height>48</height></original_size></task></meta>
<track id="3" label="car">
  <box frame="10" outside="0" occluded="1" keyframe="1" xtl="3.00" ytl="4.00" xbr="10.00" ybr="9.00"/>
  <box frame="13" outside="0" occluded="0" keyframe="0" xtl="5.00" ytl="4.00" xbr="70.00" ybr="9.00"/>
  <box frame="16" outside="1" occluded="0" keyframe="1" xtl="5.00" ytl="4.00" xbr="12.00" ybr="9.00"/>
</track>
<track id="4" label="bus"><box frame="99" outside="0" xtl="1" ytl="1" xbr="2" ybr="2"/></track>
</annotations>"""


def test_a_track_is_a_row_for_each_frame_in_which_it_is_seen(data_set, look):
    data_set.image("images/frame_000010.png", "images/frame_000013.png", "images/frame_000016.png")
    data_set.write("annotations.xml", VIDEO)
    records = read_labels(data_set.root)
    assert look.boxes(records, image="images/frame_000010.png") == {"car": [3, 4, 10, 9]}
    assert look.boxes(records, image="images/frame_000013.png") == {"car": [5, 4, 64, 9]}
    assert len(records.boxes_or_images) == 2
    assert set(records.boxes_or_images["attributes"]) == {'{"track": "3"}'}
    assert "frame_000099.png" in look.reported(records, "left out")[0][2]
    assert any("frame_000016.png" in " ".join(reported) for reported in look.reported(records, "noted"))


def test_what_is_no_label_is_reported(data_set, look):
    data_set.image("a.png")
    shapes = '<box xtl="1" ytl="1" xbr="9" ybr="9"/><wave label="x"/><box label="cat" xtl="1" ytl="wide"/>'
    data_set.write("a.xml", image(shapes))
    data_set.write("b.xml", "<annotations><version>1.1</version><image")
    records = read_labels(data_set.root)
    assert records.boxes_or_images.empty
    reasons = [reason for _, _, reason in look.reported(records, "left out")]
    assert len(reasons) == 4
    assert "a box without a label" in reasons[0]
    assert "<wave>" in reasons[1]
    assert "no XML" in reasons[2]
    assert "no numbers" in reasons[3]


def test_a_video_without_its_frames_gets_a_hint_what_to_export(data_set, look):
    data_set.write("annotations.xml", VIDEO)
    records = read_labels(data_set.root)
    assert records.boxes_or_images.empty
    assert "export it from CVAT with its images" in look.reported(records, "noted")[0][2]
    assert len(look.reported(records, "left out")) == 3
