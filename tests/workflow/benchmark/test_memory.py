import pytest

from imgcls.workflow.benchmark.memory import peak_megabytes, start
from tests.conftest import SAMPLE

IMAGE = next(iter(sorted((SAMPLE / "test" / "bag").iterdir())))


def test_a_bundle_takes_more_than_what_its_process_imports(small_bundle):
    both = start(None, "", IMAGE), start(small_bundle, "saved_model", IMAGE)
    nothing, bundle = map(peak_megabytes, both)
    assert 50 < nothing < bundle


def test_a_process_that_dies_says_why(tmp_path):
    with pytest.raises(RuntimeError, match=r"does not run in a process of its own: .*no_bundle"):
        peak_megabytes(start(tmp_path / "no_bundle", "saved_model", IMAGE))
