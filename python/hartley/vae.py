"""Quantities of variational autoencoders whose posteriors q(z|x) are diagonal normals N(mean, exp(log_variance)).

Convention: **a KL divergence is summed over latents and averaged over rows.** A mean over both, as a framework's
``mean()`` of all elements gives, is the KL divided by the number of latents: a β-VAE of β = 1 / n_latents that nobody
asked for. ``log_variance`` is log σ², not log σ.
"""

from __future__ import annotations

from ._disentanglement import MutualInformationGap, mutual_information_gap
from ._vae_bounds import effective_sample_size, elbo, importance_weighted_bound
from ._vae_decomposition import ElboDecomposition, elbo_decomposition
from ._vae_kl import NormalGradient, NormalPairGradient, kl_diagonal_normal, kl_standard_normal
from ._vae_latents import ActiveUnits, PosteriorCollapse, active_units, posterior_collapse
from ._vae_rate_distortion import (
    RateDistortionPoint,
    RateDistortionSweep,
    rate_distortion_point,
    rate_distortion_sweep,
)

__all__ = [
    "ActiveUnits",
    "ElboDecomposition",
    "MutualInformationGap",
    "NormalGradient",
    "NormalPairGradient",
    "PosteriorCollapse",
    "RateDistortionPoint",
    "RateDistortionSweep",
    "active_units",
    "effective_sample_size",
    "elbo",
    "elbo_decomposition",
    "importance_weighted_bound",
    "kl_diagonal_normal",
    "kl_standard_normal",
    "mutual_information_gap",
    "posterior_collapse",
    "rate_distortion_point",
    "rate_distortion_sweep",
]
