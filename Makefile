# Each target sets up what it needs. With another Python: make lab PYTHON=python3.13
# With options for the program behind a target: make test ARGS="-k softmax"
PYTHON ?= python3
TARGETS = lab test run refresh site address student assignments mark bench audit lint lock clean help
.PHONY: $(TARGETS)
.DEFAULT_GOAL = help

$(TARGETS):
	@$(PYTHON) tools/course.py $@ $(ARGS)
