"""Programs of the page Label, which run as jobs."""
