/* SPDX-License-Identifier: Apache-2.0 */
#include "services/coaching/plan_table.h"

#include <string.h>

#include "core/memory.h"

/*
 * Sources, by the name used below:
 *   ACSM 2009a  Progression models in resistance training, Med Sci Sports Exerc 41(3)
 *   ACSM 2009b  Donnelly et al., Physical activity for weight loss, Med Sci Sports Exerc 41(2)
 *   ACSM 2011   Garber et al., Quantity and quality of exercise, Med Sci Sports Exerc 43(7)
 *   Schoenfeld  Dose-response of weekly sets and muscle mass, J Sports Sci 35(11), 2017
 *   Zourdos     RPE from repetitions in reserve, J Strength Cond Res 30(1), 2016
 *   Garthe      Two rates of weight loss in athletes, Int J Sport Nutr Exerc Metab 21(2), 2011
 *   Iraki       Off-season nutrition of bodybuilders, Sports 7(7), 2019
 * Loads have no such source: they are cautious fractions of body weight, and the effort (RPE)
 * overrules them.
 */

/* clang-format off */

#define GEAR(piece) (1u << PLAN_EQUIPMENT_##piece)
#define WEIGHTS (GEAR(DUMBBELLS) | GEAR(BARBELL) | GEAR(KETTLEBELL) | GEAR(MACHINE))

/* ACSM 2009a: up to 6 repetitions and 2–3 min of rest for strength, 6–12 for muscle, 15 and short rests for endurance. */
const struct plan_goal_rule plan_table_goals[PLAN_GOAL_COUNT] = {
    /*                              style                   min  an advanced athlete needs
                                                            days                main: sets reps rest  accessory    fin. load */
    [PLAN_GOAL_LOSE_WEIGHT]       = {PLAN_STYLE_MIXED,      2, 0,                        {3, 10,  60}, {2, 12, 45}, 15,  85},
    [PLAN_GOAL_BUILD_MUSCLE]      = {PLAN_STYLE_RESISTANCE, 2, WEIGHTS | GEAR(BANDS) | GEAR(PULL_UP_BAR),
                                                                                         {3,  8,  90}, {3, 10, 60},  8, 100},
    [PLAN_GOAL_GAIN_STRENGTH]     = {PLAN_STYLE_RESISTANCE, 2, WEIGHTS,                  {4,  4, 150}, {3,  8, 90},  8, 120},
    [PLAN_GOAL_IMPROVE_ENDURANCE] = {PLAN_STYLE_ENDURANCE,  2, 0,                        {2, 15,  45}, {2, 15, 45}, 15,  65},
    [PLAN_GOAL_STAY_HEALTHY]      = {PLAN_STYLE_MIXED,      1, 0,                        {2, 10,  75}, {2, 10, 60}, 12,  80},
};

/* ACSM 2009a: 2–3 days a week for novices, 3–4 for intermediates, 4–6 for advanced; conditioning days come on top. */
const struct plan_level_rule plan_table_levels[PLAN_LEVEL_COUNT] = {
    /*                           max days weeks main sets rpe minutes% load% hold s */
    [PLAN_LEVEL_BEGINNER]     = {4,        8,   -1,       6,   80,     100,  20},
    [PLAN_LEVEL_INTERMEDIATE] = {5,       12,    0,       7,  100,     150,  30},
    [PLAN_LEVEL_ADVANCED]     = {6,       12,    1,       8,  125,     190,  40},
};

/* ACSM 2011: 40–59 % of the heart rate reserve is moderate, 60–89 % vigorous. */
const struct plan_role_rule plan_table_roles[PLAN_ROLE_COUNT] = {
    /*                      heavy sets min rest rpe reserve % */
    [PLAN_ROLE_WARM_UP]   = {false, 1,  5,    0, 2,  0,  0},
    [PLAN_ROLE_MAIN]      = {true,  0,  0,    0, 0,  0,  0},
    [PLAN_ROLE_ACCESSORY] = {false, 0,  0,    0, 0,  0,  0},
    [PLAN_ROLE_FINISHER]  = {false, 1,  0,    0, 5, 50, 65},
    [PLAN_ROLE_EASY]      = {false, 1, 30,    0, 3, 40, 59},
    [PLAN_ROLE_LONG]      = {true,  1, 45,    0, 4, 45, 59},
    [PLAN_ROLE_INTERVALS] = {true,  5,  2,  120, 8, 70, 85},
};

/* ACSM 2009a: 2–10 % more load once the repetitions are exceeded; ours comes with the next block. */
const struct plan_week_rule plan_table_weeks[PLAN_BLOCK_WEEKS] = {
    /* phase              steps rpe sets% minutes% load% */
    {PLAN_PHASE_BUILD,    0,    0,  100,  100,     100},
    {PLAN_PHASE_BUILD,    1,    0,  100,  105,     100},
    {PLAN_PHASE_BUILD,    2,    1,  100,  110,     100},
    {PLAN_PHASE_DELOAD,   0,   -1,   60,   70,      90},
};

#define SLOT(pattern, role, choice) {PLAN_PATTERN_##pattern, PLAN_ROLE_##role, choice}

const struct plan_focus_rule plan_table_focuses[PLAN_FOCUS_COUNT] = {
    [PLAN_FOCUS_FULL_BODY_A] = {7, {
        SLOT(MOBILITY, WARM_UP, 0), SLOT(SQUAT, MAIN, 0), SLOT(PUSH, MAIN, 0), SLOT(PULL, MAIN, 0),
        SLOT(HINGE, ACCESSORY, 1), SLOT(CORE, ACCESSORY, 0), SLOT(CONDITIONING, FINISHER, 0)}},
    [PLAN_FOCUS_FULL_BODY_B] = {7, {
        SLOT(MOBILITY, WARM_UP, 0), SLOT(HINGE, MAIN, 0), SLOT(PULL, MAIN, 1), SLOT(PUSH, MAIN, 1),
        SLOT(LUNGE, ACCESSORY, 0), SLOT(CORE, ACCESSORY, 1), SLOT(CONDITIONING, FINISHER, 1)}},
    [PLAN_FOCUS_UPPER_BODY]  = {6, {
        SLOT(MOBILITY, WARM_UP, 0), SLOT(PUSH, MAIN, 0), SLOT(PULL, MAIN, 0), SLOT(PUSH, ACCESSORY, 1),
        SLOT(PULL, ACCESSORY, 1), SLOT(CONDITIONING, FINISHER, 0)}},
    [PLAN_FOCUS_LOWER_BODY]  = {6, {
        SLOT(MOBILITY, WARM_UP, 0), SLOT(SQUAT, MAIN, 0), SLOT(HINGE, MAIN, 0), SLOT(LUNGE, ACCESSORY, 0),
        SLOT(CORE, ACCESSORY, 0), SLOT(CORE, ACCESSORY, 1)}},
    [PLAN_FOCUS_EASY_CARDIO] = {3, {
        SLOT(MOBILITY, WARM_UP, 0), SLOT(CONDITIONING, EASY, 0), SLOT(CORE, ACCESSORY, 1)}},
    [PLAN_FOCUS_LONG_CARDIO] = {2, {
        SLOT(MOBILITY, WARM_UP, 0), SLOT(CONDITIONING, LONG, 0)}},
    [PLAN_FOCUS_INTERVALS]   = {3, {
        SLOT(MOBILITY, WARM_UP, 0), SLOT(CONDITIONING, INTERVALS, 0), SLOT(CORE, ACCESSORY, 0)}},
};

#define FULL_A(day) {day, PLAN_FOCUS_FULL_BODY_A}
#define FULL_B(day) {day, PLAN_FOCUS_FULL_BODY_B}
#define UPPER(day) {day, PLAN_FOCUS_UPPER_BODY}
#define LOWER(day) {day, PLAN_FOCUS_LOWER_BODY}
#define EASY(day) {day, PLAN_FOCUS_EASY_CARDIO}
#define LONG(day) {day, PLAN_FOCUS_LONG_CARDIO}
#define FAST(day) {day, PLAN_FOCUS_INTERVALS}

/* A heavy pattern rests for a day at least; day 7 is followed by day 1. ACSM 2011: 48 h for the same muscles. */
const struct plan_day plan_table_days[PLAN_STYLE_COUNT][PLAN_MAX_SESSIONS][PLAN_MAX_SESSIONS] = {
    [PLAN_STYLE_RESISTANCE] = {
        {FULL_A(1)},
        {FULL_A(1), FULL_B(4)},
        {FULL_A(1), FULL_B(3), FULL_A(5)},
        {UPPER(1), LOWER(2), UPPER(4), LOWER(5)},
        {UPPER(1), LOWER(2), EASY(3), UPPER(4), LOWER(5)},
        {UPPER(1), LOWER(2), EASY(3), UPPER(4), LOWER(5), EASY(6)},
    },
    [PLAN_STYLE_MIXED] = {
        {FULL_A(1)},
        {FULL_A(1), FULL_B(4)},
        {FULL_A(1), FULL_B(3), FULL_A(5)},
        {FULL_A(1), EASY(2), FULL_B(4), FAST(6)},
        {FULL_A(1), EASY(2), FULL_B(3), EASY(4), FULL_A(5)},
        {FULL_A(1), EASY(2), FULL_B(3), FAST(4), FULL_A(5), LONG(6)},
    },
    [PLAN_STYLE_ENDURANCE] = {
        {FULL_A(1)},
        {FULL_A(2), LONG(6)},
        {FULL_A(1), FAST(3), LONG(6)},
        {FULL_A(1), EASY(2), FAST(4), LONG(6)},
        {FULL_A(1), EASY(2), FAST(3), FULL_B(5), LONG(6)},
        {FULL_A(1), EASY(2), FAST(3), FULL_B(4), EASY(5), LONG(6)},
    },
};

/* Wider than what is healthy, narrower than what is mistyped. */
const struct plan_metric_rule plan_table_metrics[PLAN_METRIC_COUNT] = {
    /*                                       min     max    needed refusal */
    [PLAN_METRIC_WEIGHT_G]               = {30000, 300000, true,  PLAN_REFUSAL_WEIGHT_IMPLAUSIBLE},
    [PLAN_METRIC_HEIGHT_MM]              = { 1200,   2300, true,  PLAN_REFUSAL_HEIGHT_IMPLAUSIBLE},
    [PLAN_METRIC_RESTING_HEART_RATE_BPM] = {   30,    150, true,  PLAN_REFUSAL_RESTING_HEART_RATE_IMPLAUSIBLE},
    [PLAN_METRIC_AGE_YEARS]              = {   16,     90, false, PLAN_REFUSAL_AGE_IMPLAUSIBLE},
    [PLAN_METRIC_MAX_PUSHUPS]            = {    0,    150, false, PLAN_REFUSAL_MAX_PUSHUPS_IMPLAUSIBLE},
    [PLAN_METRIC_SLEEP_MINUTES]          = {  120,    840, false, PLAN_REFUSAL_SLEEP_IMPLAUSIBLE},
};

const struct plan_adaptation_rule plan_table_adaptations[PLAN_ADAPTATION_COUNT] = {
    /*                                    fact                               min  max volume impact */
    [PLAN_ADAPTATION_RESTED]            = {PLAN_METRIC_RESTING_HEART_RATE_BPM, 30,  55,  10, false},
    [PLAN_ADAPTATION_RAISED_HEART_RATE] = {PLAN_METRIC_RESTING_HEART_RATE_BPM, 80, 100, -20, false},
    [PLAN_ADAPTATION_SHORT_SLEEP]       = {PLAN_METRIC_SLEEP_MINUTES,         120, 359, -20, false},
    [PLAN_ADAPTATION_OLDER_ATHLETE]     = {PLAN_METRIC_AGE_YEARS,              60,  90, -10, true},
    [PLAN_ADAPTATION_LOW_IMPACT]        = {PLAN_FACT_BMI_TENTHS,              300, INT64_MAX, 0, true},
};

/* Garthe: 0.7 % a week keeps muscle, twice that does not; we stop at 1 %. Iraki: gain 0.25 to 0.5 % a week. */
const struct plan_pace plan_table_loss = {.comfortable = 70, .limit = 100};
const struct plan_pace plan_table_gain = {.comfortable = 25, .limit = 50};

#define P(pattern) PLAN_PATTERN_##pattern
#define L1 PLAN_LEVEL_BEGINNER
#define L2 PLAN_LEVEL_INTERMEDIATE
#define L3 PLAN_LEVEL_ADVANCED
#define REPS PLAN_MEASURE_REPETITIONS
#define SECS PLAN_MEASURE_SECONDS
#define MINS PLAN_MEASURE_MINUTES
#define BAR GEAR(BARBELL)
#define BELLS GEAR(DUMBBELLS)
#define KETTLE GEAR(KETTLEBELL)
#define HANDS (GEAR(DUMBBELLS) | GEAR(KETTLEBELL))

/* Every pattern has rows for every level that need no equipment (two where a session asks twice): tested. */
const struct plan_exercise_rule plan_table_exercises[] = {
    /* name                      pattern          any of             levels  measure min load% step   least */
    {"joint_circles_and_walk",   P(MOBILITY),     0,                 L1, L3, MINS, 0,  0,    0,     0},

    {"back_squat",               P(SQUAT),        BAR,               L2, L3, REPS, 0, 40, 2500, 20000},
    {"box_squat",                P(SQUAT),        BAR,               L1, L1, REPS, 0, 35, 2500, 20000},
    {"leg_press",                P(SQUAT),        GEAR(MACHINE),     L1, L3, REPS, 0, 60, 5000, 20000},
    {"goblet_squat",             P(SQUAT),        HANDS,             L1, L3, REPS, 6, 15, 4000,  4000},
    {"band_squat",               P(SQUAT),        GEAR(BANDS),       L1, L3, REPS, 10, 0,    0,     0},
    {"tempo_squat",              P(SQUAT),        0,                 L2, L3, REPS, 10, 0,    0,     0},
    {"air_squat",                P(SQUAT),        0,                 L1, L3, REPS, 12, 0,    0,     0},

    {"deadlift",                 P(HINGE),        BAR,               L1, L3, REPS, 0, 45, 2500, 20000},
    {"romanian_deadlift",        P(HINGE),        BAR,               L1, L3, REPS, 6, 30, 2500, 20000},
    {"dumbbell_deadlift",        P(HINGE),        BELLS,             L1, L3, REPS, 6, 12, 2000,  4000},
    {"kettlebell_deadlift",      P(HINGE),        KETTLE,            L1, L3, REPS, 6, 20, 4000,  8000},
    {"leg_curl",                 P(HINGE),        GEAR(MACHINE),     L1, L3, REPS, 8, 15, 2500,  5000},
    {"band_good_morning",        P(HINGE),        GEAR(BANDS),       L1, L3, REPS, 10, 0,    0,     0},
    {"single_leg_hip_bridge",    P(HINGE),        0,                 L2, L3, REPS, 10, 0,    0,     0},
    {"hip_bridge",               P(HINGE),        0,                 L1, L3, REPS, 12, 0,    0,     0},

    {"barbell_split_squat",      P(LUNGE),        BAR,               L2, L3, REPS, 6, 20, 2500, 20000},
    {"weighted_split_squat",     P(LUNGE),        HANDS,             L1, L3, REPS, 6,  6, 2000,  4000},
    {"walking_lunge",            P(LUNGE),        0,                 L2, L3, REPS, 10, 0,    0,     0},
    {"reverse_lunge",            P(LUNGE),        0,                 L1, L3, REPS, 8,  0,    0,     0},

    {"bench_press",              P(PUSH),         BAR,               L1, L3, REPS, 0, 30, 2500, 20000},
    {"overhead_press",           P(PUSH),         BAR,               L1, L3, REPS, 0, 18, 2500, 15000},
    {"dumbbell_floor_press",     P(PUSH),         BELLS,             L1, L3, REPS, 6,  9, 2000,  2000},
    {"dumbbell_shoulder_press",  P(PUSH),         BELLS,             L1, L3, REPS, 6,  7, 2000,  2000},
    {"chest_press_machine",      P(PUSH),         GEAR(MACHINE),     L1, L3, REPS, 6, 25, 2500,  5000},
    {"shoulder_press_machine",   P(PUSH),         GEAR(MACHINE),     L1, L3, REPS, 6, 18, 2500,  5000},
    {"kettlebell_press",         P(PUSH),         KETTLE,            L1, L3, REPS, 5,  9, 4000,  4000},
    {"band_chest_press",         P(PUSH),         GEAR(BANDS),       L1, L3, REPS, 10, 0,    0,     0},
    {"decline_push_up",          P(PUSH),         0,                 L3, L3, REPS, 8,  0,    0,     0, 25, .is_pushup = true},
    {"push_up",                  P(PUSH),         0,                 L2, L3, REPS, 8,  0,    0,     0,  8, .is_pushup = true},
    {"pike_push_up",             P(PUSH),         0,                 L2, L3, REPS, 6,  0,    0,     0, 15, .is_pushup = true},
    {"incline_push_up",          P(PUSH),         0,                 L1, L2, REPS, 8,  0,    0,     0,  0, .is_pushup = true},
    {"kneeling_push_up",         P(PUSH),         0,                 L1, L1, REPS, 6,  0,    0,     0,  0, .is_pushup = true},

    {"pull_up",                  P(PULL),         GEAR(PULL_UP_BAR), L3, L3, REPS, 4,  0,    0,     0},
    {"barbell_row",              P(PULL),         BAR,               L1, L3, REPS, 6, 28, 2500, 20000},
    {"lat_pulldown",             P(PULL),         GEAR(MACHINE),     L1, L3, REPS, 6, 30, 2500, 10000},
    {"seated_row",               P(PULL),         GEAR(MACHINE),     L1, L3, REPS, 6, 30, 2500, 10000},
    {"one_arm_row",              P(PULL),         HANDS,             L1, L3, REPS, 6, 12, 2000,  4000},
    {"chin_up",                  P(PULL),         GEAR(PULL_UP_BAR), L2, L3, REPS, 4,  0,    0,     0},
    {"hanging_row",              P(PULL),         GEAR(PULL_UP_BAR), L1, L2, REPS, 6,  0,    0,     0},
    {"band_row",                 P(PULL),         GEAR(BANDS),       L1, L3, REPS, 10, 0,    0,     0},
    {"band_pull_apart",          P(PULL),         GEAR(BANDS),       L1, L3, REPS, 12, 0,    0,     0},
    {"table_row",                P(PULL),         0,                 L1, L3, REPS, 6,  0,    0,     0},
    {"prone_y_raise",            P(PULL),         0,                 L1, L3, REPS, 10, 0,    0,     0},

    {"hanging_knee_raise",       P(CORE),         GEAR(PULL_UP_BAR), L2, L3, REPS, 8,  0,    0,     0},
    {"plank",                    P(CORE),         0,                 L1, L3, SECS, 0,  0,    0,     0},
    {"dead_bug",                 P(CORE),         0,                 L1, L3, REPS, 8,  0,    0,     0},
    {"side_plank",               P(CORE),         0,                 L1, L3, SECS, 0,  0,    0,     0},

    {"rowing_machine",           P(CONDITIONING), GEAR(ROWER),       L1, L3, MINS, 0,  0,    0,     0},
    {"stationary_bike",          P(CONDITIONING), GEAR(BIKE),        L1, L3, MINS, 0,  0,    0,     0},
    {"treadmill_run",            P(CONDITIONING), GEAR(TREADMILL),   L2, L3, MINS, 0,  0,    0,     0, .is_high_impact = true},
    {"treadmill_incline_walk",   P(CONDITIONING), GEAR(TREADMILL),   L1, L3, MINS, 0,  0,    0,     0},
    {"run",                      P(CONDITIONING), 0,                 L2, L3, MINS, 0,  0,    0,     0, .is_high_impact = true},
    {"brisk_walk",               P(CONDITIONING), 0,                 L1, L3, MINS, 0,  0,    0,     0},
};
const int plan_table_exercise_count = COUNT_OF(plan_table_exercises);

static const char *const tier_words[PLAN_TIER_COUNT] = {
    [PLAN_TIER_ORDINARY] = "ordinary",
    [PLAN_TIER_PREMIUM]  = "premium",
};

static const char *const goal_words[PLAN_GOAL_COUNT] = {
    [PLAN_GOAL_LOSE_WEIGHT]       = "lose_weight",
    [PLAN_GOAL_BUILD_MUSCLE]      = "build_muscle",
    [PLAN_GOAL_GAIN_STRENGTH]     = "gain_strength",
    [PLAN_GOAL_IMPROVE_ENDURANCE] = "improve_endurance",
    [PLAN_GOAL_STAY_HEALTHY]      = "stay_healthy",
};

static const char *const level_words[PLAN_LEVEL_COUNT] = {
    [PLAN_LEVEL_BEGINNER]     = "beginner",
    [PLAN_LEVEL_INTERMEDIATE] = "intermediate",
    [PLAN_LEVEL_ADVANCED]     = "advanced",
};

static const char *const equipment_words[PLAN_EQUIPMENT_COUNT] = {
    [PLAN_EQUIPMENT_DUMBBELLS]   = "dumbbells",
    [PLAN_EQUIPMENT_BARBELL]     = "barbell",
    [PLAN_EQUIPMENT_KETTLEBELL]  = "kettlebell",
    [PLAN_EQUIPMENT_BANDS]       = "bands",
    [PLAN_EQUIPMENT_PULL_UP_BAR] = "pull_up_bar",
    [PLAN_EQUIPMENT_MACHINE]     = "machine",
    [PLAN_EQUIPMENT_BIKE]        = "bike",
    [PLAN_EQUIPMENT_ROWER]       = "rower",
    [PLAN_EQUIPMENT_TREADMILL]   = "treadmill",
};

static const char *const metric_words[PLAN_METRIC_COUNT] = {
    [PLAN_METRIC_WEIGHT_G]               = "weight_g",
    [PLAN_METRIC_HEIGHT_MM]              = "height_mm",
    [PLAN_METRIC_RESTING_HEART_RATE_BPM] = "resting_heart_rate_bpm",
    [PLAN_METRIC_AGE_YEARS]              = "age_years",
    [PLAN_METRIC_MAX_PUSHUPS]            = "max_pushups",
    [PLAN_METRIC_SLEEP_MINUTES]          = "sleep_minutes",
};

static const char *const phase_words[PLAN_PHASE_COUNT] = {
    [PLAN_PHASE_BUILD]  = "build",
    [PLAN_PHASE_DELOAD] = "deload",
};

static const char *const focus_words[PLAN_FOCUS_COUNT] = {
    [PLAN_FOCUS_FULL_BODY_A] = "full_body_a",
    [PLAN_FOCUS_FULL_BODY_B] = "full_body_b",
    [PLAN_FOCUS_UPPER_BODY]  = "upper_body",
    [PLAN_FOCUS_LOWER_BODY]  = "lower_body",
    [PLAN_FOCUS_EASY_CARDIO] = "easy_cardio",
    [PLAN_FOCUS_LONG_CARDIO] = "long_cardio",
    [PLAN_FOCUS_INTERVALS]   = "intervals",
};

static const char *const pattern_words[PLAN_PATTERN_COUNT] = {
    [PLAN_PATTERN_MOBILITY]     = "mobility",
    [PLAN_PATTERN_SQUAT]        = "squat",
    [PLAN_PATTERN_HINGE]        = "hinge",
    [PLAN_PATTERN_LUNGE]        = "lunge",
    [PLAN_PATTERN_PUSH]         = "push",
    [PLAN_PATTERN_PULL]         = "pull",
    [PLAN_PATTERN_CORE]         = "core",
    [PLAN_PATTERN_CONDITIONING] = "conditioning",
};

static const char *const role_words[PLAN_ROLE_COUNT] = {
    [PLAN_ROLE_WARM_UP]   = "warm_up",
    [PLAN_ROLE_MAIN]      = "main",
    [PLAN_ROLE_ACCESSORY] = "accessory",
    [PLAN_ROLE_FINISHER]  = "finisher",
    [PLAN_ROLE_EASY]      = "easy",
    [PLAN_ROLE_LONG]      = "long",
    [PLAN_ROLE_INTERVALS] = "intervals",
};

static const char *const measure_words[PLAN_MEASURE_COUNT] = {
    [PLAN_MEASURE_REPETITIONS] = "repetitions",
    [PLAN_MEASURE_SECONDS]     = "seconds",
    [PLAN_MEASURE_MINUTES]     = "minutes",
};

static const char *const adaptation_words[PLAN_ADAPTATION_COUNT] = {
    [PLAN_ADAPTATION_RESTED]            = "rested",
    [PLAN_ADAPTATION_RAISED_HEART_RATE] = "raised-heart-rate",
    [PLAN_ADAPTATION_SHORT_SLEEP]       = "short-sleep",
    [PLAN_ADAPTATION_OLDER_ATHLETE]     = "older-athlete",
    [PLAN_ADAPTATION_LOW_IMPACT]        = "low-impact",
};

static const char *const adaptation_texts[PLAN_ADAPTATION_COUNT] = {
    [PLAN_ADAPTATION_RESTED] = "Your resting heart rate is low: you recover well, so there is a little more volume.",
    [PLAN_ADAPTATION_RAISED_HEART_RATE] = "Your resting heart rate is raised: there is less volume until it comes down.",
    [PLAN_ADAPTATION_SHORT_SLEEP] = "You sleep less than six hours: there is less volume, because sleep is when you recover.",
    [PLAN_ADAPTATION_OLDER_ATHLETE] = "From the age of 60 recovery takes longer: there is less volume and no running.",
    [PLAN_ADAPTATION_LOW_IMPACT] = "To spare your joints, conditioning is done without running.",
};

static const char *const refusal_words[PLAN_REFUSAL_COUNT] = {
    [PLAN_REFUSAL_NONE]                           = "none",
    [PLAN_REFUSAL_DAYS_OUT_OF_RANGE]              = "days-out-of-range",
    [PLAN_REFUSAL_TOO_FEW_DAYS]                   = "too-few-days",
    [PLAN_REFUSAL_TOO_MANY_DAYS]                  = "too-many-days",
    [PLAN_REFUSAL_EQUIPMENT_TOO_LIGHT]            = "equipment-too-light",
    [PLAN_REFUSAL_METRICS_MISSING]                = "metrics-missing",
    [PLAN_REFUSAL_WEIGHT_IMPLAUSIBLE]             = "weight-implausible",
    [PLAN_REFUSAL_HEIGHT_IMPLAUSIBLE]             = "height-implausible",
    [PLAN_REFUSAL_RESTING_HEART_RATE_IMPLAUSIBLE] = "resting-heart-rate-implausible",
    [PLAN_REFUSAL_AGE_IMPLAUSIBLE]                = "age-implausible",
    [PLAN_REFUSAL_MAX_PUSHUPS_IMPLAUSIBLE]        = "max-pushups-implausible",
    [PLAN_REFUSAL_SLEEP_IMPLAUSIBLE]              = "sleep-implausible",
    [PLAN_REFUSAL_RESTING_HEART_RATE_HIGH]        = "resting-heart-rate-high",
    [PLAN_REFUSAL_TARGET_WEIGHT_IMPLAUSIBLE]      = "target-weight-implausible",
    [PLAN_REFUSAL_TARGET_AGAINST_GOAL]            = "target-against-goal",
    [PLAN_REFUSAL_WEIGHT_TOO_LOW_TO_LOSE]         = "weight-too-low-to-lose",
    [PLAN_REFUSAL_LOSS_TOO_FAST]                  = "loss-too-fast",
    [PLAN_REFUSAL_GAIN_TOO_FAST]                  = "gain-too-fast",
};

static const char *const refusal_texts[PLAN_REFUSAL_COUNT] = {
    [PLAN_REFUSAL_NONE] = "There is a plan.",
    [PLAN_REFUSAL_DAYS_OUT_OF_RANGE] = "A week has one to seven days to train on.",
    [PLAN_REFUSAL_TOO_FEW_DAYS] = "This goal needs at least two training days a week.",
    [PLAN_REFUSAL_TOO_MANY_DAYS] =
        "These are more training days than you can recover from: "
        "four a week for beginners, five for intermediates, six for advanced athletes.",
    [PLAN_REFUSAL_EQUIPMENT_TOO_LIGHT] =
        "At an advanced level your equipment is too light for this goal: strength needs dumbbells, a barbell, a kettlebell "
        "or machines; for muscle, bands or a pull-up bar will do as well.",
    [PLAN_REFUSAL_METRICS_MISSING] =
        "A premium plan adapts to your body: record your weight, height and resting heart rate first.",
    [PLAN_REFUSAL_WEIGHT_IMPLAUSIBLE] = "The recorded weight is not plausible: it must be between 30 and 300 kg.",
    [PLAN_REFUSAL_HEIGHT_IMPLAUSIBLE] = "The recorded height is not plausible: it must be between 120 and 230 cm.",
    [PLAN_REFUSAL_RESTING_HEART_RATE_IMPLAUSIBLE] =
        "The recorded resting heart rate is not plausible: it must be between 30 and 150 beats a minute.",
    [PLAN_REFUSAL_AGE_IMPLAUSIBLE] = "Premium plans are made for ages from 16 to 90.",
    [PLAN_REFUSAL_MAX_PUSHUPS_IMPLAUSIBLE] =
        "The recorded number of push-ups is not plausible: it must be between 0 and 150.",
    [PLAN_REFUSAL_SLEEP_IMPLAUSIBLE] = "The recorded sleep is not plausible: it must be between 2 and 14 hours a night.",
    [PLAN_REFUSAL_RESTING_HEART_RATE_HIGH] =
        "A resting heart rate above 100 beats a minute should be seen by a doctor before you train.",
    [PLAN_REFUSAL_TARGET_WEIGHT_IMPLAUSIBLE] = "The target weight is not plausible: it must be between 30 and 300 kg.",
    [PLAN_REFUSAL_TARGET_AGAINST_GOAL] =
        "The target weight contradicts the goal: to lose weight it must lie below your weight, to build muscle not below it.",
    [PLAN_REFUSAL_WEIGHT_TOO_LOW_TO_LOSE] =
        "We do not plan a loss of weight that leads to, or starts from, a body mass index below 18.5.",
    [PLAN_REFUSAL_LOSS_TOO_FAST] =
        "The target weight asks for losing more than 1 % of body weight a week over 16 weeks, which is not safe: "
        "set a nearer target first.",
    [PLAN_REFUSAL_GAIN_TOO_FAST] =
        "The target weight asks for gaining more than 0.5 % of body weight a week over 16 weeks, which is more fat than "
        "muscle: set a nearer target first.",
};

/* clang-format on */

static bool find_word(const char *const *words, int count, const char *text, int *out)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

#define WORDS(noun)                                                                                \
    const char *plan_##noun##_name(enum plan_##noun value)                                         \
    {                                                                                              \
        return noun##_words[value];                                                                \
    }                                                                                              \
    bool plan_##noun##_parse(const char *text, enum plan_##noun *out)                              \
    {                                                                                              \
        int index;                                                                                 \
        const bool found = find_word(noun##_words, COUNT_OF(noun##_words), text, &index);          \
        if (found) {                                                                               \
            *out = (enum plan_##noun)index;                                                        \
        }                                                                                          \
        return found;                                                                              \
    }

WORDS(tier)
WORDS(goal)
WORDS(level)
WORDS(equipment)
WORDS(metric)
WORDS(refusal)
WORDS(phase)
WORDS(focus)
WORDS(pattern)
WORDS(role)
WORDS(measure)
WORDS(adaptation)

const char *plan_refusal_text(enum plan_refusal refusal)
{
    return refusal_texts[refusal];
}

const char *plan_adaptation_text(enum plan_adaptation adaptation)
{
    return adaptation_texts[adaptation];
}

bool plan_equipment_add(const char *text, unsigned *equipment)
{
    enum plan_equipment piece;
    if (plan_equipment_parse(text, &piece)) {
        *equipment |= 1u << piece;
        return true;
    }
    return strcmp(text, "none") == 0;
}

const char *plan_exercise_name(int exercise)
{
    return plan_table_exercises[exercise].name;
}

unsigned plan_exercise_equipment(int exercise)
{
    return plan_table_exercises[exercise].any_of;
}
