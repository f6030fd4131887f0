// Counts what the test program takes from the heap.
#pragma once

namespace ladder {

// How often any form of operator new was called so far, in all threads.
long allocation_count();
// How many bytes these asked for, all together.
long allocated_bytes();

}  // namespace ladder
