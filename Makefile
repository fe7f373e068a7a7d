# Every goal starts from a fresh clone: what it needs is installed on the way (lab/setup/).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
# The project's own tools come last: a temporal of yours wins.
export PATH := $(PATH):/usr/sbin:/sbin:$(CURDIR)/var/tools/bin
export FERRY_HOME := $(CURDIR)

.PHONY: help setup build test lint unit model cluster matrix matrix-cut bench bench-copy bench-containers scale chaos kills precopy-kills fencing container-failures evacuation-kills evacuation-crash evacuation-stops outage demo demo-down clean

help:            ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

setup:           ## install what is missing, build
	@lab/setup/setup.sh

build:           ## compile, bundle the workflows
	@lab/setup/npm-packages.sh
	@node build.mjs

test: setup      ## everything: lint, types, model, unit, node, workflow, replay, cluster, alone
	@lab/setup/compose-binary.sh
	@node test/run.mjs

lint:            ## lint and type check
	@lab/setup/npm-packages.sh
	@node test/run.mjs lint types

unit: setup      ## the quick tests
	@node test/run.mjs unit

model:           ## check the handover protocol with spin
	@lab/setup/apt-packages.sh
	@node model/run.mjs

cluster: setup   ## the tests on a whole lab
	@node test/run.mjs cluster alone

matrix: setup    ## every fault at every step on real labs; writes docs/failure-matrix.md
	@node dist/test/matrix/main.js $(MATRIX)

matrix-cut: setup ## every fault and every phase once: three minutes
	@node node_modules/jest/bin/jest.js --selectProjects alone -- matrix-cut

bench: setup     ## blackout and total time against a bare QMP migration
	@node dist/bench/main.js

bench-copy: setup ## ferry's copy of images against qemu-img convert over the same link: MIB=1024
	@MIB=$(or $(MIB),1024) node dist/bench/copy.js

bench-containers: setup ## how long a container is away, by ferry and by hand: RUNS=5
	@RUNS=$(or $(RUNS),5) node dist/bench/containers.js

scale: setup     ## evacuations of 100, 300 and 1000 guests and a roll of 50 nodes on a simulated cluster: GUESTS=100,300,1000 NODES=50
	@FERRY_SCALE=$(or $(GUESTS),100,300,1000) FERRY_SCALE_NODES=$(or $(NODES),50) node node_modules/jest/bin/jest.js --selectProjects scale

chaos: setup     ## guests go round a lab while faults are drawn at random: MINUTES=10 SEED=1
	@MINUTES=$(or $(MINUTES),10) SEED=$(or $(SEED),1) node node_modules/jest/bin/jest.js --selectProjects chaos -- chaos.test

kills: setup     ## TIMES=100 migrations, the source agent of each killed at a random instant (SEED=1)
	@TIMES=$(or $(TIMES),100) SEED=$(or $(SEED),1) node node_modules/jest/bin/jest.js --selectProjects chaos -- agent-kills

precopy-kills: setup ## each process of a migration killed once in mid pre-copy: the same stream goes on, or it is rolled back
	@node node_modules/jest/bin/jest.js --selectProjects chaos -- precopy-kills

fencing: setup   ## a hung source, an operator's word, a fence command, on a lab
	@node node_modules/jest/bin/jest.js --selectProjects chaos -- fencing

container-failures: setup ## full storages, killed agents, lost power, cancellation: the container goes on, nobody starts it twice
	@node node_modules/jest/bin/jest.js --selectProjects chaos -- container-failures

evacuation-kills: setup ## Temporal and the control worker killed while twelve guests leave a node
	@node node_modules/jest/bin/jest.js --selectProjects chaos -- evacuation-kills

evacuation-crash: setup ## a target loses its power while guests leave a node
	@node node_modules/jest/bin/jest.js --selectProjects chaos -- evacuation-crash

evacuation-stops: setup ## an evacuation paused over a restart of everything, and one whose window closes in the middle
	@node node_modules/jest/bin/jest.js --selectProjects chaos -- evacuation-stops

outage: setup    ## Temporal away for OUTAGE_SECONDS=120, from mid pre-copy and from the middle of the blackout
	@OUTAGE_SECONDS=$(or $(OUTAGE_SECONDS),120) node node_modules/jest/bin/jest.js --selectProjects chaos -- outage

demo: setup      ## a 3-node lab, VM 101, one live migration
	@node dist/lab/demo.js

demo-down:       ## remove the demo's lab
	@if [ -d dist/lab ]; then bin/ferry-lab down --purge; fi

clean: demo-down ## remove what was built and installed here
	@rm -rf dist var node_modules
