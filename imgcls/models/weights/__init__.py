"""Published weights: the only place that reads other projects' weight files."""
