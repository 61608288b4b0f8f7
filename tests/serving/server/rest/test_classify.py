"""Images as browsers and curl send them."""

import shutil
import subprocess

import httpx
import jsonschema
import pytest

from imgcls.serving.server.core.parts import Limits
from tests.serving.conftest import CLASS_NAMES, limited, models_of, serving


@pytest.fixture(scope="module")
def address(served_bundle):
    with serving(limited(served_bundle, Limits(instances=5)), most_bytes=1 << 20) as address:
        yield address


@pytest.fixture(scope="module")
def judged_address(served_judged):
    with serving(served_judged) as address:
        yield address


@pytest.mark.thorough
def test_a_form_with_several_files(address, images, bundle):
    files = [("image", (path.name, path.read_bytes())) for path in images[:2]]
    response = httpx.post(f"{address}/classify", files=[*files, ("other", ("notes.txt", b"no image"))])
    assert response.status_code == 200, response.text
    answer = response.json()
    assert (answer["model"], answer["version"]) == ("clothing", 1)
    assert [row["file"] for row in answer["predictions"]] == [images[0].name, images[1].name, "notes.txt"]
    for row, expected in zip(answer["predictions"][:2], bundle.predict(images[:2]).ranked(), strict=True):
        assert row["classes"] == list(expected.classes[:5])
        assert row["probabilities"] == pytest.approx(expected.probabilities[:5], abs=1e-5)
        assert row["problem"] == ""
    last = answer["predictions"][2]
    assert (last["classes"], last["probabilities"]) == ([], [])
    assert last["problem"]


@pytest.mark.parametrize(
    "content_type", ["image/png", "application/octet-stream", "application/x-www-form-urlencoded", ""]
)
def test_an_image_as_it_is(address, images, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    response = httpx.post(f"{address}/classify?top=2", content=images[0].read_bytes(), headers=headers)
    (row,) = response.json()["predictions"]
    assert row["file"] == ""
    assert len(row["classes"]) == len(row["probabilities"]) == 2
    assert set(row["classes"]) <= set(CLASS_NAMES)


@pytest.mark.parametrize("path", ["/v1/models/clothing/classify", "/v1/models/clothing/versions/1/classify",
                                  "/classify?model=clothing", "/classify?version=1"])  # fmt: skip
def test_a_model_and_a_version_can_be_named(address, images, path):
    response = httpx.post(address + path, content=images[0].read_bytes())
    assert response.json()["version"] == 1


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl(address, images):
    form = ["curl", "-s", "-F", f"image=@{images[0]}", f"{address}/classify?top=1"]
    raw = ["curl", "-s", "--data-binary", f"@{images[0]}", f"{address}/classify?top=1"]
    answers = [subprocess.run(each, check=True, capture_output=True, text=True).stdout for each in (form, raw)]
    assert f'"file":"{images[0].name}"' in answers[0]
    assert answers[0].replace(images[0].name, "") == answers[1]


@pytest.mark.thorough
def test_the_judgement_is_named(judged_address, images):
    files = [("image", (path.name, path.read_bytes())) for path in images]
    rows = httpx.post(f"{judged_address}/classify?top=1", files=files).json()["predictions"]
    assert {"not sure", "none of these"} < {row["decision"] for row in rows}
    assert all(set(row["prediction_set"]) <= set(CLASS_NAMES) for row in rows)
    assert any(len(row["prediction_set"]) > 1 for row in rows)  # which is more than are named
    assert all(isinstance(row["unknown_score"], float) for row in rows)


def test_an_image_that_cannot_be_read_has_no_score(judged_address, images):
    files = [("image", ("a.png", images[0].read_bytes())), ("image", ("notes.txt", b"no image"))]
    good, bad = httpx.post(f"{judged_address}/classify", files=files).json()["predictions"]
    assert bad["problem"]
    assert (bad["decision"], bad["prediction_set"], bad["unknown_score"]) == ("", [], None)
    described = httpx.get(f"{judged_address}/openapi.json").json()["components"]["schemas"]["Prediction"]
    for row in (good, bad):
        jsonschema.validate(row["unknown_score"], described["properties"]["unknown_score"])


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "message"),
    [
        ("/classify", b"", {}, 400, "holds no image"),
        ("/classify", b'{"instances": []}', {"Content-Type": "application/json"}, 415, ":predict takes JSON"),
        ("/classify?top=many", b"x", {}, 400, "?top=many: expected a whole number"),
        ("/classify?top=-1", b"x", {}, 400, "?top=-1: expected a whole number, at least 1 and at most"),
        ("/classify?top=0", b"x", {}, 400, "?top=0: expected a whole number, at least 1"),
        ("/classify?version=-1", b"x", {}, 400, "at least 0 and at most"),
        ("/classify?tops=1", b"x", {}, 400, "?tops= is unknown"),
        ("/classify?top=1&top=2", b"x", {}, 400, "?top= is there twice"),
        ("/classify?version=1&label=a", b"x", {}, 400, "cannot be supplied"),
        ("/classify?model=dogs", b"x", {}, 404, "Servable not found for request: Latest(dogs)"),
        ("/classify?version=7", b"x", {}, 404, "Servable not found for request: Specific(clothing, 7)"),
        ("/classify?label=canary", b"x", {}, 400, "Unrecognized servable version label: canary"),
        ("/v1/models/clothing/labels/canary/classify", b"x", {}, 400, "Unrecognized servable version label: canary"),
        ("/v1/models/clothing/versions/one/classify", b"x", {}, 400, "expected a whole number"),
        ("/classify", b"--b\r\nContent", {"Content-Type": "multipart/form-data; boundary=b"}, 400, "cut off"),
        ("/classify", b"no form", {"Content-Type": "multipart/form-data; boundary=b"}, 400, "form cannot be read"),
        ("/classify", b"no form", {"Content-Type": "multipart/form-data"}, 400, "form cannot be read"),
    ],
)  # fmt: skip
def test_refusals(address, path, body, headers, status, message):
    response = httpx.post(address + path, content=body, headers=headers)
    assert (response.status_code, list(response.json())) == (status, ["error"])
    assert message in response.json()["error"]


def test_a_form_is_limited(address, images):
    many = [("image", ("a.png", images[0].read_bytes()))] * 6
    assert "more than 5 images" in httpx.post(f"{address}/classify", files=many).json()["error"]
    field = httpx.post(f"{address}/classify", data={"top": "3"}, files={"image": images[0].read_bytes()})
    assert (field.status_code, "has the field 'top'" in field.json()["error"]) == (400, True)
    large = httpx.post(f"{address}/classify", content=bytes(1 << 21))
    assert (large.status_code, "--max-request-mib" in large.json()["error"]) == (413, True)


def test_a_model_that_takes_no_images(half_plus_three, images):
    with serving(models_of(half_plus_three)) as address:
        response = httpx.post(f"{address}/classify", content=images[0].read_bytes())
    assert response.status_code == 400
    assert "does not take images" in response.json()["error"]
