"""Widths and heights of windows that pages are looked at in."""

DESKTOP, PHONE = (1200, 900), (390, 844)
