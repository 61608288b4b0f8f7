import pandas as pd
import pytest

from imgcls.data.manifest.table import Manifest
from imgcls.data.manifest.trainable import check_trainable
from tests.data.manifest.test_table import manifest_of


def test_what_cannot_be_trained_on_is_refused():
    with pytest.raises(ValueError, match="only one class, 'cat'"):
        check_trainable(manifest_of({"cat": 5}))
    tables = [manifest_of({"cat": 5, "dog": 5}, "train").table, manifest_of({"cow": 5}, "test").table]
    with pytest.raises(ValueError, match="test split has 'cow', which the training split lacks"):
        check_trainable(Manifest.from_records(pd.concat(tables), "/nowhere"), divided=False)
    broken = manifest_of({"cat": 5, "dog": 5, "cow": 2})
    broken.table.loc[broken.table["label"] == "cow", "problems"] = "damaged"
    with pytest.raises(ValueError, match="Class 'cow' has no readable image"):
        check_trainable(broken)
