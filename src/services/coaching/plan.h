/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COACHING_PLAN_H
#define COACHING_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Workout plans: from a goal, a level, days a week, equipment and body metrics to weeks, sessions
 * and exercises, by the rules of plan_table.c. Pure: no clock, no randomness, no allocation; the
 * same request gives the same bytes. An ordinary plan looks at no metric; a premium plan needs them
 * and adapts to them. What cannot be planned is refused with a reason that a person can act on.
 */

enum {
    PLAN_DAYS_OF_WEEK = 7,
    PLAN_MAX_SESSIONS = 6,  /* a week keeps at least one day of rest */
    PLAN_MAX_EXERCISES = 7, /* of one session, its warm-up included */
    PLAN_BLOCK_WEEKS = 4,   /* three weeks that build, one that unloads */
    PLAN_MAX_WEEKS = 4 * PLAN_BLOCK_WEEKS,
    PLAN_MAX_SETS = 10, /* of one exercise; intervals count as sets */
    PLAN_MAX_REPETITIONS = 30,
    PLAN_MAX_WEEKLY_SETS = 20, /* main and accessory sets of one pattern in one week */
    PLAN_MAX_SESSION_MINUTES = 100,
    PLAN_JSON_BYTES = 16384, /* room that every plan's JSON fits in, its final NUL included */
};

enum plan_tier {
    PLAN_TIER_ORDINARY,
    PLAN_TIER_PREMIUM,
    PLAN_TIER_COUNT,
};

enum plan_goal {
    PLAN_GOAL_LOSE_WEIGHT,
    PLAN_GOAL_BUILD_MUSCLE,
    PLAN_GOAL_GAIN_STRENGTH,
    PLAN_GOAL_IMPROVE_ENDURANCE,
    PLAN_GOAL_STAY_HEALTHY,
    PLAN_GOAL_COUNT,
};

enum plan_level {
    PLAN_LEVEL_BEGINNER,
    PLAN_LEVEL_INTERMEDIATE,
    PLAN_LEVEL_ADVANCED,
    PLAN_LEVEL_COUNT,
};

/* "barbell" stands for bar, plates, rack and bench; "machine" for a gym's row of resistance
 * machines. */
enum plan_equipment {
    PLAN_EQUIPMENT_DUMBBELLS,
    PLAN_EQUIPMENT_BARBELL,
    PLAN_EQUIPMENT_KETTLEBELL,
    PLAN_EQUIPMENT_BANDS,
    PLAN_EQUIPMENT_PULL_UP_BAR,
    PLAN_EQUIPMENT_MACHINE,
    PLAN_EQUIPMENT_BIKE,
    PLAN_EQUIPMENT_ROWER,
    PLAN_EQUIPMENT_TREADMILL,
    PLAN_EQUIPMENT_COUNT,
};

enum plan_metric {
    PLAN_METRIC_WEIGHT_G,
    PLAN_METRIC_HEIGHT_MM,
    PLAN_METRIC_RESTING_HEART_RATE_BPM,
    PLAN_METRIC_AGE_YEARS,
    PLAN_METRIC_MAX_PUSHUPS,
    PLAN_METRIC_SLEEP_MINUTES, /* of an average night */
    PLAN_METRIC_COUNT,
};

/* Zeroed: nothing is known. Set values with plan_metrics_set. */
struct plan_metrics {
    unsigned known; /* bit 1 << enum plan_metric */
    int64_t value[PLAN_METRIC_COUNT];
};

struct plan_request {
    enum plan_goal goal;
    enum plan_level level;
    int days_per_week;
    unsigned equipment;      /* bit 1 << enum plan_equipment; 0 is none */
    int64_t target_weight_g; /* 0: none. Read for premium plans only, as metrics are */
    struct plan_metrics metrics;
};

/* Why there is no plan. The sentences are in plan_table.c. */
enum plan_refusal {
    PLAN_REFUSAL_NONE,
    PLAN_REFUSAL_DAYS_OUT_OF_RANGE,
    PLAN_REFUSAL_TOO_FEW_DAYS,
    PLAN_REFUSAL_TOO_MANY_DAYS,
    PLAN_REFUSAL_EQUIPMENT_TOO_LIGHT,
    PLAN_REFUSAL_METRICS_MISSING,
    PLAN_REFUSAL_WEIGHT_IMPLAUSIBLE,
    PLAN_REFUSAL_HEIGHT_IMPLAUSIBLE,
    PLAN_REFUSAL_RESTING_HEART_RATE_IMPLAUSIBLE,
    PLAN_REFUSAL_AGE_IMPLAUSIBLE,
    PLAN_REFUSAL_MAX_PUSHUPS_IMPLAUSIBLE,
    PLAN_REFUSAL_SLEEP_IMPLAUSIBLE,
    PLAN_REFUSAL_RESTING_HEART_RATE_HIGH,
    PLAN_REFUSAL_TARGET_WEIGHT_IMPLAUSIBLE,
    PLAN_REFUSAL_TARGET_AGAINST_GOAL,
    PLAN_REFUSAL_WEIGHT_TOO_LOW_TO_LOSE,
    PLAN_REFUSAL_LOSS_TOO_FAST,
    PLAN_REFUSAL_GAIN_TOO_FAST,
    PLAN_REFUSAL_COUNT,
};

enum plan_phase {
    PLAN_PHASE_BUILD,
    PLAN_PHASE_DELOAD,
    PLAN_PHASE_COUNT,
};

enum plan_focus {
    PLAN_FOCUS_FULL_BODY_A,
    PLAN_FOCUS_FULL_BODY_B,
    PLAN_FOCUS_UPPER_BODY,
    PLAN_FOCUS_LOWER_BODY,
    PLAN_FOCUS_EASY_CARDIO,
    PLAN_FOCUS_LONG_CARDIO,
    PLAN_FOCUS_INTERVALS,
    PLAN_FOCUS_COUNT,
};

enum plan_pattern {
    PLAN_PATTERN_MOBILITY,
    PLAN_PATTERN_SQUAT,
    PLAN_PATTERN_HINGE,
    PLAN_PATTERN_LUNGE,
    PLAN_PATTERN_PUSH,
    PLAN_PATTERN_PULL,
    PLAN_PATTERN_CORE,
    PLAN_PATTERN_CONDITIONING,
    PLAN_PATTERN_COUNT,
};

/* What an exercise is in its session for. MAIN, LONG and INTERVALS are heavy: never the same
 * pattern two days running. */
enum plan_role {
    PLAN_ROLE_WARM_UP,
    PLAN_ROLE_MAIN,
    PLAN_ROLE_ACCESSORY,
    PLAN_ROLE_FINISHER,
    PLAN_ROLE_EASY,
    PLAN_ROLE_LONG,
    PLAN_ROLE_INTERVALS,
    PLAN_ROLE_COUNT,
};

enum plan_measure {
    PLAN_MEASURE_REPETITIONS,
    PLAN_MEASURE_SECONDS,
    PLAN_MEASURE_MINUTES,
    PLAN_MEASURE_COUNT,
};

/* What a premium plan changed because of a metric; the sentences are in plan_table.c. */
enum plan_adaptation {
    PLAN_ADAPTATION_RESTED,
    PLAN_ADAPTATION_RAISED_HEART_RATE,
    PLAN_ADAPTATION_SHORT_SLEEP,
    PLAN_ADAPTATION_OLDER_ATHLETE,
    PLAN_ADAPTATION_LOW_IMPACT,
    PLAN_ADAPTATION_COUNT,
};

struct plan_dose {
    int sets;
    int amount; /* of each set, in the exercise's measure */
    int rpe;    /* effort, 1 to 10 */
    int load_g; /* of the bar, the stack or each weight in hand; 0: bodyweight, or whatever meets
                   the effort */
};

struct plan_exercise {
    int exercise; /* row of the exercise table: plan_exercise_name, plan_exercise_equipment */
    enum plan_pattern pattern;
    enum plan_role role;
    enum plan_measure measure;
    int rest_s;        /* between sets */
    int heart_low_bpm; /* the zone to stay in; 0: not known */
    int heart_high_bpm;
    struct plan_dose doses[PLAN_MAX_WEEKS]; /* one per week of the plan */
};

struct plan_session {
    int day; /* 1 to 7 */
    enum plan_focus focus;
    int minutes; /* estimate for the longest week, rests included */
    int exercise_count;
    struct plan_exercise exercises[PLAN_MAX_EXERCISES];
};

/*
 * Every week has the same sessions on the same days; what changes from week to week is each
 * exercise's dose:
 *
 *     sessions[day].exercises[i].doses[week]      phases[week]
 */
struct plan {
    enum plan_tier tier;
    enum plan_goal goal;
    enum plan_level level;
    int days_per_week;
    unsigned equipment;
    unsigned adaptations;       /* bit 1 << enum plan_adaptation */
    int target_weight_g;        /* 0: none */
    int weekly_weight_change_g; /* towards the target, negative for a loss */
    int week_count;
    enum plan_phase phases[PLAN_MAX_WEEKS];
    int session_count;
    struct plan_session sessions[PLAN_MAX_SESSIONS];
};

/* PLAN_REFUSAL_NONE: `out` is the plan. Anything else: the first reason that holds, and `out` is
 * untouched. */
enum plan_refusal plan_make(const struct plan_request *request, enum plan_tier tier,
                            struct plan *out);

/* The sentence for the user; it never repeats a value. The stable code is plan_refusal_name. */
const char *plan_refusal_text(enum plan_refusal refusal);
const char *plan_adaptation_text(enum plan_adaptation adaptation);

/*
 * The plan as JSON with members in a fixed order. Like snprintf: returns the length without the
 * final NUL whatever `size` is, cuts what does not fit, writes a NUL unless `size` is 0.
 */
size_t plan_to_json(const struct plan *plan, char *out, size_t size);

/* Records a metric. Its range is judged by plan_make, where the refusal has a reason. */
void plan_metrics_set(struct plan_metrics *metrics, enum plan_metric metric, int64_t value);

/* Adds the named piece to the set; "none" adds nothing. False when there is no such piece. */
bool plan_equipment_add(const char *text, unsigned *equipment);

const char *plan_exercise_name(int exercise);
/* Any one piece of this set is enough; 0: needs none. */
unsigned plan_exercise_equipment(int exercise);

/* The stable word of a value, and the value of a word: `out` is written only when it returns true.
 */
#define PLAN_WORDS(noun)                                                                           \
    const char *plan_##noun##_name(enum plan_##noun value);                                        \
    bool plan_##noun##_parse(const char *text, enum plan_##noun *out)
PLAN_WORDS(tier);
PLAN_WORDS(goal);
PLAN_WORDS(level);
PLAN_WORDS(equipment);
PLAN_WORDS(metric);
PLAN_WORDS(refusal);
PLAN_WORDS(phase);
PLAN_WORDS(focus);
PLAN_WORDS(pattern);
PLAN_WORDS(role);
PLAN_WORDS(measure);
PLAN_WORDS(adaptation);
#undef PLAN_WORDS

#endif
