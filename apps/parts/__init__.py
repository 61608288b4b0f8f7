"""Parts of the views."""
