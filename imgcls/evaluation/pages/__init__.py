"""HTML pages: their templates, charts, thumbnails and parts."""
