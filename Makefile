# make          train, draw and compile the two PDFs in report/, as far as out of date
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
STUDY = starts polygons configurations
# What takes longest comes first, so that both cores are busy to the end
NAMES = starts optimizers polygons hexagon configurations pytorch backprop \
	cross_entropy gradients mistakes
NUMBERS = $(NAMES:%=$N/%.tex)

all: report/report.pdf report/theory.pdf
	@if grep -q OpenField report/authors.tex; then \
		echo "report/authors.tex: names, numbers and addresses are still open"; \
	fi

.venv/complete: environment.yml
	python3 -m venv --clear .venv
	.venv/bin/python -m pip install --quiet $$(sed -n 's/^ *- \(.*==.*\)/\1/p' environment.yml)
	touch $@

# A script writes the numbers and the figure of one name. It is the first prerequisite;
# the others are the library: any change of it trains all anew

$N/backprop.tex: Python-FeedForward/main.py
$N/gradients.tex: Python-FeedForward/gradient_check.py
$N/cross_entropy.tex: Python-FeedForward/cross_entropy.py
$N/pytorch.tex: PyTorch-FeedForward/main.py
$N/optimizers.tex: PyTorch-FeedForward/compare_optimizers.py
$N/hexagon.tex: decision_boundary/main.py
$N/mistakes.tex: tests/mistakes.py
$(STUDY:%=$N/%.tex): $N/%.tex: decision_boundary/study/%.py

LIBRARY = $(wildcard decision_boundary/*.py decision_boundary/shared/*.py) \
	$(addprefix decision_boundary/study/, causes.py data_sets.py exact.py) \
	$(wildcard P*-FeedForward/net.py P*-FeedForward/optimizer.py P*-FeedForward/main.py)

$(NUMBERS): $(LIBRARY) $(ENVIRONMENT)

$N/%.tex:
	@mkdir -p $N; rm -f $@; begin=$$(date +%s); \
	script=$(firstword $^); log=$(basename $@).log; \
	echo "begins: $$script"; \
	$(PYTHON) $$script > $$log 2>&1 || { cat $$log; exit 1; }; \
	echo "ends:   $$script, $$(($$(date +%s) - begin)) s," \
		$$(find $N -name "*.tex" $(LIBRARY:%=-newer %) | wc -l) of $(words $(NUMBERS))

# The lines of code that the report quotes
$N/backward.py: Python-FeedForward/net.py
	@mkdir -p $N; sed -n '/# Sheet 1(a) 1/,/layer\]\.T/s/^        //p' $< > $@

# The text's claims are tested on the numbers before it is compiled
report/%.pdf: report/%.tex report/authors.tex report/preamble.tex tests/test_report.py \
		$(NUMBERS) $N/backward.py
	$(PYTHON) -m pytest -q tests/test_report.py -k "not readme"
	@if ! command -v latexmk > /dev/null; then \
		echo "no PDF: latexmk is missing; install the packages that README.md names"; \
	else \
		cd report && \
		latexmk -pdf -silent -halt-on-error -outdir=build $*.tex && \
		! grep -E "Warning|Overfull|Underfull" build/$*.log && \
		cp build/$*.pdf $*.pdf; \
	fi

test: $(ENVIRONMENT)
	$(PYTHON) -m pytest

bench: $(ENVIRONMENT)
	$(PYTHON) tests/benchmark.py

clean:
	rm -rf .venv output report/build report/numbers .ruff_cache .ci/ruff report/figures/*.pdf
	find . \( -name __pycache__ -o -name .pytest_cache \) -prune -exec rm -rf {} +
