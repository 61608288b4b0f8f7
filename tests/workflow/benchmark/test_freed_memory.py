from imgcls.workflow.benchmark.freed_memory import give_back_memory


def test_what_only_holds_itself_is_freed():
    freed = []

    class Circle:
        def __init__(self):
            self.itself = self

        def __del__(self):
            freed.append(True)

    Circle()
    give_back_memory()
    assert freed == [True]
