"""Each statistic on numbers that a person can work out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from zooctl.errors import InputError
from zooctl.inference.variants.shift_robust_statistics import (
    NO_PLACE,
    Aligned,
    Measure,
    Measured,
    jensen_shannon,
    measure,
    measures_of,
)

# Two shifts, one track, bases 10 to 12. Means over shifts: REF 2, 4, 6; ALT 2, 10, 3.
REF = np.array([[[1.0, 4, 7]], [[3, 4, 5]]])
ALT = np.array([[[2.0, 12, 1]], [[2, 8, 5]]])
ALIGNED = Aligned(REF, ALT, np.arange(10, 13))


def of(statistic: str, kind: str, aligned: Aligned = ALIGNED) -> Measured:
    return measure(aligned, Measure(statistic, kind))  # type: ignore[arg-type]


def values(found: Measured) -> list[float]:
    return [float(one[0]) for one in (found.score, found.sd, found.ref, found.alt)]


@pytest.mark.parametrize("statistic", ["sum", "local"])
def test_ratio_of_sums(statistic: str) -> None:
    """15 over 12; of the shifts alone 15 over 12, and 15 over 12."""
    found = of(statistic, "log2_ratio")
    assert values(found) == pytest.approx([math.log2(15 / 12), 0, 4, 5])
    assert found.place.tolist() == [NO_PLACE]


def test_difference_of_means() -> None:
    assert values(of("sum", "difference")) == pytest.approx([1, 0, 4, 5])
    turned = Aligned(REF, REF + np.array([1, 3])[:, None, None], ALIGNED.positions)
    assert values(of("sum", "difference", turned)) == pytest.approx([2, 1, 4, 6])


def test_largest_change() -> None:
    """Changes 0, +6, -3: base 11. Of the shifts alone +8 and +4, whose spread is 2."""
    found = of("max", "difference")
    assert values(found) == pytest.approx([6, 2, 4, 10])
    assert found.place.tolist() == [11]
    lost = of("max", "difference", Aligned(ALT, REF, ALIGNED.positions))
    assert values(lost) == pytest.approx([-6, 2, 10, 4])
    assert lost.place.tolist() == [11]


def test_gain_and_loss() -> None:
    """Gains +8 and +4 at base 11. Losses 6 at base 12, and 1 at base 10: 2.5 from their mean."""
    gain, loss = of("delta_gain", "difference"), of("delta_loss", "difference")
    assert values(gain) == pytest.approx([6, 2, 4, 10])
    assert values(loss) == pytest.approx([3, 2.5, 6, 3])
    assert (gain.place.tolist(), loss.place.tolist()) == ([11], [12])


def test_no_loss_is_not_above_zero() -> None:
    up = Aligned(REF, REF + 1, ALIGNED.positions)
    assert values(of("delta_loss", "difference", up))[0] == pytest.approx(-1)


def test_shape() -> None:
    """Against scipy's, which is the square root."""
    shapes = REF.mean(0)[0], ALT.mean(0)[0]
    found = of("jsd", "bits")
    each = [jensenshannon(REF[k, 0], ALT[k, 0], 2) ** 2 for k in (0, 1)]
    expected = [jensenshannon(*shapes, 2) ** 2, np.std(each), 4, 5]
    assert values(found) == pytest.approx(expected, rel=1e-6)
    rng = np.random.default_rng(0)
    first, second = rng.random((2, 50, 30))
    both = [jensenshannon(a, b, 2) ** 2 for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(jensen_shannon(first, second), both, rtol=1e-9)
    assert float(jensen_shannon(first[0], 3 * first[0])) == pytest.approx(0, abs=1e-12)


def test_profiles_without_a_shape() -> None:
    first = np.array([[0.0, 0.0], [-1.0, 3.0], [1.0, 1.0]])
    assert np.isnan(jensen_shannon(first, np.ones((3, 2)))).tolist() == [True, True, False]


def test_a_signal_that_is_not_positive_has_no_ratio() -> None:
    ref, alt = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]), np.array([[2.0, -1, 0], [2, 3, 0]])
    aligned = Aligned(ref[..., None], alt[..., None], np.array([NO_PLACE]))
    found = of("sum", "log2_ratio", aligned)
    np.testing.assert_array_equal(found.score, [1.0, 0.0, np.nan])
    np.testing.assert_array_equal(found.sd, [0.0, np.nan, np.nan])
    found = of("sum", "difference", aligned)
    np.testing.assert_array_equal(found.score, [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(found.sd, [0.0, 2.0, 0.0])


def test_one_shift_has_no_spread() -> None:
    one = Aligned(REF[:1], ALT[:1], ALIGNED.positions)
    for measure_of in (("sum", "difference"), ("max", "difference"), ("jsd", "bits")):
        assert np.isnan(of(*measure_of, one).sd).all()


def test_mean_over_tracks() -> None:
    """Of two tracks with the changes +2 and -4, the mean is -1; shifts differ by 1 and 3."""
    ref = np.array([[[4.0], [8.0]], [[4.0], [8.0]]])
    alt = np.array([[[5.0], [1.0]], [[7.0], [7.0]]])
    aligned = Aligned(ref, alt, np.array([NO_PLACE]))
    found = measure(aligned, Measure("sum", "difference"), mean_track=True)
    assert found.score.tolist() == [2, -4, -1]
    # Means of the shifts over tracks are -3 and +1.
    assert found.sd.tolist() == [1, 3, 2]
    assert found.ref.tolist() == [4, 8, 6]
    assert found.alt.tolist() == [6, 4, 5]
    assert found.place.tolist() == [NO_PLACE] * 3


@pytest.mark.parametrize(
    ("scale", "keys"),
    [
        ("signal", ["SUM_LFC", "LOCAL_LFC", "MAX_DIFF", "DELTA_GAIN_DIFF", "DELTA_LOSS_DIFF"]),
        ("log", ["SUM_DIFF", "LOCAL_DIFF", "MAX_DIFF", "DELTA_GAIN_DIFF", "DELTA_LOSS_DIFF"]),
        (
            "probability",
            [
                *("SUM_DIFF", "SUM_LFC", "LOCAL_DIFF", "LOCAL_LFC", "MAX_DIFF"),
                *("DELTA_GAIN_DIFF", "DELTA_LOSS_DIFF"),
            ],
        ),
    ],
)
def test_kinds(scale: str, keys: list[str]) -> None:
    found = measures_of(["sum", "local", "max", "delta"], scale, scalar=False)  # type: ignore[arg-type]
    assert [one.key for one in found] == keys


def test_statistics_that_do_not_exist() -> None:
    with pytest.raises(InputError, match="no such statistic"):
        measures_of(["median"], "signal", scalar=False)  # type: ignore[list-item]
    with pytest.raises(InputError, match="shapes of signals"):
        measures_of(["jsd"], "logit", scalar=False)
    for statistic in ("local", "jsd", "delta"):
        with pytest.raises(InputError, match="needs a prediction for each base"):
            measures_of([statistic], "signal", scalar=True)  # type: ignore[list-item]
