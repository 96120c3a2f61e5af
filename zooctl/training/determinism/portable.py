"""Environment variables for equal bits across x86-64 processors, for ``portable`` recipes.

Libraries choose instruction sets by the processor, and sums in another order have other bits. Here
each library is limited to AVX2, which every x86-64 server of the last ten years has. A library
chooses when it loads, so the variables must be set before Python starts. No variable covers the
square root of MKL's vector library, which is not rounded correctly and differs between processors;
``new_optimiser`` takes Adam's fused form, which does not call it.

``tests/benchmarks/portable_bits.py`` compares operations across processors.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from zooctl.errors import InputError

if TYPE_CHECKING:
    from zooctl.schema.recipe.recipe import Recipe

PINS = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_CBWR": "COMPATIBLE",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "ONEDNN_DEFAULT_FPMATH_MODE": "STRICT",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}


def in_force() -> bool:
    """Return whether this process was started with the variables of a portable run."""
    return all(os.environ.get(name) == value for name, value in PINS.items())


def check_begun_portable(recipe: Recipe) -> None:
    """Check that this process was begun with the variables, if a recipe is portable.

    Raises:
        InputError: It was not.
    """
    if recipe.portable and not in_force():
        raise InputError(
            "process was begun without the variables of a portable run",
            expected=" ".join(f"{name}={value!r}" for name, value in PINS.items()),
            hint="set them before Python starts; `zooctl reproduce` does so by itself",
        )


def check_portable(device: str, capability: str) -> None:
    """Refuse to train a portable recipe where its bits would differ.

    Args:
        device: ``cpu`` or ``cuda``.
        capability: Instruction set that torch uses, by its name for it.

    Raises:
        InputError: The variables are not set, or the processor has no AVX2, or it is a GPU.
    """
    own = "--set portable=false trains with this machine's own bits"
    if device != "cpu":
        raise InputError("portable is of CPUs", field="portable", got=device, hint=own)
    if not in_force():
        raise InputError(
            "process was started without the variables of a portable run",
            field="portable",
            expected=" ".join(f"{name}={value!r}" for name, value in PINS.items()),
            hint="`zooctl train` sets them",
        )
    if capability != "AVX2":
        raise InputError(
            "portable needs a processor with AVX2", field="portable", got=capability, hint=own
        )
