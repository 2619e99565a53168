/* Runs a model that m2cgen (-DSCALAR or -DVECTOR) or tl2cgen (-DTL2CGEN, with its header.h) wrote as C, linked into this program:
 *   HOST answers ROWS.npy COLUMNS WIDTH                       raw doubles for every row
 *   HOST cold    ROWS.npy COLUMNS WIDTH                       as worker.rs --phase cold, a line of JSON
 *   HOST steady  ROWS.npy COLUMNS WIDTH SIZES BUDGET CAP      as worker.rs --phase steady, SIZES like 1000,100000 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

static double out[64];
static int columns, width;

#if defined(TL2CGEN)
#include "header.h"
static union Entry entries[1024];
static void answer(const double *row) {
  for (int i = 0; i < columns; i++)
    if (row[i] != row[i]) entries[i].missing = -1;
    else entries[i].fvalue = row[i];
  for (int i = 0; i < width; i++) out[i] = 0; /* It adds to what is there. */
  predict(entries, 0, out);
}
#elif defined(SCALAR)
double score(double *);
static void answer(const double *row) { out[0] = score((double *)row); }
#else
void score(double *, double *);
static void answer(const double *row) { score((double *)row, out); }
#endif

static unsigned long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ul + t.tv_nsec;
}

static long peak_kb(void) {
  FILE *status = fopen("/proc/self/status", "r");
  char line[256];
  long kb = 0;
  while (fgets(line, sizeof line, status))
    if (sscanf(line, "VmHWM: %ld", &kb) == 1) break;
  fclose(status);
  return kb;
}

static int order(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int count, char **words) {
  unsigned long started = now();
  if (count < 5) return 2;
  columns = atoi(words[3]);
  width = atoi(words[4]);
  int file = open(words[2], O_RDONLY);
  struct stat about;
  fstat(file, &about);
  char *bytes = mmap(0, about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  long head = 10 + (unsigned char)bytes[8] + 256l * (unsigned char)bytes[9];
  const double *rows = (const double *)(bytes + head);
  long all = (about.st_size - head) / 8 / columns;
  double kept = 0;
  if (!strcmp(words[1], "answers")) {
    for (long i = 0; i < all; i++) answer(rows + i * columns), fwrite(out, 8, width, stdout);
    return 0;
  }
  unsigned long loaded = now();
  answer(rows);
  unsigned long answered = now();
  if (!strcmp(words[1], "cold")) {
    printf("{\"t_main\":%lu,\"t_import\":%lu,\"t_load\":%lu,\"t_first\":%lu,\"hwm_kb\":%ld,\"out\":%.17g}\n", started, started, loaded, answered,
           peak_kb(), out[0]);
    return 0;
  }
  double budget = atof(words[6]) * 1e9, cap = atof(words[7]) * 1e9;
  static double times[1000000];
  int n = 0;
  /* Reading the clock costs as much as the smallest models: ten at a time. */
  for (unsigned long begin = now(); n < 1000000 && now() - begin < budget; n++) {
    unsigned long start = now();
    for (int j = 0; j < 10; j++) answer(rows + (n * 10 + j) % 256 % all * columns), kept += out[0];
    times[n] = (now() - start) / 1e4;
  }
  printf("{\"load_s\":%g,\"batch\":{", (loaded - started) / 1e9);
  qsort(times, n, sizeof *times, order);
  double p50 = n ? times[n / 2] : 0, p99 = n ? times[(long)n * 99 / 100] : 0, least = n ? times[0] : 0;
  for (char *size = strtok(words[5], ","), *comma = ""; size; size = strtok(0, ","), comma = ",") {
    long asked = atol(size) < all ? atol(size) : all;
    int reps = 0;
    for (unsigned long begin = now(); reps < 50 && (!reps || now() - begin < cap); reps++) {
      unsigned long start = now();
      for (long i = 0; i < asked; i++) answer(rows + i * columns), kept += out[0];
      times[reps] = (now() - start) / 1e9;
    }
    qsort(times, reps, sizeof *times, order);
    printf("%s\"%s\":{\"rows\":%ld,\"reps\":%d,\"s\":%g,\"best_s\":%g}", comma, size, asked, reps, times[reps / 2], times[0]);
  }
  printf("},\"hwm_kb\":%ld,\"sum\":%g", peak_kb(), kept == kept ? kept : 0);
  if (n) printf(",\"n\":%d,\"p50_us\":%g,\"p99_us\":%g,\"min_us\":%g", n, p50, p99, least);
  printf("}\n");
  return 0;
}
