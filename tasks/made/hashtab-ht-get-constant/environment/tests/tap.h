/* A tiny TAP test harness: each test runs in a process of its own, so that a crash fails one test
   and the others still report. */
#ifndef TAP_H
#define TAP_H

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      printf("# %s:%d: not true: %s\n", __FILE__, __LINE__, #condition);      \
      fflush(stdout);                                                         \
      _exit(1);                                                               \
    }                                                                         \
  } while (0)

#define CHECK_INT(got, expected)                                              \
  do {                                                                        \
    long long g = (long long)(got), e = (long long)(expected);                \
    if (g != e) {                                                             \
      printf("# %s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #got, g, e); \
      fflush(stdout);                                                         \
      _exit(1);                                                               \
    }                                                                         \
  } while (0)

#define CHECK_STR(got, expected)                                              \
  do {                                                                        \
    const char *g = (got), *e = (expected);                                   \
    if (g == NULL || strcmp(g, e) != 0) {                                     \
      printf("# %s:%d: %s is \"%s\", expected \"%s\"\n", __FILE__, __LINE__, #got, \
             g == NULL ? "(null)" : g, e);                                    \
      fflush(stdout);                                                         \
      _exit(1);                                                               \
    }                                                                         \
  } while (0)

static int tap_count, tap_failures;

static void tap_run(const char *name, void (*body)(void)) {
  char notes[2048];
  size_t length = 0;
  ssize_t n;
  int ends[2], status = -1;
  fflush(stdout);
  if (pipe(ends) != 0) return;
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    alarm(30);
    body();
    fflush(stdout);
    _exit(0);
  }
  close(ends[1]);
  while (length < sizeof notes - 1 &&
         (n = read(ends[0], notes + length, sizeof notes - 1 - length)) > 0)
    length += (size_t)n;
  notes[length] = '\0';
  close(ends[0]);
  waitpid(child, &status, 0);
  if (status != 0) tap_failures++;
  printf("%s %d - %s\n%s", status == 0 ? "ok" : "not ok", ++tap_count, name, notes);
  if (WIFSIGNALED(status)) printf("# killed by signal %d\n", WTERMSIG(status));
  fflush(stdout);
}

#define RUN(test) tap_run(#test, test)

static int tap_done(void) {
  printf("1..%d\n", tap_count);
  return tap_failures == 0 ? 0 : 1;
}

#endif
