"""Parts of a page that run again by themselves."""

from streamlit.testing.v1 import AppTest


def part_that_fails():
    import streamlit as st
    from parts.fragment import fragment

    @fragment(run_every=1.0)
    def follow(name: str) -> None:
        st.write("before")
        raise ValueError(f"There is no job {name!r}.")

    follow("7")
    st.write("behind")


def test_what_it_raises_is_a_sentence_and_the_page_goes_on():
    page = AppTest.from_function(part_that_fails, default_timeout=60).run()
    assert not page.exception
    assert [error.value for error in page.error] == ["There is no job '7'."]
    assert [text.value for text in page.markdown] == ["before", "behind"]
