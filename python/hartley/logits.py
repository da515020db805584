"""Losses, entropies and divergences of softmax distributions, straight from logits.

For training and judging language models and other classifiers: logits of shape (..., n_classes) in float64, float32,
float16 or bfloat16, from NumPy, memory-mapped files or torch CPU tensors. The softmax is never stored: each logit is
read once, and beside a requested gradient nothing of the size of the logits is allocated. ``-inf`` masks a class.
"""

from __future__ import annotations

from ._logits_binary import binary_cross_entropy
from ._logits_calibration import expected_calibration_error
from ._logits_divergences import entropy, js_divergence, kl_divergence
from ._logits_losses import cross_entropy, surprisal
from ._logits_perplexity import bits_per_token, log_perplexity, perplexity
from ._logits_units import bits_per_byte, bits_per_character, bits_per_dimension, perplexity_per_word

__all__ = [
    "binary_cross_entropy",
    "bits_per_byte",
    "bits_per_character",
    "bits_per_dimension",
    "bits_per_token",
    "cross_entropy",
    "entropy",
    "expected_calibration_error",
    "js_divergence",
    "kl_divergence",
    "log_perplexity",
    "perplexity",
    "perplexity_per_word",
    "surprisal",
]
