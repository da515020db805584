"""Exponential families: every identity for every family, against mpmath, SciPy and quadrature."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import scipy.integrate
import scipy.stats as st

import hartley.families as hf
from hartley._ranges import POSITIVE

FEW_ROUNDINGS = 2e-13  # relative: what a handful of operations on special functions good to 1e-13 leaves


def _logit(p):
    return mp.log(p) - mp.log(1 - p)


def _normal_eta(mean, std):
    return [mean / std**2, -1 / (2 * std**2)]


def _normal_a(a, b):
    return -(a**2) / (4 * b) - mp.log(-2 * b) / 2


def _multivariate_eta(mean, cov):
    precision = mp.matrix(cov) ** -1
    linear = precision * mp.matrix(mean)
    return [linear[0], linear[1], -precision[0, 0] / 2, -precision[1, 0], -precision[1, 1] / 2]


def _multivariate_a(a, b, c, d, e):
    p, q, r = -2 * c, -d, -2 * e  # the precision [[p, q], [q, r]]
    det = p * r - q**2
    return (r * a**2 - 2 * q * a * b + p * b**2) / (2 * det) - mp.log(det) / 2


@dataclass
class Case:
    """Two members of a family, its natural parameters and log-partition at any precision, and SciPy's twin."""

    cls: type[hf.ExponentialFamily]
    p: tuple[Any, ...]
    q: tuple[Any, ...]
    eta: Any
    a: Any  # A(*η, **constants)
    twin: Any
    x: Any  # points of the support
    grid: Any = None  # all of a discrete support that matters, or the ends of a continuous one

    def __post_init__(self):
        self.constants = {name: dict(zip(self.cls.ranges, self.p, strict=True))[name] for name in self.cls.constants}

    def exact_eta(self, parameters):
        return [mp.mpf(v) for v in self.eta(*_exact(parameters))]

    def exact_a(self, *eta):
        return self.a(*eta, *(mp.mpf(v) for v in self.constants.values()))

    def gradient(self, eta):
        return [mp.diff(self.exact_a, eta, order) for order in np.eye(len(eta), dtype=int).tolist()]

    def exact_divergence(self, p, q):
        at, to = self.exact_eta(p), self.exact_eta(q)
        slope = sum((v - u) * g for u, v, g in zip(at, to, self.gradient(at), strict=True))
        return self.exact_a(*to) - self.exact_a(*at) - slope


def _exact(value):
    return [_exact(v) for v in value] if isinstance(value, (tuple, list)) else mp.mpf(value)


LOG_2PI = mp.log(2 * mp.pi)
CASES = [
    Case(
        hf.Bernoulli, (0.3,), (0.6,), lambda p: [_logit(p)], lambda e: mp.log1p(mp.exp(e)), st.bernoulli,
        [0, 1], [0, 1],
    ),
    Case(
        hf.Binomial, (12, 0.3), (12, 0.6), lambda n, p: [_logit(p)], lambda e, n: n * mp.log1p(mp.exp(e)), st.binom,
        [0, 5, 12], range(13),
    ),
    Case(
        hf.Geometric, (0.3,), (0.6,), lambda p: [mp.log(1 - p)], lambda e: e - mp.log(1 - mp.exp(e)), st.geom,
        [1, 2, 30], range(1, 200),
    ),
    Case(
        hf.NegativeBinomial, (2.5, 0.3), (2.5, 0.6), lambda r, p: [mp.log(1 - p)],
        lambda e, r: -r * mp.log(1 - mp.exp(e)), st.nbinom, [0, 1, 30], range(300),
    ),
    Case(hf.Poisson, (3.5,), (2.0,), lambda r: [mp.log(r)], mp.exp, st.poisson, [0, 1, 30], range(60)),
    Case(
        hf.Categorical, ((0.2, 0.5, 0.3),), ((0.4, 0.5, 0.1),), lambda p: [mp.log(v / p[-1]) for v in p[:-1]],
        lambda *e: mp.log(1 + sum(map(mp.exp, e))), lambda p: st.rv_discrete(values=(range(3), p)), [0, 1, 2], range(3),
    ),
    Case(
        hf.Exponential, (0.5,), (2.0,), lambda r: [-r], lambda e: -mp.log(-e), lambda r: st.expon(scale=1 / r),
        [0.0, 0.1, 9.0], (0, np.inf),
    ),
    Case(
        hf.Gamma, (2.5, 0.5), (1.5, 2.0), lambda a, r: [a, -r], lambda a, r: mp.loggamma(a) - a * mp.log(-r),
        lambda a, r: st.gamma(a, scale=1 / r), [0.01, 1.0, 20.0], (0, np.inf),
    ),
    Case(
        hf.InverseGamma, (2.5, 0.5), (1.5, 2.0), lambda a, s: [-a, -s], lambda a, s: mp.loggamma(-a) + a * mp.log(-s),
        lambda a, s: st.invgamma(a, scale=s), [0.1, 1.0, 20.0], (0, np.inf),
    ),
    Case(
        hf.Beta, (2.5, 1.5), (1.5, 4.0), lambda a, b: [a, b],
        lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b), st.beta, [0.01, 0.5, 0.99], (0, 1),
    ),
    Case(
        hf.Dirichlet, ((2.5, 1.5, 0.5),), ((1.5, 4.0, 1.0),), lambda a: a,
        lambda *a: sum(map(mp.loggamma, a)) - mp.loggamma(sum(a)), st.dirichlet, [[0.2, 0.3, 0.5], [0.25, 0.25, 0.5]],
    ),
    Case(
        hf.Laplace, (0.5, 2.0), (0.5, 0.5), lambda loc, s: [-1 / s], lambda e, loc: mp.log(-2 / e), st.laplace,
        [-3.0, 0.5, 9.0], (-np.inf, np.inf),
    ),
    Case(
        hf.Weibull, (1.5, 2.0), (1.5, 0.5), lambda k, s: [-(s**-k)], lambda e, k: -mp.log(-e),
        lambda k, s: st.weibull_min(k, scale=s), [0.01, 1.0, 9.0], (0, np.inf),
    ),
    Case(hf.Normal, (0.5, 2.0), (-1.0, 0.5), _normal_eta, _normal_a, st.norm, [-3.0, 0.5, 9.0], (-np.inf, np.inf)),
    Case(
        hf.LogNormal, (0.5, 0.5), (-1.0, 0.75), _normal_eta, _normal_a,
        lambda m, s: st.lognorm(s, scale=np.exp(m)), [0.01, 1.0, 9.0], (0, np.inf),
    ),
    Case(
        hf.MultivariateNormal, ((0.5, 1.0), ((2.0, 0.5), (0.5, 1.0))), ((-1.0, 1.0), ((1.0, -0.25), (-0.25, 3.0))),
        _multivariate_eta, _multivariate_a, st.multivariate_normal, [[0.2, 0.3], [4.0, -2.0]],
    ),
    Case(
        hf.VonMises, (0.5, 2.0), (-1.0, 0.5), lambda m, k: [k * mp.cos(m), k * mp.sin(m)],
        lambda a, b: LOG_2PI + mp.log(mp.besseli(0, mp.sqrt(a**2 + b**2))), lambda m, k: st.vonmises(k, loc=m),
        [-3.0, 0.5, 3.0], (-np.pi, np.pi),
    ),
]  # fmt: skip
every_family = pytest.mark.parametrize("case", CASES, ids=[case.cls.__name__ for case in CASES])


@pytest.fixture(autouse=True)
def _digits():
    with mp.workdps(40):
        yield


def _floats(values):
    return np.array([float(v) for v in values])


def test_every_family_is_a_case():
    classes = {getattr(hf, name) for name in hf.__all__ if isinstance(getattr(hf, name), type)}
    assert classes - {hf.ExponentialFamily} == {case.cls for case in CASES}
    assert len({case.cls.name for case in CASES}) == len(CASES)


@every_family
def test_kl_divergence_is_the_bregman_divergence_of_the_log_partition(case):
    p, q = case.cls(*case.p), case.cls(*case.q)
    exact = float(case.exact_divergence(case.p, case.q))
    assert p.kl_divergence(q) == pytest.approx(exact, rel=FEW_ROUNDINGS, abs=0)
    assert p.kl_divergence(q, base=2) == p.kl_divergence(q) / np.log(2)

    def gradient(eta):
        return case.cls.from_natural(eta, **case.constants).mean_parameters()

    plain = hf.bregman_divergence(p.log_partition, gradient, q.natural_parameters(), p.natural_parameters())
    assert plain == pytest.approx(exact, rel=1e-12)  # a difference of numbers of size 1 to 10
    assert p.kl_divergence(p) == 0.0
    assert p.cross_entropy(q) == pytest.approx(p.entropy() + exact, rel=FEW_ROUNDINGS)


def _nudged(values, step):
    if isinstance(values, tuple):
        return tuple(_nudged(v, step) for v in values)
    return values * (1.0 + step)


@every_family
@pytest.mark.parametrize("step", [1e-3, 2.0**-30])
def test_kl_divergence_of_near_members_keeps_its_digits(case, step):
    names = list(case.cls.ranges)
    q = tuple(v if n in case.constants else _nudged(v, step) for n, v in zip(names, case.p, strict=True))
    if case.cls is hf.Categorical:
        q = ((0.2 + 0.125 * step, 0.5 - 0.125 * step, 0.3),)
    with mp.workdps(60):
        exact = float(case.exact_divergence(case.p, q))
        if case.cls is hf.Categorical:  # both of these sum to 1 within rounding alone, and natural parameters see that
            pairs = [(mp.mpf(u), mp.mpf(v)) for u, v in zip(case.p[0], q[0], strict=True)]
            exact = float(sum(u * mp.log(u / v) - u + v for u, v in pairs))
    found = case.cls(*case.p).kl_divergence(case.cls(*q))
    assert found == pytest.approx(exact, rel=1e-11, abs=0)  # a plain difference would keep none for the smaller step


@every_family
def test_mean_parameters_and_fisher_information_are_gradient_and_hessian(case):
    p = case.cls(*case.p)
    eta = case.exact_eta(case.p)
    np.testing.assert_allclose(np.atleast_1d(p.natural_parameters()), _floats(eta), rtol=1e-14, atol=1e-15)
    assert p.log_partition() == pytest.approx(float(case.exact_a(*eta)), rel=1e-13)
    assert p.log_partition(p.natural_parameters()) == p.log_partition()
    np.testing.assert_allclose(np.atleast_1d(p.mean_parameters()), _floats(case.gradient(eta)), rtol=FEW_ROUNDINGS)
    n = len(eta)
    hessian = np.empty((n, n))
    for i, j in itertools.combinations_with_replacement(range(n), 2):
        order = [(k == i) + (k == j) for k in range(n)]
        hessian[i, j] = hessian[j, i] = float(mp.diff(case.exact_a, eta, order))
    np.testing.assert_allclose(np.atleast_2d(p.fisher_information(natural=True)), hessian, rtol=1e-12, atol=1e-12)


@every_family
def test_fisher_information_changes_with_the_jacobian_of_natural_parameters(case):
    names = [n for n in case.cls.ranges if n not in case.constants]
    flat = np.hstack([np.ravel(v) for n, v in zip(case.cls.ranges, case.p, strict=True) if n in names]).astype(float)
    if case.cls is hf.Categorical:
        flat = flat[:-1]
    if case.cls is hf.MultivariateNormal:
        flat = np.delete(flat, 3)  # the upper triangle

    def natural(*values):
        if case.cls is hf.Categorical:
            return case.eta([*values, 1 - sum(values)])
        if case.cls is hf.Dirichlet:
            return case.eta(list(values))
        if case.cls is hf.MultivariateNormal:
            a, b, c, d, e = values
            return case.eta([a, b], [[c, d], [d, e]])
        given = dict(zip(names, values, strict=True)) | {n: mp.mpf(v) for n, v in case.constants.items()}
        return case.eta(*(given[n] for n in case.cls.ranges))

    at = [mp.mpf(v) for v in flat]
    k = len(at)
    jacobian = np.array(
        [
            [float(mp.diff(lambda *v, i=i: natural(*v)[i], at, [int(m == j) for m in range(k)])) for j in range(k)]
            for i in range(k)
        ]
    )
    p = case.cls(*case.p)
    expected = jacobian.T @ np.atleast_2d(p.fisher_information(natural=True)) @ jacobian
    np.testing.assert_allclose(np.atleast_2d(p.fisher_information()), expected, rtol=1e-11, atol=1e-12)


@every_family
def test_log_probabilities_equal_scipy(case):
    p, twin = case.cls(*case.p), case.twin(*case.p)
    log_p = twin.logpmf if hasattr(twin, "logpmf") else twin.logpdf
    expected = log_p(np.array(case.x).T) if case.cls is hf.Dirichlet else log_p(case.x)
    np.testing.assert_allclose(p.log_prob(case.x), expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(p.log_prob(case.x, base="bits"), p.log_prob(case.x) / np.log(2))
    general = hf.ExponentialFamily._log_prob(p, np.array(case.x, dtype=float))  # h left out: a function of x alone
    q = case.cls(*case.q)
    other = hf.ExponentialFamily._log_prob(q, np.array(case.x, dtype=float))
    np.testing.assert_allclose(general - other, p.log_prob(case.x) - q.log_prob(case.x), rtol=1e-11, atol=1e-12)


@every_family
def test_entropy_and_divergence_equal_sums_and_integrals(case):
    p, q = case.cls(*case.p), case.cls(*case.q)
    if case.grid is None:
        assert p.entropy() == pytest.approx(float(case.twin(*case.p).entropy()), rel=1e-13)
        return
    if isinstance(case.grid, tuple):
        quad = lambda f: scipy.integrate.quad(f, *case.grid, epsabs=1e-11, limit=200)[0]  # noqa: E731
        density = lambda x: np.exp(p.log_prob(x))  # noqa: E731
        # mass below 1e-300 is none: 0 times -inf otherwise
        entropy = quad(lambda x: -density(x) * max(p.log_prob(x), -700.0))
        divergence = quad(lambda x: density(x) * (p.log_prob(x) - q.log_prob(x)) if density(x) > 1e-300 else 0.0)
        tolerance = 1e-8  # of the quadrature
    else:
        x = np.array(case.grid)
        weights = np.exp(p.log_prob(x))
        assert weights.sum() == pytest.approx(1.0, rel=1e-13)
        entropy = -weights @ p.log_prob(x)
        divergence = weights @ (p.log_prob(x) - q.log_prob(x))
        tolerance = 1e-13
    assert p.entropy() == pytest.approx(entropy, rel=tolerance)
    assert p.kl_divergence(q) == pytest.approx(divergence, rel=10 * tolerance)
    assert p.entropy(base="hartleys") == p.entropy() / np.log(10)


def _parameters(family):
    return [np.asarray(getattr(family, name)) for name in family.ranges]


@every_family
def test_natural_and_mean_parameters_lead_back(case):
    for parameters in (case.p, case.q):
        family = case.cls(*parameters)
        for back in (
            case.cls.from_natural(family.natural_parameters(), **case.constants),
            case.cls.from_mean(family.mean_parameters(), **case.constants),
        ):
            for found, expected in zip(_parameters(back), parameters, strict=True):
                np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@every_family
def test_the_fit_solves_the_score_equation_and_finds_the_parameters(case, rng):
    p = case.cls(*case.p)
    n = 4000
    x = p.sample(n, rng)
    fitted = case.cls.fit(x, **case.constants)
    mean = np.mean(p.sufficient_statistic(x), axis=0)
    np.testing.assert_allclose(fitted.mean_parameters(), mean, rtol=1e-11, atol=1e-14)
    # twice n times the divergence of the fit is chi-squared with as many degrees of freedom as parameters
    freedom = np.size(mean)
    assert 2 * n * fitted.kl_divergence(p) < st.chi2(freedom).isf(1e-6)
    likelihood = np.sum(fitted.log_prob(x))
    for other in (p, case.cls(*case.q)):
        assert likelihood >= np.sum(other.log_prob(x))


@every_family
def test_samples_have_the_mean_parameters(case):
    p = case.cls(*case.p)
    n = 20_000
    x = p.sample(n, 5)
    np.testing.assert_array_equal(x, p.sample(n, np.random.default_rng(5)))
    assert x.dtype == (np.int64 if np.asarray(case.x).dtype.kind == "i" else np.float64)
    assert np.isfinite(p.log_prob(x)).all()
    # the Fisher information is the covariance of the statistic: six standard errors
    error = np.sqrt(np.diagonal(np.atleast_2d(p.fisher_information(natural=True))) / n)
    off = np.mean(p.sufficient_statistic(x), axis=0) - p.mean_parameters()
    assert (np.abs(off) <= 6 * error).all()
    assert abs(np.mean(p.log_prob(x)) + p.entropy()) <= 6 * np.std(p.log_prob(x)) / np.sqrt(n) + 1e-12
    assert p.sample(0).shape[0] == 0


def _batched(case, shape):
    own = case.cls.own_axes
    return case.cls(
        *(
            np.broadcast_to(v, shape + np.shape(v)) if name in own or name not in case.constants else v
            for name, v in zip(case.cls.ranges, case.p, strict=True)
        )
    )


@every_family
def test_everything_broadcasts(case):
    one, column, row = case.cls(*case.p), _batched(case, (3, 1)), _batched(case, (4,))
    assert one.batch_shape == ()
    assert column.batch_shape == (3, 1)
    k = np.shape(one.natural_parameters())
    event = np.shape(one.sample(1))[1:]
    for value in (one.entropy(), one.kl_divergence(one), one.log_partition(), one.cross_entropy(one)):
        assert type(value) is float
    np.testing.assert_array_equal(column.entropy(), np.full((3, 1), one.entropy()))
    assert column.kl_divergence(row).shape == (3, 4)
    assert column.cross_entropy(row).shape == (3, 4)
    np.testing.assert_allclose(column.natural_parameters(), np.broadcast_to(one.natural_parameters(), (3, 1, *k)))
    np.testing.assert_allclose(column.mean_parameters(), np.broadcast_to(one.mean_parameters(), (3, 1, *k)))
    for natural in (False, True):
        assert column.fisher_information(natural=natural).shape == (3, 1, *k, *k)
    x = column.sample(5, 1)
    assert x.shape == (5, 3, 1, *event)
    assert column.log_prob(x).shape == (5, 3, 1)
    wide = row.log_prob(x)
    assert wide.shape == (5, 3, 4)
    many = case.cls.fit(column.sample(50, 1), **case.constants)
    assert np.shape(many.entropy()) == (3, 1)
    assert case.cls.from_natural(column.natural_parameters(), **case.constants).batch_shape == (3, 1)
    assert case.cls.from_mean(column.mean_parameters(), **case.constants).batch_shape == (3, 1)


@every_family
def test_parameters_read_back_and_do_not_change(case):
    arrays = [np.array(v, dtype=float) for v in case.p]
    family = case.cls(*arrays)
    for array in arrays:
        array.fill(-1.0)
    for found, expected in zip(_parameters(family), case.p, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert repr(family).startswith(f"{case.cls.__name__}({next(iter(case.cls.ranges))}=")
    for name in case.cls.ranges:
        if isinstance(getattr(family, name), np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                getattr(family, name)[...] = 0.0


@every_family
def test_errors_that_all_families_share(case):
    p = case.cls(*case.p)
    stranger = hf.Normal(0, 1) if case.cls is not hf.Normal else hf.Poisson(1)
    with pytest.raises(TypeError, match=f"other must be of class {case.cls.__name__}, got {type(stranger).__name__}"):
        p.kl_divergence(stranger)
    with pytest.raises(
        ValueError, match=r"self and other must have shapes that broadcast, got self \(3,\), other \(4,\)"
    ):
        _batched(case, (3,)).kl_divergence(_batched(case, (4,)))
    with pytest.raises(ValueError, match="x must not be NaN, got 1 of"):
        p.log_prob(np.where(np.arange(np.size(case.x)).reshape(np.shape(case.x)) == 1, np.nan, case.x))
    with pytest.raises(ValueError, match="x must have at least one sample"):
        case.cls.fit(np.empty((0, 2)), **case.constants)
    with pytest.raises(TypeError, match="known constants"):
        case.cls.fit(case.x, unknown=3)
    with pytest.raises(ValueError, match="n must be at least 0, got -1"):
        p.sample(-1)
    with pytest.raises(TypeError, match="n must be a whole number"):
        p.sample(1.5)
    with pytest.raises(ValueError, match="base must be"):
        p.entropy(base=1)
    with pytest.raises(ValueError, match="eta must not be NaN"):
        case.cls.from_natural(np.full(np.shape(p.natural_parameters()), np.nan), **case.constants)
    for name, value in zip(case.cls.ranges, case.p, strict=True):
        others = dict(zip(case.cls.ranges, case.p, strict=True))
        words = re.escape(case.cls.ranges[name].words)
        for bad in (np.nan, np.inf):
            with pytest.raises(ValueError, match=rf"{name} must be {words}, got "):
                case.cls(**(others | {name: np.where(np.ones_like(value, dtype=bool), bad, value)}))
        if case.cls.ranges[name] is POSITIVE and name not in case.cls.own_axes:
            wrong = np.array([1.0, 2.0, 0.0, -1.0])
            with pytest.raises(
                ValueError, match=rf"{name} must be {words}, got 2 wrong of 4 entries, first {name}\[2\] = 0"
            ):
                case.cls(**(others | {name: wrong}))
