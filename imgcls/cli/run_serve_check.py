"""What `python -m imgcls.serve check` does once its flags are read."""

from pathlib import Path

from imgcls.cli import command
from imgcls.cli.terminal import say, table
from imgcls.counted import counted
from imgcls.engines.agreement import LARGEST_DIFFERENCE
from imgcls.serving.client import Client
from imgcls.serving.client.check import Comparison, compare, served_versions
from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.versions import find_version, is_version
from imgcls.serving.warmup import read_warmup


def check(client: Client, bundle: Path) -> int:
    """Compare a server with a bundle, print the table, and say what it means."""
    version = _same_version(client, bundle)
    requests = list(read_warmup(version))
    if not requests:
        raise ValueError(f"{version} has no warm-up requests. Export the run again.")
    found = list(compare(client, LoadedModel(version), iter(requests)))
    rows = [[each.signature, str(each.images), _difference(each), "" if each.is_equal else "differs"] for each in found]
    table(["signature", "images", "largest difference", ""], rows)
    problems = sorted({f"{each.signature}: {each.problem}" for each in found if each.problem})
    say("\n".join(["", *problems]) if problems else "")
    if all(each.is_equal for each in found):
        bound = f"no difference above {LARGEST_DIFFERENCE:g}"
        say(f"The server answers as {version} does: {counted(len(found), 'request')}, {bound}.")
        return command.OK
    say(f"The server does not answer as {version} does. Is it another version, or another model of the same name?")
    return command.WITH_PROBLEMS


def _same_version(client: Client, bundle: Path) -> Path:
    """The version in the bundle that the server is compared with. Raises ValueError if the server has another."""
    served = served_versions(client)
    if not is_version(bundle):
        here = bundle / str(served[0])
        if not is_version(here):
            raise ValueError(
                f"The server answers with version {served[0]} of {client.target.name}, and {bundle} has "
                f"{find_version(bundle).name} as its newest. Name the right bundle with --bundle."
            )
        return here
    if int(bundle.name) != served[0]:
        raise ValueError(f"The server answers with version {served[0]}, and {bundle} is version {bundle.name}.")
    return bundle


def _difference(each: Comparison) -> str:
    if each.problem:
        return "no answer"
    others = f", {counted(each.texts, 'text')} differ" if each.texts else ""
    return f"{each.difference:.1e}{others}"
