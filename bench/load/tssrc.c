// A paced MPEG-TS source: loops a transport-stream file without a jump in its time stamps and sends every client the same bytes at the
// file's own rate, in bursts of --tick ms. Packets that end with "#coax" and 8 hex digits get the sending time in units of 10 us there.
//   tssrc FILE SECONDS PORT [--tick MS] [--back MS]
// --back: how much of the past a new client gets at once. One process, one thread, epoll.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { PACKET = 188, RING = 16 * 1024 * 1024 / 188 * 188, MOST = 8192 };

static uint8_t *clip, *ring;
static long clip_packets;
static double seconds;
static uint32_t payloads[8192];
static uint64_t head_at; // bytes of the endless stream written into the ring

struct client { int fd; uint64_t at; int started; };
static struct client clients[MOST];
static int client_count;

static uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int payload_at(const uint8_t *p) {
  int control = p[3] & 0x30;
  return control == 0x10 ? 4 : control == 0x30 ? 5 + p[4] : PACKET;
}

static void shift_stamp(uint8_t *p, uint64_t by) {
  uint64_t v = ((uint64_t)((p[0] >> 1) & 7) << 30) | ((uint64_t)((p[1] << 8 | p[2]) >> 1) << 15) | ((p[3] << 8 | p[4]) >> 1);
  v = (v + by) & 0x1ffffffffULL;
  p[0] = (p[0] & 0xf1) | (v >> 30) << 1;
  uint32_t middle = ((v >> 15) & 0x7fff) << 1 | 1, low = (v & 0x7fff) << 1 | 1;
  p[1] = middle >> 8; p[2] = middle; p[3] = low >> 8; p[4] = low;
}

static void restamp(uint8_t *p, uint64_t loop) {
  uint64_t by = (uint64_t)(loop * seconds * 90000.0);
  int pid = (p[1] & 0x1f) << 8 | p[2];
  p[3] = (p[3] & 0xf0) | ((p[3] + payloads[pid] * loop) & 0x0f);
  if ((p[3] & 0x20) && p[4] > 0 && (p[5] & 0x10)) {
    uint64_t base = (uint64_t)p[6] << 25 | p[7] << 17 | p[8] << 9 | p[9] << 1 | p[10] >> 7;
    base = (base + by) & 0x1ffffffffULL;
    p[6] = base >> 25; p[7] = base >> 17; p[8] = base >> 9; p[9] = base >> 1; p[10] = (p[10] & 0x7f) | (base & 1) << 7;
  }
  int at = payload_at(p);
  if ((p[1] & 0x40) && at + 19 < PACKET && p[at] == 0 && p[at + 1] == 0 && p[at + 2] == 1) {
    if (p[at + 7] & 0x80) shift_stamp(p + at + 9, by);
    if ((p[at + 7] & 0xc0) == 0xc0) shift_stamp(p + at + 14, by);
  }
}

static void stamp_time(uint8_t *p, uint32_t when) {
  static const char digits[] = "0123456789abcdef";
  if (memcmp(p + PACKET - 13, "#coax", 5)) return;
  for (int i = 0; i < 8; i++) p[PACKET - 8 + i] = digits[(when >> (28 - 4 * i)) & 15];
}

static void produce(uint64_t until) {
  uint32_t when = (uint32_t)(now_us() / 10);
  while (head_at + PACKET <= until) {
    uint64_t packet = head_at / PACKET;
    uint8_t *to = ring + head_at % RING;
    memcpy(to, clip + packet % clip_packets * PACKET, PACKET);
    restamp(to, packet / clip_packets);
    stamp_time(to, when);
    head_at += PACKET;
  }
}

static void drop(int index) {
  close(clients[index].fd);
  clients[index] = clients[--client_count];
}

// Returns 0 when the client is gone.
static int feed(struct client *c) {
  while (c->at < head_at) {
    if (head_at - c->at > RING - 1048576) return 0;
    size_t from = c->at % RING, length = head_at - c->at;
    if (length > RING - from) length = RING - from;
    ssize_t done = send(c->fd, ring + from, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0) return errno == EAGAIN;
    c->at += done;
    if ((size_t)done < length) return 1;
  }
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int tick = 10, back = 0;
  for (int i = 4; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "--tick")) tick = atoi(argv[i + 1]);
    if (!strcmp(argv[i], "--back")) back = atoi(argv[i + 1]);
  }
  int file = open(argv[1], O_RDONLY);
  struct stat info;
  if (file < 0 || fstat(file, &info)) return 1;
  clip_packets = info.st_size / PACKET;
  clip = malloc(clip_packets * PACKET);
  ring = malloc(RING);
  for (long got = 0, n; got < clip_packets * PACKET; got += n)
    if ((n = read(file, clip + got, clip_packets * PACKET - got)) <= 0) return 1;
  seconds = atof(argv[2]);
  for (long i = 0; i < clip_packets; i++) {
    uint8_t *p = clip + i * PACKET;
    if (p[3] & 0x10) payloads[(p[1] & 0x1f) << 8 | p[2]]++;
  }
  double rate = clip_packets * PACKET / seconds / 1e6; // bytes per microsecond

  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[3])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) return 1;
  socklen_t length = sizeof address;
  getsockname(listener, (void *)&address, &length);
  printf("{\"port\":%d,\"bytesPerSecond\":%.0f}\n", ntohs(address.sin_port), rate * 1e6);
  fflush(stdout);
  signal(SIGPIPE, SIG_IGN);

  uint64_t started = now_us();
  uint64_t lead = (uint64_t)(rate * 1e6 * 8); // eight seconds of past
  produce(lead);
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  uint64_t next = started + tick * 1000;
  static char sink[4096];
  for (;;) {
    uint64_t now = now_us();
    int wait = now >= next ? 0 : (int)((next - now + 999) / 1000);
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, wait);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        int got;
        while ((got = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
          if (client_count == MOST) { close(got); continue; }
          setsockopt(got, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
          clients[client_count++] = (struct client){.fd = got};
          struct epoll_event add = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = got};
          epoll_ctl(epoll, EPOLL_CTL_ADD, got, &add);
        }
        continue;
      }
      ssize_t n = recv(fd, sink, sizeof sink, MSG_DONTWAIT);
      for (int k = 0; k < client_count; k++) {
        if (clients[k].fd != fd) continue;
        if (n <= 0 && !(n < 0 && errno == EAGAIN)) { drop(k); break; }
        if (clients[k].started || n <= 0) break;
        static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n";
        send(fd, head, sizeof head - 1, MSG_NOSIGNAL);
        uint64_t past = (uint64_t)(rate * back * 1000) / PACKET * PACKET;
        clients[k].at = head_at - past;
        clients[k].started = 1;
        if (!feed(&clients[k])) drop(k);
        break;
      }
    }
    if (now_us() < next) continue;
    next += tick * 1000;
    produce(lead + (uint64_t)((now_us() - started) * rate));
    for (int k = 0; k < client_count; k++)
      if (clients[k].started && !feed(&clients[k])) drop(k--);
  }
}
