#define _GNU_SOURCE
#include "pool.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_THREADS = 64, SPINS = 2000, YIELDS = 64 };

// A job is open while its word has no CLOSED bit. Workers join by adding one to it, so that a thread
// that is still asleep when the work is done need not be waited for.
#define CLOSED 0x8000u
#define JOINED 0x7fffu
#define NEXT_JOB 0x10000u

static struct {
  pthread_mutex_t caller;
  _Atomic unsigned word;
  _Atomic int sleepers;
  _Atomic long next;
  long count;
  void (*body)(void *, long);
  void *context;
  int threads;
} pool = {.caller = PTHREAD_MUTEX_INITIALIZER, .word = CLOSED};

static _Thread_local int inside;
static _Thread_local int number;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void work(void) {
  inside = 1;
  for (;;) {
    long index = atomic_fetch_add_explicit(&pool.next, 1, memory_order_relaxed);
    if (index >= pool.count) break;
    pool.body(pool.context, index);
  }
  inside = 0;
}

/// Returns the word once it differs from `seen` in more than who has joined or left.
static unsigned wait_for_job(unsigned seen) {
  for (int tries = 0;; tries++) {
    unsigned word = atomic_load_explicit(&pool.word, memory_order_acquire);
    if (!(word & CLOSED) && word / NEXT_JOB != seen / NEXT_JOB) return word;
    if (tries < SPINS) {
      relax();
    } else if (tries < SPINS + YIELDS) {
      sched_yield();
    } else {
      atomic_fetch_add(&pool.sleepers, 1);
      // Read again: a job that opened before we counted as a sleeper wakes nobody.
      word = atomic_load(&pool.word);
      if ((word & CLOSED) || word / NEXT_JOB == seen / NEXT_JOB)
        syscall(SYS_futex, &pool.word, FUTEX_WAIT_PRIVATE, word, NULL, NULL, 0);
      atomic_fetch_sub(&pool.sleepers, 1);
      tries = 0;
    }
  }
}

static void *worker(void *own) {
  number = (int)(intptr_t)own;
  unsigned seen = CLOSED;
  for (;;) {
    unsigned word = wait_for_job(seen);
    if (!atomic_compare_exchange_strong(&pool.word, &word, word + 1)) continue;
    seen = word;
    work();
    atomic_fetch_sub_explicit(&pool.word, 1, memory_order_release);
  }
  return NULL;
}

static void start(void) {
  cpu_set_t set;
  int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  if (count > MOST_THREADS) count = MOST_THREADS;
  pool.threads = 1;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 4 << 20);
  for (int i = 1; i < count; i++) {
    pthread_t thread;
    if (pthread_create(&thread, &attributes, worker, (void *)(intptr_t)i) != 0) break;
    pool.threads++;
  }
  pthread_attr_destroy(&attributes);
}

int hs_thread_count(void) {
  pthread_once(&once, start);
  return pool.threads;
}

int hs_thread_number(void) { return number; }

int hs_inside_parallel(void) { return inside; }

void hs_parallel(long count, void (*body)(void *context, long index), void *context) {
  if (count <= 0) return;
  if (count == 1 || inside || hs_thread_count() == 1) {
    for (long i = 0; i < count; i++) body(context, i);
    return;
  }
  pthread_mutex_lock(&pool.caller);
  pool.body = body;
  pool.context = context;
  pool.count = count;
  atomic_store_explicit(&pool.next, 0, memory_order_relaxed);
  unsigned job = (atomic_load(&pool.word) / NEXT_JOB + 1) * NEXT_JOB;
  atomic_store(&pool.word, job);
  if (atomic_load(&pool.sleepers) > 0)
    syscall(SYS_futex, &pool.word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
  work();
  atomic_fetch_or(&pool.word, CLOSED);
  for (int tries = 0; atomic_load_explicit(&pool.word, memory_order_acquire) & JOINED; tries++) {
    if (tries < SPINS) relax();
    else sched_yield();
  }
  pthread_mutex_unlock(&pool.caller);
}
