"""Fields whose value stands in the address: what is chosen stays, and a link moves them."""

import pytest
from streamlit.testing.v1 import AppTest

SCRIPT = """
import streamlit as st
from parts.addressed import addressed, keep_field, missing

FRUITS = st.session_state.get("fruits", ["apple", "pear", "plum"])
st.caption(missing("fruit", FRUITS, lambda text: text.removeprefix("a ")))
fruit = st.selectbox("Fruit", FRUITS, key=addressed("fruit", FRUITS, FRUITS[0], lambda text: text.removeprefix("a ")))
keep_field("fruit", fruit)
count = st.number_input("How many", 1, 9, key=addressed("count", range(1, 10), 2))
keep_field("count", None if count == 2 else str(count))
st.write(f"{count} {fruit}")
"""


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_string(SCRIPT)


def shown(page: AppTest) -> tuple[str, dict]:
    assert not page.exception
    return page.markdown[0].value, dict(page.query_params)


def test_one_choice_after_the_other_stays(page):
    assert shown(page.run()) == ("2 apple", {"fruit": "apple"})
    for fruit in ("pear", "plum", "apple", "pear"):
        page.selectbox[0].set_value(fruit).run()
        assert shown(page) == (f"2 {fruit}", {"fruit": fruit})
    for count in (3, 4, 2, 5):
        page.number_input[0].set_value(count).run()
        assert shown(page)[0] == f"{count} pear"


def test_the_field_is_the_same_one_whatever_it_shows(page):
    first = page.run().selectbox[0].proto.id
    page.selectbox[0].set_value("plum").run()
    assert page.run().selectbox[0].proto.id == first


def test_a_link_moves_the_field_and_the_next_choice_stays(page):
    page.query_params["fruit"] = "a plum"
    assert shown(page.run())[0] == "2 plum"
    page.selectbox[0].set_value("pear").run()
    page.query_params["fruit"] = "apple"
    page.query_params["count"] = "7"
    assert shown(page.run())[0] == "7 apple"
    page.selectbox[0].set_value("pear").run()
    assert shown(page)[0] == "7 pear"
    del page.query_params["count"]
    assert shown(page.run())[0] == "2 pear"


def test_what_the_address_cannot_mean_is_the_usual_one(page):
    page.query_params["fruit"] = "stone"
    page.query_params["count"] = "12"
    assert shown(page.run()) == ("2 apple", {"fruit": "apple"})


def test_an_option_that_is_gone_is_no_longer_shown(page):
    page.run().selectbox[0].set_value("plum").run()
    page.session_state["fruits"] = ["apple", "pear"]
    assert shown(page.run()) == ("2 apple", {"fruit": "apple"})


def test_what_is_missing_is_what_the_address_names_and_nobody_has(page):
    page.query_params["fruit"] = "a stone"
    assert page.run().caption[0].value == "a stone"
    assert page.run().caption[0].value == ""


def test_a_field_that_was_left_empty_takes_what_has_come_back():
    page = AppTest.from_string("""
import streamlit as st
from parts.addressed import addressed, missing

names = st.session_state["names"]
gone = missing("run", names)
st.write(str(st.selectbox("Run", names, key=addressed("run", names, None if gone else names[0]))))
""")
    page.session_state["names"] = ["one"]
    page.query_params["run"] = "two"
    assert page.run().markdown[0].value == "None"
    page.session_state["names"] = ["one", "two"]
    assert page.run().markdown[0].value == "two"
