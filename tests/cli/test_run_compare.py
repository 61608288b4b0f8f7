from types import SimpleNamespace

from imgcls.cli import run_compare


def test_the_next_command_repeats_what_was_typed_with_quotes(capsys, monkeypatch):
    monkeypatch.setattr(run_compare, "compare_runs", lambda *_: SimpleNamespace())
    monkeypatch.setattr(run_compare, "show_comparison", lambda _: None)
    run_compare.compare(["runs/a b", "runs/c"], "validation", "my photos", None)
    assert capsys.readouterr().out.splitlines()[-1].strip() == (
        "python -m imgcls.compare 'runs/a b' runs/c --split validation --data 'my photos' --output comparison.html"
    )
