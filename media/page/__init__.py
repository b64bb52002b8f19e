"""What `report.html` is made of: the page, its style and its scripts."""
