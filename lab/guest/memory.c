/*
 * The memory canary. Every page of the working set says who it is and when it was written; the writer goes round and
 * round, and before it rewrites a page it checks it against what it must hold *now*. A stale page (a lost dirty bit) is
 * therefore found although it is consistent in itself. A second cursor only reads, so that an idle guest is checked too.
 */
#define _GNU_SOURCE
#include "canary.h"

#include <sys/mman.h>

#define TICK_NS 5000000ull
#define LONGEST_BURST_NS 50000000ull /* after a pause the writer does not catch up */
#define SCAN_MIBPS 16
#define FULL_REWRITE_MIBPS 100 /* faster writers rewrite the body of a page only every n-th lap, the stamps always */

enum { INDEX, GENERATION, CHECK, BODY_GENERATION, BODY, TAIL = PAGE_WORDS - 1 };

static uint64_t *pages;
static uint64_t page_count, stride;

static uint64_t body_generation(uint64_t index, uint64_t generation) {
  uint64_t age = (generation + index) % stride;
  return generation >= age ? generation - age : 0;
}

static void write_page(uint64_t index, uint64_t generation, int whole) {
  uint64_t *page = pages + index * PAGE_WORDS, body = body_generation(index, generation);
  uint64_t check = mix(index ^ mix(generation));
  if (whole || body == generation) {
    uint64_t word = mix(index * 31 + body);
    for (int i = BODY; i < TAIL; i++, word += 0x9e3779b97f4a7c15ull) page[i] = word;
  }
  page[INDEX] = index;
  page[GENERATION] = generation;
  page[CHECK] = check;
  page[BODY_GENERATION] = body;
  page[TAIL] = check;
}

static void check_page(uint64_t index, uint64_t generation, int whole) {
  const uint64_t *page = pages + index * PAGE_WORDS;
  uint64_t body = body_generation(index, generation), check = mix(index ^ mix(generation)), wrong = 0;
  wrong |= page[INDEX] ^ index;
  wrong |= page[GENERATION] ^ generation;
  wrong |= page[CHECK] ^ check;
  wrong |= page[BODY_GENERATION] ^ body;
  wrong |= page[TAIL] ^ check;
  if (whole) {
    uint64_t word = mix(index * 31 + body);
    for (int i = BODY; i < TAIL; i++, word += 0x9e3779b97f4a7c15ull) wrong |= page[i] ^ word;
  }
  if (!wrong) return;
  count_error(&guest.memory_errors, "page %llu of %llu: index %llu, generation %llu, expected %llu", (unsigned long long)index,
                 (unsigned long long)page_count, (unsigned long long)page[INDEX], (unsigned long long)page[GENERATION],
                 (unsigned long long)generation);
}

/* Pages behind the write cursor are one generation newer than those ahead of it. */
static uint64_t expected_generation(uint64_t index, uint64_t cursor, uint64_t lap) { return index < cursor ? lap + 1 : lap; }

static uint64_t pages_due(uint64_t mibps, uint64_t elapsed_ns, uint64_t *carry) {
  uint64_t scaled = mibps * 256 * elapsed_ns + *carry;
  *carry = scaled % 1000000000ull;
  return scaled / 1000000000ull;
}

void *run_memory_canary(void *unused) {
  (void)unused;
  page_count = (uint64_t)guest.working_set_mib * 256;
  stride = 1 + guest.dirty_mibps / FULL_REWRITE_MIBPS;
  if (page_count == 0) return 0;
  pages = mmap(0, page_count * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {
    count_error(&guest.memory_errors, "working set of %u MiB does not fit", guest.working_set_mib);
    return 0;
  }
  for (uint64_t i = 0; i < page_count; i++) write_page(i, 0, 1);
  atomic_store(&guest.pages, page_count);
  uint64_t lap = 0, cursor = 0, scan = 0, write_carry = 0, scan_carry = 0, last = monotonic_ns();
  for (;;) {
    sleep_until_ns(last + TICK_NS);
    uint64_t now = monotonic_ns(), elapsed = now - last;
    last = now;
    if (elapsed > LONGEST_BURST_NS) elapsed = LONGEST_BURST_NS;
    uint64_t due = pages_due(guest.dirty_mibps, elapsed, &write_carry);
    for (uint64_t n = 0; n < due; n++) {
      check_page(cursor, lap, body_generation(cursor, lap + 1) == lap + 1);
      write_page(cursor, lap + 1, 0);
      if (++cursor == page_count) cursor = 0, atomic_store(&guest.generation, ++lap);
    }
    atomic_fetch_add(&guest.pages_dirtied, due);
    due = pages_due(SCAN_MIBPS, elapsed, &scan_carry);
    for (uint64_t n = 0; n < due; n++) {
      check_page(scan, expected_generation(scan, cursor, lap), 1);
      if (++scan == page_count) scan = 0;
    }
  }
}
