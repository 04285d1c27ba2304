/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COACHING_PLAN_TABLE_H
#define COACHING_PLAN_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "services/coaching/plan.h"

/* The rules behind plan.c, as data. For plan.c only: everybody else includes plan.h. */

enum plan_style {
    PLAN_STYLE_RESISTANCE,
    PLAN_STYLE_MIXED,
    PLAN_STYLE_ENDURANCE,
    PLAN_STYLE_COUNT,
};

struct plan_scheme {
    int sets;
    int repetitions; /* of a block's first week */
    int rest_s;
};

struct plan_goal_rule {
    enum plan_style style;
    int min_days;
    unsigned advanced_needs; /* an advanced athlete needs one piece of this set; 0: anything goes */
    struct plan_scheme main;
    struct plan_scheme accessory;
    int finisher_minutes;
    int load_percent; /* of an exercise's usual load: fewer repetitions, more load */
};

struct plan_level_rule {
    int max_days;
    int weeks;
    int main_sets; /* added to the goal's */
    int rpe;       /* of a block's first week */
    int minutes_percent;
    int load_percent;
    int hold_s; /* of exercises measured in seconds */
};

/* Conditioning and warm-up: what the goal's schemes do not say. */
struct plan_role_rule {
    bool is_heavy;
    int sets;
    int minutes;
    int rest_s;
    int rpe;
    int reserve_low_percent; /* of the heart rate reserve; 0: no zone */
    int reserve_high_percent;
};

/* A week's place in its block of PLAN_BLOCK_WEEKS. */
struct plan_week_rule {
    enum plan_phase phase;
    int steps; /* repetitions, or five seconds each, on top of the block's first week */
    int rpe;   /* added */
    int sets_percent;
    int minutes_percent;
    int load_percent;
};

struct plan_exercise_rule {
    const char *name;
    enum plan_pattern pattern;
    unsigned any_of; /* equipment: one piece is enough; 0: needs none */
    enum plan_level from;
    enum plan_level to;
    enum plan_measure measure;
    int min_amount;   /* repetitions under which it makes no sense */
    int load_percent; /* of body weight, for a beginner's ten repetitions; 0: bodyweight */
    int load_step_g;  /* what the plates, dumbbells or stack can do */
    int load_min_g;
    int min_pushups; /* where is_pushup and the mark is known, it replaces the level */
    bool is_pushup;
    bool is_high_impact;
};

struct plan_slot {
    enum plan_pattern pattern;
    enum plan_role role;
    int choice; /* 0: the best exercise there is, 1: the next best */
};

struct plan_focus_rule {
    int slot_count;
    struct plan_slot slots[PLAN_MAX_EXERCISES];
};

struct plan_day {
    int day;
    enum plan_focus focus;
};

struct plan_metric_rule {
    int64_t min;
    int64_t max;
    bool is_needed; /* by a premium plan */
    enum plan_refusal refusal;
};

/* What the adaptation rules look at: a metric, or the body mass index in tenths. */
enum { PLAN_FACT_BMI_TENTHS = PLAN_METRIC_COUNT, PLAN_FACT_COUNT };

struct plan_adaptation_rule {
    int fact;
    int64_t min;
    int64_t max;
    int volume_percent; /* added to 100 */
    bool avoids_impact;
};

/* Weight change a week, in ten-thousandths of body weight. */
struct plan_pace {
    int comfortable;
    int limit;
};

extern const struct plan_goal_rule plan_table_goals[PLAN_GOAL_COUNT];
extern const struct plan_level_rule plan_table_levels[PLAN_LEVEL_COUNT];
extern const struct plan_role_rule plan_table_roles[PLAN_ROLE_COUNT];
extern const struct plan_week_rule plan_table_weeks[PLAN_BLOCK_WEEKS];
extern const struct plan_focus_rule plan_table_focuses[PLAN_FOCUS_COUNT];
/* Row `days - 1`; only its first `days` entries are used. */
extern const struct plan_day plan_table_days[PLAN_STYLE_COUNT][PLAN_MAX_SESSIONS]
                                            [PLAN_MAX_SESSIONS];
extern const struct plan_metric_rule plan_table_metrics[PLAN_METRIC_COUNT];
extern const struct plan_adaptation_rule plan_table_adaptations[PLAN_ADAPTATION_COUNT];
extern const struct plan_pace plan_table_loss;
extern const struct plan_pace plan_table_gain;
/* Within a pattern, the better exercise comes first. */
extern const struct plan_exercise_rule plan_table_exercises[];
extern const int plan_table_exercise_count;

#endif
