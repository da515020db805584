"""Benchmarks of hartley against its NumPy references, its peers and the machine's limits; run by ``hartley bench``."""
