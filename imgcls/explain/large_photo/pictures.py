"""What was found in a large photo, drawn over it."""

from imgcls.counted import counted
from imgcls.explain.drawing.boxes import Box as DrawnBox
from imgcls.explain.drawing.boxes import boxed
from imgcls.explain.drawing.heat import heat_picture, shown_image
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.large_photo.photo_map import PhotoMap

HARDLY = 0.05  # a class that no window gives this probability is not shown as if it were found


def class_picture(photo_map: PhotoMap, class_name: str) -> Picture:
    """The photo under the map of a class, all scales joined.

    Args:
        photo_map: Of a photo.
        class_name: A class that a map was kept of.

    Raises:
        ValueError: If no map of it was kept.
    """
    heat = photo_map.heat(class_name)
    highest = max(float(scale.maps[photo_map.class_names.index(class_name)].max()) for scale in photo_map.scales)
    problem = f"no window has a probability above {highest:.3f}: hardly anywhere" if highest < HARDLY else ""
    lines = (f"class {class_name}, highest probability {highest:.2f}", *_lines(photo_map))
    return heat_picture(photo_map.shown, heat, False, f"Where {class_name} is", lines, problem)


def boxes_picture(photo_map: PhotoMap, most: int = 30) -> Picture:
    """The photo with the boxes of the highest responses, one color a class.

    Args:
        photo_map: Of a photo.
        most: Boxes that are drawn, those with the highest probability.
    """
    image = shown_image(photo_map.shown)
    shown = photo_map.boxes[:most]
    found = list(dict.fromkeys(box.class_name for box in shown))
    drawn = [
        DrawnBox(
            box.left,
            box.top,
            box.right,
            box.bottom,
            f"{box.class_name} {box.probability:.2f}",
            found.index(box.class_name),
        )
        for box in reversed(shown)
    ]
    title = f"{counted(len(shown), 'box')} of {counted(len(found), 'class')}" if shown else "No box"
    hidden = len(photo_map.boxes) - len(shown)
    more = (f"{counted(hidden, 'box')} with lower probabilities not drawn",) if hidden else ()
    picture = boxed(image, drawn, image.width / photo_map.size[1])
    return Picture(picture, title, (*more, *_lines(photo_map)))


def _lines(photo_map: PhotoMap) -> tuple[str, ...]:
    height, width = photo_map.size
    windows = ", ".join(f"{scale.window[0]:.0f}x{scale.window[1]:.0f}" for scale in photo_map.scales)
    return (
        f"sliding classification by {photo_map.network}, {photo_map.plan.way}",
        f"photo {photo_map.photo}, {height}x{width} pixels; windows of {windows}",
        *photo_map.notes,
    )
