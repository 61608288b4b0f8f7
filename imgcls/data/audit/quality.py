"""Findings about how an image looks: dark, light, without information, blurred.

The first three limits are those of cleanvision 0.3. Whether such an image is of use, a person has to say: in a data
set of stars or of X-rays all are so.
"""

from collections.abc import Iterator

from imgcls.data.audit.findings import Finding
from imgcls.data.manifest.table import Manifest

DARKEST = 0.32  # brightness that the brightest pixels of an image must reach
LIGHTEST = 0.95  # brightness that the darkest pixels of an image must stay below
LEAST_ENTROPY = 3.0  # bits; a drawing in 8 even shades has as many
LEAST_SHARPNESS = 0.29  # measured by benchmarks/audit_cleanvision.py: photos have 0.30 to 0.9, blurred ones around 0.27

WHY = {
    "dark": f"99 % of it are below {{brightness_99:.2f}} of full brightness; expected some above {DARKEST}",
    "light": f"95 % of it are above {{brightness_5:.2f}} of full brightness; expected more below {LIGHTEST}",
    "low information": f"{{entropy:.1f}} bits; expected at least {LEAST_ENTROPY:.0f}, and photos have 6 to 9",
    "blurred": f"sharpness {{sharpness:.2f}}; expected at least {LEAST_SHARPNESS}, and 0.25 is no edge at all",
}


def quality_findings(manifest: Manifest) -> Iterator[Finding]:
    """Of each file once. An image that is dark, light or of one colour is not reported as blurred as well."""
    files = manifest.usable.drop_duplicates("image")
    dark, light = files["brightness_99"] < DARKEST, files["brightness_5"] > LIGHTEST
    plain = files["perceptual_hash"] == ""
    poor = (files["entropy"] < LEAST_ENTROPY) & ~plain
    blurred = (files["sharpness"] < LEAST_SHARPNESS) & ~(dark | light | plain)
    for kind, chosen in (("dark", dark), ("light", light), ("low information", poor), ("blurred", blurred)):
        for row in files[chosen].itertuples():
            yield Finding(kind, (row.image,), WHY[kind].format_map(row._asdict()), (row.Index,))
