#include "base/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace ladder {

static std::atomic<int> stopped_by{0};
static_assert(std::atomic<int>::is_always_lock_free, "a handler may not wait");

extern "C" {
static void on_stop(int signal) {
  const int meaning = signal == SIGHUP ? SIGTERM : signal;
  if (stopped_by.exchange(meaning) != 0) _exit(128 + meaning);
}
}

void catch_signals() {
  struct sigaction action = {};
  action.sa_handler = on_stop;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction before = {};
  sigaction(SIGHUP, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);  // nohup ignores it
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

int stop_signal() { return stopped_by; }
void set_stop_signal(int signal) { stopped_by = signal; }

}  // namespace ladder
