# `make demo` runs the main job on embedded data; `make test` installs the requirements of the tests and
# runs them. Each needs only Python 3.11 to 3.13, git and make.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input
DEMO   := demo
# Sites of 1000 Genomes, lifted to hg19.
VARIANTS := 33949059 G A 34017857 T A 34094401 G A
TORCH  := 2.13.0
# Processes that run the tests.
JOBS   ?= 2

.PHONY: help demo test lint bench docs lock clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^## //p' Makefile

$(VENV)/.base: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --require-hashes --no-deps -r requirements.lock
	$(PIP) install --quiet --no-build-isolation --no-deps --editable .
	touch $@

# requirements-torch.lock pins one file: torch's CPU build for Python 3.11 on Linux x86-64, the only one
# that trains the same bits as the published weights. Elsewhere, and where the package index has no such
# build, the default build (on Linux with CUDA, gigabytes) works too. Other bytes than the pinned ones end
# the installation.
PLATFORM = $(BIN)/python -c 'import platform, sys; print(*sys.version_info[:2], platform.system(), platform.machine())'
$(VENV)/.test: $(VENV)/.base requirements-torch.lock
	if [ "$$($(PLATFORM))" != "3 11 Linux x86_64" ]; then \
	    $(PIP) install --quiet torch==$(TORCH); \
	elif ! $(PIP) install --quiet --require-hashes --no-deps -r requirements-torch.lock 2> $(VENV)/torch.log; then \
	    cat $(VENV)/torch.log >&2; \
	    grep -q 'No matching distribution found for torch==' $(VENV)/torch.log \
	        && $(PIP) install --quiet torch==$(TORCH); \
	fi
	touch $@

## make demo    install, predict H3K36me3 over an embedded region and draw it, score variants there
demo: $(VENV)/.base
	mkdir -p $(DEMO)
	printf 'chr21\t33000000\t36000000\n' > $(DEMO)/regions.bed
	$(BIN)/zooctl predict --model h3k36me3_brain --bed $(DEMO)/regions.bed \
	    -o $(DEMO)/regions.h3k36me3_brain.bw --force
	$(BIN)/zooctl plot $(DEMO)/regions.h3k36me3_brain.bw --name H3K36me3 --unit predicted \
	    --region chr21:33,000,001-36,000,000 -o $(DEMO)/regions.h3k36me3_brain.png --force
	{ printf '##fileformat=VCFv4.2\n##contig=<ID=chr21>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n'; \
	  printf 'chr21\t%s\t.\t%s\t%s\t.\tPASS\t.\n' $(VARIANTS); } > $(DEMO)/variants.vcf
	$(BIN)/zooctl score-variants $(DEMO)/variants.vcf --model h3k36me3_brain --model ctcf_gm12878 \
	    -o $(DEMO)/variants.scored.tsv --force
	cat $(DEMO)/variants.scored.tsv
	ls -l $(DEMO)/

## make test    install the requirements of the tests, run them (slow ones: make test PYTEST='-m slow')
test: $(VENV)/.test
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(PYTEST)

## make lint    formatting, lint and types
lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

## make bench   speed, each figure beside a named alternative in the same run
bench: $(VENV)/.test
	missed=; for script in tests/benchmarks/bench_*.py; do \
	    echo "== $$script"; $(BIN)/python $$script || missed="$$missed $$script"; \
	done; \
	if [ "$$missed" ]; then echo "a goal is missed, or an error:$$missed" >&2; exit 1; fi

## make docs    the site and the manual pages, from docs/ and the program, into build/docs; needs no network
docs: $(VENV)/.base
	$(BIN)/python -m sphinx -q -E -W --keep-going -d build/docs/read -b html docs build/docs/html
	$(BIN)/python -m sphinx -q -W --keep-going -d build/docs/read -b man docs build/docs/man

# torch has a lock of its own, without the CUDA libraries that its build for GPUs requires.
CUDA := $(foreach p,triton cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cublas nvidia-cuda-cccl \
    nvidia-cuda-cupti nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile \
    nvidia-curand nvidia-cusolver nvidia-cusparse nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvjitlink \
    nvidia-nvshmem-cu13 nvidia-nvtx,--no-emit-package $(p))
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-annotate --no-emit-index-url

## make lock    resolve the lock files again
lock: $(VENV)/.test
	$(PIP) install --quiet uv
	echo 'torch==$(TORCH)' > $(VENV)/torch.in
	$(COMPILE) pyproject.toml --extra test --extra lint --extra docs -c $(VENV)/torch.in --no-emit-package torch $(CUDA) -o requirements.lock

## make clean   remove the environment, the demo, the site and built packages
clean:
	rm -rf $(VENV) $(DEMO) dist build
