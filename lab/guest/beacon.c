/*
 * A sign of life for the switch of the lab, UDP 7002: boot id and a number that grows by one. A copy of this machine's memory
 * goes on counting where the original was, so a number that comes from two nodes is the proof of two running copies.
 */
#define _GNU_SOURCE
#include "canary.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void *run_beacon(void *address_and_bits) {
  char address[64];
  struct beacon beacon = {0};
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(BEACON_PORT)};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  snprintf(address, sizeof address, "%s", (char *)address_and_bits);
  address[strcspn(address, "/")] = 0;
  to.sin_addr.s_addr = htonl((ntohl(inet_addr(address)) & 0xffffff00) | 254);
  memcpy(beacon.boot_id, guest.boot_id, sizeof beacon.boot_id);
  for (uint64_t next = monotonic_ns();;) {
    next += guest.beacon_ms * 1000000ull;
    if (next + 1000000000ull < monotonic_ns()) next = monotonic_ns();
    sleep_until_ns(next);
    beacon.number++;
    if (sendto(fd, &beacon, sizeof beacon, 0, (struct sockaddr *)&to, sizeof to) < 0 && beacon.number == 1) perror("beacon");
  }
}
