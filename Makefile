# `make demo` runs the main job on embedded data; `make test` installs what tests need and passes them.
# Each is self-contained: Python 3.11 to 3.13, git and make are all it asks for.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input
DEMO   := demo
REGION := chr21:33,000,000-35,000,000
TORCH  := 2.13.0

.PHONY: help demo test lint bench lock clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^## //p' Makefile

$(VENV)/.base: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --require-hashes --no-deps -r requirements.lock
	$(PIP) install --quiet --no-build-isolation --no-deps --editable .
	touch $@

# Where the package index has no CPU build of torch, its own build (with CUDA, gigabytes) does too;
# only the first gives the very bits of the published weights when training.
$(VENV)/.test: $(VENV)/.base requirements-torch.lock
	$(PIP) install --quiet --require-hashes --no-deps -r requirements-torch.lock \
	    || $(PIP) install --quiet torch==$(TORCH)
	touch $@

## make demo    install, predict CTCF coverage of embedded regions to bigWig, draw one of them
demo: $(VENV)/.base
	mkdir -p $(DEMO)
	printf 'chr21\t33000000\t35000000\nchr21\t43000000\t44000000\n' > $(DEMO)/regions.bed
	$(BIN)/zooctl predict --model ctcf_gm12878 --bed $(DEMO)/regions.bed -o $(DEMO)/regions.ctcf_gm12878.bw --force
	$(BIN)/zooctl compare $(DEMO)/regions.ctcf_gm12878.bw \
	    recipes/data/ctcf_gm12878_hg19/GM12878_CTCF_5M.hg19.chr20_21.bw --region $(REGION)
	$(BIN)/zooctl plot $(DEMO)/regions.ctcf_gm12878.bw \
	    recipes/data/ctcf_gm12878_hg19/GM12878_CTCF_5M.hg19.chr20_21.bw \
	    --name predicted --name measured --unit pile-up --unit pile-up \
	    --region chr21:33,900,000-34,100,000 -o $(DEMO)/ctcf_gm12878.png --force
	ls -l $(DEMO)

## make test    install what the tests need, run them all (slow ones: make test PYTEST='-m slow')
test: $(VENV)/.test
	$(BIN)/python -m pytest $(PYTEST)

## make lint    formatting, lint and types
lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

## make bench   speed, each figure beside a named alternative in the same run
bench: $(VENV)/.test
	for script in tests/benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

# torch stands in a lock of its own, without the CUDA libraries that its build for GPUs names.
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
	$(COMPILE) pyproject.toml --extra test --extra lint -c $(VENV)/torch.in --no-emit-package torch $(CUDA) -o requirements.lock

## make clean   remove what the above made
clean:
	rm -rf $(VENV) $(DEMO) dist
