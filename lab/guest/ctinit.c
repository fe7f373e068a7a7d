/*
 * The whole user space of a lab container: PID 1 that answers HTTP, and counts on its disk so that a lost write is seen.
 * /etc/ctinit holds words: `counter` writes /data/n every 20 ms, made durable each time; `stubborn` ignores SIGPWR.
 * GET on port 80 answers one JSON object. SIGPWR ends it at once: nothing is ever half written.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT 80
#define WRITE_EVERY_NS 20000000ll
#define MAX_CLIENTS 64
#define COUNTER_FILE "/data/n"

static char boot_id[17];
static _Atomic uint64_t durable; /* the last number that is on the disk */
static uint64_t recovered, requests;
static _Atomic uint64_t write_errors;
static int counting, stubborn;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void read_words(void) {
  char text[256] = "";
  int fd = open("/etc/ctinit", O_RDONLY | O_CLOEXEC);
  if (fd >= 0 && read(fd, text, sizeof text - 1) < 0) perror("/etc/ctinit");
  if (fd >= 0) close(fd);
  counting = strstr(text, "counter") != 0;
  stubborn = strstr(text, "stubborn") != 0;
}

static void draw_boot_id(void) {
  uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) number = now_ns();
  snprintf(boot_id, sizeof boot_id, "%016llx", (unsigned long long)number);
}

static int open_counter(void) {
  char text[32] = "";
  int fd = open(COUNTER_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || pread(fd, text, 16, 0) < 0) perror(COUNTER_FILE);
  durable = recovered = strtoull(text, 0, 10);
  return fd;
}

/* One number, always 16 digits, overwritten in place. */
static void *count(void *counter) {
  char text[32];
  int fd = *(int *)counter;
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (uint64_t n = recovered + 1;;) {
    snprintf(text, sizeof text, "%016llu", (unsigned long long)n);
    if (pwrite(fd, text, 16, 0) == 16 && !fsync(fd)) durable = n++;
    else write_errors++;
    next.tv_nsec += WRITE_EVERY_NS;
    if (next.tv_nsec >= 1000000000l) next.tv_sec++, next.tv_nsec -= 1000000000l;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, 0);
  }
  return counter;
}

/* Tells every bridge and neighbour where this address is now: as a question and as an answer, since some hear only one. */
static void announce(void) {
  struct ifreq r = {0};
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_halen = ETH_ALEN};
  struct ether_arp arp = {.ea_hdr = {htons(1), htons(ETH_P_IP), ETH_ALEN, 4, htons(ARPOP_REQUEST)}};
  int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ARP)), inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  strcpy(r.ifr_name, "eth0");
  if (fd >= 0 && !ioctl(inet, SIOCGIFADDR, &r)) {
    memcpy(arp.arp_spa, &((struct sockaddr_in *)&r.ifr_addr)->sin_addr, 4);
    memcpy(arp.arp_tpa, arp.arp_spa, 4);
    if (!ioctl(inet, SIOCGIFHWADDR, &r)) memcpy(arp.arp_sha, r.ifr_hwaddr.sa_data, ETH_ALEN);
    if (!ioctl(inet, SIOCGIFINDEX, &r)) to.sll_ifindex = r.ifr_ifindex;
    memset(to.sll_addr, 0xff, ETH_ALEN);
    if (sendto(fd, &arp, sizeof arp, 0, (struct sockaddr *)&to, sizeof to) < 0) perror("arp");
    arp.ea_hdr.ar_op = htons(ARPOP_REPLY);
    memset(arp.arp_tha, 0xff, ETH_ALEN);
    if (sendto(fd, &arp, sizeof arp, 0, (struct sockaddr *)&to, sizeof to) < 0) perror("arp");
  }
  if (fd >= 0) close(fd);
  if (inet >= 0) close(inet);
}

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, MAX_CLIENTS)) perror("listen");
  return fd;
}

/* 1: the blank line that ends a request has come; 0: not yet; -1: the client is gone. `seen` counts what has come of it. */
static int read_request(int fd, unsigned *seen) {
  char in[2048];
  ssize_t n = recv(fd, in, sizeof in, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return 0;
  for (ssize_t i = 0; i < n; i++) {
    *seen = in[i] == "\r\n\r\n"[*seen] ? *seen + 1 : in[i] == '\r';
    if (*seen == 4) return 1;
  }
  return n > 0 ? 0 : -1;
}

/* Answers whatever was asked. */
static void answer(int fd, int64_t started) {
  char body[512], out[1024];
  int size = snprintf(body, sizeof body,
                      "{\"bootId\":\"%s\",\"uptimeMs\":%lld,\"requests\":%llu,\"counting\":%s,\"n\":%llu,\"recovered\":%llu,\"writeErrors\":%llu}\n",
                      boot_id, (long long)((now_ns() - started) / 1000000), (unsigned long long)++requests, counting ? "true" : "false",
                      (unsigned long long)durable, (unsigned long long)recovered, (unsigned long long)write_errors);
  int n = snprintf(out, sizeof out, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", size, body);
  if (send(fd, out, n, MSG_NOSIGNAL | MSG_DONTWAIT) != n) perror("send");
}

int main(void) {
  static const int announce_at_ms[] = {0, 20, 100, 500, 2000, -1};
  struct pollfd fds[MAX_CLIENTS + 2];
  unsigned seen[MAX_CLIENTS + 2] = {0};
  int count_of_fds = 2, counter = -1;
  const int *next_announcement = announce_at_ms;
  int64_t started = now_ns();
  sigset_t signals;
  struct sched_param priority = {.sched_priority = 1};
  pthread_t thread;
  sigemptyset(&signals), sigaddset(&signals, SIGPWR), sigaddset(&signals, SIGCHLD);
  sigprocmask(SIG_BLOCK, &signals, 0);
  draw_boot_id();
  read_words();
  if (counting) counter = open_counter(), pthread_create(&thread, 0, count, &counter);
  fds[0] = (struct pollfd){signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC), POLLIN, 0};
  fds[1] = (struct pollfd){listen_on(PORT), POLLIN, 0};
  sched_setscheduler(0, SCHED_FIFO, &priority); /* the service's silence shall be the container's, not that of a busy machine */
  for (;;) {
    int64_t elapsed_ms = (now_ns() - started) / 1000000;
    if (*next_announcement >= 0 && elapsed_ms >= *next_announcement) announce(), next_announcement++;
    poll(fds, count_of_fds, *next_announcement < 0 ? -1 : (int)(*next_announcement - elapsed_ms < 1 ? 1 : *next_announcement - elapsed_ms));
    struct signalfd_siginfo info;
    while (fds[0].revents && read(fds[0].fd, &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGPWR && !stubborn) _exit(0);
      while (waitpid(-1, 0, WNOHANG) > 0) {}
    }
    for (int i = count_of_fds - 1; i > 1; i--) {
      int complete = fds[i].revents ? read_request(fds[i].fd, &seen[i]) : 0;
      if (!complete) continue;
      if (complete > 0) answer(fds[i].fd, started);
      close(fds[i].fd);
      fds[i] = fds[--count_of_fds], seen[i] = seen[count_of_fds];
    }
    for (int client; fds[1].revents && count_of_fds < MAX_CLIENTS + 2 && (client = accept4(fds[1].fd, 0, 0, SOCK_CLOEXEC)) >= 0;)
      seen[count_of_fds] = 0, fds[count_of_fds++] = (struct pollfd){client, POLLIN, 0};
  }
}
