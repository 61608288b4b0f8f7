import threading

from imgcls.data.images.reading import for_each_file


def test_the_first_file_is_read_before_the_threads_begin(tmp_path):
    paths = [tmp_path / str(number) for number in range(5)]
    for path in paths:
        path.write_text(path.name)
    calls = []

    def read(data: bytes, factor: int) -> int:
        calls.append(threading.current_thread() is threading.main_thread())
        return int(data) * factor

    found = list(for_each_file([*paths, tmp_path / "gone"], read, [2] * 6))
    assert [each.result for each in found] == [0, 2, 4, 6, 8, None]
    assert found[-1].problem == "no such file or directory"
    assert calls == [True, False, False, False, False]
    assert list(for_each_file([], read, [])) == []
