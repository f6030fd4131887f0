# make            builds ./ladder
# make run        builds it and climbs the ladder of experiments/quick.txt
# make test       builds and runs all tests; fetches doctest where it is missing
# make reproduce-quick   a reduced version of every figure and finding, in data/reproduce/
# make portable   are the results the same bits for other processors and compilers? See the script
# make sanitize   the tests under the address and undefined-behaviour sanitizers
# make clean
#
# ARCH=native by default: the binary uses this machine's vectors. ARCH=x86-64-v3 runs on any CPU
# with AVX2. CXX, CXXFLAGS (optimisation) and BUILD (folder) can be given too.

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
FLAGS := -std=c++20 -march=$(ARCH) $(CXXFLAGS) -ffp-contract=off -fno-math-errno -Wall -Wextra -fopenmp -Iinclude -Isrc
# Vectors are as wide as registers (simd.h); some tunings would else cut them in halves.
ifneq ($(filter x86_64%,$(shell $(CXX) -dumpmachine)),)
FLAGS += -mprefer-vector-width=512
endif

SOURCES := $(sort $(shell find src -name '*.cpp'))
OBJECTS := $(SOURCES:%.cpp=$(BUILD)/%.o)
TESTS   := $(sort $(shell find tests -name '*.cpp' -not -path 'tests/extend/*'))
EXTEND  := $(sort $(wildcard tests/extend/*.cpp))
TEST_OBJECTS := $(TESTS:%.cpp=$(BUILD)/%.o)
DOCTEST := $(BUILD)/doctest
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

.PHONY: all run test reproduce-quick portable sanitize clean
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
	./$(LADDER) bench --parts steps --shapes S,M --repeats 3 --out $(QUICK)/bench
	./$(LADDER) verdict $(QUICK)/complexity $(QUICK)/complexity_adam $(QUICK)/multitask $(QUICK)/phase $(QUICK)/recipes $(QUICK)/budget $(QUICK)/bench $(QUICK)/geometry

$(LADDER): $(OBJECTS)
	$(CXX) $(FLAGS) $^ -o $@

$(BUILD)/%.o: %.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(CXX) $(FLAGS) -MMD -MP -c $< -o $@

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

# Plug-ins and a model of one's own need include/ alone.
$(BUILD)/tests/extend/%.o: FLAGS := $(filter-out -Isrc,$(FLAGS))

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

clean:
	rm -rf $(BUILD) $(LADDER)

-include $(OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d)
