"""What the pages are built of: the frame around each page, HTML elements, and the sections of a page."""
