"""What limits a machine, and what makes it faster, from its measured speeds."""

from collections.abc import Iterator, Mapping, Sequence

from imgcls.machine.facts import MachineFacts
from imgcls.machine.finding import Finding
from imgcls.processor import BFLOAT16
from imgcls.workflow.doctor.speed import Speed

MUCH = 0.25  # share of an epoch's time that reading may take before advice is worth it
FASTER = 1.2  # times as fast as TensorFlow, from which an engine is worth its name


def limits(facts: MachineFacts, speeds: Sequence[Speed], missing: Mapping[str, str]) -> list[Finding]:
    """What limits training and prediction, and what went wrong while it was measured.

    Args:
        facts: Of the machine.
        speeds: What was measured.
        missing: For each engine that is not installed, the command that installs it.
    """
    broken = [Finding(f"{speed.what}: {speed.problem}.", _mending(speed)) for speed in speeds if speed.problem]
    measured = [speed for speed in speeds if not speed.problem]
    return [*broken, *_of_training(measured), *_of_precision(facts, measured), *_of_prediction(measured, missing)]


def _mending(speed: Speed) -> str:
    if speed.work == "predicted":
        return "Install the package of this engine anew, or predict with another engine."
    return "`python -m imgcls.doctor` with CUDA_VISIBLE_DEVICES=-1 shows whether the processor can do it."


def _of_training(speeds: Sequence[Speed]) -> Iterator[Finding]:
    reading = next((speed for speed in speeds if speed.work == "augmented"), None)
    trained = [speed for speed in speeds if speed.work == "trained"]
    if reading is None or not trained:
        return
    network, read, steps = trained[-1].what.partition(",")[0], reading.images_per_second, trained[-1].images_per_second
    cache = (
        "--cache memory keeps decoded images, and `python -m imgcls.prepare` makes them small once, where they are "
        "large photos."
    )
    if trained[-1].device == "GPU":
        if read < steps:
            yield Finding(
                f"The images come too slowly for {network}: {read:.0f} a second are read, and {steps:.0f} trained.",
                f"{cache} More cores help too, here or with `python -m imgcls.data_service` on other machines.",
                wrong=False,
            )
        else:
            yield Finding(f"The card limits the training of {network}, not the reading of images.", wrong=False)
        return
    share = (1 / read) / (1 / read + 1 / steps)
    if share > MUCH:
        yield Finding(
            f"Reading and training share the cores: {share:.0%} of the time to train {network} on such photos goes "
            "into reading them.",
            cache,
            wrong=False,
        )
    else:
        yield Finding(
            f"The processor limits the training of {network}: {1 - share:.0%} of the time goes into the steps, and "
            f"{share:.0%} into reading the images.",
            "Choose --plan head, which computes frozen features once, a smaller network, or a machine with a GPU.",
            wrong=False,
        )


def _of_precision(facts: MachineFacts, speeds: Sequence[Speed]) -> Iterator[Finding]:
    in_float32 = [speed for speed in speeds if speed.work == "trained" and "float32" in speed.what]
    if in_float32 and in_float32[0].device == "CPU" and not set(facts.vector_units) & set(BFLOAT16):
        yield Finding(
            "The processor does not multiply in bfloat16, so everything is computed in float32.",
            "Processors with AVX512-BF16 or AMX train convolutions faster.",
            wrong=False,
        )


def _of_prediction(speeds: Sequence[Speed], missing: Mapping[str, str]) -> Iterator[Finding]:
    rates = {speed.what.rpartition(", ")[2]: speed for speed in speeds if speed.work == "predicted"}
    if not rates:
        return
    tensorflow = rates.get("tensorflow")
    fastest = max(rates, key=lambda name: rates[name].images_per_second)
    if tensorflow and rates[fastest].images_per_second > FASTER * tensorflow.images_per_second:
        times = rates[fastest].images_per_second / tensorflow.images_per_second
        yield Finding(
            f"{fastest} predicts {times:.1f} times as many images a second as TensorFlow.",
            f"Type: python -m imgcls.export RUN --format {fastest}",
            wrong=False,
        )
    if "openvino" in missing and tensorflow and tensorflow.device == "CPU":
        yield Finding(
            "OpenVINO, which predicts two to four times as fast as TensorFlow on many processors, is not installed.",
            f"Type: {missing['openvino']}",
            wrong=False,
        )
