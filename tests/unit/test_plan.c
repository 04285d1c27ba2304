/* SPDX-License-Identifier: Apache-2.0 */
#include "services/coaching/plan.h"

#include <check.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum { EVERY_EQUIPMENT = (1 << PLAN_EQUIPMENT_COUNT) - 1 };

#define GEAR(piece) (1u << PLAN_EQUIPMENT_##piece)
#define BIT(metric) (1u << PLAN_METRIC_##metric)
#define NEEDED (BIT(WEIGHT_G) | BIT(HEIGHT_MM) | BIT(RESTING_HEART_RATE_BPM))
#define BODY(known, weight, height, heart, age, pushups, sleep)                                    \
    {                                                                                              \
        known,                                                                                     \
        {                                                                                          \
            weight, height, heart, age, pushups, sleep                                             \
        }                                                                                          \
    }

static const struct plan_metrics bodies[] = {
    {0},
    BODY(NEEDED, 82000, 1790, 62, 0, 0, 0),
    BODY(NEEDED | BIT(AGE_YEARS) | BIT(MAX_PUSHUPS), 64000, 1680, 52, 29, 34, 0),
    BODY(NEEDED | BIT(AGE_YEARS) | BIT(MAX_PUSHUPS) | BIT(SLEEP_MINUTES), 121000, 1710, 88, 66, 0,
         330),
    BODY(NEEDED | BIT(MAX_PUSHUPS) | BIT(SLEEP_MINUTES), 300000, 2300, 30, 0, 150, 480),
    BODY(NEEDED | BIT(AGE_YEARS) | BIT(MAX_PUSHUPS), 30000, 1200, 100, 90, 12, 0),
};

/* Check reports each of its assertions through a pipe even while they hold: too slow for millions
 * of them. */
#define require(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            ck_abort_msg("%s", #condition);                                                        \
        }                                                                                          \
    } while (0)

/* What the invariants look at besides the plan: the rules' own constants are repeated here on
 * purpose. */
static bool is_heavy(enum plan_role role)
{
    return role == PLAN_ROLE_MAIN || role == PLAN_ROLE_LONG || role == PLAN_ROLE_INTERVALS;
}

static unsigned heavy_patterns_of_day(const struct plan *plan, int day)
{
    unsigned patterns = 0;
    for (int i = 0; i < plan->session_count; i++) {
        const struct plan_session *session = &plan->sessions[i];
        for (int j = 0; session->day == day && j < session->exercise_count; j++) {
            if (is_heavy(session->exercises[j].role)) {
                patterns |= 1u << session->exercises[j].pattern;
            }
        }
    }
    return patterns;
}

static int weekly_sets(const struct plan *plan, enum plan_pattern pattern, int week)
{
    int sets = 0;
    for (int i = 0; i < plan->session_count; i++) {
        for (int j = 0; j < plan->sessions[i].exercise_count; j++) {
            const struct plan_exercise *exercise = &plan->sessions[i].exercises[j];
            sets += exercise->pattern == pattern ? exercise->doses[week].sets : 0;
        }
    }
    return sets;
}

/* At most a tenth more than before, or one step where a tenth is less than that. */
static bool is_bounded(int before, int now, int step)
{
    const int tenth = before / 10;
    return now <= before + (tenth > step ? tenth : step);
}

static void check_progression(const struct plan_exercise *exercise, int before, int now)
{
    const struct plan_dose *from = &exercise->doses[before];
    const struct plan_dose *to = &exercise->doses[now];
    const int amount_step = exercise->measure == PLAN_MEASURE_SECONDS ? 5 : 1;
    require(is_bounded(from->sets, to->sets, 1));
    require(is_bounded(from->amount, to->amount, amount_step));
    require(is_bounded(from->load_g, to->load_g, 5000));
    require(to->rpe <= from->rpe + 1);
}

static void check_deload(const struct plan_session *session, int week)
{
    int before = 0;
    int now = 0;
    for (int i = 1; i < session->exercise_count; i++) {
        const struct plan_exercise *exercise = &session->exercises[i];
        const struct plan_dose *hard = &exercise->doses[week - 1];
        const struct plan_dose *easy = &exercise->doses[week];
        before += hard->sets * hard->amount;
        now += easy->sets * easy->amount;
        require(easy->sets <= hard->sets);
        require(easy->amount <= hard->amount);
        require(easy->rpe < hard->rpe);
        require(easy->load_g <= hard->load_g);
    }
    require(now * 100 <= before * 90);
}

static void check_exercise(const struct plan *plan, const struct plan_exercise *exercise)
{
    const unsigned any_of = plan_exercise_equipment(exercise->exercise);
    require(any_of == 0 || (any_of & plan->equipment) != 0);
    require(exercise->heart_low_bpm <= exercise->heart_high_bpm);
    require(exercise->heart_high_bpm < 200);

    int last_build = -1;
    for (int week = 0; week < plan->week_count; week++) {
        const struct plan_dose *dose = &exercise->doses[week];
        require(dose->sets >= 1);
        require(dose->sets <= PLAN_MAX_SETS);
        require(dose->amount >= 1);
        require(dose->rpe >= 1);
        require(dose->rpe <= 9);
        require(dose->load_g >= 0);
        require(plan->tier == PLAN_TIER_PREMIUM || dose->load_g == 0);
        if (exercise->measure == PLAN_MEASURE_REPETITIONS) {
            require(dose->amount <= PLAN_MAX_REPETITIONS);
        }
        if (plan->phases[week] == PLAN_PHASE_BUILD) {
            if (last_build >= 0 && exercise->role != PLAN_ROLE_WARM_UP) {
                check_progression(exercise, last_build, week);
            }
            last_build = week;
        }
    }
}

static void check_session(const struct plan *plan, const struct plan_session *session)
{
    require(session->exercise_count >= 2);
    require(session->exercise_count <= PLAN_MAX_EXERCISES);
    require(session->exercises[0].role == PLAN_ROLE_WARM_UP);
    require(session->minutes >= 10);
    require(session->minutes <= PLAN_MAX_SESSION_MINUTES);
    for (int i = 0; i < session->exercise_count; i++) {
        check_exercise(plan, &session->exercises[i]);
        for (int j = 0; j < i; j++) {
            require(session->exercises[i].exercise != session->exercises[j].exercise);
        }
    }
    for (int week = 0; week < plan->week_count; week++) {
        if (plan->phases[week] == PLAN_PHASE_DELOAD) {
            check_deload(session, week);
        }
    }
}

static void check_week(const struct plan *plan)
{
    for (int day = 1; day <= PLAN_DAYS_OF_WEEK; day++) {
        const int next = day % PLAN_DAYS_OF_WEEK + 1;
        require((heavy_patterns_of_day(plan, day) & heavy_patterns_of_day(plan, next)) == 0);
    }
    static const enum plan_pattern wanted[] = {PLAN_PATTERN_SQUAT, PLAN_PATTERN_HINGE,
                                               PLAN_PATTERN_PUSH,  PLAN_PATTERN_PULL,
                                               PLAN_PATTERN_CORE,  PLAN_PATTERN_CONDITIONING};
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        require(weekly_sets(plan, wanted[i], 0) >= 1);
    }
    for (int week = 0; week < plan->week_count; week++) {
        const int push = weekly_sets(plan, PLAN_PATTERN_PUSH, week);
        const int pull = weekly_sets(plan, PLAN_PATTERN_PULL, week);
        require(push == pull);
        for (int pattern = PLAN_PATTERN_SQUAT; pattern <= PLAN_PATTERN_CORE; pattern++) {
            const int sets = weekly_sets(plan, (enum plan_pattern)pattern, week);
            require(sets <= PLAN_MAX_WEEKLY_SETS);
        }
    }
}

static void check_plan(const struct plan *plan)
{
    require(plan->session_count == plan->days_per_week);
    require(plan->session_count <= PLAN_MAX_SESSIONS);
    require(plan->week_count >= 8);
    require(plan->week_count <= PLAN_MAX_WEEKS);
    require(plan->week_count % PLAN_BLOCK_WEEKS == 0);
    for (int week = 0; week < plan->week_count; week++) {
        require((plan->phases[week] == PLAN_PHASE_DELOAD) ==
                (week % PLAN_BLOCK_WEEKS == PLAN_BLOCK_WEEKS - 1));
    }
    int last_day = 0;
    for (int i = 0; i < plan->session_count; i++) {
        require(plan->sessions[i].day > last_day);
        last_day = plan->sessions[i].day;
        check_session(plan, &plan->sessions[i]);
    }
    require(last_day <= PLAN_DAYS_OF_WEEK);
    check_week(plan);
}

static void check_json(const struct plan *plan, const char *text, size_t length)
{
    ck_assert_uint_lt(length, PLAN_JSON_BYTES);
    ck_assert_uint_eq(strlen(text), length);
    struct json_object *root = json_tokener_parse(text);
    ck_assert_ptr_nonnull(root);
    struct json_object *sessions = json_object_object_get(root, "sessions");
    ck_assert_uint_eq(json_object_array_length(sessions), (size_t)plan->session_count);
    ck_assert_uint_eq(json_object_array_length(json_object_object_get(root, "weeks")),
                      (size_t)plan->week_count);
    for (int i = 0; i < plan->session_count; i++) {
        struct json_object *session = json_object_array_get_idx(sessions, (size_t)i);
        struct json_object *exercises = json_object_object_get(session, "exercises");
        ck_assert_uint_eq(json_object_array_length(exercises),
                          (size_t)plan->sessions[i].exercise_count);
        for (int j = 0; j < plan->sessions[i].exercise_count; j++) {
            const struct plan_exercise *exercise = &plan->sessions[i].exercises[j];
            struct json_object *object = json_object_array_get_idx(exercises, (size_t)j);
            ck_assert_str_eq(json_object_get_string(json_object_object_get(object, "name")),
                             plan_exercise_name(exercise->exercise));
            struct json_object *amounts =
                json_object_object_get(object, plan_measure_name(exercise->measure));
            ck_assert_uint_eq(json_object_array_length(amounts), (size_t)plan->week_count);
            for (int week = 0; week < plan->week_count; week++) {
                ck_assert_int_eq(
                    json_object_get_int(json_object_array_get_idx(amounts, (size_t)week)),
                    exercise->doses[week].amount);
            }
        }
    }
    ck_assert_int_eq(json_object_put(root), 1);
}

/* Judges one request and returns its refusal; a sample is written and read back as well. */
static enum plan_refusal judge(const struct plan_request *request, enum plan_tier tier,
                               bool is_sample)
{
    static struct plan plan;
    static struct plan again;
    plan.week_count = -1;
    const enum plan_refusal refusal = plan_make(request, tier, &plan);
    if (refusal != PLAN_REFUSAL_NONE) {
        require(plan.week_count == -1);
        return refusal;
    }
    check_plan(&plan);
    if (is_sample) {
        require(plan_make(request, tier, &again) == refusal);
        static char text[PLAN_JSON_BYTES];
        static char same[PLAN_JSON_BYTES];
        const size_t length = plan_to_json(&plan, text, sizeof(text));
        ck_assert_uint_eq(plan_to_json(&again, same, sizeof(same)), length);
        ck_assert_int_eq(memcmp(text, same, length + 1), 0);
        check_json(&plan, text, length);
    }
    return refusal;
}

/* What the rules promise to refuse, said a second time in plain code. Bodies are plausible, without
 * a target. */
static enum plan_refusal expected_refusal(const struct plan_request *request, enum plan_tier tier)
{
    static const int max_days[PLAN_LEVEL_COUNT] = {4, 5, 6};
    const unsigned weights = GEAR(DUMBBELLS) | GEAR(BARBELL) | GEAR(KETTLEBELL) | GEAR(MACHINE);
    if (request->days_per_week < 1 || request->days_per_week > 7) {
        return PLAN_REFUSAL_DAYS_OUT_OF_RANGE;
    }
    if (request->days_per_week == 1 && request->goal != PLAN_GOAL_STAY_HEALTHY) {
        return PLAN_REFUSAL_TOO_FEW_DAYS;
    }
    if (request->days_per_week > max_days[request->level]) {
        return PLAN_REFUSAL_TOO_MANY_DAYS;
    }
    if (request->level == PLAN_LEVEL_ADVANCED) {
        if (request->goal == PLAN_GOAL_GAIN_STRENGTH && (request->equipment & weights) == 0) {
            return PLAN_REFUSAL_EQUIPMENT_TOO_LIGHT;
        }
        if (request->goal == PLAN_GOAL_BUILD_MUSCLE &&
            (request->equipment & (weights | GEAR(BANDS) | GEAR(PULL_UP_BAR))) == 0) {
            return PLAN_REFUSAL_EQUIPMENT_TOO_LIGHT;
        }
    }
    if (tier == PLAN_TIER_PREMIUM && request->metrics.known == 0) {
        return PLAN_REFUSAL_METRICS_MISSING;
    }
    return PLAN_REFUSAL_NONE;
}

struct tally {
    int plans;
    int refusals;
};

static void judge_every_body(struct plan_request *request, struct tally *tally)
{
    for (size_t body = 0; body < COUNT_OF(bodies); body++) {
        request->metrics = bodies[body];
        for (int tier = 0; tier < PLAN_TIER_COUNT; tier++) {
            const enum plan_refusal refusal =
                judge(request, (enum plan_tier)tier, tally->plans % 97 == 0);
            require(refusal == expected_refusal(request, (enum plan_tier)tier));
            tally->plans += refusal == PLAN_REFUSAL_NONE;
            tally->refusals += refusal != PLAN_REFUSAL_NONE;
        }
    }
}

START_TEST(every_request_of_a_goal_gets_a_sound_plan_or_a_reason)
{
    struct tally tally = {0};
    struct plan_request request = {.goal = (enum plan_goal)_i};
    for (int level = 0; level < PLAN_LEVEL_COUNT; level++) {
        request.level = (enum plan_level)level;
        for (request.days_per_week = 0; request.days_per_week <= 8; request.days_per_week++) {
            for (request.equipment = 0; request.equipment <= EVERY_EQUIPMENT; request.equipment++) {
                judge_every_body(&request, &tally);
            }
        }
    }
    ck_assert_int_gt(tally.plans, 1000);
    ck_assert_int_gt(tally.refusals, 1000);
}
END_TEST

START_TEST(an_ordinary_plan_looks_at_no_metric)
{
    static struct plan plan;
    static char blind[PLAN_JSON_BYTES];
    static char seeing[PLAN_JSON_BYTES];
    struct plan_request request = {
        .goal = (enum plan_goal)_i,
        .level = PLAN_LEVEL_INTERMEDIATE,
        .days_per_week = 4,
        .equipment = GEAR(BARBELL),
    };
    ck_assert_int_eq(plan_make(&request, PLAN_TIER_ORDINARY, &plan), PLAN_REFUSAL_NONE);
    plan_to_json(&plan, blind, sizeof(blind));
    request.metrics = (struct plan_metrics)BODY(NEEDED, -1, 0, 999, 0, 0, 0);
    request.target_weight_g = 1;
    ck_assert_int_eq(plan_make(&request, PLAN_TIER_ORDINARY, &plan), PLAN_REFUSAL_NONE);
    plan_to_json(&plan, seeing, sizeof(seeing));
    ck_assert_str_eq(blind, seeing);
}
END_TEST

struct refusal_case {
    enum plan_goal goal;
    enum plan_refusal expected;
    int64_t target_g;
    struct plan_metrics body;
};

#define LOSE PLAN_GOAL_LOSE_WEIGHT
#define MUSCLE PLAN_GOAL_BUILD_MUSCLE
#define HEALTHY PLAN_GOAL_STAY_HEALTHY
#define AGE (NEEDED | BIT(AGE_YEARS))
#define PUSHUPS (NEEDED | BIT(MAX_PUSHUPS))
#define SLEEP (NEEDED | BIT(SLEEP_MINUTES))

/* clang-format off */
static const struct refusal_case refusal_cases[] = {
    {LOSE, PLAN_REFUSAL_METRICS_MISSING,         0, BODY(0, 82000, 1790, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_METRICS_MISSING,         0, BODY(NEEDED & ~BIT(HEIGHT_MM), 82000, 0, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_NONE,         0, BODY(NEEDED, 82000, 1790, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_WEIGHT_IMPLAUSIBLE,         0, BODY(NEEDED, 29999, 1790, 62, 0, 0, 0)},
    {HEALTHY, PLAN_REFUSAL_NONE,      0, BODY(NEEDED, 30000, 1200, 62, 0, 0, 0)},
    {HEALTHY, PLAN_REFUSAL_NONE,      0, BODY(NEEDED, 300000, 2300, 62, 0, 0, 0)},
    {HEALTHY, PLAN_REFUSAL_WEIGHT_IMPLAUSIBLE,      0, BODY(NEEDED, 300001, 2300, 62, 0, 0, 0)},
    {HEALTHY, PLAN_REFUSAL_WEIGHT_IMPLAUSIBLE,      0, BODY(NEEDED, INT64_MIN, 2300, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_HEIGHT_IMPLAUSIBLE,         0, BODY(NEEDED, 82000, 1199, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_HEIGHT_IMPLAUSIBLE,         0, BODY(NEEDED, 82000, 2301, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_RESTING_HEART_RATE_IMPLAUSIBLE,         0, BODY(NEEDED, 82000, 1790, 29, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_RESTING_HEART_RATE_IMPLAUSIBLE,         0, BODY(NEEDED, 82000, 1790, 151, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_NONE,         0, BODY(NEEDED, 82000, 1790, 100, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_RESTING_HEART_RATE_HIGH,         0, BODY(NEEDED, 82000, 1790, 101, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_AGE_IMPLAUSIBLE,         0, BODY(AGE, 82000, 1790, 62, 15, 0, 0)},
    {LOSE, PLAN_REFUSAL_AGE_IMPLAUSIBLE,         0, BODY(AGE, 82000, 1790, 62, 91, 0, 0)},
    {LOSE, PLAN_REFUSAL_MAX_PUSHUPS_IMPLAUSIBLE,         0, BODY(PUSHUPS, 82000, 1790, 62, 0, -1, 0)},
    {LOSE, PLAN_REFUSAL_MAX_PUSHUPS_IMPLAUSIBLE,         0, BODY(PUSHUPS, 82000, 1790, 62, 0, 151, 0)},
    {LOSE, PLAN_REFUSAL_SLEEP_IMPLAUSIBLE,         0, BODY(SLEEP, 82000, 1790, 62, 0, 0, 119)},
    {LOSE, PLAN_REFUSAL_SLEEP_IMPLAUSIBLE,         0, BODY(SLEEP, 82000, 1790, 62, 0, 0, 841)},
    {LOSE, PLAN_REFUSAL_TARGET_WEIGHT_IMPLAUSIBLE,     29999, BODY(NEEDED, 82000, 1790, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_TARGET_WEIGHT_IMPLAUSIBLE, INT64_MAX, BODY(NEEDED, 82000, 1790, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_TARGET_WEIGHT_IMPLAUSIBLE, INT64_MIN, BODY(NEEDED, 82000, 1790, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_TARGET_AGAINST_GOAL,     82000, BODY(NEEDED, 82000, 1790, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_TARGET_AGAINST_GOAL,     84000, BODY(NEEDED, 82000, 1790, 62, 0, 0, 0)},
    {MUSCLE, PLAN_REFUSAL_TARGET_AGAINST_GOAL,   81000, BODY(NEEDED, 82000, 1790, 62, 0, 0, 0)},
    {MUSCLE, PLAN_REFUSAL_NONE,   82000, BODY(NEEDED, 82000, 1790, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_WEIGHT_TOO_LOW_TO_LOSE,         0, BODY(NEEDED, 55000, 1790, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_WEIGHT_TOO_LOW_TO_LOSE,     59000, BODY(NEEDED, 62000, 1790, 62, 0, 0, 0)},
    {HEALTHY, PLAN_REFUSAL_WEIGHT_TOO_LOW_TO_LOSE,  59000, BODY(NEEDED, 62000, 1790, 62, 0, 0, 0)},
    {HEALTHY, PLAN_REFUSAL_NONE,  58000, BODY(NEEDED, 57000, 1790, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_NONE,     84000, BODY(NEEDED, 100000, 1790, 62, 0, 0, 0)},
    {LOSE, PLAN_REFUSAL_LOSS_TOO_FAST,     83999, BODY(NEEDED, 100000, 1790, 62, 0, 0, 0)},
    {HEALTHY, PLAN_REFUSAL_LOSS_TOO_FAST,  83999, BODY(NEEDED, 100000, 1790, 62, 0, 0, 0)},
    {MUSCLE, PLAN_REFUSAL_NONE,  108000, BODY(NEEDED, 100000, 1790, 62, 0, 0, 0)},
    {MUSCLE, PLAN_REFUSAL_GAIN_TOO_FAST,  108001, BODY(NEEDED, 100000, 1790, 62, 0, 0, 0)},
};
/* clang-format on */

START_TEST(refuses_with_its_reason)
{
    const struct refusal_case *row = &refusal_cases[_i];
    const struct plan_request request = {
        .goal = row->goal,
        .level = PLAN_LEVEL_BEGINNER,
        .days_per_week = 3,
        .target_weight_g = row->target_g,
        .metrics = row->body,
    };
    const enum plan_refusal refusal = judge(&request, PLAN_TIER_PREMIUM, true);
    ck_assert_str_eq(plan_refusal_name(refusal), plan_refusal_name(row->expected));
}
END_TEST

static const struct plan_exercise *find_exercise(const struct plan *plan, const char *name)
{
    for (int i = 0; i < plan->session_count; i++) {
        for (int j = 0; j < plan->sessions[i].exercise_count; j++) {
            if (strcmp(plan_exercise_name(plan->sessions[i].exercises[j].exercise), name) == 0) {
                return &plan->sessions[i].exercises[j];
            }
        }
    }
    return NULL;
}

static const struct plan *make(enum plan_goal goal, unsigned equipment, struct plan_metrics metrics,
                               int64_t target_g)
{
    static struct plan plan;
    const struct plan_request request = {
        .goal = goal,
        .level = PLAN_LEVEL_INTERMEDIATE,
        .days_per_week = 4,
        .equipment = equipment,
        .target_weight_g = target_g,
        .metrics = metrics,
    };
    ck_assert_int_eq(plan_make(&request, PLAN_TIER_PREMIUM, &plan), PLAN_REFUSAL_NONE);
    return &plan;
}

START_TEST(loads_follow_body_weight)
{
    struct plan_metrics body = BODY(NEEDED, 80000, 1800, 62, 0, 0, 0);
    const struct plan_exercise *squat =
        find_exercise(make(PLAN_GOAL_GAIN_STRENGTH, GEAR(BARBELL), body, 0), "back_squat");
    ck_assert_ptr_nonnull(squat);
    /* 80 kg × 40 % × 150 % × 120 % = 57.6 kg, in plates of 2.5 kg; a deload of 90 %; 5 % more in
     * the second block */
    ck_assert_int_eq(squat->doses[0].load_g, 57500);
    ck_assert_int_eq(squat->doses[3].load_g, 50000);
    ck_assert_int_eq(squat->doses[4].load_g, 60000);

    plan_metrics_set(&body, PLAN_METRIC_WEIGHT_G, 60000);
    squat = find_exercise(make(PLAN_GOAL_GAIN_STRENGTH, GEAR(BARBELL), body, 0), "back_squat");
    ck_assert_int_eq(squat->doses[0].load_g, 42500);

    /* Beyond a body mass index of 25, which is 81 kg here, weight is not strength. */
    plan_metrics_set(&body, PLAN_METRIC_WEIGHT_G, 140000);
    squat = find_exercise(make(PLAN_GOAL_GAIN_STRENGTH, GEAR(BARBELL), body, 0), "back_squat");
    ck_assert_int_eq(squat->doses[0].load_g, 57500);
}
END_TEST

START_TEST(heart_rate_zones_follow_resting_rate_and_age)
{
    struct plan_metrics body = BODY(AGE, 80000, 1800, 60, 40, 0, 0);
    const struct plan_exercise *run =
        find_exercise(make(PLAN_GOAL_IMPROVE_ENDURANCE, 0, body, 0), "run");
    ck_assert_ptr_nonnull(run);
    /* The finisher: 50 to 65 % of the reserve between 60 and 208 - 0.7 × 40 = 180 */
    ck_assert_int_eq(run->heart_low_bpm, 120);
    ck_assert_int_eq(run->heart_high_bpm, 138);

    body.known &= ~BIT(AGE_YEARS);
    run = find_exercise(make(PLAN_GOAL_IMPROVE_ENDURANCE, 0, body, 0), "run");
    ck_assert_int_eq(run->heart_high_bpm, 0);
}
END_TEST

START_TEST(volume_follows_recovery)
{
    const struct plan *plan = make(PLAN_GOAL_BUILD_MUSCLE, 0,
                                   (struct plan_metrics)BODY(NEEDED, 80000, 1800, 62, 0, 0, 0), 0);
    ck_assert_uint_eq(plan->adaptations, 0);
    const int usual = weekly_sets(plan, PLAN_PATTERN_PUSH, 0);

    plan = make(PLAN_GOAL_BUILD_MUSCLE, 0,
                (struct plan_metrics)BODY(SLEEP, 80000, 1800, 85, 0, 0, 300), 0);
    ck_assert_uint_eq(plan->adaptations,
                      1u << PLAN_ADAPTATION_RAISED_HEART_RATE | 1u << PLAN_ADAPTATION_SHORT_SLEEP);
    ck_assert_int_lt(weekly_sets(plan, PLAN_PATTERN_PUSH, 0), usual);
}
END_TEST

START_TEST(exercises_follow_the_body)
{
    const struct plan_metrics strong = BODY(PUSHUPS, 80000, 1800, 62, 0, 40, 0);
    const struct plan_metrics weak = BODY(PUSHUPS, 80000, 1800, 62, 0, 2, 0);
    const struct plan_metrics heavy = BODY(NEEDED, 120000, 1800, 62, 0, 0, 0);
    const struct plan *plan = make(PLAN_GOAL_BUILD_MUSCLE, 0, strong, 0);
    ck_assert_ptr_nonnull(find_exercise(plan, "decline_push_up"));
    ck_assert_int_eq(find_exercise(plan, "decline_push_up")->doses[0].amount, 20);
    plan = make(PLAN_GOAL_BUILD_MUSCLE, 0, weak, 0);
    ck_assert_ptr_null(find_exercise(plan, "push_up"));
    ck_assert_int_eq(find_exercise(plan, "incline_push_up")->doses[0].amount, 5);
    plan = make(PLAN_GOAL_LOSE_WEIGHT, GEAR(TREADMILL), heavy, 0);
    ck_assert_ptr_null(find_exercise(plan, "run"));
    ck_assert_ptr_null(find_exercise(plan, "treadmill_run"));
    ck_assert_ptr_nonnull(find_exercise(plan, "treadmill_incline_walk"));
}
END_TEST

START_TEST(a_far_target_makes_a_longer_plan)
{
    const struct plan_metrics body = BODY(NEEDED, 100000, 1800, 62, 0, 0, 0);
    const struct plan *plan =
        make(PLAN_GOAL_LOSE_WEIGHT, 0, body, 92000); /* 0.67 % a week over 12 weeks */
    ck_assert_int_eq(plan->week_count, 12);
    ck_assert_int_eq(plan->weekly_weight_change_g, -666);
    plan = make(PLAN_GOAL_LOSE_WEIGHT, 0, body, 90000); /* 0.83 %: comfortable over 16 only */
    ck_assert_int_eq(plan->week_count, 16);
    ck_assert_int_eq(plan->weekly_weight_change_g, -625);
}
END_TEST

START_TEST(json_says_what_it_needs_and_cuts_what_does_not_fit)
{
    static char whole[PLAN_JSON_BYTES];
    const struct plan *plan = make(PLAN_GOAL_LOSE_WEIGHT, GEAR(DUMBBELLS), bodies[1], 78000);
    const size_t length = plan_to_json(plan, whole, sizeof(whole));
    ck_assert_uint_eq(plan_to_json(plan, NULL, 0), length);
    for (size_t size = 1; size <= length + 1; size++) {
        char *cut =
            xmalloc(size); /* exactly this size, so that the sanitizer sees one byte too many */
        ck_assert_uint_eq(plan_to_json(plan, cut, size), length);
        ck_assert_uint_eq(strlen(cut), size - 1);
        ck_assert_int_eq(memcmp(cut, whole, size - 1), 0);
        free(cut);
    }
}
END_TEST

/* The same two functions for each enum, as int, so that one table can hold them. */
#define VOCABULARY(noun)                                                                           \
    static const char *noun##_name(int value)                                                      \
    {                                                                                              \
        return plan_##noun##_name((enum plan_##noun)value);                                        \
    }                                                                                              \
    static int noun##_value(const char *text)                                                      \
    {                                                                                              \
        enum plan_##noun value = (enum plan_##noun)0;                                              \
        return plan_##noun##_parse(text, &value) ? (int)value : -1;                                \
    }
VOCABULARY(tier)
VOCABULARY(goal)
VOCABULARY(level)
VOCABULARY(equipment)
VOCABULARY(metric)
VOCABULARY(refusal)
VOCABULARY(phase)
VOCABULARY(focus)
VOCABULARY(pattern)
VOCABULARY(role)
VOCABULARY(measure)
VOCABULARY(adaptation)

static const struct vocabulary {
    const char *(*name)(int value);
    int (*value)(const char *text);
    int count;
} vocabularies[] = {
    {tier_name, tier_value, PLAN_TIER_COUNT},
    {goal_name, goal_value, PLAN_GOAL_COUNT},
    {level_name, level_value, PLAN_LEVEL_COUNT},
    {equipment_name, equipment_value, PLAN_EQUIPMENT_COUNT},
    {metric_name, metric_value, PLAN_METRIC_COUNT},
    {refusal_name, refusal_value, PLAN_REFUSAL_COUNT},
    {phase_name, phase_value, PLAN_PHASE_COUNT},
    {focus_name, focus_value, PLAN_FOCUS_COUNT},
    {pattern_name, pattern_value, PLAN_PATTERN_COUNT},
    {role_name, role_value, PLAN_ROLE_COUNT},
    {measure_name, measure_value, PLAN_MEASURE_COUNT},
    {adaptation_name, adaptation_value, PLAN_ADAPTATION_COUNT},
};

START_TEST(every_value_has_one_word)
{
    const struct vocabulary *row = &vocabularies[_i];
    for (int value = 0; value < row->count; value++) {
        ck_assert_ptr_nonnull(row->name(value));
        ck_assert_int_eq(row->value(row->name(value)), value);
    }
    ck_assert_int_eq(row->value("no such word"), -1);
    ck_assert_int_eq(row->value(""), -1);
}
END_TEST

START_TEST(every_sentence_is_one_that_json_need_not_escape)
{
    for (int i = 0; i < PLAN_REFUSAL_COUNT + PLAN_ADAPTATION_COUNT; i++) {
        const char *text =
            i < PLAN_REFUSAL_COUNT
                ? plan_refusal_text((enum plan_refusal)i)
                : plan_adaptation_text((enum plan_adaptation)(i - PLAN_REFUSAL_COUNT));
        ck_assert_ptr_nonnull(text);
        ck_assert_ptr_null(strpbrk(text, "\"\\\n\t"));
        ck_assert_int_eq(text[strlen(text) - 1], '.');
    }
}
END_TEST

START_TEST(equipment_is_a_set_of_words)
{
    unsigned equipment = 0;
    ck_assert(plan_equipment_add("none", &equipment));
    ck_assert_uint_eq(equipment, 0);
    ck_assert(plan_equipment_add("rower", &equipment));
    ck_assert(plan_equipment_add("bands", &equipment));
    ck_assert(plan_equipment_add("bands", &equipment));
    ck_assert(!plan_equipment_add("anvil", &equipment));
    ck_assert_uint_eq(equipment, GEAR(ROWER) | GEAR(BANDS));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan");
    TCase *rules = tcase_create("rules");
    tcase_set_timeout(rules, 60);
    tcase_add_loop_test(rules, refuses_with_its_reason, 0, COUNT_OF(refusal_cases));
    tcase_add_loop_test(rules, an_ordinary_plan_looks_at_no_metric, 0, PLAN_GOAL_COUNT);
    tcase_add_test(rules, loads_follow_body_weight);
    tcase_add_test(rules, heart_rate_zones_follow_resting_rate_and_age);
    tcase_add_test(rules, volume_follows_recovery);
    tcase_add_test(rules, exercises_follow_the_body);
    tcase_add_test(rules, a_far_target_makes_a_longer_plan);
    tcase_add_test(rules, json_says_what_it_needs_and_cuts_what_does_not_fit);
    tcase_add_loop_test(rules, every_value_has_one_word, 0, COUNT_OF(vocabularies));
    tcase_add_test(rules, every_sentence_is_one_that_json_need_not_escape);
    tcase_add_test(rules, equipment_is_a_set_of_words);
    suite_add_tcase(suite, rules);

    TCase *all = tcase_create("every request");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, every_request_of_a_goal_gets_a_sound_plan_or_a_reason, 0,
                        PLAN_GOAL_COUNT);
    suite_add_tcase(suite, all);

    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
