"""Assemblies told by the lengths of their chromosomes.

The lengths are those of UCSC's ``chrom.sizes`` (hgdownload.soe.ucsc.edu/goldenPath), which the
assembly reports of the GRC and NCBI have, too. Mitochondria are left out: several assemblies share
one, and hg19 is in use with two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_NUMBERS = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22"
_HUMAN = f"{_NUMBERS} X Y"
_MOUSE = f"{_NUMBERS[: _NUMBERS.index(' 20')]} X Y"


def _named(names: str, lengths: Sequence[int]) -> dict[str, int]:
    return dict(zip(names.split(), lengths, strict=True))


# fmt: off
LENGTHS: Mapping[str, Mapping[str, int]] = {
    "hg19": _named(_HUMAN, [
        249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022,
        141213431, 135534747, 135006516, 133851895, 115169878, 107349540, 102531392, 90354753,
        81195210, 78077248, 59128983, 63025520, 48129895, 51304566, 155270560, 59373566,
    ]),
    "hg38": _named(_HUMAN, [
        248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636,
        138394717, 133797422, 135086622, 133275309, 114364328, 107043718, 101991189, 90338345,
        83257441, 80373285, 58617616, 64444167, 46709983, 50818468, 156040895, 57227415,
    ]),
    "hs1": _named(_HUMAN, [
        248387328, 242696752, 201105948, 193574945, 182045439, 172126628, 160567428, 146259331,
        150617247, 134758134, 135127769, 133324548, 113566686, 101161492, 99753195, 96330374,
        84276897, 80542538, 61707364, 66210255, 45090682, 51324926, 154259566, 62460029,
    ]),
    "mm10": _named(_MOUSE, [
        195471971, 182113224, 160039680, 156508116, 151834684, 149736546, 145441459, 129401213,
        124595110, 130694993, 122082543, 120129022, 120421639, 124902244, 104043685, 98207768,
        94987271, 90702639, 61431566, 171031299, 91744698,
    ]),
    "mm39": _named(_MOUSE, [
        195154279, 181755017, 159745316, 156860686, 151758149, 149588044, 144995196, 130127694,
        124359700, 130530862, 121973369, 120092757, 120883175, 125139656, 104073951, 98008968,
        95294699, 90720763, 61420004, 169476592, 91455967,
    ]),
    "sacCer3": _named("I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI", [
        230218, 813184, 316620, 1531933, 576874, 270161, 1090940, 562643, 439888, 745751, 666816,
        1078177, 924431, 784333, 1091291, 948066,
    ]),
    "dm6": _named("2L 2R 3L 3R 4 X Y", [
        23513712, 25286936, 28110227, 32079331, 1348131, 23542271, 3667352,
    ]),
    "ce11": _named("I II III IV V X", [
        15072434, 15279421, 13783801, 17493829, 20924180, 17718942,
    ]),
    "danRer11": _named(f"{_NUMBERS} 23 24 25", [
        59578282, 59640629, 62628489, 78093715, 72500376, 60270059, 74282399, 54304671, 56459846,
        45420867, 45484837, 49182954, 52186027, 52660232, 48040578, 55266484, 53461100, 51023478,
        48449771, 55201332, 45934066, 39133080, 46223584, 42172926, 37502051,
    ]),
}
# fmt: on
"""Length in bp of each chromosome of common assemblies; names without ``chr``."""

_SYNONYMS = {
    "GRCh37": "hg19",
    "b37": "hg19",
    "hs37d5": "hg19",
    "GRCh38": "hg38",
    "T2T-CHM13v2.0": "hs1",
    "GRCm38": "mm10",
    "GRCm39": "mm39",
    "R64": "sacCer3",
    "WBcel235": "ce11",
    "GRCz11": "danRer11",
}


def likely_assembly(contigs: Mapping[str, int]) -> str | None:
    """Return the common assembly whose lengths a genome's chromosomes have; None if none does.

    Args:
        contigs: Length of each contig in bp, by its name of either style (``21``, ``chr21``).

    >>> likely_assembly({"chr21": 48_129_895}), likely_assembly({"21": 46_709_983, "MT": 16_569})
    ('hg19', 'hg38')
    >>> likely_assembly({"chr21": 1_000_000}) is None
    True
    """
    best, most = None, 0
    for assembly, lengths in LENGTHS.items():
        shared = [
            length == lengths[name]
            for chrom, length in contigs.items()
            if (name := chrom.removeprefix("chr")) in lengths
        ]
        # A chromosome may be masked or patched; more of them must agree than not.
        agreement = 2 * sum(shared) - len(shared)
        if agreement > most:
            best, most = assembly, agreement
    return best


def same_assembly(one: str, other: str) -> bool:
    """Say whether two names are of one assembly.

    >>> same_assembly("GRCh37", "hg19"), same_assembly("hg38", "hg19")
    (True, False)
    """
    return _SYNONYMS.get(one, one) == _SYNONYMS.get(other, other)


def unlike(contigs: Mapping[str, int], assembly: str) -> str | None:
    """Return the first chromosome of a genome that is not an assembly's, in words.

    None where one chromosome is the assembly's, or where nothing can be compared.

    >>> unlike({"chr21": 1_000_000}, "hg19")
    'chr21 has 1,000,000 bp, in hg19 48,129,895 bp'
    """
    lengths = LENGTHS.get(_SYNONYMS.get(assembly, assembly), {})
    other = None
    for chrom, length in contigs.items():
        known = lengths.get(chrom.removeprefix("chr"))
        if known == length:
            return None
        if known is not None and other is None:
            other = f"{chrom} has {length:,} bp, in {assembly} {known:,} bp"
    return other
