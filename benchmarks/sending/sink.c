#define _GNU_SOURCE
/* A minimal SMTP sink: one epoll loop, PIPELINING, answers 250; leaves the sender as the bottleneck.
   sink PORT plain|chunking [CERTIFICATE KEY]: with BDAT (RFC 3030), and with STARTTLS where a certificate is given. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#define MAXFD 4096
static struct { int data; unsigned char tail[5]; int have; char line[1024]; int len; long chunk; SSL *tls; } c[MAXFD];
static char in[1 << 18], out[1 << 14];
static long receive(int f) {
  if (!c[f].tls) return read(f, in, sizeof in);
  long have = 0; int r = 0;
  while (have < (long)sizeof in && (r = SSL_read(c[f].tls, in + have, sizeof in - have)) > 0) have += r;
  if (have) return have;
  return SSL_get_error(c[f].tls, r) == SSL_ERROR_WANT_READ ? -1 : 0;
}
static long say(int f, const char *what, int length) { return c[f].tls ? SSL_write(c[f].tls, what, length) : write(f, what, length); }
static void leave(int f) { if (c[f].tls) SSL_free(c[f].tls); c[f].tls = 0; close(f); }
static void secure(int f, SSL_CTX *context) {
  int flags = fcntl(f, F_GETFL);
  fcntl(f, F_SETFL, flags & ~O_NONBLOCK);
  c[f].tls = SSL_new(context); SSL_set_fd(c[f].tls, f); SSL_accept(c[f].tls);
  fcntl(f, F_SETFL, flags);
}
int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGTERM); /* whoever measures may be killed: nobody would end us then */
  int chunking = argc > 2 && !strcmp(argv[2], "chunking");
  SSL_CTX *context = 0;
  if (argc > 4) {
    context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
    if (SSL_CTX_use_certificate_chain_file(context, argv[3]) != 1 || SSL_CTX_use_PrivateKey_file(context, argv[4], SSL_FILETYPE_PEM) != 1) return 2;
  }
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
      long r = receive(f);
      if (r <= 0) { if (r == 0 || (!c[f].tls && errno != EAGAIN)) leave(f); continue; }
      char *p = in, *end = in + r; int o = 0, wants_tls = 0;
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
        if (c[f].chunk) {
          long take = end - p < c[f].chunk ? end - p : c[f].chunk;
          p += take; c[f].chunk -= take;
          if (!c[f].chunk) { memcpy(out + o, "250 2.0.0 ok\r\n", 14); o += 14; }
          continue;
        }
        char *q = memchr(p, '\n', end - p);
        int m = (q ? q + 1 : end) - p;
        if (c[f].len + m < 1024) { memcpy(c[f].line + c[f].len, p, m); c[f].len += m; }
        p += m;
        if (!q) continue;
        char *l = c[f].line; c[f].len = 0;
        const char *w = "250 2.0.0 ok\r\n";
        if (!strncasecmp(l, "EHLO", 4)) w = context && !c[f].tls ? "250-sink\r\n250 STARTTLS\r\n" : chunking ? "250-sink\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 8BITMIME\r\n" : "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";
        else if (!strncasecmp(l, "STARTTLS", 8)) { w = "220 go on\r\n"; wants_tls = 1; }
        else if (!strncasecmp(l, "BDAT", 4)) { c[f].chunk = atol(l + 5); if (c[f].chunk) w = ""; }
        else if (!strncasecmp(l, "DATA", 4)) { w = "354 go on\r\n"; c[f].data = 1; memcpy(c[f].tail, "\r\n", 2); c[f].have = 2; }
        else if (!strncasecmp(l, "QUIT", 4)) w = "221 2.0.0 bye\r\n";
        int k = strlen(w); memcpy(out + o, w, k); o += k;
      }
      if (o && say(f, out, o) < 0) leave(f);
      else if (wants_tls) secure(f, context);
    }
  }
}
