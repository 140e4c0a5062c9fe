# Each target is one command of kamcomp/embedded, which needs nothing but Python 3.11 or later.
# ARGS passes arguments on: make test ARGS="tests/engine -k curve".
KAMCOMP = python3 -m kamcomp.embedded

.PHONY: run stop test quick faults bench check reset manage lock real-quarter crawl oracle api-check sandbox
run stop test quick faults bench check reset manage lock:
	@$(KAMCOMP) $@ $(ARGS)

# The example of docs/tutorials/real-quarter.md, on services and an empty database of its own.
FROM = ../shared/data/adventureworks
TO = .kamcomp/real-quarter/files
real-quarter: export KAMCOMP_STATE = $(CURDIR)/.kamcomp/real-quarter
real-quarter:
	@$(KAMCOMP) reset --yes
	@$(KAMCOMP) python examples/adventureworks/real_quarter.py --from "$(FROM)" --to "$(TO)"

# A second company to try programs on: the demo, on services and a database of its own; keys begin with kc_test_.
sandbox: export KAMCOMP_STATE = $(CURDIR)/.kamcomp/sandbox
sandbox: export KAMCOMP_DEMO = 1
sandbox: export KAMCOMP_COMPANY = Sandbox
sandbox:
	@$(KAMCOMP) run $(ARGS)

# The REST interface, running, held against its description by schemathesis as three roles.
api-check: export KAMCOMP_STATE = $(CURDIR)/.kamcomp/api-check
api-check:
	@$(KAMCOMP) reset --yes
	@$(KAMCOMP) python tests/api/check.py $(ARGS)

# The engine against an independent calculation in fractions; `make test` compares a quarter as many payouts.
oracle: export KAMCOMP_ORACLE_PAYOUTS = 200000
oracle:
	@$(KAMCOMP) test tests/oracle/test_oracle.py $(ARGS)

# Every page as every persona, at both sizes and in both themes, and the way to a signed plan; CI takes each page once a persona.
crawl: export KAMCOMP_CRAWL = all
crawl:
	@$(KAMCOMP) test tests/browser/test_walk.py tests/browser/test_programme.py -n0 $(ARGS)
