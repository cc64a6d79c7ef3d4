# The short commands; `make help` lists them. CMake does the work, in folders of
# build/: what lies in build/ itself is west's, which builds the firmware there.

MAKEFLAGS += --no-print-directory

BUILD ?= build
host = $(BUILD)/host
HANDLER ?= js/handler.js
# Seconds for each fuzzer of `make fuzz`; inputs for each of `make test-fuzz`
# (default: tests/fuzz/run says); which fuzzer (default: all).
TIME ?= 60
RUNS ?=
NAME ?=
# Requests of each kind, to each of the handlers, that a release is trained with.
TRAIN ?= 5000
RELEASE ?= $(BUILD)/release
# Of `make bench`: rounds of each measurement, seconds of each load, and which
# contenders and measurements (default: all; bench/README.md names them).
ROUNDS ?=
SECONDS ?=
ONLY ?=
# How many black-box tests run at a time: they mostly wait. `ARGS='-n 0'`: one.
TESTERS ?= $(shell echo $$((2 * $(JOBS))))
# More arguments: `make run ARGS='--port 9000'`, `make test-unit ARGS='-R url'`.
ARGS ?=

JOBS := $(shell nproc 2>/dev/null || echo 2)
# Debian's pytest belongs to Debian's Python, which may not be the first here.
PYTHON := $(shell for p in python3 /usr/bin/python3; do \
    $$p -c 'import pytest, xdist' 2>/dev/null && echo $$p && break; done)
PYTHON := $(or $(PYTHON),/usr/bin/python3)
pytest = $(PYTHON) -m pytest -q -p no:cacheprovider -n $(TESTERS)
# The same for the firmware's tests, which read ELF files.
FIRMWARE_PYTHON = $(shell for p in python3 /usr/bin/python3; do \
    $$p -c 'import elftools, pytest' 2>/dev/null && echo $$p && break; done)
# The firmware's boards, as FOLDER=BOARD; tests/firmware/FOLDER.conf is added.
BOARDS = native_sim=native_sim/native/64 mps2=mps2/an521/cpu0 \
    pico2=rpi_pico2/rp2350a/m33
# Those that are built, and run where QEMU can.
MORE_BOARDS = an385=mps2/an385 w5500=w5500_evb_pico2/rp2350a/m33 \
    h743=nucleo_h743zi

# The sanitizers' runtime: stop at the first error. Stack checks that follow
# the frames would misread an execution that is abandoned with siglongjmp.
SANITIZERS = ASAN_OPTIONS=detect_stack_use_after_return=0:abort_on_error=1 \
    UBSAN_OPTIONS=print_stacktrace=1

C_FILES = $(shell find core include ports apps examples samples tests bench -name '*.[ch]' \
    2>/dev/null | sort)
# What clang-tidy reads: what runs in production, and what tests share. (It does
# not know that a failed assertion of cmocka ends a test.)
TIDY = $(filter core/%.c ports/linux/%.c apps/%.c examples/%.c \
    tests/unit/support/%.c bench/load/%.c, $(C_FILES))
# The same of what is for devices, as the firmware's builds compile it.
TIDY_FIRMWARE = $(filter ports/zephyr/%.c, $(C_FILES))
FIRMWARES = $(wildcard $(BUILD)/firmware/*/compile_commands.json)

# Several targets may be made at a time: each folder is built by one of them.
locked = mkdir -p $(1) && flock $(1)/.lock
# $(call configure,folder,options)
configure = $(locked) cmake -S . -B $(1) --log-level=WARNING -DISERE_FETCH_DIR=$(BUILD) \
    $(if $(wildcard $(1)/CMakeCache.txt),,$(if \
    $(shell command -v ninja),-G Ninja)) $(2) >/dev/null
# For the Cortex-M33, with files that the host's build makes for it.
configure-arm = mkdir -p $(BUILD)/for-arm && \
    for maker in tests/arm/make-*; do \
        "$$maker" $(host) $(BUILD)/for-arm || exit 1; done && \
    $(call configure,$(BUILD)/arm,-DISERE_HOST_FILES=$(abspath $(BUILD))/for-arm \
        -DCMAKE_TOOLCHAIN_FILE=cmake/arm-none-eabi.cmake)
# $(call build,folder,target)
build = $(locked) cmake --build $(1) -j$(JOBS) --target $(2)
# $(call unit,folder): runs the unit tests that were built there
unit = ctest --test-dir $(1) -j$(JOBS) --output-on-failure --no-tests=error \
    $(ARGS)

.PHONY: all release run firmware bench bench-arm bench-footprint test \
    test-long test-long-unit test-firmware test-boards test-west test-unit test-blackbox test-url test-wpt test-types test-npm \
    test-dashboard test-asan test-tsan test-valgrind test-m32 test-arm test-pico \
    test-fuzz test-release test262 fuzz fuzz-handlers lint format clean \
    distclean help

all: ## build build/isere (default)
	@scripts/setup run
	@$(call configure,$(host))
	@$(call build,$(host),all)
	@ln -sfn host/isere $(BUILD)/isere

# One folder for both steps: the profile is found by the objects' names.
release: ## build/release/isere: optimised with the profile of a training run
	@scripts/setup run
	@$(call configure,$(RELEASE),-DISERE_RELEASE=train)
	@find $(RELEASE) -name '*.gcda' -delete
	@$(call build,$(RELEASE),train)
	@cd apps/train && setarch -R $(abspath $(RELEASE))/train $(TRAIN) *.js
	@$(call configure,$(RELEASE),-DISERE_RELEASE=use)
	@$(call build,$(RELEASE),isere)

test-release: ## check that two release builds are equal, byte for byte
	@scripts/get-quickjs $(BUILD)
	@$(MAKE) -j2 release-first release-again
	@cmp $(RELEASE)/isere $(BUILD)/release-again/isere && \
	    echo "test-release: both are the same"

.PHONY: release-first release-again
release-first:
	@$(MAKE) -j1 release
release-again:
	@$(MAKE) -j1 release RELEASE=$(BUILD)/release-again

run: all ## build and serve js/handler.js on http://127.0.0.1:8080
	@exec $(BUILD)/isere serve $(HANDLER) $(ARGS)

firmware: all ## build/firmware/: the firmware of every board, in a Zephyr workspace
	@scripts/setup firmware
	@$(call build-boards,$(BOARDS))

# $(call build-boards,FOLDER=BOARD...): what a board needs that not everybody
# fetches may be missing.
build-boards = workspace=$$(dirname "$$(scripts/firmware --workspace)"); \
	for b in $(1); do \
	    case $$b in *=nucleo*) [ -d "$$workspace/modules/hal/stm32" ] || { \
	        echo "firmware: $${b\#*=} skipped, there is no modules/hal/stm32"; \
	        continue; } ;; esac; \
	    folder=$(BUILD)/firmware/$${b%%=*}; \
	    conf=tests/firmware/$${b%%=*}.conf; \
	    JOBS=$(JOBS) scripts/firmware $${b\#*=} $$folder \
	        -DISERE_TOOL=$(abspath $(host))/isere \
	        -DQUICKJS_DIR=$(abspath $(BUILD))/quickjs \
	        $$([ ! -f $$conf ] || echo -DEXTRA_CONF_FILE=$(CURDIR)/$$conf) || \
	        exit 1; done

bench: ## benchmarks, compared with other servers: ROUNDS=5 SECONDS=3 ONLY=
	@scripts/setup bench
	@$(call configure,$(host))
	@$(call build,$(host),all bench_load)
	@ROUNDS='$(ROUNDS)' SECONDS='$(SECONDS)' ONLY='$(ONLY)' \
	    bench/run linux --build $(BUILD)

bench-arm: ## instructions on a Cortex-M33 in QEMU
	@scripts/setup bench-arm
	@$(call configure,$(host))
	@$(call build,$(host),all)
	@$(call configure-arm)
	@$(call build,$(BUILD)/arm,bench_arm)
	@bench/run arm --build $(BUILD)

bench-footprint: ## memory of the program, flash and RAM by part
	@scripts/setup bench-footprint
	@$(call configure,$(host))
	@$(call build,$(host),all bench_load)
	@bench/run footprint --build $(BUILD)

# The black-box tests mostly wait, and the browser's, so others run meanwhile.
test: ## unit, black-box, browser and URL tests; .ci/run has the others too
	@scripts/setup test
	@scripts/setup test-dashboard
	@$(call configure,$(host))
	@$(call build,$(host),all unit_tests bench_load url_run run262)
	@$(MAKE) -j2 -k -O test-blackbox test-unit test-dashboard test-url
	@echo "test: all passed"

# Tests that have a long form; all others are the same in `make test`.
# test_abandon has one, too, of some seven minutes.
LONG_UNIT = test_(native_abandon|engine_faults|faults_arena|isolation|serving)
test-long: test-long-unit ## the long form of the tests that have one
	@ISERE_TEST_LONG=1 $(MAKE) test-unit ARGS="-R test_abandon"
	@ISERE_TEST_LONG=1 $(MAKE) test-arm ARGS="-R test_snapshot"
	@ISERE_TEST_LONG=1 $(MAKE) test-blackbox \
	    ARGS="-k 'test_load or attack'"
	@echo "test-long: all passed"

test-long-unit:
	@ISERE_TEST_LONG=1 $(MAKE) test-unit ARGS="-R '$(LONG_UNIT)'"

test-unit: ## unit tests
	@scripts/setup test
	@$(call configure,$(host))
	@$(call build,$(host),all unit_tests)
	@$(call unit,$(host))

test-blackbox: ## tests of the real program, including the handler corpus
	@scripts/setup test
	@$(call configure,$(host))
	@$(call build,$(host),all bench_load run262)
	@ISERE_BIN=$(abspath $(host))/isere \
	    $(pytest) tests/blackbox $(ARGS)

test-url: ## URL against the published cases and the reference in JavaScript
	@scripts/setup test
	@$(call configure,$(host))
	@$(call build,$(host),url_run)
	@tests/url/run_tests.sh $(host)/url/run $(BUILD)/downloads/url

test262: ## TEST262=DIR: ECMAScript's conformance tests, against the known failures
	@$(if $(TEST262),,tests/test262/run.py - '')
	@$(call configure,$(host))
	@$(call build,$(host),run262)
	@tests/test262/run.py $(host)/test262/run262 '$(TEST262)' $(ARGS)

test-wpt: all ## WPT=DIR: web-platform-tests from a checkout, by area
	@$(PYTHON) tests/wpt/run.py $(host)/isere '$(WPT)' $(ARGS)

test-types: all ## types/isere.d.ts under tsc --strict, and an example of every global
	@tests/types/run $(abspath $(host))/isere $(BUILD)/downloads/types

test-npm: all ## packages of npm, bundled, called and compared with Node
	@scripts/setup test-npm
	@tests/npm/fetch.sh $(BUILD)/downloads/esbuild
	@tests/npm/install.sh $(BUILD)/npm-test
	@node tests/npm/run.mjs $(BUILD)/npm-test $(host)/isere \
	    $(BUILD)/downloads/esbuild/esbuild $(ARGS)

test-dashboard: ## the dashboard in a browser; ISERE_URL, ISERE_TOKEN: another server's
	@scripts/setup test-dashboard
	@[ -n "$(ISERE_URL)" ] || { $(call configure,$(host)); $(call build,$(host),isere); }
	@ISERE_BIN=$(abspath $(host))/isere \
	    tests/dashboard/run_tests.sh $(BUILD)/downloads/dashboard

test-asan: ## unit and black-box tests under AddressSanitizer and UBSan
	@scripts/setup test
	@$(call configure,$(BUILD)/asan,-DISERE_SANITIZE=ON -DISERE_CHECK_RESTORE=ON)
	@$(call build,$(BUILD)/asan,all unit_tests bench_load)
	@$(SANITIZERS) $(call unit,$(BUILD)/asan)
	@$(SANITIZERS) ISERE_BIN=$(abspath $(BUILD))/asan/isere ISERE_TEST_SLOW=5 \
	    $(pytest) tests/blackbox $(ARGS)

test-tsan: ## black-box tests of several workers under ThreadSanitizer
	@scripts/setup test
	@$(call configure,$(BUILD)/tsan,-DISERE_TSAN=ON)
	@$(call build,$(BUILD)/tsan,isere)
	@TSAN_OPTIONS=halt_on_error=1 ISERE_BIN=$(abspath $(BUILD))/tsan/isere \
	    ISERE_TEST_SLOW=8 $(pytest) \
	    $(addprefix tests/blackbox/test_,steal.py busy.py attack_deploys.py \
	    handler_concurrency.py) -k "not test_waiting_is_cheap" $(ARGS)

# Its registers must be exact where the guard of heaps catches a fault.
test-valgrind: ## black-box tests marked valgrind, under valgrind
	@scripts/setup test
	@$(call configure,$(host))
	@$(call build,$(host),all bench_load)
	@ISERE_BIN=$(abspath $(host))/isere ISERE_TEST_SLOW=20 \
	    ISERE_TEST_WRAPPER='valgrind -q --vex-iropt-register-updates=allregs-at-mem-access --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite' \
	    $(pytest) -m valgrind tests/blackbox $(ARGS)

test-m32: ## unit tests, compiled for 32 bits
	@scripts/setup test
	@$(call configure,$(BUILD)/m32,-DISERE_M32=ON)
	@$(call build,$(BUILD)/m32,unit_tests)
	@$(call unit,$(BUILD)/m32)

test-arm: ## the core's unit tests on a Cortex-M33 in QEMU
	@scripts/setup test
	@$(call configure,$(host))
	@$(call build,$(host),all)
	@$(call configure-arm)
	@$(call build,$(BUILD)/arm,unit_tests)
	@$(call unit,$(BUILD)/arm)

test-firmware: ## the firmware in QEMU and as native_sim, where Zephyr is found
	@if ! scripts/firmware --workspace >/dev/null; then \
	    echo "test-firmware: skipped, there is no Zephyr workspace here"; \
	else \
	    $(MAKE) firmware && ISERE_BIN=$(abspath $(host))/isere \
	        ISERE_FIRMWARE=$(abspath $(BUILD))/firmware \
	        $(FIRMWARE_PYTHON) -m pytest -q -p no:cacheprovider \
	        --ignore tests/firmware/test_west.py \
	        --ignore tests/firmware/test_boards.py tests/firmware $(ARGS); \
	fi

test-boards: all ## more boards: built, and started where QEMU can
	@if ! scripts/firmware --workspace >/dev/null; then \
	    echo "test-boards: skipped, there is no Zephyr workspace here"; \
	else \
	    scripts/setup firmware && { $(call build-boards,$(MORE_BOARDS)); } && \
	        ISERE_BIN=$(abspath $(host))/isere \
	        ISERE_FIRMWARE=$(abspath $(BUILD))/firmware \
	        $(FIRMWARE_PYTHON) -m pytest -q -rs -p no:cacheprovider \
	        tests/firmware/test_boards.py $(ARGS); \
	fi

# Its image, and the same with CDC-NCM, in folders of their own: the tests above
# may be building theirs.
test-pico: ## RP2350JS=DIR: the Pico 2's image on an emulated RP2350
	@if ! scripts/firmware --workspace >/dev/null; then \
	    echo "test-pico: skipped, there is no Zephyr workspace here"; \
	elif ! emulator=$$(tests/pico/run --emulator); then \
	    echo "test-pico: skipped, there is no rp2350js here (RP2350JS=DIR, ~/rp2350js)"; \
	else \
	    $(MAKE) pico-images && \
	        tests/pico/run "$$emulator" $(BUILD)/pico $(ARGS); \
	fi

.PHONY: pico-images
pico-images: all
	@scripts/setup firmware
	@for conf in '' ncm; do \
	    JOBS=$(JOBS) scripts/firmware rpi_pico2/rp2350a/m33 \
	        $(BUILD)/pico/pico2$${conf:+_$$conf} \
	        -DISERE_TOOL=$(abspath $(host))/isere \
	        -DQUICKJS_DIR=$(abspath $(BUILD))/quickjs \
	        $${conf:+-DEXTRA_CONF_FILE=$(CURDIR)/$$conf.conf} || exit 1; done

test-west: ## WEST=DIR: `west build`, `flash`, `twister`, where Zephyr is found
	@scripts/setup firmware
	@$(FIRMWARE_PYTHON) -m pytest -q -rs -p no:cacheprovider \
	    tests/firmware/test_west.py $(ARGS)

test-fuzz: fuzzers ## fuzzers with fixed inputs: NAME=one of them, RUNS=inputs
	@$(SANITIZERS) tests/fuzz/run fixed $(BUILD)/fuzz "$(NAME)" $(RUNS)

fuzz: fuzzers ## fuzzers with random inputs: NAME=one of them, TIME=seconds each
	@$(SANITIZERS) tests/fuzz/run $(TIME) $(BUILD)/fuzz $(NAME)

fuzz-handlers: fuzzers ## the fuzzer of handlers in all variants: TIME=seconds each
	@export CC=clang && $(call configure,$(BUILD)/fuzz32,-DISERE_FUZZ=ON -DISERE_M32=ON)
	@$(call build,$(BUILD)/fuzz32,fuzz_handlers)
	@$(SANITIZERS) tests/fuzz/handlers/run $(TIME) $(BUILD)

.PHONY: fuzzers
fuzzers:
	@scripts/setup fuzz
	@export CC=clang && $(call configure,$(BUILD)/fuzz,-DISERE_FUZZ=ON)
	@$(call build,$(BUILD)/fuzz,fuzzers)

lint: ## formatting, dialect, clang-tidy, cppcheck, shellcheck, check-core
	@scripts/setup lint
	@scripts/check-core && echo "lint: no folder includes what it must not"
	@scripts/list-files --check && echo "lint: the list of files is up to date"
	@scripts/draw-floor-plan --check && echo "lint: the floor plan's picture is up to date"
	@scripts/check-dialect && echo "lint: one dialect"
	@clang-format --dry-run -Werror $(C_FILES) && echo "lint: formatted"
	@shellcheck -x $$(grep -lE '^#!.*sh$$' scripts/*) tests/fuzz/run tests/fuzz/handlers/run tests/dashboard/*.sh tests/npm/*.sh tests/types/fetch.sh tests/types/run tests/arm/run-qemu tests/pico/run bench/arm/check .ci/run && \
	    echo "lint: scripts are clean"
	@$(call configure,$(host))
	@$(call build,$(host),isere_dashboard isere_web_code isere_templates)
	@printf '%s\n' $(TIDY) | scripts/tidy $(host) && \
	    echo "lint: clang-tidy is content"
	@if [ -z "$(FIRMWARES)" ]; then \
	    echo "lint: clang-tidy skips ports/zephyr and samples: make firmware was not run"; \
	else \
	    printf '%s\n' $(TIDY_FIRMWARE) | \
	        scripts/tidy $(sort $(dir $(FIRMWARES))) && \
	        echo "lint: clang-tidy is content with ports/zephyr (no sample is built here)"; \
	fi
	@scripts/cppcheck && echo "lint: cppcheck is content"

format: ## format all C code
	@clang-format -i $(C_FILES)

clean: ## remove what was built; downloads stay
	@[ ! -d $(BUILD) ] || find $(BUILD) -mindepth 1 -maxdepth 1 \
	    ! -name downloads -exec rm -rf {} +

distclean: ## remove build/ altogether
	@rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/make \1|\2/p' Makefile | \
	    awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'
