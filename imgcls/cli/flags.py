"""The flags of a command, read from the fields of its dataclass: what --help shows of them, and why one is refused."""

import argparse
import dataclasses
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import tyro
from tyro._errors import BadValue, InstantiationFailure, InvalidChoice, MissingArgs, ParseErrorEvent, UnrecognizedArgs

from imgcls.config import AugmentationConfig, flag
from imgcls.config_file import RENAMED
from imgcls.nearest_name import did_you_mean

Place = tuple[str, ...]  # of a field: the sections that it is in, and its name
RENAMED_FLAGS = {**RENAMED, "export": "convert_to", "export_to": "convert_folder"}  # those of import_labels besides
KINDS = {  # what a flag takes: the word in the help, and in a sentence
    int: ("INT", "a whole number"),
    float: ("FLOAT", "a number"),
    Path: ("PATH", "a path"),
    str: ("TEXT", "a text"),
}
ALL = "--help-all"


@dataclasses.dataclass(frozen=True)
class Setting:
    """One field. help: the comment behind it. marks: what its annotation says besides the type."""

    path: Place
    kind: Any
    default: Any
    help: str
    section: type
    marks: tuple[Any, ...] = ()

    @property
    def is_positional(self) -> bool:
        """Whether the value is given by its place, without a flag."""
        return tyro.conf.Positional in self.marks

    @property
    def is_yes_or_no(self) -> bool:
        """Whether the flag is --name or --no-name; without either the default holds, which may be None."""
        return _without_none(self.kind) is bool

    @property
    def may_be_auto(self) -> bool:
        """Whether it is a number of which 0 stands for "auto"."""
        return any(str(getattr(mark, "metavar", "")).startswith("auto|") for mark in self.marks)

    @property
    def flag(self) -> str:
        """As it is typed, such as --batch-size; for a positional one its name in help."""
        name = self.path[-1].replace("_", "-")
        return name.upper() if self.is_positional else f"--{name}"

    @property
    def takes(self) -> str:
        """What is typed behind the flag, such as INT or {crop,stretch}."""
        for mark in self.marks:
            if isinstance(mark, tyro.constructors.PrimitiveConstructorSpec):
                return mark.metavar
        kind = _without_none(self.kind)
        one, more = (get_args(kind)[0], " ...") if get_origin(kind) is tuple else (kind, "")
        return ("{" + ",".join(get_args(one)) + "}" if get_origin(one) is Literal else KINDS[one][0]) + more

    @property
    def expected(self) -> str:
        """The same in words."""
        kind = _without_none(self.kind)
        if get_origin(kind) is tuple and get_origin(get_args(kind)[0]) is Literal:
            return f"some of {', '.join(get_args(get_args(kind)[0]))}"
        if get_origin(kind) is Literal:
            return f"one of {', '.join(get_args(kind))}"
        return KINDS[kind][1] if kind in KINDS else self.takes


def settings(config_class: type, path: Place = ()) -> list[Setting]:
    """The fields of a config and of its sections, in their order."""
    kinds, comments, found = get_type_hints(config_class, include_extras=True), _comments(config_class), []
    for field in dataclasses.fields(config_class):
        place, (kind, marks) = (*path, field.name), _apart(kinds[field.name])
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            found += settings(kind, place)
        else:
            default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
            found.append(Setting(place, kind, default, comments.get(field.name, ""), config_class, marks))
    return found


def _apart(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type, and what it is annotated with."""
    return (get_args(kind)[0], kind.__metadata__) if get_origin(kind) is Annotated else (kind, ())


def _without_none(kind: Any) -> Any:
    """The type that a field has where it is not None."""
    return next(each for each in get_args(kind) if each is not NoneType) if NoneType in get_args(kind) else kind


def _comments(config_class: type) -> dict[str, str]:
    file = getattr(sys.modules[config_class.__module__], "__file__", None)  # none where it was typed in a session
    source = Path(file).read_text("utf-8") if file else ""
    body = re.search(rf"^class {config_class.__name__}\b.*?(?=^\S|\Z)", source, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"^ +(\w+): [^\n]*?  # (.+)$", body[0] if body else "", re.MULTILINE))


def show_help(options: type, prog: str, description: str, first: Sequence[str] = ()) -> None:
    """Print the help of a command. first: names of the fields that are shown; all of them, by section, if empty."""
    every = settings(options)
    positional = [each for each in every if each.is_positional]
    by_name = {each.path[-1]: each for each in every}
    shown = [*positional, *(by_name[name] for name in first)] if first else every
    parser = argparse.ArgumentParser(
        prog,
        usage=" ".join([prog, *map(_in_usage, positional), "[flags]"]),
        description=description.strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    groups = {options: parser.add_argument_group("arguments and flags" if positional else "flags")}
    for each in shown:
        if not first and each.section not in groups:
            groups[each.section] = parser.add_argument_group(each.path[-2], each.section.__doc__)
        _add(groups[options if first else each.section], each)
    own = groups[options]
    own.add_argument("-h", "--help", action="store_true", help="show this")
    if first:
        own.add_argument(ALL, action="store_true", help=f"show all {len(every)} flags, by what they are about")
    parser.print_help()


def _in_usage(setting: Setting) -> str:
    return setting.flag if setting.default is dataclasses.MISSING else f"[{setting.flag}]"


def _add(group: Any, setting: Setting) -> None:
    shown: dict[str, Any] = {"help": f"{setting.help}{_shown_default(setting)}".replace("%", "%%")}
    if setting.is_yes_or_no:
        shown["action"] = argparse.BooleanOptionalAction
    elif not setting.is_positional or get_origin(setting.kind) is Literal:
        shown["metavar"] = setting.takes
    group.add_argument(setting.flag, **shown)


def _shown_default(setting: Setting) -> str:
    """What holds where the flag is not given, in brackets; empty if there is nothing."""
    name, default = setting.path[-1], setting.default
    if setting.section is AugmentationConfig:
        return _in_presets(name)
    if default in (None, "", ()) or default is dataclasses.MISSING or setting.is_positional:
        return ""
    if name == "augmentation":
        return f" (default: {default}, which is {_numbers_of(default)})"
    if setting.kind is bool:
        return f" (default: {'yes' if default else 'no'})"
    if isinstance(default, tuple):
        return f" (default: {' '.join(map(str, default))})"
    return f" (default: {'auto' if setting.may_be_auto and not default else default})"


def _presets() -> dict[str, dict[str, float]]:
    from imgcls.data.augmentation.presets import PRESETS

    return PRESETS


def _in_presets(name: str) -> str:
    values = ", ".join(f"{preset} {row[name]:g}" for preset, row in _presets().items() if name in row)
    return f" (presets: {values or 'none has it'})"


def _numbers_of(preset: str) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in _presets()[preset].items())


def with_values(words: Sequence[str], options: type) -> list[str]:
    """A command line on which each --name and --no-name of a setting that may be None has the value that tyro wants."""
    names = {each.flag for each in settings(options) if each.is_yes_or_no and each.kind is not bool}
    written: list[str] = []
    for word in words:
        name = _name(word)
        yes = name.replace("--no-", "--", 1)
        written += [yes, str(name == yes)] if yes in names else [word]
    return written


def refuse(event: ParseErrorEvent, options: type) -> None:
    """Raise ValueError, in a sentence, for what a command line has that its flags do not allow."""
    raise ValueError(" ".join(_sentences(event, settings(options))))


def _sentences(event: ParseErrorEvent, every: list[Setting]) -> Iterator[str]:
    by_name = {each.path[-1]: each for each in every}

    def setting_of(argument: Any) -> Setting:
        return by_name[argument.field.intern_name]

    if isinstance(event, UnrecognizedArgs):
        yield from _about_unknown(event.tokens[0], every)
    elif isinstance(event, MissingArgs):
        for setting in (setting_of(each.arg) for each in event.missing_arguments):
            yield f"{setting.flag} is missing: {setting.help}."
        yield "--help shows examples."
    elif isinstance(event, InvalidChoice):
        setting = setting_of(event.argument)
        yield f"{setting.flag} is {event.value!r}; expected {setting.expected}."
        yield from _nearest(event.value, event.choices)
    elif isinstance(event, BadValue):
        setting = setting_of(event.argument)
        yield f"{setting.flag} stands there without {setting.expected}."
    elif isinstance(event, InstantiationFailure) and event.argument is not None:
        setting = setting_of(event.argument)
        yield f"{setting.flag} is {typed().get(setting.flag, '')!r}; expected {setting.expected}."
    else:
        yield event.message if isinstance(event, InstantiationFailure) else str(event)


def _about_unknown(token: str, every: Sequence[Setting]) -> Iterator[str]:
    if not token.startswith("-"):
        yield f"{token!r} stands there without a flag. --help shows what can be given."
        return
    name = _name(token)
    yield f"There is no flag {name}."
    known = [each.flag for each in every if not each.is_positional]
    known += [f"--no-{each.flag[2:]}" for each in every if each.is_yes_or_no]
    now, _, why = RENAMED_FLAGS.get(name.removeprefix("--").replace("-", "_"), "").partition(", ")
    if now and flag(now) in known:
        yield f"It is called {flag(now)} since version 0.2{f', {why}' if why else ''}."
        return
    yield from _nearest(name, known) or [f"{ALL} shows all flags."]


def _nearest(name: str, names: Iterable[str]) -> list[str]:
    hint = did_you_mean(name, names).strip()
    return [hint] if hint else []


def typed() -> dict[str, str]:
    """The flags of this command line, each with the word behind it, which is empty if there is none."""
    words, found = sys.argv[1:], {}
    for word, following in pairwise([*words, ""]):
        if word.startswith("--"):
            inline = word.partition("=")[2]
            found[_name(word)] = inline or ("" if following.startswith("--") else following)
    return found


def _name(word: str) -> str:
    """The flag in a word such as --learning_rate=0.1, as the help spells it."""
    return word.partition("=")[0].replace("_", "-")
