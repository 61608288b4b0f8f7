import pytest

from imgcls.files import replacing, write_json


def test_a_file_is_replaced_only_when_it_is_whole(tmp_path):
    target = tmp_path / "a.json"
    write_json(target, {"name": "old"})

    def fail_halfway():
        with replacing(target) as partial:
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert "old" in target.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_is_replaced_with_all_that_is_in_it(tmp_path):
    target = tmp_path / "folder"
    for number in (1, 2):
        with replacing(target) as partial:
            partial.mkdir()
            (partial / str(number)).touch()
    assert [path.name for path in target.iterdir()] == ["2"]
