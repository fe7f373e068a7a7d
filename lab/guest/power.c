/* ACPI shutdown (`system_powerdown`) arrives as a key press, on whichever input device the power button became. */
#define _GNU_SOURCE
#include "canary.h"

#include <fcntl.h>
#include <linux/input.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_INPUTS 8

static int is_power_key(int fd) {
  struct input_event event;
  return read(fd, &event, sizeof event) == sizeof event && event.type == EV_KEY && event.code == KEY_POWER && event.value == 1;
}

/*
 * Kernels that break their virtio devices on the way down (Linux 6.1.192 among them) spin for ever in virtnet_poll when a
 * packet is under way at that moment: virtqueue_enable_cb_delayed() of a broken queue never says yes.
 */
static void lower_link(const char *name) {
  struct ifreq r = {0};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  strncpy(r.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(fd, SIOCSIFFLAGS, &r)) perror(name);
  close(fd);
}

void *watch_power_button(void *unused) {
  struct pollfd inputs[MAX_INPUTS];
  char path[32];
  for (int i = 0; i < MAX_INPUTS; i++) {
    snprintf(path, sizeof path, "/dev/input/event%d", i);
    inputs[i] = (struct pollfd){.fd = open(path, O_RDONLY | O_CLOEXEC), .events = POLLIN};
  }
  while (poll(inputs, MAX_INPUTS, -1) >= 0) {
    for (int i = 0; i < MAX_INPUTS; i++) {
      if (!inputs[i].revents || !is_power_key(inputs[i].fd)) continue;
      printf("ferry-guest power off\n");
      sync();
      lower_link("eth0");
      reboot(RB_POWER_OFF);
    }
  }
  return unused;
}
