// N readers of one URL, each to its end, as fast as it goes.
//   drain PORT PATH N [--each BYTES]
// Prints one line of JSON. --each ends a reader after so many body bytes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 4096 };
struct reader { int fd, matched, in_body, status; uint64_t body; double first_ms; };
static struct reader readers[MOST];
static char buffer[1024 * 1024];

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int port = atoi(argv[1]), count = atoi(argv[3]), open = 0, failed = 0;
  uint64_t each = ~0ULL;
  if (argc > 5 && !strcmp(argv[4], "--each")) each = strtoull(argv[5], 0, 10);
  int epoll = epoll_create1(0);
  double start = now_ms();
  for (int i = 0; i < count; i++) {
    struct reader *r = &readers[i];
    r->fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(r->fd, (void *)&address, sizeof address)) return 1;
    fcntl(r->fd, F_SETFL, O_NONBLOCK);
    char request[1024];
    int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: drain-%d\r\nConnection: close\r\n\r\n", argv[2], port, i);
    send(r->fd, request, n, MSG_NOSIGNAL);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(epoll, EPOLL_CTL_ADD, r->fd, &event);
    open++;
  }
  while (open > 0) {
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, 30000);
    if (ready <= 0) break;
    for (int k = 0; k < ready; k++) {
      struct reader *r = &readers[events[k].data.u32];
      ssize_t n = recv(r->fd, buffer, sizeof buffer, MSG_DONTWAIT | (r->in_body ? MSG_TRUNC : 0));
      if (n < 0 && errno == EAGAIN) continue;
      ssize_t from = 0;
      if (n > 0 && !r->in_body) {
        static const char end[] = "\r\n\r\n";
        if (!r->status && n > 12) r->status = atoi(buffer + 9);
        for (; from < n && r->matched < 4; from++) r->matched = buffer[from] == end[r->matched] ? r->matched + 1 : buffer[from] == '\r';
        r->in_body = r->matched == 4;
      }
      if (n > from && !r->first_ms) r->first_ms = now_ms() - start;
      if (n > 0) r->body += n - from;
      if (n <= 0 || r->body >= each) {
        failed += r->status / 100 != 2 || (n < 0);
        close(r->fd);
        open--;
      }
    }
  }
  double ms = now_ms() - start, first = 0;
  uint64_t total = 0, least = ~0ULL;
  for (int i = 0; i < count; i++) {
    total += readers[i].body;
    if (readers[i].body < least) least = readers[i].body;
    if (readers[i].first_ms > first) first = readers[i].first_ms;
  }
  printf("{\"count\":%d,\"ms\":%.1f,\"bytes\":%llu,\"leastBytes\":%llu,\"unfinished\":%d,\"failed\":%d,\"lastFirstByteMs\":%.1f}\n", count, ms,
         (unsigned long long)total, (unsigned long long)least, open, failed, first);
  return 0;
}
