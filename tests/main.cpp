// Runs all tests; the last line tells how many passed, in a form that a script can read.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <iostream>
#include <optional>

namespace ladder {
namespace {

std::optional<doctest::TestRunStats> last_run;  // nothing after a mere query such as --list-tests

struct Counter : doctest::IReporter {
  explicit Counter(const doctest::ContextOptions&) {}
  void test_run_end(const doctest::TestRunStats& stats) override { last_run = stats; }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

REGISTER_LISTENER("counter", 1, Counter);

}  // namespace
}  // namespace ladder

int main(int argc, char** argv) {
  doctest::Context context(argc, argv);
  const int code = context.run();
  if (const auto& stats = ladder::last_run)
    std::cout << stats->numTestCasesPassingFilters - stats->numTestCasesFailed << " passed, "
              << stats->numTestCasesFailed << " failed" << std::endl;
  return code;
}
