# Each target is one command of kamcomp/embedded, which needs nothing but Python 3.11 or later.
# ARGS passes arguments on: make test ARGS="tests/engine -k curve".
KAMCOMP = python3 -m kamcomp.embedded

.PHONY: run stop test check reset manage lock
run stop test check reset manage lock:
	@$(KAMCOMP) $@ $(ARGS)
