"""One module per command that people use: it parses, reads, calls the library, saves."""
