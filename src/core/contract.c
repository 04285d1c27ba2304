/* SPDX-License-Identifier: Apache-2.0 */
#include "core/contract.h"

#include <string.h>

const struct message *contract_find_send(const struct contract *contract, const char *type)
{
    for (size_t i = 0; i < contract->send_count; i++) {
        if (strcmp(contract->sends[i]->type, type) == 0) {
            return contract->sends[i];
        }
    }
    return NULL;
}

const struct receive *contract_find_receive(const struct contract *contract, const char *type)
{
    for (size_t i = 0; i < contract->receive_count; i++) {
        if (strcmp(contract->receives[i].message->type, type) == 0) {
            return &contract->receives[i];
        }
    }
    return NULL;
}

static enum outcome prepare(const struct message *message, struct fault *fault)
{
    enum outcome o = codec_prepare(message->shape, fault);
    return o == OK ? OK : fault_wrap(fault, o, "%s", message->type);
}

enum outcome contract_prepare(const struct contract *contract, struct fault *fault)
{
    for (size_t i = 0; i < contract->send_count; i++) {
        enum outcome o = prepare(contract->sends[i], fault);
        if (o != OK) {
            return o;
        }
    }
    for (size_t i = 0; i < contract->receive_count; i++) {
        enum outcome o = prepare(contract->receives[i].message, fault);
        if (o != OK) {
            return o;
        }
    }
    return OK;
}
