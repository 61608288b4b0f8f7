from types import SimpleNamespace

import pytest

from imgcls.cli import run_drift
from imgcls.evaluation.drift.drift import Drift


@pytest.mark.parametrize(
    ("images", "of_reference", "typed"),
    [
        (30, 30, "python -m imgcls.drift bundle 'my photos' --output drift.html"),
        (29, 30, "python -m imgcls.drift bundle MORE_IMAGES"),
        (30, 29, "python -m imgcls.train --data YOUR_FOLDER --validation-size 30   # or more; then export it"),
    ],
)
def test_the_next_step_is_the_one_that_helps(capsys, monkeypatch, images, of_reference, typed):
    found = SimpleNamespace(drift=Drift(images, of_reference, ()), problems=[])
    monkeypatch.setattr(run_drift, "find_drift", lambda *_: found)
    monkeypatch.setattr(run_drift, "show_drift", lambda _: None)
    run_drift.drift("bundle", "my photos", 0, None)
    assert capsys.readouterr().out.splitlines()[-1].strip() == typed
