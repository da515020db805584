"""Pictures: what is drawn is what the numbers say."""

from __future__ import annotations

import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from hartley import histogram, plot, vae

mpl.use("Agg")
from matplotlib import pyplot as plt


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def drawn(ax):
    return np.ma.filled(ax.images[0].get_array().astype(float), np.nan)


def names_of(ax):
    return [text.get_text() for text in ax.get_xticklabels()]


def test_heatmap_puts_related_columns_side_by_side(rng):
    x = rng.normal(size=(2000, 6))
    x[:, 5] = x[:, 0] + 0.1 * x[:, 5]
    x[:, 3] = x[:, 1] - 0.1 * x[:, 3]
    frame = pd.DataFrame(x, columns=list("abcdef"))
    information = histogram.mutual_information_matrix(frame, bins=8)
    ax = plot.mutual_information_heatmap(information)
    names = names_of(ax)
    assert sorted(names) == list("abcdef")
    for pair in ("af", "bd"):
        assert abs(names.index(pair[0]) - names.index(pair[1])) == 1
    expected = information.loc[names, names].to_numpy(copy=True)
    np.fill_diagonal(expected, np.nan)  # entropies would drown the rest
    np.testing.assert_array_equal(drawn(ax), expected)


def test_heatmap_in_the_given_order_and_of_columns_with_targets():
    matrix = np.array([[9.0, 0.1, 0.7], [0.1, 9.0, 0.2], [0.7, 0.2, 9.0]])
    given = plt.figure().add_subplot()
    assert plot.mutual_information_heatmap(matrix, order="given", labels=["x", "y", "$z"], ax=given) is given
    assert names_of(given) == ["x", "y", r"\$z"]
    np.testing.assert_array_equal(drawn(given)[0], [np.nan, 0.1, 0.7])
    cross = plot.mutual_information_heatmap(pd.DataFrame([[0.5, 0.2]], index=["a"], columns=["u", "v"]))
    assert names_of(cross) == ["u", "v"]
    np.testing.assert_array_equal(drawn(cross), [[0.5, 0.2]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"information": [1.0, 2.0]}, "information must be a matrix"),
        ({"information": [[0.0, np.nan], [0.0, 0.0]]}, "information must be finite"),
        ({"information": [[1.0]], "order": "best"}, 'order must be "clustered" or "given"'),
        ({"information": [[1.0]], "labels": ["a", "b"]}, "labels must have one entry for each of the 1"),
        ({"information": np.eye(2001)}, "at most 2000 columns, got 2001"),
    ],
)
def test_heatmap_says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        plot.mutual_information_heatmap(**arguments)


def test_pointwise_picture_is_the_histogram_and_its_logarithms(rng):
    x, y = rng.normal(size=(2, 3000))
    y += x
    left, right = plot.pointwise_mutual_information_plot(pd.Series(x, name="dose"), y, bins=(4, 5))
    counts = np.histogram2d(x, y, bins=(4, 5))[0]
    shown = np.ma.filled(left.collections[0].get_array(), np.nan).reshape(5, 4).T
    np.testing.assert_array_equal(np.nan_to_num(shown), counts)
    p = counts / counts.sum()
    with np.errstate(divide="ignore"):
        expected = np.log2(p / (p.sum(1, keepdims=True) * p.sum(0)))
    shown = np.ma.filled(right.collections[0].get_array(), np.nan).reshape(5, 4).T
    np.testing.assert_allclose(shown[counts > 0], expected[counts > 0], rtol=1e-12, atol=1e-14)
    assert np.isnan(shown[counts == 0]).all()
    information = histogram.mutual_information(x, y, bins=(4, 5), binning="uniform", base=2)
    assert right.get_title() == f"I = {information:.3f} bits"
    assert left.get_xlabel() == "dose"
    assert left.get_title() == "n = 3,000"


def test_pointwise_picture_leaves_out_what_lies_outside(rng):
    x = np.append(rng.random(100), 50.0)
    left, _ = plot.pointwise_mutual_information_plot(x, x, bins=2, range=(0.0, 1.0), base=None)
    assert left.get_title() == "n = 100"
    with pytest.raises(ValueError, match="no row in which both lie inside"):
        plot.pointwise_mutual_information_plot([1.0, 2.0], [1.0, 2.0], bins=2, range=(5.0, 6.0))
    with pytest.raises(ValueError, match="y has 1 NaN entries"):
        plot.pointwise_mutual_information_plot([1.0, 2.0], [1.0, np.nan])


def test_decomposition_bars_stack_up_to_the_kl(rng):
    mean, lv = rng.normal(size=(2, 30, 3))
    z = mean + np.exp(lv / 2) * rng.normal(size=mean.shape)
    full = vae.elbo_decomposition(z, mean, lv, method="full", base="bits")
    weighted = vae.elbo_decomposition(z, mean, lv, dataset_size=1000, base="bits")
    ax = plot.elbo_decomposition_plot([full, weighted], labels=["full", "$weighted"], base="bits")
    heights = np.array([[bar.get_height() for bar in container] for container in ax.containers])
    for k, found in enumerate((full, weighted)):
        expected = [found.mutual_information, found.total_correlation, found.dimension_wise_kl]
        np.testing.assert_allclose(heights[:, k], expected, rtol=1e-12)
    assert heights[2, 1] < 0  # hangs below 0, the next would not overlap it
    assert ax.containers[2][1].get_y() == 0
    assert ax.containers[1][0].get_y() == pytest.approx(full.mutual_information)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [full.kl, weighted.kl])
    assert names_of(ax) == ["full", r"\$weighted"]
    assert ax.get_ylabel() == "bits"
    own = plt.figure().add_subplot()
    assert plot.elbo_decomposition_plot(full, ax=own) is own
    for arguments, message in (
        ({"results": []}, "results must hold at least one"),
        ({"results": full, "labels": ["a", "b"]}, "labels must have one entry for each of the 1 results, got 2"),
        ({"results": full, "base": 1}, "base must be"),
    ):
        with pytest.raises(ValueError, match=message):
            plot.elbo_decomposition_plot(**arguments)


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'hartley\[plot\]'"):
        plot.mutual_information_heatmap([[1.0]])
