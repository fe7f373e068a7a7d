/*
 * The whole user space of a lab guest: PID 1 that proves, for as long as it lives, that nothing was lost.
 * Kernel command line: ferry.ip=10.30.0.101/24 ferry.ws=<MiB> ferry.dirty=<MiB/s> ferry.disks=<n> ferry.diskhz=<records/s>
 * ferry.beacon=<ms between two beacons; 0: none>
 */
#define _GNU_SOURCE
#include "canary.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct guest guest = {.disk_hz = 20};

static void mount_kernel_file_systems(void);
static void load_modules(void);
static void read_command_line(char *address, size_t size);
static void configure_network(const char *address);

int main(void) {
  char address[64] = "";
  mount_kernel_file_systems();
  load_modules();
  read_command_line(address, sizeof address);
  configure_network(address);
  start_thread(run_udp_echo, 0, 2, 0);
  start_thread(run_tcp_service, 0, 1, 0);
  start_thread(watch_power_button, 0, 0, 0);
  if (guest.beacon_ms > 0) start_thread(run_beacon, address, 1, 0);
  start_disk_canaries();
  start_thread(run_memory_canary, 0, 0, 10);
  printf("ferry-guest ready %llu ms\n", (unsigned long long)(monotonic_ns() / 1000000));
  for (uint64_t next = monotonic_ns();;) {
    next += 10000000ull;
    if (next + 1000000000ull < monotonic_ns()) next = monotonic_ns();
    sleep_until_ns(next);
    if (++guest.ticks % 100 == 0)
      printf("ferry-guest up %llu ms generation %llu memory errors %llu %s\n", (unsigned long long)(monotonic_ns() / 1000000),
             (unsigned long long)guest.generation, (unsigned long long)guest.memory_errors, guest.first_error);
  }
}

void start_thread(void *(*body)(void *), void *argument, int fifo_priority, int nice_level) {
  pthread_t thread;
  pthread_attr_t attributes;
  struct sched_param priority = {.sched_priority = fifo_priority};
  pthread_attr_init(&attributes);
  if (fifo_priority > 0) {
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
    pthread_attr_setschedparam(&attributes, &priority);
  }
  int old = getpriority(PRIO_PROCESS, 0);
  setpriority(PRIO_PROCESS, 0, nice_level); /* inherited by the new thread only: Linux keeps it per thread */
  if (pthread_create(&thread, &attributes, body, argument)) perror("pthread_create");
  setpriority(PRIO_PROCESS, 0, old);
}

void count_error(_Atomic uint64_t *counter, const char *format, ...) {
  static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
  va_list arguments;
  pthread_mutex_lock(&writing);
  va_start(arguments, format);
  if (!*guest.first_error) vsnprintf(guest.first_error, sizeof guest.first_error, format, arguments);
  va_end(arguments);
  pthread_mutex_unlock(&writing);
  atomic_fetch_add(counter, 1);
}

uint64_t monotonic_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}

void sleep_until_ns(uint64_t when) {
  struct timespec t = {.tv_sec = when / 1000000000ull, .tv_nsec = when % 1000000000ull};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0)) {}
}

void write_text(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) perror(path);
  if (fd >= 0) close(fd);
}

static void mount_kernel_file_systems(void) {
  mkdir("/proc", 0755), mkdir("/sys", 0755), mkdir("/dev", 0755);
  mount("proc", "/proc", "proc", 0, 0);
  mount("sysfs", "/sys", "sysfs", 0, 0);
  mount("devtmpfs", "/dev", "devtmpfs", 0, 0);
  int console = open("/dev/console", O_RDWR);
  for (int fd = 0; fd < 3 && console >= 0; fd++) dup2(console, fd);
  setvbuf(stdout, 0, _IOLBF, 0);
  int id = open("/proc/sys/kernel/random/boot_id", O_RDONLY);
  if (id >= 0 && read(id, guest.boot_id, 36) < 0) perror("boot_id");
  close(id);
}

/* One line for each module, in the order they need each other: `<file> [parameters]`. */
static void load_modules(void) {
  char line[256];
  FILE *list = fopen("/modules/order", "re");
  while (list && fgets(line, sizeof line, list)) {
    char path[300], *name = strtok(line, " \n"), *parameters = strtok(0, "\n");
    snprintf(path, sizeof path, "/modules/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || syscall(SYS_finit_module, fd, parameters ? parameters : "", 0)) perror(path);
    close(fd);
  }
  if (list) fclose(list);
}

static void read_command_line(char *address, size_t size) {
  char line[2048] = "";
  FILE *f = fopen("/proc/cmdline", "re");
  if (!f || !fgets(line, sizeof line, f)) perror("/proc/cmdline");
  for (char *word = strtok(line, " \n"); word; word = strtok(0, " \n")) {
    if (!strncmp(word, "ferry.ip=", 9)) snprintf(address, size, "%s", word + 9);
    sscanf(word, "ferry.ws=%u", &guest.working_set_mib);
    sscanf(word, "ferry.dirty=%u", &guest.dirty_mibps);
    sscanf(word, "ferry.disks=%u", &guest.disks_expected);
    sscanf(word, "ferry.diskhz=%u", &guest.disk_hz);
    sscanf(word, "ferry.beacon=%u", &guest.beacon_ms);
  }
  if (f) fclose(f);
  if (guest.disk_hz == 0) guest.disk_hz = 1;
}

static void set_address(int fd, const char *name, unsigned long request, in_addr_t value) {
  struct ifreq r = {0};
  struct sockaddr_in *a = (struct sockaddr_in *)&r.ifr_addr;
  strncpy(r.ifr_name, name, IFNAMSIZ - 1);
  a->sin_family = AF_INET, a->sin_addr.s_addr = value;
  if (ioctl(fd, request, &r)) perror(name);
}

static void raise_link(int fd, const char *name) {
  struct ifreq r = {0};
  strncpy(r.ifr_name, name, IFNAMSIZ - 1);
  r.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(fd, SIOCSIFFLAGS, &r)) perror(name);
}

static void configure_network(const char *address) {
  char ip[64];
  unsigned bits = 24;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  raise_link(fd, "lo");
  if (!*address) return;
  snprintf(ip, sizeof ip, "%s", address);
  char *slash = strchr(ip, '/');
  if (slash) *slash = 0, bits = atoi(slash + 1);
  write_text("/proc/sys/net/ipv4/conf/all/arp_notify", "1");
  set_address(fd, "eth0", SIOCSIFADDR, inet_addr(ip));
  set_address(fd, "eth0", SIOCSIFNETMASK, htonl(bits ? ~0u << (32 - bits) : 0));
  raise_link(fd, "eth0");
  close(fd);
}
