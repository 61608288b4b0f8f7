"""Sentences of the library in the words of the pages: what a flag is called there."""

import re

TRAIN = r"python -m imgcls\.train (?:--resume|“Resume”) .*"  # to the end of the sentence, which it always stands at
NO_PATH = r"(?<![\w/.-])", r"(?![\w/-]|\.\w)"  # before and behind a word that is no part of a path
WORDS = {  # flag of the command line: what the page calls it
    r"with --boxes what an example is: crop cuts out each box, largest takes the largest box, multi_label keeps all "
    r"classes": "what an example is",
    r"With --boxes crop each box is an example of its own": "Take each box as an example of its own",
    r"Where the source has boxes, --boxes crop keeps them": "Where your files have boxes, add them again with "
    "each box as an example",
    r"Add (--task|“Task”) multi.label to learn all classes of each image, or import the labels again [^.]*": "Choose "
    "“Task” auto or multi label under Images to learn all classes of each image, or give each image one class on the "
    "page Data",
    r"Add (--task|“Task”) multi.label, or import the labels again without [^.]*": "Choose “Task” auto or multi label "
    "under Images, or give these images a class, or leave them out, on the page Data",
    r"--min-box-side takes smaller boxes as well": 'A smaller "Smallest box" takes them as well',
    r"Name the folder that the images lie in with --images": 'Name the folder that the images lie in under "Folder of '
    'the images"',
    r"with --images": 'under "Folder of the images"',
    r"--images": "Folder of the images",
    r"--consensus \w+": "another way to settle several answers",
    r"--fetch-to fetches images from their addresses": 'Choose "Addresses in a table" to fetch them',
    r"--format (\w+)": r'the format \1',
    r"--group": "Images that belong together",
    r"--data (\w+)": r"\1",
    r"(The server at \S+ has no model .*): Servable not found for request: \w+\(.*\)": r"\1. Type the name of one that "
    "it has at the end of the address: it prints the addresses of its models when it starts.",
    r"Start one: python -m imgcls\.serve ('.*'|\S+)": "Start it, or correct the address.",
    r"\bwith `python -m imgcls\.import_labels[^`]*`( first)?": "here",
    r"`python -m imgcls\.models` lists": "The page Learn lists",
    r"`python -m [^`]*`": "the command line",
    r"HEIC with `pip install 'imgcls\[heic\]'`": "HEIC where who installed this app has added it",
    r"which needs a further package: pip install 'imgcls\[heic\]'": "for which this app lacks a package. Ask who "
    "installed it to add it: pip install imgcls[heic]",
    rf"make room, then: {TRAIN}": "make room, then press “Go on”.",
    rf"Go on (from its [^:]*): {TRAIN} (?:--learning-rate|“Learning rate”) (\S+)": r"“Go on” begins \1; if it ends "
    r"like this again, train a new run with the “Learning rate” \2.",
    r"\B--[a-z]+(-[a-z]+)*": "an option",
    rf"{NO_PATH[0]}a manifest{NO_PATH[1]}": "a table of images",
    rf"{NO_PATH[0]}manifest{NO_PATH[1]}": "table of images",
}  # fmt: skip


def in_words(sentence: str) -> str:
    """A sentence without flags and commands, which the pages do not have.

    Example:
        >>> in_words("Name the folder that the images lie in with --images.")
        'Name the folder that the images lie in under "Folder of the images".'
    """
    for pattern, words in WORDS.items():
        sentence = re.sub(pattern, words, sentence)
    return sentence
