"""Fields of records that say more of their alleles: lengths and bases, and genotypes."""
