/* SPDX-License-Identifier: Apache-2.0 */
#include "profile_bodies.h"

#include <assert.h>

/* One table serves two structs. */
static_assert(offsetof(struct user_registered, name) == offsetof(struct profile_updated, name) &&
                  offsetof(struct user_registered, email) ==
                      offsetof(struct profile_updated, email) &&
                  sizeof(struct user_registered) == sizeof(struct profile_updated),
              "name and address sit at the same places in both events");

/* No control character gets in here, so none reaches a mail header, a log or a terminal. */
static struct pattern name_pattern = {.text = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$"};

/* clang-format off */
#define AT(member) .offset = offsetof(struct user_registered, member), .has_offset = FIELD_ABSENT
static const struct field profile_fields[] = {
    {.name = "name", .kind = FIELD_STRING, .required = true, .personal = true, AT(name),
     .has_min = true, .min = 1, .has_max = true, .max = 200, .pattern = &name_pattern},
    {.name = "email", .kind = FIELD_EMAIL, .required = true, .personal = true, AT(email),
     .has_max = true, .max = 254},
};
#undef AT

static const struct field goal_equipment_item = {
    .kind = FIELD_ENUM, .required = true, .has_offset = FIELD_ABSENT,
    .values = fitness_goal_set_equipment_values, .value_count = COUNT_OF(fitness_goal_set_equipment_values),
};

#define AT(member) .offset = offsetof(struct fitness_goal_set, member), .has_offset = FIELD_ABSENT
static const struct field goal_fields[] = {
    {.name = "goal", .kind = FIELD_ENUM, .required = true, AT(goal),
     .values = fitness_goal_set_goal_values, .value_count = COUNT_OF(fitness_goal_set_goal_values)},
    {.name = "level", .kind = FIELD_ENUM, .required = true, AT(level),
     .values = fitness_goal_set_level_values, .value_count = COUNT_OF(fitness_goal_set_level_values)},
    {.name = "daysPerWeek", .kind = FIELD_INTEGER, .required = true, AT(days_per_week),
     .has_min = true, .min = 1, .has_max = true, .max = 7},
    {.name = "equipment", .kind = FIELD_ARRAY, .required = true, AT(equipment),
     .count_offset = offsetof(struct fitness_goal_set, equipment_count), .item = &goal_equipment_item,
     .item_size = sizeof(enum fitness_goal_set_equipment), .has_max = true, .max = 9},
    {.name = "targetWeightG", .kind = FIELD_INTEGER, .personal = true,
     .offset = offsetof(struct fitness_goal_set, target_weight_g),
     .has_offset = offsetof(struct fitness_goal_set, has_target_weight_g),
     .has_min = true, .min = 30000, .has_max = true, .max = 300000},
};
#undef AT

/* NOLINTBEGIN(bugprone-macro-parentheses): a member's name takes none */
#define METRIC(json, member, least, most)                                              \
    {.name = json, .kind = FIELD_INTEGER, .personal = true,                            \
     .offset = offsetof(struct measuring, event.member),                               \
     .has_offset = offsetof(struct measuring, event.has_##member),                     \
     .has_min = true, .min = (least), .has_max = true, .max = (most)}
/* NOLINTEND(bugprone-macro-parentheses) */
static const struct field metrics_fields[] = {
    METRIC("weightG", weight_g, 1, 1000000),
    METRIC("heightMm", height_mm, 1, 3000),
    METRIC("restingHeartRateBpm", resting_heart_rate_bpm, 1, 300),
    METRIC("ageYears", age_years, 0, 150),
    METRIC("maxPushups", max_pushups, 0, 1000),
    METRIC("sleepMinutes", sleep_minutes, 0, 1440),
    {.name = "measuredAt", .kind = FIELD_DATE_TIME,
     .offset = offsetof(struct measuring, event.measured_at_ms),
     .has_offset = offsetof(struct measuring, has_measured_at)},
};
#undef METRIC
/* clang-format on */

const struct shape profile_body = {
    .name = "profile",
    .size = sizeof(struct user_registered),
    .fields = profile_fields,
    .field_count = COUNT_OF(profile_fields),
};

const struct shape goal_body = {
    .name = "goal",
    .size = sizeof(struct fitness_goal_set),
    .fields = goal_fields,
    .field_count = COUNT_OF(goal_fields),
};

const struct shape metrics_body = {
    .name = "metrics",
    .size = sizeof(struct measuring),
    .fields = metrics_fields,
    .field_count = COUNT_OF(metrics_fields),
};
