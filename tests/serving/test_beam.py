"""A bundle in a pipeline of Beam, on its local runner."""

import json
import shutil

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from imgcls.serving.beam import PredictImages, ReadImages

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture
def folder(images, tmp_path):
    for number, image in enumerate(images[:6]):
        shutil.copy(image, tmp_path / f"{number}.png")
    (tmp_path / "broken.png").write_bytes(images[0].read_bytes()[:80])
    return tmp_path


@pytest.mark.parametrize("kind", [pytest.param("plain", marks=pytest.mark.slow), "judged"])
def test_a_pipeline_predicts_what_the_bundle_predicts(request, folder, kind):
    bundle = request.getfixturevalue("bundle" if kind == "plain" else "judged_bundle")
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        rows = pipeline | ReadImages(f"{folder}/*.png") | PredictImages(bundle.path, top=2)
        rows | beam.Map(json.dumps) | beam.io.WriteToText(str(folder / "rows"), ".jsonl", num_shards=1)
    lines = next(folder.glob("rows*.jsonl")).read_text("utf-8").splitlines()
    found = {row["image"]: row for row in map(json.loads, lines)}
    files = sorted(folder.glob("*.png"))
    expected = bundle.predict_files(files).table(2)
    assert sorted(found) == [str(file) for file in files]
    for row in expected.to_dict("records"):
        one = found[row["image"]]
        for name in ("class", "class_2", "problem"):
            assert one[name] == row[name]
        if row["problem"]:
            assert one["probability"] is None
        else:
            assert one["probability"] == pytest.approx(row["probability"], abs=1e-5)
        assert list(one) == list(expected.columns)
        for name in ("decision", "prediction_set") if "decision" in row else ():
            assert one[name] == row[name]
            assert (one["unknown_score"] is None) == bool(row["problem"])
