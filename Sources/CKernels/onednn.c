#define _GNU_SOURCE
#include "onednn.h"

#include <dlfcn.h>
#include <dnnl.h>
#include <pthread.h>
#include <stddef.h>

#include "bf16.h"

#if DNNL_VERSION_MAJOR == 2

enum { MOST_SHAPES = 64 };

/// A compiled product. Compiled ones are shared by threads; each call has memory of its own.
struct product {
  long rows, columns, steps;
  dnnl_primitive_t primitive;
  dnnl_memory_desc_t left, right, result, scratch;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct product products[MOST_SHAPES];
static int count;
static dnnl_engine_t engine;

/// OpenMP's threads must not run beside our pool's: one for each thread that calls.
static void stay_on_this_thread(void) {
  static void (*set)(int);
  static int known;
  if (!__atomic_load_n(&known, __ATOMIC_ACQUIRE)) {
    *(void **)&set = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    __atomic_store_n(&known, 1, __ATOMIC_RELEASE);
  }
  if (set != NULL) set(1);
}

static int compile(struct product *p) {
  dnnl_dims_t left = {p->rows, p->steps}, right = {p->steps, p->columns};
  dnnl_dims_t result = {p->rows, p->columns};
  dnnl_matmul_desc_t operation;
  dnnl_primitive_attr_t attributes;
  dnnl_primitive_desc_t description;
  if (dnnl_memory_desc_init_by_tag(&p->left, 2, left, dnnl_bf16, dnnl_ab) != dnnl_success
      || dnnl_memory_desc_init_by_tag(&p->right, 2, right, dnnl_bf16, dnnl_BA16a64b2a)
          != dnnl_success
      || dnnl_memory_desc_init_by_tag(&p->result, 2, result, dnnl_f32, dnnl_ab) != dnnl_success
      || dnnl_matmul_desc_init(&operation, &p->left, &p->right, NULL, &p->result) != dnnl_success
      || dnnl_primitive_attr_create(&attributes) != dnnl_success)
    return 0;
  // Scratch memory of the library's own would be shared by the threads that run the product.
  dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
  dnnl_status_t status =
      dnnl_primitive_desc_create(&description, &operation, attributes, engine, NULL);
  dnnl_primitive_attr_destroy(attributes);
  if (status != dnnl_success) return 0;
  p->scratch = *dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
  status = dnnl_primitive_create(&p->primitive, description);
  dnnl_primitive_desc_destroy(description);
  return status == dnnl_success;
}

/// The product of a shape, compiled on first use; NULL where it can't be or there are too many.
static const struct product *product_of(long rows, long columns, long steps) {
  const struct product *found = NULL;
  pthread_mutex_lock(&mutex);
  for (int i = 0; i < count && found == NULL; i++)
    if (products[i].rows == rows && products[i].columns == columns && products[i].steps == steps)
      found = &products[i];
  if (found == NULL && count < MOST_SHAPES
      && (engine != NULL || dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success)) {
    struct product *fresh = &products[count];
    *fresh = (struct product){.rows = rows, .columns = columns, .steps = steps};
    if (compile(fresh)) {
      count++;
      found = fresh;
    }
  }
  pthread_mutex_unlock(&mutex);
  return found;
}

static int execute(const struct product *p, void *x, void *panels, void *y) {
  dnnl_stream_t stream = NULL;
  dnnl_memory_t memories[4] = {NULL};
  int ok = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) == dnnl_success
      && dnnl_memory_create(&memories[0], &p->left, engine, x) == dnnl_success
      && dnnl_memory_create(&memories[1], &p->right, engine, panels) == dnnl_success
      && dnnl_memory_create(&memories[2], &p->result, engine, y) == dnnl_success
      && dnnl_memory_create(&memories[3], &p->scratch, engine, DNNL_MEMORY_ALLOCATE)
          == dnnl_success;
  if (ok) {
    dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, memories[0]}, {DNNL_ARG_WEIGHTS, memories[1]}, {DNNL_ARG_DST, memories[2]},
        {DNNL_ARG_SCRATCHPAD, memories[3]}};
    ok = dnnl_primitive_execute(p->primitive, stream, 4, arguments) == dnnl_success
        && dnnl_stream_wait(stream) == dnnl_success;
  }
  for (int i = 0; i < 4; i++)
    if (memories[i] != NULL) dnnl_memory_destroy(memories[i]);
  if (stream != NULL) dnnl_stream_destroy(stream);
  return ok;
}

int hs_onednn_multiply(
    const uint16_t *x, const uint16_t *panels, float *y, long rows, long columns, long steps) {
  if (steps % 32 != 0 || !hs_bf16_supported()) return 0;
  stay_on_this_thread();
  const struct product *p = product_of(rows, columns, steps);
  // The library's types have no const; it only reads the operands.
  return p != NULL && execute(p, (void *)x, (void *)panels, y);
}

#else

int hs_onednn_multiply(
    const uint16_t *x, const uint16_t *panels, float *y, long rows, long columns, long steps) {
  (void)x, (void)panels, (void)y, (void)rows, (void)columns, (void)steps;
  return 0;
}

#endif
