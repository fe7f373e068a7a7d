/*
 * The outside view of a guest: how long was it silent? usage: probe <guest address>
 * One UDP flow, a datagram every millisecond, each echoed by the guest; a gap is the time between two echoes.
 * One TCP connection with one question under way at a time, opened once: it survives or it does not.
 * Lines on stdin: `snapshot` prints the figures so far, `reset` starts them anew; end of stdin, SIGTERM or SIGINT print and end.
 * The first line printed is {"ready":true}, once both flows have been answered. Until then a refused connection is
 * begun anew: a guest that is still booting has its address some moments before its service listens.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SEND_EVERY_NS 1000000
#define TCP_EVERY_NS 5000000
#define REPORTED_GAP_NS 20000000
#define RECONNECT_NS 100000000
#define MAX_GAPS 1000

struct gap { int64_t started_wall_ms; double ms; };
static struct {
  uint64_t udp_sent, udp_answered, tcp_answered;
  int64_t max_gap_ns, max_tcp_gap_ns;
  unsigned gap_count;
  struct gap gaps[MAX_GAPS];
} figures;
static const char *guest_address;
static int64_t last_udp_ns, last_tcp_ns, next_question_ns, next_connect_ns;
static uint64_t sequence, first_sequence; /* figures count the echoes of datagrams from first_sequence on */
static int udp, tcp, tcp_alive, question_open, ready;
static char answer[8192], last_answer[8192] = "null", error_text[128];
static size_t answer_length;

static int64_t clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}
static int64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

static int connect_to(const char *address, int type, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), one = 1;
  if (inet_pton(AF_INET, address, &to.sin_addr) != 1) {
    fprintf(stderr, "probe: not an IPv4 address: %s\n", address);
    exit(2);
  }
  if (type == SOCK_STREAM) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS && ready) perror("probe: connect");
  return fd;
}

static void note_error(const char *what, int code) {
  tcp_alive = 0;
  if (!ready) { /* the connection that counts is the one that is up when the watch begins */
    close(tcp);
    tcp = -1, question_open = 0, answer_length = 0;
    return;
  }
  if (!*error_text) snprintf(error_text, sizeof error_text, "%s: %s", what, strerror(code));
}

static void report(void) {
  int64_t silent = ready ? now_ns() - last_udp_ns : 0, silent_tcp = ready ? now_ns() - last_tcp_ns : 0;
  int64_t gap = silent > figures.max_gap_ns ? silent : figures.max_gap_ns;
  int64_t tcp_gap = silent_tcp > figures.max_tcp_gap_ns ? silent_tcp : figures.max_tcp_gap_ns;
  printf("{\"ready\":%s,\"maxGapMs\":%.3f,\"maxTcpGapMs\":%.3f,\"udpSent\":%llu,\"udpAnswered\":%llu,\"tcpAnswered\":%llu,"
         "\"tcpAlive\":%s,\"tcpReconnects\":0,\"gaps\":[", ready ? "true" : "false", gap / 1e6, tcp_gap / 1e6,
         (unsigned long long)figures.udp_sent, (unsigned long long)figures.udp_answered,
         (unsigned long long)figures.tcp_answered, tcp_alive ? "true" : "false");
  for (unsigned i = 0; i < figures.gap_count; i++)
    printf("%s{\"startedAtMs\":%lld,\"gapMs\":%.3f}", i ? "," : "", (long long)figures.gaps[i].started_wall_ms, figures.gaps[i].ms);
  printf("],\"lastAnswer\":%s,\"errors\":[%s%s%s]}\n", last_answer, *error_text ? "\"" : "", error_text, *error_text ? "\"" : "");
  fflush(stdout);
}

static void start_figures(void) {
  memset(&figures, 0, sizeof figures);
  first_sequence = sequence + 1;
  last_udp_ns = last_tcp_ns = now_ns();
}

static void announce_when_ready(void) {
  if (ready || !figures.udp_answered || !figures.tcp_answered) return;
  ready = 1;
  start_figures();
  printf("{\"ready\":true}\n");
  fflush(stdout);
}

static void take_echoes(void) {
  uint64_t data[2];
  while (recv(udp, data, sizeof data, 0) > 0) {
    int64_t now = now_ns(), gap = now - last_udp_ns;
    figures.udp_answered += data[0] >= first_sequence;
    last_udp_ns = now;
    if (!ready) continue;
    if (gap > figures.max_gap_ns) figures.max_gap_ns = gap;
    if (gap >= REPORTED_GAP_NS && figures.gap_count < MAX_GAPS)
      figures.gaps[figures.gap_count++] = (struct gap){(clock_ns(CLOCK_REALTIME) - gap) / 1000000, gap / 1e6};
  }
}

static void take_tcp(void) {
  ssize_t n = 0;
  while ((n = recv(tcp, answer + answer_length, sizeof answer - 1 - answer_length, 0)) > 0) {
    answer_length += n;
    answer[answer_length] = 0;
    char *end = strchr(answer, '\n');
    if (!end) continue;
    *end = 0;
    strcpy(last_answer, answer);
    int64_t now = now_ns();
    if (ready && now - last_tcp_ns > figures.max_tcp_gap_ns) figures.max_tcp_gap_ns = now - last_tcp_ns;
    last_tcp_ns = now;
    figures.tcp_answered++;
    question_open = 0, answer_length = 0, tcp_alive = 1;
  }
  if (n == 0) shutdown(tcp, SHUT_RDWR), note_error("TCP connection closed by the guest", 0);
  else if (errno != EAGAIN) note_error("TCP connection", errno);
}

static void ask(int64_t now) {
  if (tcp < 0 && now >= next_connect_ns) tcp = connect_to(guest_address, SOCK_STREAM, 7000), next_connect_ns = now + RECONNECT_NS;
  if (tcp < 0 || question_open || now < next_question_ns || *error_text) return;
  if (send(tcp, "?\n", 2, MSG_NOSIGNAL) == 2) question_open = 1, next_question_ns = now + TCP_EVERY_NS;
  else if (errno != EAGAIN && errno != ENOTCONN) note_error("TCP connection", errno);
}

static void tick(int timer) {
  uint64_t expired, datagram[2];
  if (read(timer, &expired, sizeof expired) != sizeof expired) return;
  int64_t now = now_ns();
  figures.udp_sent++;
  datagram[0] = ++sequence, datagram[1] = now;
  /* an ICMP error of a moment without a guest is no news: the gap tells it */
  if (send(udp, datagram, sizeof datagram, MSG_NOSIGNAL) < 0) errno = 0;
  ask(now);
}

/* 0: stdin has ended. */
static int obey(void) {
  char commands[256];
  ssize_t n = read(0, commands, sizeof commands - 1);
  if (n <= 0) return 0;
  commands[n] = 0;
  for (char *line = strtok(commands, "\n"); line; line = strtok(0, "\n")) {
    if (!strcmp(line, "snapshot")) report();
    if (!strcmp(line, "reset")) start_figures();
  }
  return 1;
}

int main(int argc, char **argv) {
  sigset_t signals;
  struct sched_param priority = {.sched_priority = 10};
  struct itimerspec every = {.it_interval.tv_nsec = SEND_EVERY_NS, .it_value.tv_nsec = SEND_EVERY_NS};
  if (argc != 2) return fprintf(stderr, "usage: probe <guest address>\n"), 2;
  sigemptyset(&signals), sigaddset(&signals, SIGTERM), sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, 0);
  sched_setscheduler(0, SCHED_FIFO, &priority); /* without the right to it the figures are merely coarser */
  mlockall(MCL_CURRENT | MCL_FUTURE);
  guest_address = argv[1];
  udp = connect_to(guest_address, SOCK_DGRAM, 7001);
  tcp = connect_to(guest_address, SOCK_STREAM, 7000);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), stop = signalfd(-1, &signals, 0);
  timerfd_settime(timer, 0, &every, 0);
  struct pollfd fds[] = {{udp, POLLIN, 0}, {timer, POLLIN, 0}, {tcp, POLLIN, 0}, {0, POLLIN, 0}, {stop, POLLIN, 0}};
  for (;;) {
    poll(fds, 5, -1);
    if (fds[0].revents) take_echoes();
    if (fds[1].revents) tick(timer);
    if (fds[2].revents && !*error_text) take_tcp();
    fds[2].fd = *error_text ? -1 : tcp;
    announce_when_ready();
    if (fds[4].revents || (fds[3].revents && !obey())) break;
  }
  report();
  return 0;
}
