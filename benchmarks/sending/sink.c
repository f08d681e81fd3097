#define _GNU_SOURCE
/* A minimal SMTP sink: one epoll loop, PIPELINING, answers 250, counts messages; leaves the sender as the bottleneck. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#define MAXFD 4096
static struct { int data; unsigned char tail[5]; int have; char line[1024]; int len; } c[MAXFD];
static char in[1 << 18], out[1 << 14];
int main(int argc, char **argv) {
  int s = socket(AF_INET, SOCK_STREAM, 0), one = 1, e = epoll_create1(0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(s, (void *)&a, sizeof a) || listen(s, 512)) return 1;
  struct epoll_event ev = {.events = EPOLLIN, .data.fd = s}, evs[256];
  epoll_ctl(e, EPOLL_CTL_ADD, s, &ev);
  for (;;) {
    int n = epoll_wait(e, evs, 256, -1);
    for (int i = 0; i < n; i++) {
      int f = evs[i].data.fd;
      if (f == s) {
        int k = accept4(s, 0, 0, SOCK_NONBLOCK);
        if (k < 0 || k >= MAXFD) continue;
        memset(&c[k], 0, sizeof c[k]);
        setsockopt(k, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        ev.events = EPOLLIN; ev.data.fd = k; epoll_ctl(e, EPOLL_CTL_ADD, k, &ev);
        if (write(k, "220 sink\r\n", 10) < 0) close(k);
        continue;
      }
      long r = read(f, in, sizeof in);
      if (r <= 0) { if (r == 0) close(f); continue; }
      char *p = in, *end = in + r; int o = 0;
      while (p < end) {
        if (c[f].data) {
          /* search CRLF . CRLF, also across reads */
          char *q = 0;
          if (c[f].have) {
            char t[16]; int h = c[f].have, m = end - p < 5 ? end - p : 5;
            memcpy(t, c[f].tail, h); memcpy(t + h, p, m);
            char *z = memmem(t, h + m, "\r\n.\r\n", 5);
            if (z) q = p + (z - t) + 5 - h;
          }
          if (!q) { char *z = memmem(p, end - p, "\r\n.\r\n", 5); if (z) q = z + 5; }
          if (q) { p = q; c[f].data = 0; c[f].have = 0; memcpy(out + o, "250 2.0.0 ok\r\n", 14); o += 14; }
          else {
            long left = end - p; char t[16]; int h = c[f].have;
            if (left >= 4) { memcpy(c[f].tail, end - 4, 4); c[f].have = 4; }
            else { memcpy(t, c[f].tail, h); memcpy(t + h, p, left); int k = h + left, w = k < 4 ? k : 4; memcpy(c[f].tail, t + k - w, w); c[f].have = w; }
            p = end;
          }
          continue;
        }
        char *q = memchr(p, '\n', end - p);
        int m = (q ? q + 1 : end) - p;
        if (c[f].len + m < 1024) { memcpy(c[f].line + c[f].len, p, m); c[f].len += m; }
        p += m;
        if (!q) continue;
        char *l = c[f].line; c[f].len = 0;
        const char *w = "250 2.0.0 ok\r\n";
        if (!strncasecmp(l, "EHLO", 4)) w = "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";
        else if (!strncasecmp(l, "DATA", 4)) { w = "354 go on\r\n"; c[f].data = 1; memcpy(c[f].tail, "\r\n", 2); c[f].have = 2; }
        else if (!strncasecmp(l, "QUIT", 4)) w = "221 2.0.0 bye\r\n";
        int k = strlen(w); memcpy(out + o, w, k); o += k;
      }
      if (o && write(f, out, o) < 0) close(f);
    }
  }
}
