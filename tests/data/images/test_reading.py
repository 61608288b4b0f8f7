import threading
import time

from imgcls.data.images.reading import for_each_file


def test_the_first_file_is_read_alone_and_all_are_read_in_threads(tmp_path):
    paths = [tmp_path / str(number) for number in range(5)]
    for path in paths:
        path.write_text(path.name)
    began, in_main = [], []

    def read(data: bytes, factor: int) -> int:
        began.append(data)
        in_main.append(threading.current_thread() is threading.main_thread())
        if data == b"0":
            time.sleep(0.2)
            assert began == [b"0"]
        return int(data) * factor

    found = list(for_each_file([*paths, tmp_path / "gone"], read, [2] * 6))
    assert [each.result for each in found] == [0, 2, 4, 6, 8, None]
    assert found[-1].problem == "no such file or directory"
    assert in_main == [False] * 5
    assert list(for_each_file([], read, [])) == []
