"""What keeps somebody from using a page, as axe-core finds it, in the light and in the dark theme."""

from collections.abc import Iterator

from axe_playwright_python.base import AXE_SCRIPT

from tests.apps.served import settled

SERIOUS = ("serious", "critical")
WITHOUT = {  # rules of axe, each with the reason why it is not asked
    "region": "Streamlit has its own landmarks",
}


def serious_faults(page) -> list[str]:
    """What axe-core finds that keeps somebody from using the page."""
    page.add_script_tag(content=AXE_SCRIPT)
    rules = {name: {"enabled": False} for name in WITHOUT}
    found = page.evaluate("rules => axe.run(document, {rules, resultTypes: ['violations']})", rules)
    return [
        f"{fault['id']}: {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for fault in found["violations"]
        if fault["impact"] in SERIOUS
        for node in fault["nodes"]
    ]


def in_both_schemes(page) -> Iterator[str]:
    """Turns the page light and then dark, as a browser does in the evening."""
    ground = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    grounds = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"seen => !seen.includes({ground})", arg=list(grounds))
        settled(page)
        grounds.add(page.evaluate(ground))
        yield scheme
