"""Names of points, so that none covers another."""

from imgcls.workflow.benchmark.label_places import Dot, with_room

SIDE = 200  # pixels


def test_names_cover_neither_each_other_nor_a_point():
    dots = [Dot("a name" if place % 2 else "", 17 * place % SIDE, 41 * place % SIDE, 3) for place in range(60)]
    labels = with_room(dots, SIDE, SIDE)
    assert 3 <= len(labels) < 30
    assert not any(one.covers(other) for one in labels for other in labels if one is not other)
    assert not any(label.covers_middle(dot) for label in labels for dot in dots)
    assert all(label.x >= 0 and label.right <= SIDE for label in labels)


def test_the_first_names_get_the_room():
    crowd = [Dot(f"number {place}", 100, 100 + place, 3) for place in range(20)]
    assert with_room(crowd, SIDE, SIDE)[0].name == "number 0"
    assert "number 19" not in {label.name for label in with_room(crowd, SIDE, SIDE)}
