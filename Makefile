# make          train, draw and compile report/report.pdf, as far as out of date
# make test     run every test
# make bench    time this project against PyTorch, as ratios
# make clean    remove what make has made and git does not keep
#
# Python and its packages come from .venv, which make fills with the versions that
# environment.yml pins; make PYTHON=python uses the environment that is active.

.PHONY: all test bench clean
.DELETE_ON_ERROR:

PYTHON = .venv/bin/python
ENVIRONMENT = $(if $(filter .venv/bin/python,$(PYTHON)),.venv/complete)
FIGURES = report/figures
NUMBERS = report/numbers
SHARED = Python-FeedForward/net.py $(addprefix decision_boundary/, \
	data.py figures.py live.py results.py script.py training.py)

BACKPROP = $(FIGURES)/backprop.pdf $(NUMBERS)/backprop.tex
GRADIENTS = $(NUMBERS)/gradients.tex
CROSS_ENTROPY = $(FIGURES)/cross_entropy.pdf $(NUMBERS)/cross_entropy.tex
PYTORCH = $(FIGURES)/pytorch.pdf $(NUMBERS)/pytorch.tex
FUNCTIONS = $(NUMBERS)/functions.tex
OPTIMIZERS = $(FIGURES)/optimizers.pdf $(NUMBERS)/optimizers.tex
HEXAGON = $(NUMBERS)/hexagon.tex $(addprefix $(FIGURES)/, \
	hexagon.pdf hexagon.png hexagon.gif polygons.pdf activations.pdf \
	failures.pdf balance.pdf)
RESULTS = $(BACKPROP) $(GRADIENTS) $(CROSS_ENTROPY) $(PYTORCH) $(FUNCTIONS) \
	$(OPTIMIZERS) $(HEXAGON)

all: report/report.pdf

.venv/complete: environment.yml
	python3 -m venv --clear .venv
	.venv/bin/python -m pip install --quiet $$(sed -n 's/^ *- \(.*==.*\)/\1/p' environment.yml)
	touch $@

$(BACKPROP) &: Python-FeedForward/main.py $(SHARED) $(ENVIRONMENT)
	$(PYTHON) Python-FeedForward/main.py

$(GRADIENTS): Python-FeedForward/main.py Python-FeedForward/gradient_check.py \
		$(SHARED) $(ENVIRONMENT)
	$(PYTHON) Python-FeedForward/main.py --check-gradients

$(CROSS_ENTROPY) &: Python-FeedForward/cross_entropy.py $(SHARED) $(ENVIRONMENT)
	$(PYTHON) Python-FeedForward/cross_entropy.py

$(PYTORCH) &: PyTorch-FeedForward/main.py PyTorch-FeedForward/net.py \
		PyTorch-FeedForward/optimizer.py $(SHARED) $(ENVIRONMENT)
	$(PYTHON) PyTorch-FeedForward/main.py

$(FUNCTIONS): PyTorch-FeedForward/test_gradients.py PyTorch-FeedForward/net.py \
		$(SHARED) $(ENVIRONMENT)
	$(PYTHON) PyTorch-FeedForward/test_gradients.py

$(OPTIMIZERS) &: $(addprefix PyTorch-FeedForward/, \
		compare_optimizers.py main.py net.py optimizer.py stacked.py) \
		$(SHARED) $(ENVIRONMENT)
	$(PYTHON) PyTorch-FeedForward/compare_optimizers.py

$(HEXAGON) &: $(addprefix Python-FeedForward/, main.py net.py) \
		$(addprefix PyTorch-FeedForward/, main.py net.py optimizer.py stacked.py) \
		$(wildcard decision_boundary/*.py) $(ENVIRONMENT)
	$(PYTHON) decision_boundary/main.py

# The text's claims are tested on the numbers before it is compiled
report/report.pdf: report/report.tex report/authors.tex tests/test_report.py $(RESULTS)
	$(PYTHON) -m pytest -q tests/test_report.py -k "not readme"
	@if ! command -v latexmk > /dev/null; then \
		echo "no PDF: latexmk is missing; install the packages that README.md names"; \
	else \
		cd report && \
		latexmk -pdf -silent -halt-on-error -outdir=build report.tex && \
		! grep -E "Warning|Overfull|Underfull" build/report.log && \
		cp build/report.pdf report.pdf; \
	fi
	@if grep -q OpenField report/authors.tex; then \
		echo "report/authors.tex: names, numbers and addresses are still open"; \
	fi

test: $(ENVIRONMENT)
	$(PYTHON) -m pytest

bench: $(ENVIRONMENT)
	$(PYTHON) tests/benchmark.py

clean:
	rm -rf .venv report/build report/numbers .ruff_cache .ci/ruff
	rm -f $(filter %.pdf,$(RESULTS))
	find . \( -name __pycache__ -o -name .pytest_cache \) -prune -exec rm -rf {} +
