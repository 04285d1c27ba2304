/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONSUMERS_CONSUMER_H
#define CONSUMERS_CONSUMER_H

#include "core/service.h"

/*
 * Message → fact. Workers that take what has arrived, claim it in the inbox, run the handlers,
 * commit and ack, batch by batch; due retries are taken up by the same loop. `workers` threads,
 * each with its own connections.
 */
extern const struct part consumer_part;

#endif
