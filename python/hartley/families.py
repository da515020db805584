"""Exponential families: entropy, divergence, natural and mean parameters, Fisher information, samples, likelihood.

One class for each family; its instances hold one distribution or an array of them, and everything broadcasts.
Quantities are in nats unless ``base`` asks for another unit. A family of your own is a subclass of
:class:`ExponentialFamily` that states what its docstring lists: some twenty lines.
"""

from __future__ import annotations

from ._bregman import bregman_divergence
from ._categorical import Categorical
from ._count_families import NegativeBinomial, Poisson
from ._dirichlet_families import Beta, Dirichlet
from ._exponential_family import ExponentialFamily
from ._gamma_families import Gamma, InverseGamma
from ._multivariate_normal import MultivariateNormal
from ._normal_families import LogNormal, Normal
from ._scale_families import Exponential, Laplace, Weibull
from ._trial_families import Bernoulli, Binomial, Geometric
from ._von_mises import VonMises

__all__ = [
    "Bernoulli",
    "Beta",
    "Binomial",
    "Categorical",
    "Dirichlet",
    "Exponential",
    "ExponentialFamily",
    "Gamma",
    "Geometric",
    "InverseGamma",
    "Laplace",
    "LogNormal",
    "MultivariateNormal",
    "NegativeBinomial",
    "Normal",
    "Poisson",
    "VonMises",
    "Weibull",
    "bregman_divergence",
]
