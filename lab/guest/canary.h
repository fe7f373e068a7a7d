/* What the parts of the guest program share. Every counter is written by one thread and read by the service. */
#ifndef FERRY_CANARY_H
#define FERRY_CANARY_H

#include <stdatomic.h>
#include <stdint.h>

#define PAGE_BYTES 4096
#define PAGE_WORDS (PAGE_BYTES / 8)
#define MAX_DISKS 16
#define BEACON_PORT 7002

struct disk {
  char name[16];
  _Atomic uint64_t sequence; /* last record written and read back */
  _Atomic uint64_t errors;
};

/* What the switch hears; guest and switch run on processors of the same byte order. */
struct beacon {
  uint64_t number;
  char boot_id[40];
};

struct guest {
  unsigned working_set_mib, dirty_mibps, disk_hz, disks_expected, beacon_ms;
  _Atomic uint64_t ticks;         /* one every 10 ms of guest time */
  _Atomic uint64_t generation;    /* complete rewrites of the working set */
  _Atomic uint64_t pages;         /* working set, 4 KiB pages */
  _Atomic uint64_t pages_dirtied; /* since boot */
  _Atomic uint64_t memory_errors;
  _Atomic uint64_t disk_errors; /* errors that belong to no found disk: one is missing */
  _Atomic unsigned disk_count;
  struct disk disks[MAX_DISKS];
  char boot_id[40];
  char first_error[160]; /* kept for ever: empty while nothing was wrong */
};

extern struct guest guest;

void *run_memory_canary(void *unused);
void start_disk_canaries(void);
void *run_tcp_service(void *unused);
void *run_udp_echo(void *unused);
void *run_beacon(void *address);
void *watch_power_button(void *unused);

void start_thread(void *(*body)(void *), void *argument, int fifo_priority, int nice_level);
/* The first error of all is kept in words; it can be read as soon as the count shows it. */
void count_error(_Atomic uint64_t *counter, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t monotonic_ns(void);
void sleep_until_ns(uint64_t when);
void write_text(const char *path, const char *text);

/* splitmix64: every bit of the input changes half of the output. */
static inline uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

#endif
