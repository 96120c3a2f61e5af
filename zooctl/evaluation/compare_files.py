"""Agreement of two bigWig files over regions that a user names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from zooctl.errors import install_hint, is_installed
from zooctl.evaluation.compare import Agreement, Missing, Shape, compare, shared_contigs
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.intervals.regions import Regions
from zooctl.progress import Progress, Say, no_progress, silent

# Contigs to name before the rest is counted.
_SHOWN = 5


def compare_files(
    a: Path,
    b: Path,
    regions: Regions | None = None,
    *,
    chrom_map: str | None = None,
    clip: bool = False,
    resolutions: Sequence[int] = (32, 128, 512),
    missing: Missing = Missing.B_ZERO,
    profile_length: int = 2048,
    smooth: int = 1,
    say: Say = silent,
    progress: Progress = no_progress,
) -> list[Agreement]:
    """Compare two bigWig files over regions, or over all contigs that both have.

    Figures of profiles need scikit-learn, and are left out without it.

    Args:
        a: As a rule the prediction.
        b: As a rule the measurement.
        regions: BED file or region strings; all shared contigs if None.
        chrom_map: ``auto``, or a file that maps contig names of the regions to the tracks'.
        clip: Cut intervals that go beyond their contig.
        resolutions: Bin sizes in bp.
        missing: Meaning of a base without an entry.
        profile_length: Bases in a profile.
        smooth: Bases to a box that both tracks are averaged over first.
        say: Told about contigs and figures that are left out, and about files without values.
        progress: Opens the progress display.

    Raises:
        InputError: Regions or tracks do not fit each other.
    """
    with BigWig(a) as track_a, BigWig(b) as track_b:
        contigs = shared_contigs(track_a.contigs, track_b.contigs)
        intervals = []
        if regions is None:
            _say_left_out(track_a.contigs, track_b.contigs, say)
        else:
            intervals = regions.within(
                contigs, chrom_map=chrom_map, clip=clip, holder="both tracks"
            )
        bases = sum(part.length for part in intervals) or sum(contigs.values())
        with progress(bases, "B", "comparing") as advance:
            agreements = compare(
                track_a,
                track_b,
                intervals,
                resolutions=resolutions,
                missing=missing,
                profile_length=profile_length,
                smooth=smooth,
                shapes=_shapes(say),
                advance=advance,
            )
    _say_empty(a, [(one.missing_a, one.selected) for one in agreements], say)
    _say_empty(b, [(one.missing_b, one.selected) for one in agreements], say)
    return agreements


def _say_empty(path: Path, counts: Sequence[tuple[int, int]], say: Say) -> None:
    """Say that a file has no values where it is compared: missing of selected bins."""
    if all(missing == selected for missing, selected in counts):
        say(f"warning: {path} has no values here; all its bins are missing")


def _say_left_out(a: Mapping[str, int], b: Mapping[str, int], say: Say) -> None:
    """Name the contigs that only one track has."""
    sides = []
    for name, contigs, other in (("A", a, b), ("B", b, a)):
        alone = [chrom for chrom in contigs if chrom not in other]
        if alone:
            more = f" and {len(alone) - _SHOWN:,} more" if len(alone) > _SHOWN else ""
            sides.append(f"only {name} has {', '.join(alone[:_SHOWN])}{more}")
    if sides:
        say(f"contigs left out: {'; '.join(sides)}")


def _shapes(say: Say) -> Mapping[str, Shape]:
    """Return the figures of profiles, as in `zooctl evaluate`; none without scikit-learn."""
    if not is_installed("sklearn"):
        say(f"no figures of profiles: scikit-learn is not installed ({install_hint('sklearn')})")
        return {}
    from zooctl.evaluation.metrics.regression import jensen_shannon, pearson_per_sequence

    return {"pearson_per_sequence": pearson_per_sequence, "jensen_shannon": jensen_shannon}
