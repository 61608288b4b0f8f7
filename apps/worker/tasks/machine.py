"""What is found when this machine is examined, as texts."""


def examined(measures: bool) -> dict:
    """Examine the machine, as `python -m imgcls.doctor` does.

    Args:
        measures: Whether speeds are measured too, which takes about a minute on two cores.

    Returns:
        well; rows, a name and a text each; devices and speeds, texts under their headers; wrong and advice, sentences.
    """
    from imgcls.workflow.doctor.examine import examine
    from imgcls.workflow.doctor.shown import DEVICE_HEADER, SPEED_HEADER, device_rows, facts_rows, speed_rows

    found = examine(measures)
    return {
        "well": found.is_well,
        "rows": facts_rows(found),
        "devices": [dict(zip(DEVICE_HEADER, row, strict=True)) for row in device_rows(found)],
        "speeds": [dict(zip(SPEED_HEADER, row, strict=True)) for row in speed_rows(found)],
        "wrong": [finding.sentences for finding in found.findings if finding.wrong],
        "advice": [finding.sentences for finding in found.findings if not finding.wrong],
    }
