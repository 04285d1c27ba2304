/* SPDX-License-Identifier: Apache-2.0 */
#include "support/foreign.h"

#include "core/memory.h"
#include "support/company.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHANNEL = 1, CONNECT_S = 5, CONFIRM_S = 5 };

static bool explain(amqp_rpc_reply_t reply, char reason[256])
{
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
        return true;
    }
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION &&
        reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        const amqp_channel_close_t *close = reply.reply.decoded;
        (void)snprintf(reason, 256, "%d %.*s", close->reply_code, (int)close->reply_text.len,
                       (const char *)close->reply_text.bytes);
    } else if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) {
        const amqp_connection_close_t *close = reply.reply.decoded;
        (void)snprintf(reason, 256, "%d %.*s", close->reply_code, (int)close->reply_text.len,
                       (const char *)close->reply_text.bytes);
    } else {
        (void)snprintf(reason, 256, "%s", amqp_error_string2(reply.library_error));
    }
    return false;
}

static amqp_bytes_t text(const char *value)
{
    return amqp_cstring_bytes(value);
}

static void add_header(amqp_table_t *headers, const char *name, const char *value)
{
    if (value != NULL) {
        headers->entries[headers->num_entries++] = (amqp_table_entry_t){
            .key = text(name), .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = text(value)}};
    }
}

/* The broker's answer to one publication with confirms on: an ack, or the channel closed with its
 * reason. */
static bool await_confirm(amqp_connection_state_t connection, char reason[256])
{
    amqp_frame_t frame;
    struct timeval timeout = {.tv_sec = CONFIRM_S};
    while (amqp_simple_wait_frame_noblock(connection, &frame, &timeout) == AMQP_STATUS_OK) {
        if (frame.frame_type != AMQP_FRAME_METHOD) {
            continue;
        }
        if (frame.payload.method.id == AMQP_BASIC_ACK_METHOD) {
            return true;
        }
        if (frame.payload.method.id == AMQP_CHANNEL_CLOSE_METHOD ||
            frame.payload.method.id == AMQP_CONNECTION_CLOSE_METHOD) {
            return explain((amqp_rpc_reply_t){.reply_type = AMQP_RESPONSE_SERVER_EXCEPTION,
                                              .reply = frame.payload.method},
                           reason);
        }
    }
    (void)snprintf(reason, 256, "no answer");
    return false;
}

bool foreign_send(amqp_connection_state_t connection, amqp_bytes_t exchange,
                  amqp_bytes_t routing_key, const amqp_basic_properties_t *properties,
                  amqp_bytes_t body, char reason[256])
{
    int status =
        amqp_basic_publish(connection, CHANNEL, exchange, routing_key, 0, 0, properties, body);
    if (status != AMQP_STATUS_OK) {
        (void)snprintf(reason, 256, "%s", amqp_error_string2(status));
        return false;
    }
    return await_confirm(connection, reason);
}

static bool publish(amqp_connection_state_t connection, const struct foreign_message *message,
                    char reason[256])
{
    amqp_table_entry_t entries[8];
    amqp_table_t headers = {.num_entries = 0, .entries = entries};
    add_header(&headers, "cloudEvents_specversion", "1.0");
    add_header(&headers, "cloudEvents_id", message->id);
    add_header(&headers, "cloudEvents_type", message->type);
    add_header(&headers, "cloudEvents_subject", message->subject);
    add_header(&headers, "cloudEvents_correlationid", message->correlation_id);
    amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                  AMQP_BASIC_USER_ID_FLAG | AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_TIMESTAMP_FLAG,
        .content_type =
            text(message->content_type != NULL ? message->content_type : "application/json"),
        .delivery_mode = 2,
        .user_id = text(message->user_id != NULL ? message->user_id : message->account),
        .headers = headers,
        .timestamp = (uint64_t)time(NULL),
    };
    if (message->id != NULL) {
        properties._flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
        properties.message_id = text(message->id);
    }
    if (message->name != NULL) {
        properties._flags |= AMQP_BASIC_TYPE_FLAG;
        properties.type = text(message->name);
    }
    amqp_bytes_t body = {.len = message->body_length > 0 ? message->body_length
                                                         : strlen(message->body),
                         .bytes = (void *)message->body};
    return foreign_send(connection, text(message->exchange), text(message->routing_key),
                        &properties, body, reason);
}

amqp_connection_state_t foreign_connect(const char *url, char reason[256])
{
    AUTO(free_text) char *parsed = xstrdup(url);
    struct amqp_connection_info info;
    reason[0] = '\0';
    if (amqp_parse_url(parsed, &info) != AMQP_STATUS_OK) {
        (void)snprintf(reason, 256, "AMQP_URL cannot be read");
        return NULL;
    }
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    struct timeval timeout = {.tv_sec = CONNECT_S};
    if (amqp_socket_open_noblock(socket, info.host, info.port, &timeout) != AMQP_STATUS_OK) {
        (void)snprintf(reason, 256, "no connection to the broker");
    } else if (explain(amqp_login(connection, info.vhost, 0, 131072, 0, AMQP_SASL_METHOD_PLAIN,
                                  info.user, info.password),
                       reason)) {
        (void)amqp_channel_open(connection, CHANNEL);
        if (explain(amqp_get_rpc_reply(connection), reason)) {
            (void)amqp_confirm_select(connection, CHANNEL);
            if (explain(amqp_get_rpc_reply(connection), reason)) {
                return connection;
            }
        }
    }
    (void)amqp_destroy_connection(connection);
    return NULL;
}

bool foreign_publish(const struct foreign_message *message, char reason[256])
{
    AUTO(free_text) char *url = company_amqp_url(message->account);
    amqp_connection_state_t connection = foreign_connect(url, reason);
    if (connection == NULL) {
        return false;
    }
    bool is_done = publish(connection, message, reason);
    (void)amqp_destroy_connection(connection);
    return is_done;
}
