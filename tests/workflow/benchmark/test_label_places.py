"""Names of points, so that none covers another."""

from imgcls.workflow.benchmark.label_places import Dot, placed, with_room

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


def test_a_long_name_at_the_border_stands_beside_its_circle_and_on_no_other():
    dots = [Dot("mobilenet_v4_conv_small", 494, 24, 21), Dot("keras_applications:MobileNetV2", 557, 24, 20)]
    labels = placed([*dots, Dot("plain", 209, 108, 2)], 640, 360)
    assert not any(label.covers_circle(dot) for label in labels for dot in dots)
    (long,) = [label for label in labels if label.name == dots[1].name]
    assert long.right <= 640
    assert abs(long.y - dots[1].y) < dots[1].radius + 20
    assert long.x < dots[1].x < long.right


def test_names_cover_a_circle_only_where_everything_is_full():
    dots = [Dot(f"network_{place}", 60 + 90 * (place % 6), 60 + 80 * (place // 6), 18) for place in range(24)]
    labels = placed(dots, 640, 360)
    assert not any(label.covers_circle(dot) for label in labels for dot in dots)
    assert not any(one.covers(other) for one in labels for other in labels if one is not other)
