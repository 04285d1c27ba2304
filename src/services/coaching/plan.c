/* SPDX-License-Identifier: Apache-2.0 */
#include "services/coaching/plan.h"

#include <assert.h>

#include "core/memory.h"
#include "services/coaching/plan_table.h"

enum {
    BMI_HEALTHY_TENTHS = 185,   /* WHO: below 18.5 is underweight */
    BMI_REFERENCE_TENTHS = 250, /* loads do not grow with weight beyond this */
    HEART_RATE_HIGH_BPM = 100,  /* tachycardia at rest */
    BLOCK_LOAD_PERCENT = 5,
    BLOCK_MINUTES_PERCENT = 10,
    BLOCK_REPETITIONS = 2, /* what progresses where there is no load to add */
    HOLD_STEP_S = 5,
    REPETITION_S = 4,
    MAX_WORKING_SETS =
        6, /* of one exercise: keeps three sessions a week under PLAN_MAX_WEEKLY_SETS */
    PUSHUP_PERCENT = 60, /* of the most an athlete can do, in each set */
    PUSHUP_MIN = 5,
    PUSHUP_MAX = 20,
};

static const int64_t PERCENT = 100; /* 64 bits wide, so that products of percentages are */

/* What every step of making a plan looks at. */
struct draft {
    const struct plan_request *request;
    const struct plan_goal_rule *goal;
    const struct plan_level_rule *level;
    struct plan_metrics facts; /* of a premium plan; else nothing is known */
    int64_t load_basis_g;      /* body weight that loads derive from; 0: no loads */
    int volume_percent;
    bool avoids_impact;
};

void plan_metrics_set(struct plan_metrics *metrics, enum plan_metric metric, int64_t value)
{
    metrics->known |= 1u << metric;
    metrics->value[metric] = value;
}

static bool knows(const struct plan_metrics *metrics, enum plan_metric metric)
{
    return (metrics->known & 1u << metric) != 0;
}

static int64_t rounded(int64_t number, int64_t divisor)
{
    return (number + divisor / 2) / divisor;
}

static int at_least_one(int64_t number)
{
    return number < 1 ? 1 : (int)number;
}

/* weight_g / 1000 over (height_mm / 1000)², times ten. */
static int64_t bmi_tenths(int64_t weight_g, int64_t height_mm)
{
    return weight_g * 10000 / (height_mm * height_mm);
}

/* Refusals: each rule says when it holds, the first one counts. */

static int64_t weight_g(const struct plan_request *request)
{
    return request->metrics.value[PLAN_METRIC_WEIGHT_G];
}

static int64_t change_g(const struct plan_request *request)
{
    return request->target_weight_g == 0 ? 0 : request->target_weight_g - weight_g(request);
}

/* Ten-thousandths of the body weight; at the gentlest, spread over the longest plan. */
static bool exceeds(int64_t amount_g, const struct plan_request *request, int pace, int weeks)
{
    return amount_g * 10000 > weight_g(request) * pace * weeks;
}

static bool days_are_out_of_range(const struct plan_request *request)
{
    return request->days_per_week < 1 || request->days_per_week > PLAN_DAYS_OF_WEEK;
}

static bool days_are_too_few(const struct plan_request *request)
{
    return request->days_per_week < plan_table_goals[request->goal].min_days;
}

static bool days_are_too_many(const struct plan_request *request)
{
    return request->days_per_week > plan_table_levels[request->level].max_days;
}

static bool equipment_is_too_light(const struct plan_request *request)
{
    const unsigned needs = plan_table_goals[request->goal].advanced_needs;
    return request->level == PLAN_LEVEL_ADVANCED && needs != 0 && (request->equipment & needs) == 0;
}

static bool metrics_are_missing(const struct plan_request *request)
{
    for (int i = 0; i < PLAN_METRIC_COUNT; i++) {
        if (plan_table_metrics[i].is_needed && !knows(&request->metrics, (enum plan_metric)i)) {
            return true;
        }
    }
    return false;
}

static bool heart_rate_is_high(const struct plan_request *request)
{
    return request->metrics.value[PLAN_METRIC_RESTING_HEART_RATE_BPM] > HEART_RATE_HIGH_BPM;
}

static bool target_is_implausible(const struct plan_request *request)
{
    const struct plan_metric_rule *range = &plan_table_metrics[PLAN_METRIC_WEIGHT_G];
    const int64_t target_g = request->target_weight_g;
    return target_g != 0 && (target_g < range->min || target_g > range->max);
}

static bool target_is_against_goal(const struct plan_request *request)
{
    if (request->target_weight_g == 0) {
        return false;
    }
    return (request->goal == PLAN_GOAL_LOSE_WEIGHT && change_g(request) >= 0) ||
           (request->goal == PLAN_GOAL_BUILD_MUSCLE && change_g(request) < 0);
}

static bool weight_is_too_low_to_lose(const struct plan_request *request)
{
    if (request->goal != PLAN_GOAL_LOSE_WEIGHT && change_g(request) >= 0) {
        return false;
    }
    const int64_t lowest_g = weight_g(request) + change_g(request);
    return bmi_tenths(lowest_g, request->metrics.value[PLAN_METRIC_HEIGHT_MM]) < BMI_HEALTHY_TENTHS;
}

static bool loss_is_too_fast(const struct plan_request *request)
{
    return exceeds(-change_g(request), request, plan_table_loss.limit, PLAN_MAX_WEEKS);
}

static bool gain_is_too_fast(const struct plan_request *request)
{
    return exceeds(change_g(request), request, plan_table_gain.limit, PLAN_MAX_WEEKS);
}

struct refusal_rule {
    bool (*holds)(const struct plan_request *request);
    enum plan_refusal refusal;
};

static const struct refusal_rule request_rules[] = {
    {days_are_out_of_range, PLAN_REFUSAL_DAYS_OUT_OF_RANGE},
    {days_are_too_few, PLAN_REFUSAL_TOO_FEW_DAYS},
    {days_are_too_many, PLAN_REFUSAL_TOO_MANY_DAYS},
    {equipment_is_too_light, PLAN_REFUSAL_EQUIPMENT_TOO_LIGHT},
};

/* These may rely on plausible values of the metrics that a premium plan needs. */
static const struct refusal_rule body_rules[] = {
    {heart_rate_is_high, PLAN_REFUSAL_RESTING_HEART_RATE_HIGH},
    {target_is_implausible, PLAN_REFUSAL_TARGET_WEIGHT_IMPLAUSIBLE},
    {target_is_against_goal, PLAN_REFUSAL_TARGET_AGAINST_GOAL},
    {weight_is_too_low_to_lose, PLAN_REFUSAL_WEIGHT_TOO_LOW_TO_LOSE},
    {loss_is_too_fast, PLAN_REFUSAL_LOSS_TOO_FAST},
    {gain_is_too_fast, PLAN_REFUSAL_GAIN_TOO_FAST},
};

static enum plan_refusal first_refusal(const struct refusal_rule *rules, size_t count,
                                       const struct plan_request *request)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].holds(request)) {
            return rules[i].refusal;
        }
    }
    return PLAN_REFUSAL_NONE;
}

static enum plan_refusal judge_metrics(const struct plan_request *request)
{
    if (metrics_are_missing(request)) {
        return PLAN_REFUSAL_METRICS_MISSING;
    }
    for (int i = 0; i < PLAN_METRIC_COUNT; i++) {
        const struct plan_metric_rule *rule = &plan_table_metrics[i];
        const int64_t value = request->metrics.value[i];
        if (knows(&request->metrics, (enum plan_metric)i) &&
            (value < rule->min || value > rule->max)) {
            return rule->refusal;
        }
    }
    return first_refusal(body_rules, COUNT_OF(body_rules), request);
}

static enum plan_refusal judge(const struct plan_request *request, enum plan_tier tier)
{
    const enum plan_refusal refusal =
        first_refusal(request_rules, COUNT_OF(request_rules), request);
    if (refusal != PLAN_REFUSAL_NONE || tier == PLAN_TIER_ORDINARY) {
        return refusal;
    }
    return judge_metrics(request);
}

static unsigned adapt(struct draft *draft)
{
    const struct plan_metrics *metrics = &draft->request->metrics;
    const int64_t height_mm = metrics->value[PLAN_METRIC_HEIGHT_MM];
    int64_t facts[PLAN_FACT_COUNT];
    for (int i = 0; i < PLAN_METRIC_COUNT; i++) {
        facts[i] = metrics->value[i];
    }
    facts[PLAN_FACT_BMI_TENTHS] = bmi_tenths(weight_g(draft->request), height_mm);
    const unsigned known = metrics->known | 1u << PLAN_FACT_BMI_TENTHS;

    unsigned adaptations = 0;
    for (int i = 0; i < PLAN_ADAPTATION_COUNT; i++) {
        const struct plan_adaptation_rule *rule = &plan_table_adaptations[i];
        const int64_t fact = facts[rule->fact];
        if ((known & 1u << rule->fact) == 0 || fact < rule->min || fact > rule->max) {
            continue;
        }
        adaptations |= 1u << i;
        draft->volume_percent += rule->volume_percent;
        draft->avoids_impact = draft->avoids_impact || rule->avoids_impact;
    }

    const int64_t reference_g = BMI_REFERENCE_TENTHS * height_mm * height_mm / 10000;
    draft->facts = *metrics;
    draft->load_basis_g =
        weight_g(draft->request) < reference_g ? weight_g(draft->request) : reference_g;
    return adaptations;
}

/* The shortest plan of whole blocks, not shorter than `weeks`, that changes weight at a comfortable
 * pace. */
static int weeks_for_target(const struct plan_request *request, int weeks)
{
    const int64_t change = change_g(request);
    while (weeks < PLAN_MAX_WEEKS &&
           (exceeds(-change, request, plan_table_loss.comfortable, weeks) ||
            exceeds(change, request, plan_table_gain.comfortable, weeks))) {
        weeks += PLAN_BLOCK_WEEKS;
    }
    return weeks;
}

/*
 * Karvonen (Ann Med Exp Biol Fenn 35, 1957): a zone is a share of the reserve between resting and
 * maximum heart rate. Tanaka (J Am Coll Cardiol 37, 2001): the maximum is 208 - 0.7 × age.
 */
static int zone_bpm(const struct draft *draft, int reserve_percent)
{
    if (reserve_percent == 0 || !knows(&draft->facts, PLAN_METRIC_AGE_YEARS)) {
        return 0;
    }
    const int64_t resting = draft->facts.value[PLAN_METRIC_RESTING_HEART_RATE_BPM];
    const int64_t maximum = rounded(2080 - 7 * draft->facts.value[PLAN_METRIC_AGE_YEARS], 10);
    return (int)(resting + rounded((maximum - resting) * reserve_percent, 100));
}

static bool suits(const struct draft *draft, const struct plan_exercise_rule *rule)
{
    const enum plan_level level = draft->request->level;
    if (rule->any_of != 0 && (rule->any_of & draft->request->equipment) == 0) {
        return false;
    }
    if (rule->is_high_impact && draft->avoids_impact) {
        return false;
    }
    if (rule->is_pushup && knows(&draft->facts, PLAN_METRIC_MAX_PUSHUPS)) {
        return draft->facts.value[PLAN_METRIC_MAX_PUSHUPS] >= rule->min_pushups;
    }
    return level >= rule->from && level <= rule->to;
}

static bool has_exercise(const struct plan_session *session, int exercise)
{
    for (int i = 0; i < session->exercise_count; i++) {
        if (session->exercises[i].exercise == exercise) {
            return true;
        }
    }
    return false;
}

/*
 * The `choice`-th best exercise for the slot that the session does not have yet, counted from zero
 * and starting over at the end of the list.
 */
static int choose(const struct draft *draft, const struct plan_session *session,
                  const struct plan_slot *slot)
{
    int fit[PLAN_DAYS_OF_WEEK * PLAN_MAX_EXERCISES];
    int count = 0;
    for (int i = 0; i < plan_table_exercise_count; i++) {
        const struct plan_exercise_rule *rule = &plan_table_exercises[i];
        if (rule->pattern == slot->pattern && suits(draft, rule)) {
            assert(count < (int)COUNT_OF(fit));
            fit[count++] = i;
        }
    }
    int tried = 0;
    while (tried < count && has_exercise(session, fit[(slot->choice + tried) % count])) {
        tried++;
    }
    assert(tried < count); /* the exercise table has a row left for every slot */
    return fit[(slot->choice + tried) % count];
}

struct moment {
    int block;
    const struct plan_week_rule *week;
};

static struct moment moment_of(int week)
{
    return (struct moment){.block = week / PLAN_BLOCK_WEEKS,
                           .week = &plan_table_weeks[week % PLAN_BLOCK_WEEKS]};
}

static int load_g(const struct draft *draft, const struct plan_exercise_rule *rule,
                  struct moment now)
{
    if (rule->load_percent == 0 || draft->load_basis_g == 0) {
        return 0;
    }
    const int64_t first_g = draft->load_basis_g * rule->load_percent * draft->level->load_percent *
                            draft->goal->load_percent / (PERCENT * PERCENT * PERCENT);
    const int64_t percent =
        (PERCENT + (int64_t)BLOCK_LOAD_PERCENT * now.block) * now.week->load_percent;
    const int64_t exact_g = first_g * percent / (PERCENT * PERCENT);
    const int64_t load = exact_g / rule->load_step_g * rule->load_step_g;
    return (int)(load < rule->load_min_g ? rule->load_min_g : load);
}

static int repetitions(const struct draft *draft, const struct plan_exercise_rule *rule,
                       int scheme_repetitions)
{
    if (rule->is_pushup && knows(&draft->facts, PLAN_METRIC_MAX_PUSHUPS)) {
        const int64_t count = draft->facts.value[PLAN_METRIC_MAX_PUSHUPS] * PUSHUP_PERCENT / 100;
        return (int)(count < PUSHUP_MIN ? PUSHUP_MIN : count > PUSHUP_MAX ? PUSHUP_MAX : count);
    }
    return scheme_repetitions < rule->min_amount ? rule->min_amount : scheme_repetitions;
}

static const struct plan_scheme *scheme_of(const struct draft *draft, enum plan_role role)
{
    return role == PLAN_ROLE_MAIN ? &draft->goal->main : &draft->goal->accessory;
}

/* Sets grow once, in the second block; after that repetitions and load carry the progression. */
static struct plan_dose strength_dose(const struct draft *draft,
                                      const struct plan_exercise_rule *rule, enum plan_role role,
                                      struct moment now)
{
    const struct plan_scheme *scheme = scheme_of(draft, role);
    const bool is_main = role == PLAN_ROLE_MAIN;
    const int usual = scheme->sets + (is_main ? draft->level->main_sets : 0);
    const int adapted = at_least_one(rounded((int64_t)usual * draft->volume_percent, 100));
    const int grown = adapted + (is_main && now.block > 0);
    const int sets = grown < MAX_WORKING_SETS ? grown : MAX_WORKING_SETS;
    const int load = load_g(draft, rule, now);

    int amount;
    if (rule->measure == PLAN_MEASURE_SECONDS) {
        amount = draft->level->hold_s + HOLD_STEP_S * (now.block + now.week->steps);
    } else {
        const int extra = rule->load_percent == 0 ? BLOCK_REPETITIONS * now.block : 0;
        amount = repetitions(draft, rule, scheme->repetitions) + extra + now.week->steps;
    }
    return (struct plan_dose){
        .sets = at_least_one(rounded((int64_t)sets * now.week->sets_percent, PERCENT)),
        .amount = amount,
        .rpe = draft->level->rpe + now.week->rpe,
        .load_g = load,
    };
}

/* Intervals progress by their number, everything else by its minutes. Effort is never above the
 * level's own. */
static struct plan_dose conditioning_dose(const struct draft *draft, enum plan_role role,
                                          struct moment now)
{
    const struct plan_role_rule *rule = &plan_table_roles[role];
    const int minutes = role == PLAN_ROLE_FINISHER ? draft->goal->finisher_minutes : rule->minutes;
    const int counted = role == PLAN_ROLE_INTERVALS ? rule->sets : minutes;
    const int64_t percent = (int64_t)draft->level->minutes_percent * draft->volume_percent *
                            (now.week->minutes_percent + BLOCK_MINUTES_PERCENT * now.block);
    const int dosed = at_least_one(rounded(counted * percent, PERCENT * PERCENT * PERCENT));
    const int rpe = rule->rpe < draft->level->rpe ? rule->rpe : draft->level->rpe;
    return (struct plan_dose){
        .sets = role == PLAN_ROLE_INTERVALS ? dosed : rule->sets,
        .amount = role == PLAN_ROLE_INTERVALS ? minutes : dosed,
        .rpe = rpe + now.week->rpe,
    };
}

static struct plan_dose dose_of(const struct draft *draft, const struct plan_exercise *exercise,
                                int week)
{
    const struct plan_role_rule *rule = &plan_table_roles[exercise->role];
    if (exercise->role == PLAN_ROLE_WARM_UP) {
        return (struct plan_dose){.sets = rule->sets, .amount = rule->minutes, .rpe = rule->rpe};
    }
    if (exercise->pattern == PLAN_PATTERN_CONDITIONING) {
        return conditioning_dose(draft, exercise->role, moment_of(week));
    }
    return strength_dose(draft, &plan_table_exercises[exercise->exercise], exercise->role,
                         moment_of(week));
}

static struct plan_exercise make_exercise(const struct draft *draft,
                                          const struct plan_session *session,
                                          const struct plan_slot *slot, int weeks)
{
    const struct plan_role_rule *role = &plan_table_roles[slot->role];
    const bool has_scheme = slot->role == PLAN_ROLE_MAIN || slot->role == PLAN_ROLE_ACCESSORY;
    const int row = choose(draft, session, slot);
    struct plan_exercise exercise = {
        .exercise = row,
        .pattern = slot->pattern,
        .role = slot->role,
        .measure = plan_table_exercises[row].measure,
        .rest_s = has_scheme ? scheme_of(draft, slot->role)->rest_s : role->rest_s,
        .heart_low_bpm = zone_bpm(draft, role->reserve_low_percent),
        .heart_high_bpm = zone_bpm(draft, role->reserve_high_percent),
    };
    for (int week = 0; week < weeks; week++) {
        exercise.doses[week] = dose_of(draft, &exercise, week);
    }
    return exercise;
}

static int longest_minutes(const struct plan_session *session, int weeks)
{
    static const int seconds_of[PLAN_MEASURE_COUNT] = {
        [PLAN_MEASURE_REPETITIONS] = REPETITION_S,
        [PLAN_MEASURE_SECONDS] = 1,
        [PLAN_MEASURE_MINUTES] = 60,
    };
    int longest_s = 0;
    for (int week = 0; week < weeks; week++) {
        int total_s = 0;
        for (int i = 0; i < session->exercise_count; i++) {
            const struct plan_exercise *exercise = &session->exercises[i];
            const struct plan_dose *dose = &exercise->doses[week];
            total_s +=
                dose->sets * (dose->amount * seconds_of[exercise->measure] + exercise->rest_s);
        }
        longest_s = total_s > longest_s ? total_s : longest_s;
    }
    return (longest_s + 59) / 60;
}

static void make_session(const struct draft *draft, const struct plan_day *day, int weeks,
                         struct plan_session *session)
{
    const struct plan_focus_rule *focus = &plan_table_focuses[day->focus];
    *session = (struct plan_session){.day = day->day, .focus = day->focus};
    for (int i = 0; i < focus->slot_count; i++) {
        session->exercises[i] = make_exercise(draft, session, &focus->slots[i], weeks);
        session->exercise_count++;
    }
    session->minutes = longest_minutes(session, weeks);
}

enum plan_refusal plan_make(const struct plan_request *request, enum plan_tier tier,
                            struct plan *out)
{
    const enum plan_refusal refusal = judge(request, tier);
    if (refusal != PLAN_REFUSAL_NONE) {
        return refusal;
    }

    struct draft draft = {
        .request = request,
        .goal = &plan_table_goals[request->goal],
        .level = &plan_table_levels[request->level],
        .volume_percent = 100,
    };
    *out = (struct plan){
        .tier = tier,
        .goal = request->goal,
        .level = request->level,
        .days_per_week = request->days_per_week,
        .equipment = request->equipment,
        .week_count = draft.level->weeks,
        .session_count = request->days_per_week,
    };
    if (tier == PLAN_TIER_PREMIUM) {
        out->adaptations = adapt(&draft);
        out->week_count = weeks_for_target(request, draft.level->weeks);
        out->target_weight_g = (int)request->target_weight_g;
        out->weekly_weight_change_g = (int)(change_g(request) / out->week_count);
    }
    for (int week = 0; week < out->week_count; week++) {
        out->phases[week] = moment_of(week).week->phase;
    }
    const struct plan_day *days = plan_table_days[draft.goal->style][request->days_per_week - 1];
    for (int i = 0; i < out->session_count; i++) {
        make_session(&draft, &days[i], out->week_count, &out->sessions[i]);
    }
    return PLAN_REFUSAL_NONE;
}
