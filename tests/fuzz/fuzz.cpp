// For libFuzzer (make fuzz): FUZZ chooses what the bytes are read as.
#include "fuzz.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/files.h"
#include "base/safetensors.h"
#include "base/table.h"
#include "lab/experiment.h"
#include "lab/run_log.h"
#include "train/checkpoint.h"

namespace ladder {

// For readers of files: in memory where there is such a disk.
static const std::filesystem::path& file() {
  static const std::filesystem::path path =
      std::filesystem::path(std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp") /
      ("ladder_fuzz_" + std::to_string(getpid()));
  static const int cleaned = std::atexit([] { std::filesystem::remove(path); });
  (void)cleaned;
  return path;
}

static void read_log(std::string_view text) {
  lab::FinishedRuns finished;
  for (lab::LoggedRun& run : lab::parse_log(text, "fuzz.log").runs) {
    // What was read can be written and read again, to the same line.
    const std::string line = lab::log_line(run.row, run.version);
    const auto again = lab::parse_log(line, "again").runs;
    if (again.size() != 1 || lab::log_line(again[0].row, again[0].version) != line) std::abort();
    finished.add(std::move(run));
  }
}

static void read(std::string_view target, std::string_view bytes) {
  if (target == "experiment") {
    write_file(file(), bytes);
    const lab::Experiment experiment = lab::Experiment::load(file());
    if (experiment.size() <= 100) experiment.expand();
    experiment.resolved();
  } else if (target == "table") {
    const Table table = Table::parse(bytes, "fuzz.csv");
    if (Table::parse(table.to_csv(), "again").to_csv() != table.to_csv()) std::abort();
    lab::check_runs(table);
    lab::read_runs(table);
  } else if (target == "safetensors") {
    write_file(file(), bytes);
    train::checkpoint_settings(read_safetensors(file()));
  } else if (target == "log") {
    read_log(bytes);
  } else if (target == "record") {  // a line of a log behind its checksum, which no chance would guess
    read_log(lab::sealed(std::string(bytes.substr(0, bytes.find('\n')))));
  } else {
    std::cerr << "FUZZ must be experiment, table, safetensors, log or record\n";
    std::exit(2);
  }
}

void fuzz(std::string_view target, std::string_view bytes) {
  try {
    read(target, bytes);
  } catch (const Error& error) {
    if (std::string_view(error.what()).size() > 5000) std::abort();  // no input is echoed at length
  }
}

}  // namespace ladder

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const char* target = std::getenv("FUZZ");
  ladder::fuzz(target ? target : "", {reinterpret_cast<const char*>(data), size});
  return 0;
}
