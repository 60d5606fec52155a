"""Figures, each as a ratio to a named peer or against a stated goal; `make bench` writes benchmarks/results.md."""
