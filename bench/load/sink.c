// N readers of one URL. Every --tick ms all that has come is taken from each socket without copying it; a few probe connections are
// read for real and measure how old the stamps of tssrc are.
//   sink PORT PATH N [--probes P] [--warm S] [--window S] [--tick MS]
// Prints one line of JSON at the end. Connections open over the first seconds, 50 at a time.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 8192, PACKET = 188, SAMPLES = 4 * 1024 * 1024 };

struct reader { int fd; int alive; int head_left; int matched; uint64_t total, at_start; uint8_t rest[PACKET]; int rest_length; };
static struct reader readers[MOST];
static uint32_t *samples;
static long sample_count;
static uint8_t buffer[1024 * 1024];

static uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int compare(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static void open_reader(struct reader *r, int port, const char *path, int index) {
  r->fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(r->fd, (void *)&address, sizeof address)) return;
  fcntl(r->fd, F_SETFL, O_NONBLOCK);
  char request[1024];
  int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: sink-%d\r\nConnection: close\r\n\r\n", path, port, index);
  r->alive = send(r->fd, request, length, MSG_NOSIGNAL) == length;
  r->head_left = 1;
}

// Takes the response head off, byte by byte; returns where the body starts.
static ssize_t skip_head(struct reader *r, const uint8_t *bytes, ssize_t length) {
  static const char end[] = "\r\n\r\n";
  for (ssize_t i = 0; i < length; i++) {
    r->matched = bytes[i] == (uint8_t)end[r->matched] ? r->matched + 1 : bytes[i] == '\r';
    if (r->matched == 4) { r->head_left = 0; return i + 1; }
  }
  return length;
}

static void look(const uint8_t *p, uint64_t now, int measuring) {
  if (!measuring || memcmp(p + PACKET - 13, "#coax", 5) || sample_count == SAMPLES) return;
  char digits[9] = {0};
  memcpy(digits, p + PACKET - 8, 8);
  samples[sample_count++] = (uint32_t)(now / 10) - (uint32_t)strtoul(digits, 0, 16);
}

static void watch(struct reader *r, const uint8_t *bytes, ssize_t length, uint64_t now, int measuring) {
  while (length > 0) {
    int take = PACKET - r->rest_length;
    if (take > length) take = length;
    memcpy(r->rest + r->rest_length, bytes, take);
    r->rest_length += take; bytes += take; length -= take;
    if (r->rest_length < PACKET) return;
    if (r->rest[0] == 0x47) look(r->rest, now, measuring);
    r->rest_length = 0;
  }
}

static void take(struct reader *r, int probe, int measuring) {
  for (int round = 0; round < 8; round++) {
    int plain = r->head_left || probe;
    ssize_t n = recv(r->fd, buffer, sizeof buffer, MSG_DONTWAIT | (plain ? 0 : MSG_TRUNC));
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) { r->alive = 0; close(r->fd); return; }
    ssize_t from = r->head_left ? skip_head(r, buffer, n) : 0;
    if (!r->head_left) r->total += n - from;
    if (probe && !r->head_left) watch(r, buffer + from, n - from, now_us(), measuring);
    if (n < (ssize_t)sizeof buffer) return;
  }
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int port = atoi(argv[1]), count = atoi(argv[3]), probes = 4, tick = 10;
  double warm = 3, window = 4;
  for (int i = 4; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "--probes")) probes = atoi(argv[i + 1]);
    if (!strcmp(argv[i], "--warm")) warm = atof(argv[i + 1]);
    if (!strcmp(argv[i], "--window")) window = atof(argv[i + 1]);
    if (!strcmp(argv[i], "--tick")) tick = atoi(argv[i + 1]);
  }
  if (count > MOST) return 2;
  samples = malloc(sizeof *samples * SAMPLES);
  int opened = 0;
  uint64_t next = now_us(), ready_at = 0, begin = 0, end = 0;
  for (;;) {
    for (int burst = 0; burst < 50 && opened < count; burst++, opened++) open_reader(&readers[opened], port, argv[2], opened);
    for (int i = 0; i < opened; i++) if (readers[i].alive) take(&readers[i], i < probes, begin != 0);
    uint64_t now = now_us();
    if (opened == count && !ready_at) ready_at = now;
    if (ready_at && !begin && now - ready_at >= warm * 1e6) {
      begin = now;
      for (int i = 0; i < count; i++) readers[i].at_start = readers[i].total;
      printf("{\"event\":\"begin\"}\n");
      fflush(stdout);
    }
    if (begin && now - begin >= window * 1e6) { end = now; break; }
    next += tick * 1000;
    if (next > now) usleep(next - now); else next = now;
  }
  double length = (end - begin) / 1e6, least = 1e18, most = 0, sum = 0;
  int dead = 0, empty = 0;
  for (int i = 0; i < count; i++) {
    double rate = (readers[i].total - readers[i].at_start) * 8 / length;
    if (rate < least) least = rate;
    if (rate > most) most = rate;
    sum += rate;
    dead += !readers[i].alive;
    empty += readers[i].total == 0;
  }
  qsort(samples, sample_count, sizeof *samples, compare);
  double p50 = sample_count ? samples[sample_count / 2] / 100.0 : -1, p99 = sample_count ? samples[(long)(sample_count * 0.99)] / 100.0 : -1;
  printf("{\"event\":\"end\",\"count\":%d,\"seconds\":%.3f,\"leastBps\":%.0f,\"meanBps\":%.0f,\"mostBps\":%.0f,\"dead\":%d,\"empty\":%d,\"latencyP50Ms\":%.2f,\"latencyP99Ms\":%.2f}\n",
         count, length, least, sum / count, most, dead, empty, p50, p99);
  return 0;
}
