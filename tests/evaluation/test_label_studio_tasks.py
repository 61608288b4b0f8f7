import copy
import json
from xml.etree import ElementTree

from PIL import Image

from imgcls.evaluation.label_studio_tasks import labelling_form, task
from imgcls.labels.formats import label_studio


def test_tasks_come_back_as_labels_once_a_person_has_answered(tmp_path):
    names = ["new/a b.png", "new/ü&1.png"]
    (tmp_path / "new").mkdir()
    for name in names:
        Image.new("L", (8, 8)).save(tmp_path / name)
    tasks = [task(name, ("cat", 0.7), {"doubt": 0.5}, "photos-1") for name in names]
    answered = copy.deepcopy(tasks)
    for number, each in enumerate(answered):  # as Label Studio exports it
        result = {**each["predictions"][0]["result"][0], "value": {"choices": ["dog"]}, "id": f"r{number}"}
        each |= {"id": number, "annotations": [{"id": number, "completed_by": 1, "result": [result]}]}
    (tmp_path / "export.json").write_text(json.dumps(answered))
    assert label_studio.detect(tmp_path / "export.json")
    records = label_studio.read(tmp_path / "export.json")
    assert sorted(records.boxes_or_images["image"]) == sorted(names)
    assert set(records.boxes_or_images["label"]) == {"dog"}


def test_the_form_offers_every_class_and_its_controls_are_those_of_the_tasks():
    form = ElementTree.fromstring(labelling_form(['a "b" & <c>', "d"]))
    choices = form.find("Choices")
    result = task("x.png", ("d", 0.5), {}, "m")["predictions"][0]["result"][0]
    assert [choice.get("value") for choice in choices] == ['a "b" & <c>', "d"]
    assert (choices.get("name"), choices.get("toName")) == (result["from_name"], result["to_name"])
    assert form.find("Image").get("name") == result["to_name"]
