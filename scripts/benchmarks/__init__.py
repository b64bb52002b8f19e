"""One module per benchmark, and what they share."""
