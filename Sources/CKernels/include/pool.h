#pragma once

/// Calls `body(context, index)` once for each index below `count`, on the pool's threads and the
/// caller's, and returns when all are done. Indices are handed out in order as threads get free.
///
/// There is one pool in the process. A call from inside a body runs serially on its thread; a second
/// caller waits for the first. Idle threads spin for some microseconds (a network's layers follow
/// each other closely), then yield, then sleep: a spinning thread on a shared core would take the
/// time from the thread it waits for.
void hs_parallel(long count, void (*body)(void *context, long index), void *context);

/// How many threads `hs_parallel` uses: the processors that this process may run on.
int hs_thread_count(void);

/// Which of them this is: 0 is whoever calls `hs_parallel` (one at a time), the pool's own follow.
int hs_thread_number(void);

/// Whether this thread runs a body of `hs_parallel`, so that a call would run serially.
int hs_inside_parallel(void);
