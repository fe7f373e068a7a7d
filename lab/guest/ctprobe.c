/*
 * The outside view of a container: for how long did its HTTP service not answer? usage: ctprobe <guest address>
 * One GET every 2 ms, the next one only when the last was answered, refused, or 30 ms old: what a patient client would see.
 * A gap is the time between two good answers. Lines on stdin: `snapshot` prints the figures so far, `reset` starts them
 * anew; end of stdin, SIGTERM or SIGINT print and end. The first line printed is {"ready":true}, at the first answer.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
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
#include <time.h>
#include <unistd.h>

#define ASK_EVERY_NS 2000000ll
#define PATIENCE_NS 30000000ll
#define REPORTED_GAP_NS 20000000ll
#define MAX_GAPS 1000

static struct {
  uint64_t asked, answered, refused, timed_out, boots;
  int64_t max_gap_ns;
  unsigned gap_count;
  struct { int64_t started_wall_ms; double ms; } gaps[MAX_GAPS];
} figures;
static struct sockaddr_in guest = {.sin_family = AF_INET};
static int64_t last_answer_ns, asked_ns, next_ask_ns;
static int fd = -1, sent, ready;
static char in[4096], last_answer[2048] = "null", boot[64];
static size_t in_length;

static int64_t clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}
static int64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

static void report(void) {
  int64_t silent = ready ? now_ns() - last_answer_ns : 0;
  printf("{\"ready\":%s,\"maxGapMs\":%.3f,\"asked\":%llu,\"answered\":%llu,\"refused\":%llu,\"timedOut\":%llu,\"boots\":%llu,\"gaps\":[",
         ready ? "true" : "false", (silent > figures.max_gap_ns ? silent : figures.max_gap_ns) / 1e6, (unsigned long long)figures.asked,
         (unsigned long long)figures.answered, (unsigned long long)figures.refused, (unsigned long long)figures.timed_out,
         (unsigned long long)figures.boots);
  for (unsigned i = 0; i < figures.gap_count; i++)
    printf("%s{\"startedAtMs\":%lld,\"gapMs\":%.3f}", i ? "," : "", (long long)figures.gaps[i].started_wall_ms, figures.gaps[i].ms);
  printf("],\"lastAnswer\":%s}\n", last_answer);
  fflush(stdout);
}

static void start_figures(void) {
  memset(&figures, 0, sizeof figures);
  last_answer_ns = now_ns();
}

/* No TIME_WAIT on either side: hundreds of connections in a second would use up the ports. */
static void hang_up(void) {
  struct linger none = {1, 0};
  if (fd < 0) return;
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  close(fd);
  fd = -1;
}

static void ask(int64_t now) {
  fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  figures.asked++;
  asked_ns = now, next_ask_ns = now + ASK_EVERY_NS, sent = 0, in_length = 0;
  if (!connect(fd, (struct sockaddr *)&guest, sizeof guest) || errno == EINPROGRESS) return;
  figures.refused++;
  hang_up();
}

static void count_boot(const char *body) {
  const char *id = strstr(body, "\"bootId\":\"");
  if (!id || !strncmp(boot, id, strcspn(id + 10, "\"") + 10)) return;
  snprintf(boot, sizeof boot, "%.*s", (int)strcspn(id + 10, "\"") + 10, id);
  figures.boots++;
}

static void take_answer(void) {
  char *body = strstr(in, "\r\n\r\n");
  if (strncmp(in, "HTTP/1.0 200", 12) || !body) {
    figures.refused++;
    return;
  }
  snprintf(last_answer, sizeof last_answer, "%.*s", (int)strcspn(body + 4, "\n"), body + 4);
  int64_t now = now_ns(), gap = now - last_answer_ns;
  if (!ready) {
    ready = 1;
    printf("{\"ready\":true}\n");
    fflush(stdout);
    start_figures();
  } else {
    if (gap > figures.max_gap_ns) figures.max_gap_ns = gap;
    if (gap >= REPORTED_GAP_NS && figures.gap_count < MAX_GAPS) {
      figures.gaps[figures.gap_count].started_wall_ms = (clock_ns(CLOCK_REALTIME) - gap) / 1000000;
      figures.gaps[figures.gap_count++].ms = gap / 1e6;
    }
  }
  count_boot(last_answer);
  figures.answered++;
  last_answer_ns = now;
}

static void go_on(short events) {
  static const char question[] = "GET / HTTP/1.0\r\n\r\n";
  int error = 0;
  socklen_t size = sizeof error;
  if (!sent && events) {
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    sent = !error && send(fd, question, sizeof question - 1, MSG_NOSIGNAL) == sizeof question - 1;
    if (!sent) figures.refused++, hang_up();
    return;
  }
  ssize_t n = recv(fd, in + in_length, sizeof in - 1 - in_length, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n > 0) {
    in[in_length += n] = 0;
    return;
  }
  if (n == 0 && in_length) take_answer();
  else figures.refused++;
  hang_up();
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
  guest.sin_port = htons(80);
  if (argc != 2 || inet_pton(AF_INET, argv[1], &guest.sin_addr) != 1) return fprintf(stderr, "usage: ctprobe <IPv4 address>\n"), 2;
  sigemptyset(&signals), sigaddset(&signals, SIGTERM), sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, 0);
  sched_setscheduler(0, SCHED_FIFO, &priority); /* without the right to it the figures are merely coarser */
  mlockall(MCL_CURRENT | MCL_FUTURE);
  int stop = signalfd(-1, &signals, 0);
  for (;;) {
    int64_t now = now_ns();
    if (fd >= 0 && now - asked_ns >= PATIENCE_NS) figures.timed_out++, hang_up();
    if (fd < 0 && now >= next_ask_ns) ask(now);
    int64_t until = fd >= 0 ? asked_ns + PATIENCE_NS : next_ask_ns;
    struct timespec wait = {0, until > now ? until - now : 0};
    struct pollfd fds[] = {{fd, sent ? POLLIN : POLLOUT, 0}, {0, POLLIN, 0}, {stop, POLLIN, 0}};
    if (ppoll(fds, 3, &wait, 0) < 0) continue;
    if (fds[0].revents) go_on(fds[0].revents);
    if (fds[2].revents || (fds[1].revents && !obey())) break;
  }
  report();
  return 0;
}
