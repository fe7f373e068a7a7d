/* What the outside asks: TCP 7000, one JSON line for each request line; UDP 7001, an echo. Connections stay open for ever. */
#define _GNU_SOURCE
#include "canary.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TCP_PORT 7000
#define UDP_PORT 7001
#define MAX_CLIENTS 64

static int listen_on(int type, int port) {
  int fd = socket(AF_INET, type, 0), one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&address, sizeof address)) perror("bind");
  if (type == SOCK_STREAM) listen(fd, MAX_CLIENTS);
  return fd;
}

static int describe(char *out, size_t size) {
  uint64_t sequence = 0, disk_errors = guest.disk_errors;
  unsigned disks = guest.disk_count;
  int n;
  for (unsigned i = 0; i < disks; i++) sequence += guest.disks[i].sequence, disk_errors += guest.disks[i].errors;
  n = snprintf(out, size,
               "{\"uptimeMs\":%llu,\"ticks\":%llu,\"generation\":%llu,\"memErrors\":%llu,\"diskErrors\":%llu,\"diskSeq\":%llu,"
               "\"pages\":%llu,\"pagesDirtied\":%llu,\"dirtyMiBps\":%u,\"bootId\":\"%s\",\"firstError\":\"%s\",\"disks\":[",
               (unsigned long long)(monotonic_ns() / 1000000), (unsigned long long)guest.ticks,
               (unsigned long long)guest.generation, (unsigned long long)guest.memory_errors, (unsigned long long)disk_errors,
               (unsigned long long)sequence, (unsigned long long)guest.pages, (unsigned long long)guest.pages_dirtied,
               guest.dirty_mibps, guest.boot_id, guest.first_error);
  for (unsigned i = 0; i < disks; i++)
    n += snprintf(out + n, size - n, "%s{\"name\":\"%s\",\"seq\":%llu,\"errors\":%llu}", i ? "," : "", guest.disks[i].name,
                  (unsigned long long)guest.disks[i].sequence, (unsigned long long)guest.disks[i].errors);
  n += snprintf(out + n, size - n, "]}\n");
  return n;
}

/* Answers every line in what arrived; 0 when the client is gone. */
static int answer(int fd) {
  char in[512], out[4096];
  ssize_t n = recv(fd, in, sizeof in, 0);
  if (n <= 0) return n < 0 && errno == EAGAIN;
  for (ssize_t i = 0; i < n; i++)
    if (in[i] == '\n' && send(fd, out, describe(out, sizeof out), MSG_NOSIGNAL) < 0) return 0;
  return 1;
}

void *run_tcp_service(void *unused) {
  (void)unused;
  struct pollfd fds[MAX_CLIENTS + 1] = {{.fd = listen_on(SOCK_STREAM, TCP_PORT), .events = POLLIN}};
  int count = 1, one = 1;
  for (;;) {
    poll(fds, count, -1);
    for (int i = count - 1; i > 0; i--) {
      if (!fds[i].revents || answer(fds[i].fd)) continue;
      close(fds[i].fd);
      fds[i] = fds[--count];
    }
    if (!fds[0].revents || count > MAX_CLIENTS) continue;
    int client = accept4(fds[0].fd, 0, 0, SOCK_NONBLOCK);
    if (client < 0) continue;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fds[count++] = (struct pollfd){.fd = client, .events = POLLIN};
  }
}

void *run_udp_echo(void *unused) {
  (void)unused;
  char data[2048];
  struct sockaddr_in from;
  int fd = listen_on(SOCK_DGRAM, UDP_PORT);
  for (;;) {
    socklen_t length = sizeof from;
    ssize_t n = recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&from, &length);
    if (n >= 0) sendto(fd, data, n, 0, (struct sockaddr *)&from, length);
  }
}
