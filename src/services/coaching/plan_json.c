/* SPDX-License-Identifier: Apache-2.0 */
#include "services/coaching/plan.h"

#include <stdarg.h>
#include <stdio.h>

/*
 * Every text written here is a word or sentence of plan_table.c, which has nothing to escape
 * (tested). Doses are written as one array per quantity, an element a week: small, and the
 * progression can be read in one line.
 */

struct writer {
    char *out;
    size_t size;
    size_t length; /* that the whole text needs, whether it fits or not */
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *writer, const char *format,
                                                      ...)
{
    const size_t used = writer->length < writer->size ? writer->length : writer->size;
    va_list arguments;
    va_start(arguments, format);
    const int written = vsnprintf(used < writer->size ? writer->out + used : NULL,
                                  writer->size - used, format, arguments);
    va_end(arguments);
    writer->length += written > 0 ? (size_t)written : 0;
}

static const char *comma(int index)
{
    return index == 0 ? "" : ",";
}

static void put_equipment(struct writer *writer, const char *key, unsigned equipment)
{
    int count = 0;
    put(writer, "\"%s\":[", key);
    for (int i = 0; i < PLAN_EQUIPMENT_COUNT; i++) {
        if ((equipment & 1u << i) != 0) {
            put(writer, "%s\"%s\"", comma(count++), plan_equipment_name((enum plan_equipment)i));
        }
    }
    put(writer, "]");
}

static void put_adaptations(struct writer *writer, unsigned adaptations)
{
    int count = 0;
    put(writer, ",\"adaptations\":[");
    for (int i = 0; i < PLAN_ADAPTATION_COUNT; i++) {
        if ((adaptations & 1u << i) != 0) {
            const enum plan_adaptation adaptation = (enum plan_adaptation)i;
            put(writer, "%s{\"code\":\"%s\",\"because\":\"%s\"}", comma(count++),
                plan_adaptation_name(adaptation), plan_adaptation_text(adaptation));
        }
    }
    put(writer, "]");
}

static int dose_sets(const struct plan_dose *dose)
{
    return dose->sets;
}

static int dose_amount(const struct plan_dose *dose)
{
    return dose->amount;
}

static int dose_rpe(const struct plan_dose *dose)
{
    return dose->rpe;
}

static int dose_load_g(const struct plan_dose *dose)
{
    return dose->load_g;
}

static void put_doses(struct writer *writer, const char *key, const struct plan_exercise *exercise,
                      int weeks, int (*quantity)(const struct plan_dose *dose))
{
    put(writer, ",\"%s\":[", key);
    for (int week = 0; week < weeks; week++) {
        put(writer, "%s%d", comma(week), quantity(&exercise->doses[week]));
    }
    put(writer, "]");
}

static void put_exercise(struct writer *writer, const struct plan_exercise *exercise, int weeks)
{
    put(writer, "{\"name\":\"%s\",\"pattern\":\"%s\",\"role\":\"%s\",\"restSeconds\":%d",
        plan_exercise_name(exercise->exercise), plan_pattern_name(exercise->pattern),
        plan_role_name(exercise->role), exercise->rest_s);
    if (exercise->heart_high_bpm != 0) {
        put(writer, ",\"heartRateBpm\":[%d,%d]", exercise->heart_low_bpm, exercise->heart_high_bpm);
    }
    put_doses(writer, "sets", exercise, weeks, dose_sets);
    put_doses(writer, plan_measure_name(exercise->measure), exercise, weeks, dose_amount);
    put_doses(writer, "rpe", exercise, weeks, dose_rpe);
    if (exercise->doses[0].load_g != 0) {
        put_doses(writer, "loadGrams", exercise, weeks, dose_load_g);
    }
    put(writer, "}");
}

static void put_session(struct writer *writer, const struct plan_session *session, int weeks)
{
    put(writer, "{\"day\":%d,\"focus\":\"%s\",\"minutes\":%d,\"exercises\":[", session->day,
        plan_focus_name(session->focus), session->minutes);
    for (int i = 0; i < session->exercise_count; i++) {
        put(writer, "%s", comma(i));
        put_exercise(writer, &session->exercises[i], weeks);
    }
    put(writer, "]}");
}

size_t plan_to_json(const struct plan *plan, char *out, size_t size)
{
    struct writer writer = {.out = out, .size = size};
    put(&writer, "{\"tier\":\"%s\",\"goal\":\"%s\",\"level\":\"%s\",\"daysPerWeek\":%d,",
        plan_tier_name(plan->tier), plan_goal_name(plan->goal), plan_level_name(plan->level),
        plan->days_per_week);
    put_equipment(&writer, "equipment", plan->equipment);
    if (plan->tier == PLAN_TIER_PREMIUM) {
        put_adaptations(&writer, plan->adaptations);
    }
    if (plan->target_weight_g != 0) {
        put(&writer, ",\"targetWeightGrams\":%d,\"weeklyWeightChangeGrams\":%d",
            plan->target_weight_g, plan->weekly_weight_change_g);
    }
    put(&writer, ",\"weeks\":[");
    for (int week = 0; week < plan->week_count; week++) {
        put(&writer, "%s\"%s\"", comma(week), plan_phase_name(plan->phases[week]));
    }
    put(&writer, "],\"sessions\":[");
    for (int i = 0; i < plan->session_count; i++) {
        put(&writer, "%s", comma(i));
        put_session(&writer, &plan->sessions[i], plan->week_count);
    }
    put(&writer, "]}");
    return writer.length;
}
