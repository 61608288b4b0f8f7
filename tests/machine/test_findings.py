"""What is wrong with a machine, from its facts."""

from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from imgcls.machine import packages
from imgcls.machine.facts import machine_facts
from imgcls.machine.findings import machine_findings

WELL = replace(
    machine_facts(),
    cores=8,
    cores_of_process=8,
    cores_of_container=None,
    onednn=True,
    memory=32 * 10**9,
    memory_of_container=None,
    folder="/work",
    disk_free=100 * 10**9,
    packages={"tensorflow": "2.21.0"},
)


def test_the_facts_are_of_this_machine(tmp_path):
    facts = machine_facts(tmp_path)
    assert (facts.folder, facts.packages["python"][:2]) == (str(tmp_path), "3.")
    assert 1 <= facts.usable_cores <= facts.cores
    assert 0 < facts.disk_free <= facts.disk
    assert f"{facts.memory // 1024} kB" in Path("/proc/meminfo").read_text("utf-8")


def test_a_machine_that_is_well_has_no_finding():
    assert machine_findings(WELL) == []


@pytest.mark.parametrize(
    ("change", "what", "wrong"),
    [
        ({"onednn": False}, "oneDNN is switched off", False),
        ({"cores_of_container": 1.5}, "The container allows 1.5 of 8 cores", False),
        ({"memory_of_container": 10**9}, "The container allows 1.0 GB of memory", True),
        ({"memory": 4 * 10**9}, "The machine has 4.0 GB of memory", False),
        ({"disk_free": 10**8}, "0.1 GB of the disk of /work are free", True),
        ({"packages": {"tensorflow": "2.21.0", "tensorflow-cpu": "2.20.0"}}, "are both installed", True),
        ({"unfit_packages": {"keras<3.16": "4.0"}}, "4.0 where it asks for keras<3.16", True),
    ],
)
def test_a_finding_says_what_and_what_to_do(change, what, wrong):
    (found,) = machine_findings(replace(WELL, **change))
    assert what in found.what
    assert found.advice
    assert found.wrong == wrong


def test_packages_that_are_missing_or_of_another_version_are_found(monkeypatch):
    assert packages.unfit_packages() == {}
    asked = ["keras>=3.15,<3.16", "pandas>=99", "no-such-package>=1", 'torch>=2; extra == "torch"', "tensorflow>=2"]
    monkeypatch.setattr(packages, "requires", lambda name: asked)
    assert packages.unfit_packages() == {"pandas>=99": version("pandas"), "no-such-package>=1": ""}
    found = machine_findings(replace(WELL, unfit_packages=packages.unfit_packages()))[0]
    assert "nothing where it asks for no-such-package>=1" in found.what
    assert found.advice == 'Type: pip install "pandas>=99" "no-such-package>=1"'


def test_tensorflow_without_gpus_is_tensorflow_too(monkeypatch):
    def of_the_small_one(name):
        if name == "tensorflow-cpu":
            return "2.21.0"
        raise PackageNotFoundError(name)

    monkeypatch.setattr(packages, "version", of_the_small_one)
    monkeypatch.setattr(packages, "requires", lambda name: ["tensorflow>=2.21,<2.22"])
    assert packages.unfit_packages() == {}
