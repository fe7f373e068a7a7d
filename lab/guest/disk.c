/*
 * The disk canary: numbered, checksummed records in rotating slots, each written past every cache (O_DIRECT|O_DSYNC) and
 * read back; before a slot is written again its old record must still be there. Slots are spread over the whole disk.
 */
#define _GNU_SOURCE
#include "canary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/fs.h>

#define MAGIC 0x66657272792d6469ull
#define MAX_SLOTS 256
#define DISK_WAIT_NS 5000000000ull

struct record {
  uint64_t magic, sequence, slot, check;
  uint64_t body[PAGE_WORDS - 4];
};

struct slots {
  uint64_t count, stride_bytes;
  uint64_t sequence[MAX_SLOTS]; /* what each slot must hold; 0: never written by us */
};

static void fill(struct record *r, uint64_t sequence, uint64_t slot) {
  r->magic = MAGIC, r->sequence = sequence, r->slot = slot;
  r->check = mix(sequence ^ mix(slot));
  for (unsigned i = 0; i < PAGE_WORDS - 4; i++) r->body[i] = r->check + i * 0x9e3779b97f4a7c15ull;
}

/* The record's number; 0 when it is not an intact record of this slot. */
static uint64_t intact(const struct record *r, uint64_t slot) {
  if (r->magic != MAGIC || r->slot != slot || r->check != mix(r->sequence ^ mix(slot))) return 0;
  for (unsigned i = 0; i < PAGE_WORDS - 4; i++)
    if (r->body[i] != r->check + i * 0x9e3779b97f4a7c15ull) return 0;
  return r->sequence;
}

static int transfer(int fd, struct record *r, uint64_t offset, int writing) {
  ssize_t n = writing ? pwrite(fd, r, PAGE_BYTES, offset) : pread(fd, r, PAGE_BYTES, offset);
  return n == PAGE_BYTES ? 0 : -1;
}

static void complain(struct disk *disk, const char *what, uint64_t slot, uint64_t found, uint64_t expected) {
  count_error(&disk->errors, "%s: %s slot %llu: record %llu, expected %llu (%s)", disk->name, what, (unsigned long long)slot,
                 (unsigned long long)found, (unsigned long long)expected, strerror(errno));
}

static void expect(struct disk *disk, int fd, struct record *r, struct slots *slots, uint64_t slot, const char *when) {
  uint64_t wanted = slots->sequence[slot];
  if (wanted == 0) return;
  errno = 0;
  int failed = transfer(fd, r, slot * slots->stride_bytes, 0);
  uint64_t found = failed ? 0 : intact(r, slot);
  if (found != wanted) complain(disk, when, slot, found, wanted);
}

static void write_next(struct disk *disk, int fd, struct record *r, struct slots *slots) {
  uint64_t sequence = disk->sequence + 1, slot = sequence % slots->count;
  expect(disk, fd, r, slots, slot, "old record of");
  fill(r, sequence, slot);
  errno = 0;
  if (transfer(fd, r, slot * slots->stride_bytes, 1)) complain(disk, "write of", slot, 0, sequence);
  slots->sequence[slot] = sequence;
  expect(disk, fd, r, slots, slot, "read back of");
  expect(disk, fd, r, slots, mix(sequence) % slots->count, "check of");
  atomic_store(&disk->sequence, sequence);
}

/* After a reboot the canary goes on where the newest record says it was. */
static void find_old_records(struct disk *disk, int fd, struct record *r, struct slots *slots) {
  for (uint64_t slot = 0; slot < slots->count; slot++) {
    if (transfer(fd, r, slot * slots->stride_bytes, 0)) continue;
    slots->sequence[slot] = intact(r, slot);
    if (slots->sequence[slot] > disk->sequence) disk->sequence = slots->sequence[slot];
  }
}

static void *run_disk_canary(void *argument) {
  struct disk *disk = argument;
  struct slots *slots = calloc(1, sizeof *slots);
  struct record *r = aligned_alloc(PAGE_BYTES, PAGE_BYTES);
  char path[32];
  uint64_t bytes = 0;
  snprintf(path, sizeof path, "/dev/%s", disk->name);
  int fd = open(path, O_RDWR | O_DIRECT | O_DSYNC);
  if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes) || bytes < PAGE_BYTES) {
    complain(disk, "open of", 0, 0, 0);
    return 0;
  }
  slots->count = bytes / PAGE_BYTES < MAX_SLOTS ? bytes / PAGE_BYTES : MAX_SLOTS;
  slots->stride_bytes = bytes / slots->count / PAGE_BYTES * PAGE_BYTES;
  find_old_records(disk, fd, r, slots);
  for (uint64_t next = monotonic_ns();; next += 1000000000ull / guest.disk_hz) {
    if (next + 1000000000ull < monotonic_ns()) next = monotonic_ns();
    sleep_until_ns(next);
    write_next(disk, fd, r, slots);
  }
}

static int is_disk(const char *name) { return strncmp(name, "vd", 2) == 0 || strncmp(name, "sd", 2) == 0; }

static int by_name(const void *a, const void *b) { return strcmp(((const struct disk *)a)->name, ((const struct disk *)b)->name); }

static unsigned count_disks(void) {
  unsigned found = 0;
  DIR *dir = opendir("/sys/block");
  for (struct dirent *e; dir && (e = readdir(dir));)
    if (is_disk(e->d_name) && found < MAX_DISKS) snprintf(guest.disks[found++].name, sizeof guest.disks[0].name, "%.15s", e->d_name);
  if (dir) closedir(dir);
  qsort(guest.disks, found, sizeof guest.disks[0], by_name);
  return found;
}

void start_disk_canaries(void) {
  uint64_t deadline = monotonic_ns() + DISK_WAIT_NS;
  unsigned found;
  while ((found = count_disks()) < guest.disks_expected && monotonic_ns() < deadline) usleep(10000);
  if (found < guest.disks_expected) {
    count_error(&guest.disk_errors, "%u disks found, %u expected", found, guest.disks_expected);
  }
  atomic_store(&guest.disk_count, found);
  for (unsigned i = 0; i < found; i++) start_thread(run_disk_canary, &guest.disks[i], 0, 5);
}
