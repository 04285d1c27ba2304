/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROXY_H
#define SUPPORT_PROXY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A TCP proxy that misbehaves on demand, between a process and a server: a child process, which
 * dies with its parent. What it is told holds at once, for open connections too.
 */

struct proxy;

/* Listens on a free loopback port and connects to 127.0.0.1:port. */
struct proxy *proxy_start(int port);
void proxy_stop(struct proxy *proxy);
int proxy_port(const struct proxy *proxy);

/* The same URL by way of the proxy. Yours. */
char *proxy_url(const struct proxy *proxy, const char *url);

/* Nothing passes and nothing is closed, as when a cable is cut. */
void proxy_blackhole(struct proxy *proxy, bool is_on);
/* Everything takes so much longer, in both directions. */
void proxy_delay(struct proxy *proxy, int64_t ms);
/* Every open connection ends. */
void proxy_cut(struct proxy *proxy);
/* Once: the next bytes of a client with this text in them still go to the server; its answer does
 * not come back, and the connection ends. The text is short. */
void proxy_cut_answer(struct proxy *proxy, const char *text);
bool proxy_has_cut_answer(const struct proxy *proxy);

#endif
