// The floor: an epoll loop that answers every request with a stream, and writes each line of its
// standard input as an event to every connection, one write for each. Started with a port; says
// "ready". A socket that is full is waited for: this is a measure, not a server.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 512, MAX_FD = 1 << 20, MAX_TEXT = 1 << 21 };

static const char HEAD[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    "Connection: close\r\n\r\n: hello\n\n";

static int open_fds[MAX_FD], place_of[MAX_FD], open_count, epoll, listener;

static void drop(int fd) {
  int place = place_of[fd] - 1;
  if (place >= 0) {
    open_fds[place] = open_fds[--open_count];
    place_of[open_fds[place]] = place + 1;
    place_of[fd] = 0;
  }
  close(fd);
}

static int write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t taken = write(fd, bytes, length);
    if (taken < 0 && errno == EAGAIN) {
      struct pollfd wait = {.fd = fd, .events = POLLOUT};
      poll(&wait, 1, -1);
      continue;
    }
    if (taken < 0) return -1;
    bytes += taken;
    length -= (size_t)taken;
  }
  return 0;
}

static void broadcast(const char *text, size_t length) {
  static char event[MAX_TEXT + 16];
  memcpy(event, "data: ", 6);
  memcpy(event + 6, text, length);
  memcpy(event + 6 + length, "\n\n", 2);
  for (int i = open_count - 1; i >= 0; i--)
    if (write_all(open_fds[i], event, length + 8) < 0) drop(open_fds[i]);
}

static void read_lines(void) {
  static char pending[MAX_TEXT];
  static size_t length;
  ssize_t more = read(STDIN_FILENO, pending + length, sizeof pending - length);
  if (more <= 0) exit(0);
  length += (size_t)more;
  char *at = pending, *newline;
  while ((newline = memchr(at, '\n', length - (size_t)(at - pending))) != NULL) {
    broadcast(at, (size_t)(newline - at));
    at = newline + 1;
  }
  length -= (size_t)(at - pending);
  memmove(pending, at, length);
}

static void accept_all(void) {
  int fd, yes = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

// Whatever is asked for, the answer is the stream; requests of the load arrive in one piece.
static void answer(int fd) {
  static char request[16384];
  ssize_t length = read(fd, request, sizeof request);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0 || fd >= MAX_FD) {
    drop(fd);
    return;
  }
  if (place_of[fd] > 0) return;
  open_fds[open_count++] = fd;
  place_of[fd] = open_count;
  if (write_all(fd, HEAD, sizeof HEAD - 1) < 0) drop(fd);
}

int main(int count, char **arguments) {
  if (count < 2) return 1;
  signal(SIGPIPE, SIG_IGN);
  int yes = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1]))};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 4096) < 0) return 2;
  epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[BATCH];
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  event.data.fd = STDIN_FILENO;
  epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  puts("ready");
  fflush(stdout);
  for (;;) {
    int length = epoll_wait(epoll, ready, BATCH, -1);
    for (int i = 0; i < length; i++) {
      int fd = ready[i].data.fd;
      if (fd == listener) accept_all();
      else if (fd == STDIN_FILENO) read_lines();
      else answer(fd);
    }
  }
}
