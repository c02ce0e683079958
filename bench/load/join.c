// How long one more viewer waits: connects, asks, and takes the time until the head, the first body byte and a whole key frame with
// PAT and PMT before it. One line of JSON a try.
//   join PORT PATH TRIES [--every MS] [--keep MS]
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PACKET = 188, MOST = 32 * 1024 * 1024 };
static uint8_t *bytes;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

struct scan { long at; int pat, pmt, key, pmt_pid, video_pid; long key_at; };

// Goes on over whole packets; returns 1 once a key frame is complete: the next picture has begun.
static int scan(struct scan *s, long from, long length) {
  for (; from + s->at + PACKET <= length; s->at += PACKET) {
    const uint8_t *p = bytes + from + s->at;
    if (p[0] != 0x47) return -1;
    int pid = (p[1] & 0x1f) << 8 | p[2], start = p[1] & 0x40, at = (p[3] & 0x20) ? 5 + p[4] : 4;
    const uint8_t *q = p + at + 1 + (at < PACKET ? p[at] : 0);
    if (pid == 0 && start && at < 150) { s->pat = 1; s->pmt_pid = (q[10] & 0x1f) << 8 | q[11]; }
    else if (s->pat && pid == s->pmt_pid && start && !s->pmt) {
      int end = 3 + ((q[1] & 0xf) << 8 | q[2]) - 4;
      for (int i = 12 + ((q[10] & 0xf) << 8 | q[11]); i + 5 <= end; i += 5 + ((q[i + 3] & 0xf) << 8 | q[i + 4]))
        if (q[i] == 0x1b || q[i] == 0x24 || q[i] == 2) { s->video_pid = (q[i + 1] & 0x1f) << 8 | q[i + 2]; s->pmt = 1; break; }
    } else if (s->pmt && pid == s->video_pid && start) {
      if (s->key) return 1;
      if ((p[3] & 0x20) && p[4] > 0 && (p[5] & 0x40)) { s->key = 1; s->key_at = s->at; }
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int port = atoi(argv[1]), tries = atoi(argv[3]), every = 200, keep = 0;
  for (int i = 4; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "--every")) every = atoi(argv[i + 1]);
    if (!strcmp(argv[i], "--keep")) keep = atoi(argv[i + 1]);
  }
  bytes = malloc(MOST);
  for (int try = 0; try < tries; try++) {
    double start = now_ms(), connected, head = -1, first = -1, key = -1;
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct timeval limit = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (void *)&address, sizeof address)) return 1;
    connected = now_ms();
    char request[1024];
    int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: join-%d\r\nConnection: close\r\n\r\n", argv[2], port, try);
    send(fd, request, n, MSG_NOSIGNAL);
    long length = 0, body = 0;
    int status = 0, state = 0;
    struct scan s = {0};
    while (length < MOST && state == 0) {
      ssize_t got = recv(fd, bytes + length, MOST - length < 262144 ? MOST - length : 262144, 0);
      if (got <= 0) break;
      length += got;
      if (!body) {
        uint8_t *end = memmem(bytes, length, "\r\n\r\n", 4);
        if (!end) continue;
        head = now_ms() - start;
        status = atoi((char *)bytes + 9);
        body = end - bytes + 4;
        if (status != 200) break;
      }
      if (length > body && first < 0) first = now_ms() - start;
      state = scan(&s, body, length);
      if (state == 1) key = now_ms() - start;
    }
    printf("{\"status\":%d,\"connectMs\":%.3f,\"headMs\":%.3f,\"firstByteMs\":%.3f,\"keyFrameMs\":%.3f,\"bytes\":%ld,\"packetsBeforeKey\":%ld}\n", status,
           connected - start, head, first, key, length - body, s.key_at / PACKET);
    fflush(stdout);
    if (keep) usleep(keep * 1000);
    close(fd);
    if (every) usleep(every * 1000);
  }
  return 0;
}
