"""Two-alternative forced choices: distorted patches, their layout on disk, scores, features."""
