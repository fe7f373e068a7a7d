/*
 * Hears a guest's beacons at the switch and tells when they come from two nodes. usage: listen <guest address> <port of the switch>...
 * A number heard at two ports is two running copies; so is a boot that is heard again after a newer one. Numbers, not
 * times: a late packet of the copy that has stopped is no alarm, and no overlap is too short that has sent one beacon.
 * Lines on stdin: `snapshot` prints the figures, `reset` starts the gaps anew; end of stdin prints and ends.
 * The first line printed is {"ready":true}, once every port is listened to.
 */
#define _GNU_SOURCE
#include "canary.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_PORTS 20
#define MAX_BOOTS 256
#define MAX_ALARMS 20
#define MAX_GAPS 200
#define REPORTED_GAP_NS 20000000
#define BUFFER_BYTES (8 << 20)

static struct { char id[40]; uint64_t heard; } boots[MAX_BOOTS];
static unsigned boot_count;
static uint8_t *heard_at; /* of the newest boot: number -> port + 1 */
static uint64_t heard_size, highest;
static char alarms[MAX_ALARMS][160];
static unsigned alarm_count;
static struct { int64_t started_ms; double ms; } gaps[MAX_GAPS];
static unsigned gap_count;
static uint64_t total, dropped;
static int64_t last_ns, max_gap_ns;
static unsigned current;
static char **names;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void raise_alarm(const char *boot, uint64_t number, unsigned port, const char *what, const char *other) {
  if (alarm_count < MAX_ALARMS)
    snprintf(alarms[alarm_count], sizeof alarms[0], "beacon %llu of boot %.8s came from %s %s%s", (unsigned long long)number, boot, names[port], what, other);
  alarm_count++;
}

static void begin_boot(const char *id) {
  if (boot_count == MAX_BOOTS) exit((fprintf(stderr, "listen: more than %d boots\n", MAX_BOOTS), 1));
  memcpy(boots[boot_count++].id, id, sizeof boots[0].id);
  if (heard_at) memset(heard_at, 0, heard_size);
  highest = 0;
}

static void remember(uint64_t number, unsigned port) {
  if (number >= heard_size) {
    uint64_t size = (number + 1) * 2;
    heard_at = realloc(heard_at, size);
    if (!heard_at) exit((perror("listen"), 1));
    memset(heard_at + heard_size, 0, size - heard_size);
    heard_size = size;
  }
  if (!heard_at[number]) heard_at[number] = port + 1;
  if (number > highest) highest = number, current = port;
}

static void hear(const struct beacon *b, unsigned port, int64_t at) {
  unsigned boot = boot_count;
  for (unsigned i = 0; i < boot_count; i++) if (!memcmp(boots[i].id, b->boot_id, sizeof boots[0].id)) boot = i;
  if (boot == boot_count) begin_boot(b->boot_id);
  boots[boot].heard++, total++;
  if (boot + 1 < boot_count) return raise_alarm(b->boot_id, b->number, port, "after a newer boot", "");
  if (b->number < heard_size && heard_at[b->number] && heard_at[b->number] != port + 1)
    raise_alarm(b->boot_id, b->number, port, "and from ", names[heard_at[b->number] - 1]);
  remember(b->number, port);
  if (last_ns && at - last_ns > max_gap_ns) max_gap_ns = at - last_ns;
  if (last_ns && at - last_ns >= REPORTED_GAP_NS && gap_count < MAX_GAPS) {
    gaps[gap_count].started_ms = last_ns / 1000000;
    gaps[gap_count++].ms = (at - last_ns) / 1e6;
  }
  if (at > last_ns) last_ns = at;
}

/* Only what guests send to the beacon's port, incoming: everything else stays in the kernel. */
static void filter(int fd) {
  struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 7),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 5),
    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14), BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BEACON_PORT, 0, 2), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_AD_OFF + SKF_AD_PKTTYPE),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 256),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)) exit((perror("listen: filter"), 1));
}

static int listen_at(const char *port) {
  struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = if_nametoindex(port)};
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0), one = 1, size = BUFFER_BYTES;
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  filter(fd);
  if (!at.sll_ifindex || bind(fd, (struct sockaddr *)&at, sizeof at)) exit((fprintf(stderr, "listen: %s: %s\n", port, strerror(errno)), 1));
  return fd;
}

static void take(int fd, unsigned port, in_addr_t guest_address) {
  char frame[256], control[64];
  struct iovec data = {frame, sizeof frame};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control};
  for (;;) {
    message.msg_controllen = sizeof control;
    ssize_t n = recvmsg(fd, &message, 0);
    if (n < 0) return;
    struct ip *ip = (struct ip *)(frame + ETH_HLEN);
    size_t begin = ETH_HLEN + ip->ip_hl * 4 + sizeof(struct udphdr);
    struct beacon beacon;
    if ((size_t)n < begin + sizeof beacon || ip->ip_src.s_addr != guest_address) continue;
    memcpy(&beacon, frame + begin, sizeof beacon);
    int64_t at = now_ns();
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
      if (c->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec t;
        memcpy(&t, CMSG_DATA(c), sizeof t);
        at = t.tv_sec * 1000000000ll + t.tv_nsec;
      }
    hear(&beacon, port, at);
  }
}

static void count_drops(struct pollfd *fds, unsigned ports) {
  for (unsigned i = 0; i < ports; i++) {
    struct tpacket_stats stats;
    socklen_t length = sizeof stats;
    if (!getsockopt(fds[i].fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length)) dropped += stats.tp_drops;
  }
}

static void report(void) {
  int64_t silent = last_ns ? now_ns() - last_ns : 0;
  printf("{\"beacons\":%llu,\"boots\":%u,\"highest\":%llu,\"port\":\"%s\",\"silentMs\":%.3f,\"maxGapMs\":%.3f,\"dropped\":%llu,\"alarms\":%u,\"first\":[",
         (unsigned long long)total, boot_count, (unsigned long long)highest, total ? names[current] : "", silent / 1e6,
         (silent > max_gap_ns ? silent : max_gap_ns) / 1e6, (unsigned long long)dropped, alarm_count);
  for (unsigned i = 0; i < alarm_count && i < MAX_ALARMS; i++) printf("%s\"%s\"", i ? "," : "", alarms[i]);
  printf("],\"gaps\":[");
  for (unsigned i = 0; i < gap_count; i++) printf("%s{\"startedAtMs\":%lld,\"gapMs\":%.3f}", i ? "," : "", (long long)gaps[i].started_ms, gaps[i].ms);
  printf("]}\n");
  fflush(stdout);
}

/* 0: stdin has ended. */
static int obey(void) {
  char commands[256];
  ssize_t n = read(0, commands, sizeof commands - 1);
  if (n <= 0) return 0;
  commands[n] = 0;
  for (char *line = strtok(commands, "\n"); line; line = strtok(0, "\n")) {
    if (!strcmp(line, "snapshot")) report();
    if (!strcmp(line, "reset")) max_gap_ns = 0, gap_count = 0, last_ns = now_ns();
  }
  return 1;
}

int main(int argc, char **argv) {
  struct pollfd fds[MAX_PORTS + 1];
  unsigned ports = argc - 2;
  if (argc < 3 || ports > MAX_PORTS) return fprintf(stderr, "usage: listen <guest address> <port of the switch>...\n"), 2;
  names = argv + 2;
  for (unsigned i = 0; i < ports; i++) fds[i] = (struct pollfd){listen_at(names[i]), POLLIN, 0};
  fds[ports] = (struct pollfd){0, POLLIN, 0};
  printf("{\"ready\":true}\n");
  fflush(stdout);
  for (;;) {
    poll(fds, ports + 1, -1);
    for (unsigned i = 0; i < ports; i++) if (fds[i].revents & POLLIN) take(fds[i].fd, i, inet_addr(argv[1]));
    count_drops(fds, ports);
    if (fds[ports].revents && !obey()) break;
  }
  report();
  return 0;
}
