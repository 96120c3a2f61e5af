// Scores of a VCF by Nextflow, on any executor that it has: a plan, its shares as tasks, and the merge.
//
//   nextflow run main.nf --vcf in.vcf.gz --model ctcf_gm12878 --output out.vcf.gz
//
// `shares` is the number of tasks; `options` are further options of `zooctl plan score-variants`. The
// plan lies in the launch folder, which all tasks see. Nextflow itself was not run on this file: its
// program could not be had where it was written. A test runs the three commands.

params.shares = 4
params.options = ''

process PLAN {
    input:
    val vcf

    output:
    val "${launchDir}/plan"

    script:
    """
    zooctl plan score-variants '${vcf}' --model ${params.model} ${params.options} -o '${launchDir}/plan' --force
    """
}

process SHARE {
    input:
    val plan
    val number

    output:
    val number

    script:
    """
    zooctl run '${plan}' --shard ${number}/${params.shares}
    """
}

process MERGE {
    input:
    val plan
    val finished

    script:
    """
    zooctl merge '${plan}' -o '${launchDir}/${params.output}' --force
    """
}

workflow {
    plan = PLAN(file(params.vcf, checkIfExists: true).toString())
    finished = SHARE(plan, Channel.fromList((1..params.shares as int).toList()))
    MERGE(plan, finished.collect())
}
