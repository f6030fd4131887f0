// How a long command is stopped from outside.
#pragma once

namespace ladder {

// From now on: the first INT, TERM or HUP asks to stop, the second ends the process at once; writing
// to a closed pipe or beyond the allowed size of a file is an error of that write, not the end.
void catch_signals();

// The signal that asked to stop: SIGINT or SIGTERM (which stands for HUP, too); 0: none did.
int stop_signal();

// As if the signal had come; 0 takes it back. For tests, and to stop the work of other threads.
void set_stop_signal(int signal);

}  // namespace ladder
