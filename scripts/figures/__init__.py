"""The figures of the E-LPIPS paper, one module each."""
