"""Writes vectors.json: what SciPy makes of fixed values, for the tests of arena/statistics.

Run with any Python that has SciPy, then `make fmt`: python3 arena/statistics/reference/make.py
"""

import json
import pathlib

import numpy
import scipy
from scipy import integrate, optimize, stats

RNG = numpy.random.default_rng(20240501)
RESAMPLES = 2000


def mulberry32(seed):
    """The numbers that arena/statistics/random.ts draws for the same seed."""
    mask = 0xFFFFFFFF
    state = seed & mask
    while True:
        state = (state + 0x6D2B79F5) & mask
        mixed = ((state ^ (state >> 15)) * (state | 1)) & mask
        mixed ^= (mixed + (((mixed ^ (mixed >> 7)) * (mixed | 61)) & mask)) & mask
        yield ((mixed ^ (mixed >> 14)) & mask) / 2**32


def walsh(values):
    i, j = numpy.triu_indices(len(values))
    return numpy.sort((values[i] + values[j]) / 2)


def hodges_lehmann(values, axis=-1):
    return numpy.apply_along_axis(lambda row: numpy.median(walsh(row)), axis, values)


def samples():
    return {
        "normal 5": RNG.normal(1, 2, 5),
        "normal 16": RNG.normal(0.3, 1, 16),
        "normal 25": RNG.normal(-0.2, 1, 25),
        "normal 48": RNG.normal(0.03, 0.05, 48),
        "heavy 32": RNG.standard_t(3, 32),
        "skewed 20": RNG.exponential(1, 20),
    }


def signed_rank(values, alternative, method):
    result = stats.wilcoxon(
        values, alternative=alternative, zero_method="wilcox", correction=True, method=method
    )
    return {
        "values": list(values),
        "alternative": alternative,
        "statistic": float(result.statistic),
        "pValue": float(result.pvalue),
    }


def signed_rank_vectors():
    found = []
    for alternative in ("greater", "less"):
        for values in samples().values():
            found.append(signed_rank(values, alternative, "exact"))
        # Ties and zeros: all ways to sign the ranks that are left, which is what `exact` means then.
        tied = numpy.array([1, 1, 2, -2, 3, 3, -1, 4, 0, 5, 0, 2], dtype=float)
        every = stats.PermutationMethod(n_resamples=2**len(tied))
        found.append(signed_rank(tied[tied != 0], alternative, every) | {"values": list(tied)})
        many = numpy.round(RNG.normal(0.1, 1, 150), 1)
        found.append(signed_rank(many, alternative, "approx"))
    return found


def lower_bound(values, alpha):
    """The largest shift that the exact test still rejects, found by trying between all Walsh averages."""
    averages = walsh(values)
    bound = -numpy.inf
    for at, average in enumerate(averages):
        below = averages[at - 1] if at else average - 1
        shift = (average + below) / 2
        p = stats.wilcoxon(values - shift, alternative="greater", method="exact").pvalue
        if p > alpha:
            break
        bound = average
    return None if numpy.isinf(bound) else float(bound)


def bounds_vectors():
    return [
        {
            "values": list(values),
            "alpha": alpha,
            "low": lower_bound(values, alpha),
            "high": None if (high := lower_bound(-values, alpha)) is None else -high,
        }
        for values in samples().values()
        for alpha in (0.05, 0.01, 0.0007)
    ]


class Given:
    """A bootstrap distribution made elsewhere, in the form that SciPy takes it back."""

    def __init__(self, distribution):
        self.bootstrap_distribution = distribution


def bootstrap(values, statistic, method, confidence, seed):
    ordered = numpy.sort(values)
    random = mulberry32(seed)
    count = len(values)
    draws = [[int(next(random) * count) for _ in range(count)] for _ in range(RESAMPLES)]
    distribution = statistic(ordered[numpy.array(draws)], axis=-1)
    result = stats.bootstrap(
        (ordered,),
        statistic,
        n_resamples=0,
        bootstrap_result=Given(distribution),
        confidence_level=confidence,
        method=method,
        vectorized=True,
    ).confidence_interval
    return {
        "values": list(values),
        "seed": seed,
        "resamples": RESAMPLES,
        "confidence": confidence,
        "estimate": float(statistic(ordered, axis=-1)),
        "low": float(result.low),
        "high": float(result.high),
    }


def bootstrap_vectors(statistic, method):
    return [
        bootstrap(values, statistic, method, confidence, seed)
        for seed, values in enumerate(samples().values())
        for confidence in (0.95, 0.98)
    ]


def spending_vectors():
    """O'Brien-Fleming-like levels of three equal looks, by integrating over the earlier looks."""
    alpha = 0.05
    fractions = numpy.array([1, 2, 3]) / 3
    spent = 2 * stats.norm.sf(stats.norm.isf(alpha / 2) / numpy.sqrt(fractions))
    first = stats.norm.isf(spent[0])

    # In units of the first look's deviation: the walk moves by a standard normal step a look.
    def second_crossing(bound):
        cross = lambda w: stats.norm.pdf(w) * stats.norm.sf(bound * numpy.sqrt(2) - w)
        return integrate.quad(cross, -12, first, epsabs=1e-13, limit=200)[0]

    second = optimize.brentq(lambda b: second_crossing(b) - (spent[1] - spent[0]), 0, 6, xtol=1e-12)

    def third_crossing(bound):
        def undecided(w2):
            inner = lambda w1: stats.norm.pdf(w1) * stats.norm.pdf(w2 - w1)
            return integrate.quad(inner, -12, first, epsabs=1e-13)[0]

        cross = lambda w2: undecided(w2) * stats.norm.sf(bound * numpy.sqrt(3) - w2)
        return integrate.quad(cross, -15, second * numpy.sqrt(2), epsabs=1e-11, limit=200)[0]

    third = optimize.brentq(lambda b: third_crossing(b) - (spent[2] - spent[1]), 0, 6, xtol=1e-10)
    return {
        "counts": [16, 32, 48],
        "alpha": alpha,
        "cumulative": list(spent),
        "nominal": list(stats.norm.sf([first, second, third])),
    }


def t_test_vectors():
    pairs = [
        (RNG.normal(0, 1, 12), RNG.normal(0.4, 1, 9)),
        (RNG.normal(100, 1, 30), RNG.normal(105, 1, 40)),
        (RNG.normal(0, 1, 2), RNG.normal(0, 1, 1)),
        (RNG.normal(5, 2, 200), RNG.normal(5, 2, 150)),
    ]
    return [
        {"one": list(one), "other": list(other), "pValue": float(stats.ttest_ind(one, other).pvalue)}
        for one, other in pairs
    ]


def main():
    at = [-37.5, -20, -8, -3.5, -3, -2.9, -1, -1e-9, 0, 0.3, 1.96, 2.99, 3.01, 6, 8]
    shares = [1e-300, 1e-20, 1e-9, 1e-4, 0.02425, 0.05, 0.3, 0.5, 0.7, 0.975, 0.999999]
    vectors = {
        "scipy": scipy.__version__,
        "numpy": numpy.__version__,
        "normalShare": [[x, float(stats.norm.cdf(x))] for x in at],
        "normalQuantile": [[p, float(stats.norm.ppf(p))] for p in shares],
        "studentTwoSided": [
            [t, df, float(2 * stats.t.sf(t, df))]
            for t in (0.001, 0.5, 2, 5, 20)
            for df in (1, 2, 7, 46, 400)
        ],
        "tTest": t_test_vectors(),
        "hodgesLehmann": [
            [list(values), float(hodges_lehmann(values))] for values in samples().values()
        ],
        "signedRank": signed_rank_vectors(),
        "signedRankBounds": bounds_vectors(),
        "bcaHodgesLehmann": bootstrap_vectors(hodges_lehmann, "BCa"),
        "bcaMean": bootstrap_vectors(numpy.mean, "BCa"),
        "percentileMedian": bootstrap_vectors(numpy.median, "percentile"),
        "spending": spending_vectors(),
    }
    path = pathlib.Path(__file__).with_name("vectors.json")
    path.write_text(json.dumps(vectors, indent=1) + "\n")


main()
