"""What each kernel must compute, in plain NumPy, written to be read.

The oracle of tests and benchmarks, never a fallback.
"""
