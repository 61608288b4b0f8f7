"""What the theme of .streamlit/config.toml cannot say."""

import streamlit as st

INK = "#0b1220"  # on the dark theme's primary color: 8:1; Streamlit would write white, 2.1:1
BUTTONS = 'button[kind^="primary"]:not(:disabled)'
FOCUS = ("#1a4f8f", "#8fc4ff")  # around the link that the keyboard is at: in the light theme and in the dark one
CODE = {  # kinds of words in code: color in the light theme and in the dark one, at least 6:1; Streamlit's reach 2.8:1
    "string char attr-value": ("#116329", "#7ee787"),
    "function class-name selector keyword tag property variable attr-name": ("#0550ae", "#79c0ff"),
    "number boolean constant symbol regex operator entity decorator url": ("#953800", "#ffa657"),
    "comment punctuation prolog doctype": ("#57606a", "#a3acb8"),
}
ABOVE = "2.5rem"  # of the page; Streamlit leaves 6
BELOW_THE_HEADER = "4.25rem"  # where the button that opens the sidebar stands above the page


def is_dark() -> bool:
    """Whether the page is shown in the dark theme."""
    return st.context.theme.type == "dark"


def close_to_the_top() -> None:
    """Begin pages at the top, where there is nothing else; the sidebar's first line is as high."""
    st.html(
        f"<style>.stMainBlockContainer {{ padding-top: {ABOVE}; }}"
        ".stApp:has([data-testid='stExpandSidebarButton']) .stMainBlockContainer "
        f"{{ padding-top: {BELOW_THE_HEADER}; }}"
        "[data-testid='stSidebarHeader'] { height: 2.5rem; margin-bottom: 0; }</style>"
    )


def readable_buttons() -> None:
    """In the dark theme, dark words on the light buttons of the main actions, also once the browser changes the theme.

    Popovers and dialogs stand outside of the element that says which theme is shown; they take the browser's.
    """
    st.html(
        f"<style>body > :not(#root) {BUTTONS} {{ color-scheme: light dark; }}"
        f"{BUTTONS}, {BUTTONS} p {{ color: light-dark(white, {INK}); }}</style>"
    )


def readable_code() -> None:
    """Colors of code that can be read in both themes."""
    rules = [
        f"[data-testid='stCode'] pre :is({', '.join(f'.token.{kind}' for kind in kinds.split())}) "
        f"{{ color: light-dark({light}, {dark}); }}"
        for kinds, (light, dark) in CODE.items()
    ]
    st.html(f"<style>{' '.join(rules)}</style>")


def visible_focus() -> None:
    """Show which page's link the keyboard is at; Streamlit shades it by a sixth of a gray."""
    light, dark = FOCUS
    st.html(
        "<style>a[data-testid='stPageLink-NavLink']:focus-visible "
        f"{{ outline: 2px solid light-dark({light}, {dark}); outline-offset: -2px; }}</style>"
    )
