"""What a finding is, and of which kinds there are."""

from typing import Any, NamedTuple

SEVERITIES = ("error", "warning", "note")


class Kind(NamedTuple):
    """A kind of finding.

    Attributes:
        severity: "error" if training or evaluation goes wrong, "warning" if a person should look, "note" if nothing has
            to be done.
        title: A heading.
        advice: What to do.
        without_flags: The same for who has no command line, where `advice` names flags; else empty.
    """

    severity: str
    title: str
    advice: str
    without_flags: str = ""


KINDS = {  # the gravest first
    "unusable": Kind(
        "error",
        "Files that cannot be used",
        "Mend or replace the file, or leave it out with --fix.",
        "Mend or replace the file, or leave it out.",
    ),
    "too large": Kind("error", "Images that are too large", "Make it smaller, or remove a file that is none of yours."),
    "same image in two splits": Kind(
        "error",
        "The same image in two splits",
        "Keep it in one split; --fix keeps it in the test or validation split.",
        "Keep it in one split: the test or validation split.",
    ),
    "same image, two labels": Kind(
        "error",
        "The same image with two labels",
        "Decide on one label with --overlay, or leave both out with --fix.",
        "Decide on one label, or leave both out.",
    ),
    "empty box": Kind(
        "error",
        "Boxes with nothing inside",
        "Draw the box again, or leave it out with --fix.",
        "Draw the box again, or leave it out.",
    ),
    "class not in a split": Kind(
        "error",
        "Classes that a split lacks",
        "Move images of the class into the split, or drop the class with --rename.",
        "Move images of the class into the split, or drop the class.",
    ),
    "too few for a class": Kind(
        "error",
        "Classes that cannot be divided",
        "Add images of the class, or merge or drop it with --rename.",
        "Add images of the class, or merge or drop it.",
    ),
    "names alike": Kind(
        "error",
        "Class names that differ by case or spaces only",
        "Make them one with --rename or --fix.",
        "Make them one.",
    ),
    "annotation left out": Kind(
        "warning", "Annotations that were left out", "Look at the line of the annotation file, and mend it there."
    ),
    "annotation": Kind("note", "Remarks on the annotation files", "Nothing: the importer has seen to it."),
    "damaged": Kind("warning", "Files that may be damaged", "Look at the image; fetch or copy the file again."),
    "box outside": Kind(
        "warning",
        "Boxes that reach beyond their image",
        "Draw the box again, or cut it with --fix.",
        "Draw the box again, or cut it.",
    ),
    "exact copies": Kind(
        "warning",
        "Files with the same bytes",
        "Keep one of them; --fix keeps the first.",
        "Keep one of them.",
    ),
    "near copies": Kind(
        "warning",
        "Nearly the same image",
        "Keep one of them; --fix keeps the largest.",
        "Keep one of them, such as the largest.",
    ),
    "turned copies": Kind(
        "warning",
        "The same image, mirrored or rotated",
        "Keep one of them, which --augmentation mirrors while training; --fix keeps the largest.",
        "Keep one of them, such as the largest; training mirrors images by itself.",
    ),
    "turned copies, two labels": Kind(
        "warning",
        "Mirrored or rotated copies with different labels",
        "Right where a class is a direction: train with --horizontal-flip 0 --rotation 0. "
        "Else mend a label with --overlay.",
        "Right where a class is a direction: train without mirroring and rotation. Else mend a label.",
    ),
    "few examples": Kind("warning", "Classes with few examples", "Add images, or expect little of the class."),
    "imbalance": Kind("warning", "Classes of very different size", "Add images of the small classes, or balance them."),
    "wrong extension": Kind(
        "warning", "Names that say another format", "Rename the file; imgcls reads it all the same."
    ),
    "tiny": Kind("warning", "Tiny images", "Find a larger one; little can be seen in it."),
    "odd size": Kind(
        "warning", "Images of an unusual size", "Look whether it belongs to the others; resizing makes them alike."
    ),
    "extreme aspect": Kind("warning", "Very long or very high images", "Cut out what matters; resizing loses it."),
    "one colour": Kind("warning", "Images of one colour", "Look whether the image failed; nothing can be learned."),
    "low information": Kind(
        "warning", "Images with little information", "Look whether the image failed, or shows only a few shades."
    ),
    "dark": Kind(
        "warning",
        "Dark images",
        "Look whether anything can be seen; brighten it, or leave it out with --overlay.",
        "Look whether anything can be seen; brighten it, or leave it out.",
    ),
    "light": Kind(
        "warning",
        "Over-exposed images",
        "Look whether anything can be seen, or leave it out with --overlay.",
        "Look whether anything can be seen, or leave it out.",
    ),
    "blurred": Kind(
        "warning",
        "Blurred images",
        "Look whether the object can be recognised, or leave it out with --overlay.",
        "Look whether the object can be recognised, or leave it out.",
    ),
    "animated": Kind("note", "Animations", "Nothing: the first frame stands for all."),
    "CMYK": Kind("note", "Images in printing colours", "Nothing: they are converted; colours may be off a little."),
    "16-bit": Kind("note", "Images with 16 bits a channel", "Nothing: the upper 8 bits are read. Dark ones stay dark."),
    "alpha": Kind("note", "Images with transparency", "Nothing: what is transparent lies on white."),
    "turned": Kind("note", "Images turned by their EXIF", "Nothing: they are read upright."),
    "transcoded": Kind(
        "note",
        "Formats that TensorFlow does not decode, or not rightly",
        "Nothing: training reads a PNG of it in the cache.",
    ),
}


class Finding(NamedTuple):
    """Something that is wrong with a data set.

    Attributes:
        kind: A key of `KINDS`.
        images: Paths relative to the root; copies side by side.
        why: The reason, as a part of a sentence.
        rows: The rows of the manifest's table that it is about.
        names: Of the classes that are named alike, the most frequent first.
    """

    kind: str
    images: tuple[str, ...]
    why: str
    rows: tuple[Any, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def severity(self) -> str:
        """How grave it is: one of `SEVERITIES`."""
        return KINDS[self.kind].severity

    @property
    def advice(self) -> str:
        """What to do."""
        return KINDS[self.kind].advice
