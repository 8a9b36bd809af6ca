// The load: opens many streams and checks what comes. One thread, one epoll loop.
//
// Started with the server's port, it takes a command a line and answers each with a line of JSON:
//   open <count> <path> <heads> <in flight> <stall>   heads: a file with a line of extra headers for
//        each connection, or one for all, headers parted by a tab; - for none. stall: 1 to read the
//        head of the response only, and nothing after
//   expect <sequence> <payload bytes>   what comes next on each connection; sets all counts to 0
//   until <events> <milliseconds>       answers when that many have come, or the time is over
//   close                               resets all connections
// client.mjs is the same in Node.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "stream-check.h"

enum { READ_BYTES = 262144, BATCH = 512, LINE = 4096, BUCKETS = 64 * 128 };

static struct stream *streams;
static int opened, asked, in_flight, failed, total, stalls;
static char **heads, path[256];
static int head_count, port, epoll;
static uint64_t open_started, until_events, until_deadline;
static uint64_t latencies[BUCKETS], latency_max;
static struct tally tally;

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Buckets grow with the value: 128 of them between a power of two and the next, so 1 % of error.
static int bucket_of(uint64_t microseconds) {
  if (microseconds < 128) return (int)microseconds;
  int power = 63 - __builtin_clzll(microseconds);
  return (power - 6) * 128 + (int)((microseconds >> (power - 7)) & 127);
}

static uint64_t middle_of(int bucket) {
  if (bucket < 128) return (uint64_t)bucket;
  int power = bucket / 128 + 6;
  return (UINT64_C(1) << power) + ((uint64_t)(bucket % 128) << (power - 7));
}

static void on_latency(uint64_t nanoseconds) {
  if (nanoseconds > latency_max) latency_max = nanoseconds;
  latencies[bucket_of(nanoseconds / 1000)]++;
}

static double percentile(double part) {
  uint64_t count = 0, seen = 0;
  for (int i = 0; i < BUCKETS; i++) count += latencies[i];
  for (int i = 0; i < BUCKETS; i++) {
    seen += latencies[i];
    if (count > 0 && (double)seen >= part * (double)count) return (double)middle_of(i) / 1000;
  }
  return 0;
}

static void tell_counts(int is_late) {
  uint64_t reached = 0, fewest = UINT64_MAX, most = 0;
  for (int i = 0; i < total; i++) {
    uint64_t events = streams[i].events;
    if (events == 0) continue;
    reached++;
    if (events < fewest) fewest = events;
    if (events > most) most = events;
  }
  printf("{\"isLate\":%s,\"events\":%lu,\"bytes\":%lu,\"lost\":%lu,\"duplicated\":%lu,"
         "\"disordered\":%lu,\"broken\":%lu,\"closed\":%lu,\"reached\":%lu,\"fewest\":%lu,"
         "\"most\":%lu,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}\n",
         is_late ? "true" : "false", tally.events, tally.bytes, tally.lost, tally.duplicated,
         tally.disordered, tally.broken, tally.closed, reached, reached ? fewest : 0, most,
         percentile(0.5), percentile(0.99), (double)latency_max / 1e6);
  until_deadline = 0;
}

static void watch(struct stream *s, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = s};
  epoll_ctl(epoll, operation, s->fd, &event);
}

static void open_next(void) {
  struct stream *s = &streams[total];
  memset(s, 0, sizeof *s);
  s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct linger reset = {1, 0};  // leaves no port in TIME_WAIT
  setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  total++;
  if (s->fd < 0 || (connect(s->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)) {
    failed++;
    return;
  }
  in_flight++;
  watch(s, EPOLL_CTL_ADD, EPOLLOUT);
}

static void ask(struct stream *s) {
  char request[LINE * 2];
  const char *extra = head_count == 0 ? "" : heads[(int)(s - streams) % head_count];
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n%s\r\n",
                        path, extra);
  if (write(s->fd, request, (size_t)length) != length) failed++;
  watch(s, EPOLL_CTL_MOD, EPOLLIN);
}

static void on_head(struct stream *s) {
  in_flight--;
  if (s->is_ok) opened++;
  else failed++;
  if (stalls) epoll_ctl(epoll, EPOLL_CTL_DEL, s->fd, NULL);
}

static void on_close(struct stream *s) {
  if (s->head_seen) tally.closed++;
  else failed++, in_flight--;
  close(s->fd);
  s->fd = -1;
}

static void on_stream(struct stream *s, uint32_t events) {
  static char bytes[READ_BYTES];
  if (events & EPOLLOUT) {
    ask(s);
    return;
  }
  int had_head = s->head_seen;
  ssize_t length = read(s->fd, bytes, stalls ? 256 : sizeof bytes);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) {
    on_close(s);
    return;
  }
  take_bytes(s, &tally, bytes, (size_t)length);
  if (!had_head && s->head_seen) on_head(s);
}

static void read_heads(const char *name) {
  static char line[LINE];
  head_count = 0;
  FILE *file = strcmp(name, "-") == 0 ? NULL : fopen(name, "r");
  if (file == NULL) return;
  while (fgets(line, sizeof line, file)) {
    char *head = malloc(LINE), *out = head;
    for (char *c = line; *c; c++) {
      if (*c == '\t' || *c == '\n') *out++ = '\r', *out++ = '\n';
      else *out++ = *c;
    }
    *out = 0;
    heads = realloc(heads, sizeof *heads * (size_t)(head_count + 1));
    heads[head_count++] = head;
  }
  fclose(file);
}

static void start_opening(int count) {
  streams = calloc((size_t)count, sizeof *streams);
  asked = count;
  total = opened = failed = in_flight = 0;
  open_started = now();
}

static void expect(uint64_t sequence, uint64_t payload_bytes) {
  void (*on)(uint64_t) = on_latency;
  tally = (struct tally){.payload_bytes = payload_bytes, .on_latency = on, .now = now};
  memset(latencies, 0, sizeof latencies);
  latency_max = 0;
  for (int i = 0; i < total; i++) streams[i].events = 0, streams[i].last = sequence - 1;
  printf("{}\n");
}

static void close_all(void) {
  for (int i = 0; i < total; i++)
    if (streams[i].fd >= 0) close(streams[i].fd);
  free(streams);
  streams = NULL;
  asked = total = 0;
  printf("{}\n");
}

static int concurrency;

static void on_command(char *line) {
  static char name[LINE];
  unsigned long a, b;
  int count;
  if (sscanf(line, "open %d %255s %4095s %d %d", &count, path, name, &concurrency, &stalls) == 5) {
    read_heads(name);
    start_opening(count);
  } else if (sscanf(line, "expect %lu %lu", &a, &b) == 2) {
    expect(a, b);
  } else if (sscanf(line, "until %lu %lu", &a, &b) == 2) {
    until_events = a;
    until_deadline = now() + b * 1000000u;
  } else if (strncmp(line, "close", 5) == 0) {
    close_all();
  } else {
    printf("{\"error\":\"unknown command\"}\n");
  }
}

static void read_commands(void) {
  static char pending[LINE * 2];
  static size_t length;
  ssize_t more = read(STDIN_FILENO, pending + length, sizeof pending - length - 1);
  if (more <= 0) exit(0);
  length += (size_t)more;
  pending[length] = 0;
  char *at = pending, *newline;
  while ((newline = strchr(at, '\n')) != NULL) {
    *newline = 0;
    on_command(at);
    at = newline + 1;
  }
  length -= (size_t)(at - pending);
  memmove(pending, at, length);
}

static void go_on(void) {
  if (asked > 0) {
    while (total < asked && in_flight < concurrency) open_next();
    if (total == asked && in_flight == 0) {
      printf("{\"opened\":%d,\"failed\":%d,\"seconds\":%.3f}\n", opened, failed,
             (double)(now() - open_started) / 1e9);
      asked = 0;
    }
  }
  if (until_deadline > 0) {
    int is_late = now() >= until_deadline;
    if (is_late || tally.events >= until_events) tell_counts(is_late && tally.events < until_events);
  }
}

int main(int count, char **arguments) {
  struct epoll_event ready[BATCH], input = {.events = EPOLLIN, .data.ptr = NULL};
  if (count < 2) return 1;
  port = atoi(arguments[1]);
  setvbuf(stdout, NULL, _IOLBF, 0);
  tally.on_latency = on_latency;
  tally.now = now;
  epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input);
  for (;;) {
    int is_busy = asked > 0 || until_deadline > 0;
    int length = epoll_wait(epoll, ready, BATCH, is_busy ? 20 : -1);
    int has_command = 0;
    for (int i = 0; i < length; i++) {
      if (ready[i].data.ptr == NULL) has_command = 1;
      else on_stream(ready[i].data.ptr, ready[i].events);
    }
    // After the streams: a command may free them.
    if (has_command) read_commands();
    go_on();
  }
}
