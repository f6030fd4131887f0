# make            builds ./ladder
# make run        builds it and climbs the ladder of experiments/quick.txt
# make test       builds and runs all tests; fetches doctest where it is missing
# make reproduce-quick   a reduced version of every figure and finding, in data/reproduce/
# make portable   are the results the same bits for other processors and compilers? See the script
# make sanitize   the tests under the address and undefined-behaviour sanitizers
# make race       a sweep and a train of two threads under the thread sanitizer (clang)
# make fuzz       the readers of experiments, tables, checkpoints and logs, FUZZ_SECONDS each (clang)
# make tidy       clang-tidy, as .clang-tidy says
# make coverage   which lines of src the tests execute
# make abuse      kills, signals, full disks, hostile files; make slurm: a sweep on a real Slurm
# make install    ./ladder, its man page and completions to PREFIX (/usr/local), DESTDIR before it
# make clean
#
# ARCH=native by default: the binary uses this machine's vectors. ARCH=x86-64-v3 runs on any CPU
# with AVX2. CXX, CXXFLAGS (optimisation, where time is spent) and BUILD (folder) can be given too.

CXX      ?= g++
ARCH     ?= native
CXXFLAGS ?= -O3
BUILD    ?= build
LADDER   ?= ladder

# All processors build, unless make was told otherwise.
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif

# No contraction: where compilers choose which products to fuse with a sum, each gives other bits.
FLAGS = -std=c++20 -march=$(ARCH) $(OPTIMISE) -ffp-contract=off -fno-math-errno -Wall -Wextra -fopenmp -Iinclude -Isrc
OPTIMISE = $(CXXFLAGS)
# Vectors are as wide as registers (simd.h); some tunings would else cut them in halves.
ifneq ($(filter x86_64%,$(shell $(CXX) -dumpmachine)),)
FLAGS += -mprefer-vector-width=512
endif

SOURCES := $(sort $(shell find src -name '*.cpp'))
# Rooms that compute nothing, and the tests: compiled in half the time. They are linked last, so that
# of a function that several files have it is another's that counts.
COLD    := base cli climb lab plot report
COLD_SOURCES := $(filter $(COLD:%=src/%/%),$(SOURCES))
OBJECTS := $(patsubst %.cpp,$(BUILD)/%.o,$(filter-out $(COLD_SOURCES),$(SOURCES)) $(COLD_SOURCES)) $(BUILD)/page.o
TESTS   := $(sort $(shell find tests -name '*.cpp' -not -path 'tests/extend/*'))
EXTEND  := $(sort $(wildcard tests/extend/*.cpp))
TEST_OBJECTS := $(TESTS:%.cpp=$(BUILD)/%.o)
DOCTEST := $(BUILD)/doctest
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

.PHONY: all run test reproduce-quick portable sanitize race fuzz tidy coverage abuse slurm install clean
all: $(LADDER)

run: $(LADDER)
	./$(LADDER) sweep experiments/quick.txt

# Fewer rungs, seeds and steps than data/reference/, in under five minutes on two cores.
QUICK := data/reproduce
reproduce-quick: $(LADDER)
	./$(LADDER) sweep experiments/complexity.txt --base 8 16 --delay 4 8 12 --seed 0..1 --out $(QUICK)/complexity
	./$(LADDER) sweep experiments/complexity_adam.txt --base 8 16 --delay 4 8 12 --seed 0..1 --out $(QUICK)/complexity_adam
	./$(LADDER) sweep experiments/multitask.txt --delay 12 6+12 --cue on --steps 1500 --seed 0..1 --out $(QUICK)/multitask
	./$(LADDER) sweep experiments/phase.txt --embedding_scale 1 4 --qk_gain 1 4 --seed 0 --out $(QUICK)/phase
	./$(LADDER) report $(QUICK)/phase --against initial_z
	./$(LADDER) sweep experiments/recipes.txt --norm post --scale off --heads 4 --seed 0 --steps 1000 --out $(QUICK)/recipes
	./$(LADDER) sweep experiments/budget.txt --steps 3000 --seed 0 --out $(QUICK)/budget
	./$(LADDER) train experiments/geometry.txt --score dpa --out $(QUICK)/dpa
	./$(LADDER) train experiments/geometry.txt --score ea --out $(QUICK)/ea
	./$(LADDER) inspect $(QUICK)/dpa/checkpoint.safetensors $(QUICK)/ea/checkpoint.safetensors --initial --out $(QUICK)/geometry
	./$(LADDER) bench --parts steps --shapes S,M --repeats 3 --fresh --out $(QUICK)/bench
	./$(LADDER) verdict $(QUICK)/complexity $(QUICK)/complexity_adam $(QUICK)/multitask $(QUICK)/phase $(QUICK)/recipes $(QUICK)/budget $(QUICK)/bench $(QUICK)/geometry

$(LADDER): $(OBJECTS)
	$(CXX) $(FLAGS) $^ -o $@

$(COLD:%=$(BUILD)/src/%/%.o) $(BUILD)/tests/%.o: OPTIMISE = $(CXXFLAGS:-O3=-O1)
# But for these: the processor's peak is measured, and kernels are compiled for tests.
$(BUILD)/src/lab/bench_tools.o $(BUILD)/tests/tensor/%.o: OPTIMISE = $(CXXFLAGS)

$(BUILD)/%.o: %.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(CXX) $(FLAGS) -MMD -MP -c $< -o $@

# The style and the script of the report's pages become constants of the program.
PAGE := src/report/page/report.css src/report/page/report.js
$(BUILD)/page.cpp: $(PAGE) Makefile
	@mkdir -p $(@D)
	@{ echo 'namespace ladder::report {'; for file in $(PAGE); do \
	  echo "extern const char $$(basename $$file | tr . _)[] = R\"~~("; cat $$file; echo ')~~";'; \
	done; echo '}'; } > $@
$(BUILD)/page.o: $(BUILD)/page.cpp $(BUILD)/flags
	$(CXX) $(FLAGS) -c $< -o $@

# The version is compiled into one file, rebuilt when it changes.
$(BUILD)/src/base/version.o: FLAGS += -DLADDER_VERSION='"$(VERSION)"'
$(BUILD)/src/base/version.o: $(BUILD)/version
$(BUILD)/version: force
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' > $@

# Rebuilds everything when the compiler or its flags change.
$(BUILD)/flags: force
	@mkdir -p $(@D)
	@echo '$(CXX) $(FLAGS)' | cmp -s - $@ || echo '$(CXX) $(FLAGS)' > $@
.PHONY: force

# The tests need doctest (one header): the system's, else Debian's package, else advice.
test: $(LADDER) $(BUILD)/run_tests $(EXTEND:%.cpp=$(BUILD)/%.o)
	LADDER=./$(LADDER) $(BUILD)/run_tests

$(BUILD)/run_tests: $(filter-out $(BUILD)/src/main.o,$(OBJECTS)) $(TEST_OBJECTS)
	$(CXX) $(FLAGS) $^ -o $@

$(TEST_OBJECTS): FLAGS += -isystem $(DOCTEST)/usr/include
$(TEST_OBJECTS): | $(DOCTEST)/found
$(DOCTEST)/found:
	@mkdir -p $(@D)
	@sh tests/get_doctest.sh '$(CXX)' $(DOCTEST)
	@touch $@

# Plug-ins and a model of one's own need include/ alone; sums over prefixes the headers that mixers share.
$(BUILD)/tests/extend/%.o: FLAGS := $(filter-out -Isrc,$(FLAGS))
$(BUILD)/tests/extend/linear_mixer.o: FLAGS += -Isrc

# The signature alone takes a small part of the program: soon built for other targets.
SIGNATURE := $(filter src/base/% src/tensor/% src/nn/% src/tasks/% src/train/% %/bench_signature.cpp,$(SOURCES))
$(BUILD)/signature: $(SIGNATURE:%.cpp=$(BUILD)/%.o) $(BUILD)/tests/signature.o
	$(CXX) $(FLAGS) $^ -o $@
$(BUILD)/tests/signature.o: tests/signature.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(CXX) $(FLAGS) -MMD -MP -c $< -o $@
portable:
	tests/signatures.sh portable

sanitize:
	$(MAKE) test BUILD=$(BUILD)/sanitize LADDER=$(BUILD)/sanitize/ladder \
	  CXXFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'

# The runtime of OpenMP tells the sanitizer about its locks (archer).
race:
	sh tests/get_clang.sh
	$(MAKE) BUILD=$(BUILD)/race LADDER=$(BUILD)/race/ladder CXX=clang++ CXXFLAGS='-O1 -g -fsanitize=thread'
	rm -rf $(BUILD)/race/out
	export TSAN_OPTIONS='ignore_noninstrumented_modules=1 halt_on_error=1 exitcode=66' \
	  OMP_TOOL_LIBRARIES=$$(clang++ -print-file-name=libarcher.so) && \
	$(BUILD)/race/ladder sweep tests/quick.txt --steps 30 --eval_every 10 --batch 8 \
	  --eval_sequences 16 --threads 3 --checkpoint_minutes 0.0001 --out $(BUILD)/race/out/sweep && \
	$(BUILD)/race/ladder train --steps 30 --lanes 4 --eval_every 10 --threads 4 --out $(BUILD)/race/out/train

# What it finds goes to tests/fuzz/TARGET, which make test reads.
FUZZ_SECONDS ?= 60
fuzz:
	sh tests/get_clang.sh
	$(MAKE) BUILD=$(BUILD)/fuzz CXX=clang++ $(BUILD)/fuzz/fuzzer \
	  CXXFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
	for target in experiment table safetensors log record; do \
	  mkdir -p $(BUILD)/fuzz/corpus/$$target && \
	  FUZZ=$$target $(BUILD)/fuzz/fuzzer -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=8192 \
	    -print_final_stats=1 -verbosity=0 -artifact_prefix=tests/fuzz/$$target/ \
	    $(BUILD)/fuzz/corpus/$$target tests/fuzz/$$target || exit 1; \
	done
$(BUILD)/fuzzer: $(filter-out $(BUILD)/src/main.o,$(OBJECTS)) $(BUILD)/tests/fuzz/fuzz.o
	$(CXX) $(FLAGS) -fsanitize=fuzzer $^ -o $@

tidy:
	sh tests/get_clang.sh
	printf '%s\n' $(SOURCES) | xargs -P $$(nproc) -n 4 sh -c \
	  'clang-tidy --quiet "$$@" -- $(filter-out -fopenmp,$(FLAGS)) -fopenmp 2>/dev/null' tidy

# Atomic: compilers make counters the variables of loops, which another thread would then change.
coverage:
	rm -rf $(BUILD)/coverage/gcov
	-find $(BUILD)/coverage -name '*.gcda' -delete
	$(MAKE) test BUILD=$(BUILD)/coverage LADDER=$(BUILD)/coverage/ladder \
	  CXXFLAGS='-O1 --coverage -fprofile-update=atomic'
	@find $(BUILD)/coverage/src -name '*.gcda' | xargs gcov -n -r 2>/dev/null | awk -f tests/coverage.awk

abuse: $(LADDER)
	tests/abuse.sh ./$(LADDER)
slurm: $(LADDER)
	tests/slurm.sh ./$(LADDER)

PREFIX ?= /usr/local
install: $(LADDER)
	mkdir -p $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	cp $(LADDER) $(DESTDIR)$(PREFIX)/bin/ladder
	./$(LADDER) man > $(DESTDIR)$(PREFIX)/share/man/man1/ladder.1
	./$(LADDER) completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ladder
	./$(LADDER) completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ladder

clean:
	rm -rf $(BUILD) $(LADDER)

-include $(OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d) $(EXTEND:%.cpp=$(BUILD)/%.d) $(BUILD)/tests/signature.d
