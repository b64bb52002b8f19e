"""The metrics against results of the authors' implementation."""
