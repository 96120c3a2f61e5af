"""Score the variants of `input.vcf` by the models of `params.models` to `output[0]`."""

from snakemake.shell import shell

models = ",".join(
    [snakemake.params.models]
    if isinstance(snakemake.params.models, str)
    else snakemake.params.models
)
fasta = snakemake.input.get("fasta")
genome = f"--fasta {fasta}" if fasta else ""
extra = snakemake.params.get("extra", "")
log = snakemake.log_fmt_shell(stdout=False, stderr=True)
shell(
    "zooctl score-variants {snakemake.input.vcf} --model {models} {genome} {extra}"
    " --threads {snakemake.threads} -o {snakemake.output[0]} --force {log}"
)
