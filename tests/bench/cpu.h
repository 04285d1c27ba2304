/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <sys/types.h>

/* Processor time, so that a run can be judged on a machine that does other work as well. */

enum cpu_user { CPU_SERVICE, CPU_BROKER, CPU_DATABASE, CPU_USERS };

/*
 * What the service, RabbitMQ (RABBITMQ_PID) and PostgreSQL with its processes (POSTGRES_PID) have
 * used so far, in seconds. -1 for what is not known: servers that are not ours.
 */
void cpu_read(pid_t service, double seconds[CPU_USERS]);

#endif
