"""Batches of tables as Ray Data and Spark hand them out."""

import numpy as np
import pandas as pd
import pytest

from imgcls.serving.table_batches import PredictBatch, frame_schema, predict_frames


@pytest.fixture
def content(images):
    return [*(path.read_bytes() for path in images[:5]), b"no image"]


@pytest.mark.thorough
def test_a_batch_gets_the_columns_of_the_table(judged_path, judged_bundle, content):
    batch = {"path": np.arange(6), "bytes": np.array(content, object)}
    predict = PredictBatch(judged_path, top=2)
    found = predict(batch)
    expected = judged_bundle.predict(content).table(2)
    assert list(found) == ["path", "bytes", *expected.columns[1:]]
    assert found["class"].tolist() == expected["class"].tolist()
    assert found["decision"].tolist() == expected["decision"].tolist()
    np.testing.assert_allclose(found["probability"], expected["probability"], atol=1e-5)
    assert found["problem"][5]
    assert len(predict({"bytes": np.array([], object)})["class"]) == 0


@pytest.mark.thorough
def test_frames_come_and_go_one_at_a_time(bundle_path, bundle, content):
    frames = (pd.DataFrame({"path": [f"{n}a", f"{n}b"], "content": content[n : n + 2], "length": 1}) for n in (0, 2, 4))
    found = pd.concat(predict_frames(bundle_path, top=1)(frames), ignore_index=True)
    assert list(found.columns) == ["path", "class", "probability", "problem"]
    assert found["path"].tolist() == ["0a", "0b", "2a", "2b", "4a", "4b"]
    assert found["class"].tolist() == bundle.predict(content).table(1)["class"].tolist()


@pytest.mark.parametrize("of", ["bundle_path", "judged_path"])
@pytest.mark.thorough
def test_spark_is_told_the_columns_that_come(of, request, content):
    path = request.getfixturevalue(of)
    frames = iter([pd.DataFrame({"path": ["a", "b"], "content": content[:2]})])
    (found,) = predict_frames(path, top=2)(frames)
    told = [column.split() for column in frame_schema(path, top=2).split(", ")]
    assert [name.strip("`") for name, _ in told] == list(found.columns)
    assert [kind for _, kind in told] == ["double" if found[name].dtype == float else "string" for name in found]
