// The pool of threads under the thread sanitizer: every index once, calls from several threads,
// calls from inside. Exits 1 if a count is wrong.

#include "pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CALLERS = 3, JOBS = 2000, INDICES = 17 };

struct job {
  int counts[INDICES];
  int nested[INDICES];
};

static void inner(void *context, long index) { ((int *)context)[0] += 1 + 0 * (int)index; }

static void outer(void *context, long index) {
  struct job *job = context;
  job->counts[index]++;
  // Runs serially on this thread: nobody else touches the counter.
  hs_parallel(5, inner, &job->nested[index]);
}

static void *call(void *failures) {
  for (int repetition = 0; repetition < JOBS; repetition++) {
    struct job job = {{0}, {0}};
    hs_parallel(INDICES, outer, &job);
    for (int i = 0; i < INDICES; i++)
      if (job.counts[i] != 1 || job.nested[i] != 5) ++*(int *)failures;
    // Long enough for the threads to fall asleep, now and then.
    if (repetition % 500 == 0) usleep(20000);
  }
  return NULL;
}

int main(void) {
  pthread_t threads[CALLERS];
  int failures[CALLERS] = {0};
  for (int i = 0; i < CALLERS; i++) pthread_create(&threads[i], NULL, call, &failures[i]);
  int total = 0;
  for (int i = 0; i < CALLERS; i++) {
    pthread_join(threads[i], NULL);
    total += failures[i];
  }
  printf("%d threads, %d callers, %d jobs each: %d wrong\n", hs_thread_count(), CALLERS, JOBS, total);
  return total != 0;
}
