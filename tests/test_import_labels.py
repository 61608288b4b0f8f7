import pandas as pd

from imgcls.data.manifest import Manifest


def test_a_folder_becomes_a_manifest(small_data, tmp_path, command):
    result = command("import_labels", small_data, "--output", tmp_path / "m.parquet")
    assert result.code == 0
    assert f"python -m imgcls.train --data {tmp_path / 'm.parquet'}" in result.out
    counts = Manifest.load(tmp_path / "m.parquet").counts()
    assert counts.to_numpy().tolist() == [[40, 10]] * 3


def test_problems_are_named_and_kept(small_data, tmp_path, command):
    folder = tmp_path / "data"
    for name in ("bag", "trouser"):
        (folder / name).mkdir(parents=True)
        for picture in sorted((small_data / "train" / name).iterdir())[:3]:
            (folder / name / picture.name).write_bytes(picture.read_bytes())
    (folder / "bag" / "zero.png").touch()
    result = command("import_labels", folder, "--output", tmp_path / "m.parquet")
    assert result.code == 3
    assert "bag/zero.png  the file is empty (0 bytes)" in result.out
    assert isinstance(Manifest.load(tmp_path / "m.parquet").problems, pd.DataFrame)


def test_an_output_of_another_kind_is_refused(small_data, tmp_path, command):
    result = command("import_labels", small_data, "--output", tmp_path / "m.csv")
    assert result.code == 2
    assert "ends in .parquet" in result.err
