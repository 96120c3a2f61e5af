"""Fields added to the lines of a VCF."""

from __future__ import annotations

from pathlib import Path

import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.errors import InputError
from zooctl.files.vcf.annotate import Annotator, Field, info_key, quote
from zooctl.files.vcf.records import Header, VcfReader

SOURCE = "zooctl 0.1.0 toy weights sha256:ab"
FIELDS = [
    Field("ZOO_toy_plus_SUM_LFC", "Float", 'log2 ratio, "robust" \\ 20 shifts', SOURCE, "1.0.0"),
    Field("ZOO_toy_STATUS", "String", "outcome of the allele", SOURCE, "1.0.0"),
]
META = (b"##fileformat=VCFv4.3", b"##contig=<ID=chr21>")
COLUMNS = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"


def annotator(*meta: bytes, overwrite: bool = False) -> Annotator:
    header = Header((*META, *meta), COLUMNS, {})
    return Annotator(
        header,
        FIELDS,
        models=["toy"],
        meta=[b"##zooctl=<ID=toy,New=1>"],
        overwrite=overwrite,
        path="a.vcf",
    )


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (".", "ZOO_toy_plus_SUM_LFC=0.5,.;ZOO_toy_STATUS=OK,STAR"),
        ("", "ZOO_toy_plus_SUM_LFC=0.5,.;ZOO_toy_STATUS=OK,STAR"),
        ("DB", "DB;ZOO_toy_plus_SUM_LFC=0.5,.;ZOO_toy_STATUS=OK,STAR"),
        ("AF=0.10;DB;", "AF=0.10;DB;ZOO_toy_plus_SUM_LFC=0.5,.;ZOO_toy_STATUS=OK,STAR"),
    ],
)
def test_info(info: str, expected: str) -> None:
    line = "chr21\t5\t.\tA\tC,*\t29.50\tPASS\t{}\tGT\t0|1"
    found = annotator().line(line.format(info).encode(), 9, ["0.5,.", "OK,STAR"])
    assert found.decode() == line.format(expected) + "\n"


def test_a_record_gets_only_what_it_has() -> None:
    found = annotator().line(b"1\t5\t.\tA\t.\t.\t.\t.", 9, ["", "NO_ALT"])
    assert found == b"1\t5\t.\tA\t.\t.\t.\tZOO_toy_STATUS=NO_ALT\n"


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r"), max_size=9),
        min_size=8,
        max_size=12,
    )
)
@settings(max_examples=200, deadline=None)
def test_everything_else_stays(columns: list[str]) -> None:
    columns[7] = columns[7].replace("ZOO_", "")
    line = "\t".join(columns)
    found = annotator().line(line.encode(), 9, ["1", "OK"]).decode().removesuffix("\n").split("\t")
    assert found[:7] + found[8:] == columns[:7] + columns[8:]
    old = "" if columns[7] in (".", "") else columns[7].removesuffix(";")
    assert found[7].endswith("ZOO_toy_plus_SUM_LFC=1;ZOO_toy_STATUS=OK")
    assert found[7].startswith(old)


def test_header_keeps_its_lines_and_is_read_by_htslib(tmp_path: Path) -> None:
    text = annotator(b'##INFO=<ID=AF,Number=A,Type=Float,Description="x">').header
    lines = text.decode().splitlines()
    assert lines[:2] == [line.decode() for line in META]
    assert lines[3] == "##zooctl=<ID=toy,New=1>"
    assert lines[-1] == COLUMNS.decode()
    assert text.endswith(b"\n")
    path = tmp_path / "a.vcf"
    path.write_bytes(text + annotator().line(b"chr21\t5\t.\tA\tC\t.\t.\t.", 9, ["-0.25", "OK"]))
    with pysam.VariantFile(str(path)) as file:
        field = file.header.info["ZOO_toy_plus_SUM_LFC"]
        assert (field.number, field.type) == ("A", "Float")
        # pysam shows the text with its escapes.
        assert field.description.strip('"') == quote(FIELDS[0].description)[1:-1]
        (record,) = file
        assert record.info["ZOO_toy_plus_SUM_LFC"] == (-0.25,)
        assert record.info["ZOO_toy_STATUS"] == ("OK",)


def test_keys() -> None:
    assert info_key("m", "ATAC-seq+", "SD") == "ZOO_m_ATAC_seq__SD"


@given(st.text())
def test_quoted_text_is_one_line_and_ends_where_it_should(text: str) -> None:
    quoted = quote(text)
    assert "\n" not in quoted
    assert "\r" not in quoted
    inside = quoted[1:-1].replace("\\\\", "").replace('\\"', "")
    assert '"' not in inside
    assert not inside.endswith("\\")


def field(key: str, source: str = "") -> bytes:
    of = f',Source="zooctl 0.0.9 {source} weights sha256:cd"' if source else ""
    return f'##INFO=<ID={key},Number=A,Type=Float,Description="x"{of}>'.encode()


@pytest.mark.parametrize(
    "line",
    [
        b'##INFO=<Number=A,ID=ZOO_toy_STATUS,Type=String,Description="x">',
        field("ZOO_toy_minus_SUM_LFC"),
        field("ZOO_toy_minus_SUM_LFC", "toy"),
    ],
)
def test_existing_fields_of_the_model_in_the_header(line: bytes) -> None:
    with pytest.raises(InputError, match=r"a\.vcf:3: VCF has scores of this model already") as e:
        annotator(line)
    assert "--overwrite-annotations" in str(e.value)
    assert line not in annotator(line, overwrite=True).header.splitlines()


@pytest.mark.parametrize(
    "line",
    [
        field("ZOO_else_SUM_LFC"),
        # The name begins with that of the model, and another model made it.
        field("ZOO_toy_two_plus_SUM_LFC", "toy_two"),
        b"##zooctl=<ID=toy_two,Old=1>",
        b"##zooctl=<ID=else,Old=1>",
    ],
)
def test_scores_of_other_models_stay(line: bytes) -> None:
    assert line in annotator(line).header.splitlines()
    assert line in annotator(line, overwrite=True).header.splitlines()


def test_the_old_line_of_the_model_goes() -> None:
    assert b"Old" not in annotator(b"##zooctl=<ID=toy,Old=1>", overwrite=True).header


def test_existing_fields_of_a_record() -> None:
    info = "AF=1;ZOO_toy_STATUS=OLD;ZOO_else_SUM_LFC=3;ZOO_toy_gone_SUM_LFC=4;ZOO_toy_two_x=5"
    line = f"chr21\t5\t.\tA\tC\t.\t.\t{info}".encode()
    with pytest.raises(InputError, match=r"a\.vcf:9: VCF has scores of this model already"):
        annotator().line(line, 9, ["1", "OK"])
    known = annotator(field("ZOO_toy_two_x", "toy_two"), overwrite=True)
    found = known.line(line, 9, ["1", "OK"]).split(b"\t")[7]
    kept = b"AF=1;ZOO_else_SUM_LFC=3;ZOO_toy_two_x=5"
    assert found == kept + b";ZOO_toy_plus_SUM_LFC=1;ZOO_toy_STATUS=OK\n"


def test_a_description_that_names_a_field_is_no_field(tmp_path: Path) -> None:
    line = b'##INFO=<ID=AF,Number=A,Type=Float,Description="as ID=ZOO_toy_STATUS,ID=ZOO_x">'
    assert line in annotator(line).header
    path = tmp_path / "a.vcf"
    path.write_bytes(annotator().header)
    with VcfReader(str(path)) as reader, pytest.raises(InputError):
        Annotator(reader.header, FIELDS, path="a.vcf")
