"""What of a report can be judged by itself; the rest is tested on a full run (`report verify`)."""

from __future__ import annotations

import pytest

from zooctl.reproduction.verify.report import place_in


@pytest.mark.parametrize(
    "text",
    [
        "/home/alice/x",
        "in /home/alice/x",
        "(/srv/data)",
        "~/zoo",
        "file:///etc/passwd",
        "at C:\\zoo",
        "path=/tmp/x",
    ],
)
def test_places_of_a_machine(text: str) -> None:
    assert place_in(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "published as https://www.encodeproject.org/files/ENCFF1/@@download/ENCFF1.bed.gz",
        "model_cards/toy.png",
        "zoo/zoo/toy/model.onnx",
        "doi:10.1038/s41592-021-01256-7",
        "s3://encode-public/2021/a.bw",
        "Linux x86_64, glibc 2.36, Python 3.11.7",
        "counts / bp",
        "and/or",
    ],
)
def test_names_of_the_zoo_and_addresses(text: str) -> None:
    assert place_in(text) is None
