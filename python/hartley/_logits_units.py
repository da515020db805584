"""Bits per byte, character and dimension and perplexity by word, from summed negative log-likelihoods."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._arrays import as_number, as_real, count_and_first
from ._logits_rows import shaped

_LOG_2 = math.log(2.0)


def bits_per_character(nll: Any, n_characters: Any) -> Any:
    """Bits per character of a text from its summed negative log-likelihood.

    Parameters
    ----------
    nll : float or array of float
        Nats of the whole text (``cross_entropy(..., reduction="sum")``), or of each of several texts.
    n_characters : float or array of float
        Characters of the text that the tokens encode, more than 0; broadcasts with ``nll``.

    Returns
    -------
    float or ndarray of float64
        nll / (n_characters log 2), in bits.

    Raises
    ------
    ValueError
        ``n_characters`` is not positive; ``nll`` is NaN.
    TypeError
        Arguments that are no numbers.

    Notes
    -----
    Independent of the tokenizer, unlike a mean over tokens. O(1) a text.

    References
    ----------
    Graves, A. (2013). Generating sequences with recurrent neural networks. arXiv:1308.0850, section 3.1.

    Examples
    --------
    >>> from hartley import logits
    >>> round(logits.bits_per_character(693.1471805599453, 500), 12)
    2.0
    """
    return _per_unit(nll, n_characters, "n_characters", _LOG_2)


def bits_per_byte(nll: Any, n_bytes: Any) -> Any:
    """Bits per byte of a text from its summed negative log-likelihood.

    Parameters
    ----------
    nll : float or array of float
        Nats of the whole text, or of each of several texts.
    n_bytes : float or array of float
        Bytes of the text in UTF-8, more than 0; broadcasts with ``nll``.

    Returns
    -------
    float or ndarray of float64
        nll / (n_bytes log 2), in bits: over 8, the ratio to the size of the plain text.

    Raises
    ------
    ValueError
        ``n_bytes`` is not positive; ``nll`` is NaN.
    TypeError
        Arguments that are no numbers.

    Notes
    -----
    Independent of tokenizer and alphabet. O(1) a text.

    References
    ----------
    Gao, L. et al. (2020). The Pile: an 800GB dataset of diverse text for language modeling. arXiv:2101.00027,
    section 3.1.

    Examples
    --------
    >>> from hartley import logits
    >>> round(logits.bits_per_byte(693.1471805599453, 1000), 12)
    1.0
    """
    return _per_unit(nll, n_bytes, "n_bytes", _LOG_2)


def perplexity_per_word(nll: Any, n_words: Any) -> Any:
    """Perplexity by word of a text from its summed negative log-likelihood.

    Parameters
    ----------
    nll : float or array of float
        Nats of the whole text, or of each of several texts.
    n_words : float or array of float
        Words of the text, more than 0; broadcasts with ``nll``.

    Returns
    -------
    float or ndarray of float64
        exp(nll / n_words), at least 1 for a likelihood of symbols; ``inf`` where it overflows.

    Raises
    ------
    ValueError
        ``n_words`` is not positive; ``nll`` is NaN.
    TypeError
        Arguments that are no numbers.

    Notes
    -----
    What word-level benchmarks report for models with subword tokens: the nats of all tokens over the words of the text.
    ``perplexity(logits, targets, n_units=n_words)`` is the same from logits. O(1) a text.

    References
    ----------
    Mielke, S. J. et al. (2019). What kind of language is hard to language-model? ACL, section 2.

    Examples
    --------
    >>> from hartley import logits
    >>> round(logits.perplexity_per_word(693.1471805599453, 100), 6)
    1024.0
    """
    with np.errstate(over="ignore"):  # inf is the answer
        values = np.exp(np.asarray(_per_unit(nll, n_words, "n_words", 1.0)))
    return shaped(values, values.shape)


def bits_per_dimension(nll: Any, n_dimensions: Any, *, dequantization_levels: int | None = None) -> Any:
    """Bits per dimension of images or sound from the negative log-likelihood of a whole sample.

    Parameters
    ----------
    nll : float or array of float
        Nats of a sample, all its dimensions together; a density's may be negative.
    n_dimensions : float or array of float
        Pixels times channels, more than 0; broadcasts with ``nll``.
    dequantization_levels : int, optional
        Number of levels (256 for 8-bit images) if ``nll`` is that of a density of data scaled from 0..levels - 1 to
        the unit interval. None where it is of the levels themselves, or of a density on their scale.

    Returns
    -------
    float or ndarray of float64
        nll / (n_dimensions log 2), plus log2(levels) with ``dequantization_levels``.

    Raises
    ------
    ValueError
        ``n_dimensions`` is not positive; fewer than two levels; ``nll`` is NaN.
    TypeError
        Arguments that are no numbers.

    Notes
    -----
    A model of densities sees x = (k + u) / levels, the level k plus uniform noise u. The density of k + u is that of x
    over ``levels`` in each dimension, and its mean log is a lower bound of the log probability of k (Jensen): hence
    the offset log2(levels), 8 bits for 256 levels, and a result that bounds the lossless code length from above.
    Leave it out and the figures are 8 bits too good. O(1) a sample.

    References
    ----------
    Theis, L., van den Oord, A. & Bethge, M. (2016). A note on the evaluation of generative models. ICLR, section 3.1.

    Examples
    --------
    >>> from hartley import logits
    >>> logits.bits_per_dimension(0.0, 3072, dequantization_levels=256)
    8.0
    """
    offset = 0.0
    if dequantization_levels is not None:
        levels = as_number(dequantization_levels, "dequantization_levels")
        if not (levels >= 2 and math.isfinite(levels)):
            raise ValueError(f"dequantization_levels must be at least 2, got {dequantization_levels!r}")
        offset = math.log2(levels)
    return _per_unit(nll, n_dimensions, "n_dimensions", _LOG_2) + offset


def _per_unit(nll: Any, n: Any, name: str, unit: float) -> Any:
    nats = as_real(nll, "nll").astype(np.float64)
    counts = as_real(n, name).astype(np.float64)
    n_bad, first = count_and_first(np.isnan(nats)) if nats.size else (0, "")
    if n_bad:
        raise ValueError(f"nll must be numbers, got {n_bad} NaN, first nll[{first}]")
    bad = ~((counts > 0) & np.isfinite(counts))
    if bad.any():
        raise ValueError(f"{name} must be positive and finite, got {counts[bad].flat[0]:g}")
    try:
        values = np.asarray(nats / counts / unit)
    except ValueError:
        raise ValueError(f"nll and {name} must broadcast, got shapes {nats.shape} and {counts.shape}") from None
    return shaped(values, values.shape)
