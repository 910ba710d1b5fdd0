# make          train, draw and compile report/report.pdf, as far as out of date
# make test     run every test
# make bench    time this project against others, as ratios
# make clean    remove what make has made and git does not keep
#
# Python and its packages come from .venv, which make fills with the versions that
# environment.yml pins; make PYTHON=python uses the environment that is active.

.PHONY: all test bench clean
.DELETE_ON_ERROR:
MAKEFLAGS += --jobs=2  # scripts run side by side, with one thread per process

PYTHON = .venv/bin/python
ENVIRONMENT = $(if $(filter .venv/bin/python,$(PYTHON)),.venv/complete)
N = report/numbers
FIGURES = $(addprefix report/figures/, $(addsuffix .pdf, backprop cross_entropy \
	pytorch optimizers hexagon starts polygons activations))
# What takes longest comes first, so that both cores are busy to the end
NUMBERS = $(addprefix $N/, $(addsuffix .tex, starts optimizers hexagon polygons points \
	deep pytorch cross_entropy descent activations backprop gradients functions sources))

all: report/report.pdf

.venv/complete: environment.yml
	python3 -m venv --clear .venv
	.venv/bin/python -m pip install --quiet $$(sed -n 's/^ *- \(.*==.*\)/\1/p' environment.yml)
	touch $@

# What the numbers depend on; options, files and windows are left out. The first
# prerequisite is the script that writes them, and the figure of the same name (not $<,
# which is .venv/complete in GNU make 3.81, the one of macOS)

D = decision_boundary
POLYGON = $D/polygon.py $D/geometry.py $D/data.py
FIGURE = $D/shared/figures.py $D/data.py
TRAINING = $D/shared/training.py $D/shared/boundaries.py $(POLYGON) $(FIGURE)
STUDY = $D/study/data_sets.py $D/shared/boundaries.py $D/ensemble.py $(POLYGON)
EXERCISE_1 = Python-FeedForward/main.py Python-FeedForward/net.py $(TRAINING)
EXERCISE_2 = $(addprefix PyTorch-FeedForward/, main.py net.py optimizer.py) $(TRAINING)

$N/backprop.tex: $(EXERCISE_1)
$N/gradients.tex: Python-FeedForward/gradient_check.py Python-FeedForward/net.py
$N/cross_entropy.tex: Python-FeedForward/cross_entropy.py $(FIGURE)
$N/pytorch.tex: $(EXERCISE_2)
$N/functions.tex: PyTorch-FeedForward/test_gradients.py PyTorch-FeedForward/net.py
$N/optimizers.tex: PyTorch-FeedForward/compare_optimizers.py $D/shared/stacked.py $(EXERCISE_2)
$N/hexagon.tex: $D/main.py $D/shared/exact.py $D/ensemble.py $(EXERCISE_1) $(EXERCISE_2)
$N/starts.tex: $D/study/starts.py $D/shared/exact.py $(STUDY) $(FIGURE)
$N/polygons.tex: $D/study/polygons.py $D/shared/exact.py $(STUDY) $(FIGURE)
$N/points.tex: $D/study/points.py $(STUDY)
$N/deep.tex: $D/study/deep.py $D/shared/stacked.py $(STUDY) $(EXERCISE_2)
$N/activations.tex: $D/study/activations.py $D/ensemble.py $(EXERCISE_1)
$N/descent.tex: $D/study/descent.py $(STUDY)
$N/sources.tex: report/sources.py $(wildcard environment.yml report/*.tex */*.py $D/*/*.py)

$(NUMBERS):
	$(PYTHON) $(firstword $(filter %.py,$^))
$(NUMBERS): $(ENVIRONMENT)

report/figures/%.pdf: $N/%.tex
	@test -f $@ || { rm -f $< && $(MAKE) $<; }

# The text's claims are tested on the numbers before it is compiled
report/report.pdf: report/report.tex report/authors.tex tests/test_report.py \
		$(NUMBERS) $(FIGURES)
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
	rm -rf .venv report/build report/numbers .ruff_cache .ci/ruff $(FIGURES)
	find . \( -name __pycache__ -o -name .pytest_cache \) -prune -exec rm -rf {} +
