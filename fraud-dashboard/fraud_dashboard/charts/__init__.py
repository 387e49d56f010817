"""Charts and the map, drawn in the browser from a few numbers."""
