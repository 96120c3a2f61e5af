"""Libraries of the extra ``interpret`` that parts of this package need, for checks before work."""

from __future__ import annotations

from zooctl.interpret.options import Method

GRADIENTS = ("torch", "captum", "tangermeme")
"""Every method of attribution but mutagenesis."""
LETTERS = ("matplotlib", "logomaker")
"""Pictures with bases as letters."""
SEARCH = ("memelite",)
"""FIMO and Tomtom: sites of known motifs, and motifs that are alike."""
PATTERNS = ("modiscolite",)
"""TF-MoDISco."""


def libraries_of(method: Method) -> tuple[str, ...]:
    """Return the libraries that a method of attribution needs.

    >>> libraries_of("ism"), libraries_of("saliency")
    ((), ('torch', 'captum', 'tangermeme'))
    """
    return () if method == "ism" else GRADIENTS
