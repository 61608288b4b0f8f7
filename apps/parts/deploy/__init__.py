"""Parts of the page Deploy."""
