/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_FOREIGN_H
#define SUPPORT_FOREIGN_H

#include <amqp.h>
#include <stdbool.h>

/*
 * A publisher that shares no code with ours: librabbitmq's own amqp_basic_publish. What a service
 * written in another language, or somebody with a service's password, would send by hand.
 */

struct foreign_message {
    const char *account; /* whose password and user_id */
    const char *user_id; /* NULL = the account */
    const char *exchange;
    const char *routing_key;
    const char *id;   /* message_id and cloudEvents_id */
    const char *type; /* cloudEvents_type; NULL = leave the header out */
    const char *name; /* property type; NULL = leave it out */
    const char *subject;
    const char *correlation_id;
    const char *content_type; /* NULL = application/json */
    const char *body;
    unsigned long body_length; /* 0 = strlen(body) */
};

/* True when the broker has confirmed it; else `reason` (of 256 bytes) says what the broker
 * answered. */
bool foreign_publish(const struct foreign_message *message, char reason[256]);

/* The parts, for those who send what foreign_message cannot say: a connection with channel 1 open
 * and confirms on. */
amqp_connection_state_t foreign_connect(const char *url, char reason[256]); /* NULL: refused */
bool foreign_send(amqp_connection_state_t connection, amqp_bytes_t exchange,
                  amqp_bytes_t routing_key, const amqp_basic_properties_t *properties,
                  amqp_bytes_t body, char reason[256]);

#endif
