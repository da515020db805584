"""Warnings that the library gives; filter them by class."""

from __future__ import annotations


class HartleyWarning(UserWarning):
    """Base of every warning of this library."""


class TiesWarning(HartleyWarning):
    """Equal samples reached the k-th neighbour: the data are not continuous as the estimator assumes."""


class ConvergenceWarning(HartleyWarning):
    """A solver stopped before it reached its tolerance; the message says what to change."""


class CoverageWarning(HartleyWarning):
    """The sample is too small for its alphabet: most of what the next draws bring has not been seen yet."""


class SaturationWarning(HartleyWarning):
    """An estimate at the most that its sample can show: the quantity may be far larger, even infinite."""
