/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/access.h"
#include "tools/commands.h"
#include "tools/topology.h"

#include <stdlib.h>
#include <string.h>

static const enum cli_colour action_colours[] = {[STEP_CREATE] = CLI_GREEN,
                                                 [STEP_CHANGE] = CLI_YELLOW,
                                                 [STEP_REMOVE] = CLI_YELLOW,
                                                 [STEP_REFUSE] = CLI_RED,
                                                 [STEP_LEAVE] = CLI_RED};

static void show_text(const struct topology_model *model)
{
    for (size_t i = 0; i < model->exchange_count; i++) {
        (void)printf("exchange          %-24s %s\n", model->exchanges[i].name,
                     model->exchanges[i].type);
    }
    for (size_t i = 0; i < model->queue_count; i++) {
        (void)printf("queue             %-24s quorum\n", model->queues[i].name);
    }
    for (size_t i = 0; i < model->binding_count; i++) {
        const struct topology_binding *b = &model->bindings[i];
        (void)printf("binding           %-24s -> %-20s %s\n", b->exchange, b->queue,
                     b->routing_key);
    }
    for (size_t i = 0; i < model->policy_count; i++) {
        const struct topology_policy *policy = &model->policies[i];
        (void)printf("policy            %-24s", policy->name);
        for (size_t s = 0; s < policy->setting_count; s++) {
            const struct topology_setting *setting = &policy->settings[s];
            if (setting->text != NULL) {
                (void)printf(" %s=%s", setting->key, setting->text);
            } else {
                (void)printf(" %s=%lld", setting->key, (long long)setting->number);
            }
        }
        (void)printf("\n");
    }
    for (size_t i = 0; i < model->user_count; i++) {
        (void)printf("user              %-24s tags [%s]\n", model->users[i].name,
                     model->users[i].tags);
    }
    for (size_t i = 0; i < model->permission_count; i++) {
        const struct topology_permission *p = &model->permissions[i];
        (void)printf("permission        %-24s configure %s  write %s  read %s\n", p->user,
                     p->configure, p->write, p->read);
    }
    for (size_t i = 0; i < model->topic_permission_count; i++) {
        const struct topology_topic_permission *p = &model->topic_permissions[i];
        (void)printf("topic permission  %-24s on %s  write %s  read %s\n", p->user, p->exchange,
                     p->write, p->read);
    }
}

static void add_row(json_object *list, size_t pairs, const char *const *texts)
{
    json_object *row = json_object_new_object();
    for (size_t i = 0; i < pairs; i++) {
        (void)json_object_object_add(row, texts[2 * i], json_object_new_string(texts[2 * i + 1]));
    }
    (void)json_object_array_add(list, row);
}

#define ROW(list, ...)                                                                             \
    add_row((list), COUNT_OF(((const char *const[]){__VA_ARGS__})) / 2,                            \
            (const char *const[]){__VA_ARGS__})

static void show_json(const struct topology_model *model)
{
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < model->exchange_count; i++) {
        ROW(list, "kind", "exchange", "name", model->exchanges[i].name, "type",
            model->exchanges[i].type);
    }
    for (size_t i = 0; i < model->queue_count; i++) {
        ROW(list, "kind", "queue", "name", model->queues[i].name, "type", "quorum");
    }
    for (size_t i = 0; i < model->binding_count; i++) {
        const struct topology_binding *b = &model->bindings[i];
        ROW(list, "kind", "binding", "exchange", b->exchange, "queue", b->queue, "routingKey",
            b->routing_key);
    }
    for (size_t i = 0; i < model->policy_count; i++) {
        ROW(list, "kind", "policy", "name", model->policies[i].name, "pattern",
            model->policies[i].pattern);
    }
    for (size_t i = 0; i < model->user_count; i++) {
        ROW(list, "kind", "user", "name", model->users[i].name, "tags", model->users[i].tags);
    }
    for (size_t i = 0; i < model->permission_count; i++) {
        const struct topology_permission *p = &model->permissions[i];
        ROW(list, "kind", "permission", "user", p->user, "configure", p->configure, "write",
            p->write, "read", p->read);
    }
    for (size_t i = 0; i < model->topic_permission_count; i++) {
        const struct topology_topic_permission *p = &model->topic_permissions[i];
        ROW(list, "kind", "topic-permission", "user", p->user, "exchange", p->exchange, "write",
            p->write, "read", p->read);
    }
    (void)printf("%s\n", json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY));
    (void)json_object_put(list);
}

static void print_step(const struct cli_call *call, const struct topology_step *step,
                       const char *note)
{
    if (call->is_json) {
        json_object *row = json_object_new_object();
        (void)json_object_object_add(row, "action",
                                     json_object_new_string(topology_action_name(step->action)));
        (void)json_object_object_add(row, "kind", json_object_new_string(step->kind));
        (void)json_object_object_add(row, "name", json_object_new_string(step->name));
        (void)json_object_object_add(row, "detail", json_object_new_string(step->detail));
        (void)printf("%s\n", json_object_to_json_string_ext(row, JSON_C_TO_STRING_PLAIN));
        (void)json_object_put(row);
        return;
    }
    (void)printf("%s%-7s%s %-17s %s  %s%s\n", cli_colour(call, action_colours[step->action]),
                 topology_action_name(step->action), cli_colour(call, CLI_PLAIN), step->kind,
                 step->name, step->detail, note);
}

enum mode { MODE_PLAN, MODE_APPLY, MODE_VERIFY };

static int apply_steps(const struct cli_call *call, const struct topology_target *target,
                       const struct topology_plan *plan)
{
    size_t refused = 0;
    size_t left = 0;
    for (size_t i = 0; i < plan->count; i++) {
        struct fault fault;
        print_step(call, &plan->steps[i], "");
        enum outcome o = topology_step_do(target, &plan->steps[i], &fault);
        if (o == REJECT && plan->steps[i].action == STEP_REFUSE) {
            refused++;
        } else if (o != OK) {
            return cli_fail_fault(call, &fault, i > 0 ? "stopped half-way" : "nothing was changed");
        }
        left += plan->steps[i].action == STEP_LEAVE;
    }
    if (refused > 0) {
        return cli_fail(call, plan->count > refused + left ? EXIT_PARTLY : EXIT_FAILED,
                        "%zu things cannot be changed in place; see above", refused);
    }
    if (!call->is_json) {
        (void)printf("%zu changes made\n", plan->count - left);
    }
    return EXIT_DONE;
}

static int conclude(const struct cli_call *call, enum mode mode,
                    const struct topology_target *target, const struct topology_plan *plan)
{
    if (mode == MODE_APPLY) {
        return apply_steps(call, target, plan);
    }
    for (size_t i = 0; i < plan->count; i++) {
        print_step(call, &plan->steps[i], "");
    }
    if (mode == MODE_VERIFY && plan->count > 0) {
        return cli_fail(call, EXIT_FAILED, "%zu differences from what the contracts want",
                        plan->count);
    }
    if (!call->is_json) {
        (void)printf(plan->count > 0 ? "%zu changes to make\n"
                                     : "the broker is as the contracts want it\n",
                     plan->count);
    }
    return EXIT_DONE;
}

/* http://user:… → user, for the permission on a virtual host that we create. */
static char *user_of_url(const char *url)
{
    const char *start = strstr(url, "://");
    start = start != NULL ? start + 3 : url;
    return xstrndup(start, strcspn(start, ":@"));
}

static int against_broker(const struct cli_call *call, const struct topology_model *model,
                          enum mode mode)
{
    const char *secrets =
        mode == MODE_APPLY ? cli_need(call, "secrets") : cli_text(call, "secrets");
    AUTO(management_close_auto) struct management *management = NULL;
    if (mode == MODE_APPLY && secrets == NULL) {
        return EXIT_USAGE;
    }
    int code = access_management(call, &management);
    if (code != EXIT_DONE) {
        return code;
    }
    AUTO(free_text) char *user = user_of_url(cli_text(call, "management-url"));
    struct topology_plan plan = {0};
    struct fault fault;
    const struct topology_target target = {.management = management,
                                           .vhost = cli_text(call, "vhost"),
                                           .secrets = secrets,
                                           .deploy_user = user};
    enum outcome o = topology_plan_make(&target, model, &plan, &fault);
    code = o == OK ? conclude(call, mode, &target, &plan) : cli_fail_fault(call, &fault, "stopped");
    topology_plan_done(&plan);
    return code;
}

static int with_model(const struct cli_call *call,
                      int (*run)(const struct cli_call *, const struct topology_model *))
{
    const char *folder = cli_need(call, "contracts");
    if (folder == NULL) {
        return EXIT_USAGE;
    }
    struct contract_set set = {0};
    struct topology_model model = {0};
    struct fault fault;
    int code = EXIT_DONE;
    if (contract_set_load(&set, folder, &fault) == OK) {
        topology_model_init(&model, &set);
        code = run(call, &model);
    } else {
        code = cli_fail_fault(call, &fault, "contracts");
    }
    topology_model_done(&model);
    contract_set_done(&set);
    return code;
}

static int show_model(const struct cli_call *call, const struct topology_model *model)
{
    if (call->is_json) {
        show_json(model);
    } else {
        show_text(model);
    }
    return EXIT_DONE;
}

static int plan_model(const struct cli_call *call, const struct topology_model *model)
{
    return against_broker(call, model, MODE_PLAN);
}

static int apply_model(const struct cli_call *call, const struct topology_model *model)
{
    return against_broker(call, model, MODE_APPLY);
}

static int verify_model(const struct cli_call *call, const struct topology_model *model)
{
    return against_broker(call, model, MODE_VERIFY);
}

static int run_show(const struct cli_call *call)
{
    return with_model(call, show_model);
}

static int run_plan(const struct cli_call *call)
{
    return with_model(call, plan_model);
}

static int run_apply(const struct cli_call *call)
{
    return with_model(call, apply_model);
}

static int run_verify(const struct cli_call *call)
{
    return with_model(call, verify_model);
}

#define CONTRACTS_OPTION                                                                           \
    {                                                                                              \
        "contracts", "DIR", "CONTRACTS", "events/asyncapi", "folder with the services' contracts"  \
    }

static const struct cli_option show_options[] = {CONTRACTS_OPTION};

static const struct cli_option broker_options[] = {
    CONTRACTS_OPTION,
    {"secrets", "DIR", "SECRETS_DIR", NULL, "folder with <user>.password for every user",
     .is_setting = true},
    ACCESS_MANAGEMENT,
};

const struct cli_command topology_commands[] = {
    {"topology show", "", "print what the contracts want the broker to have", NULL, show_options,
     COUNT_OF(show_options), run_show},
    {"topology plan", "", "print what topology apply would change", NULL, broker_options,
     COUNT_OF(broker_options), run_plan},
    {"topology apply", "",
     "make exchanges, queues, bindings, policies, users and permissions as the contracts want",
     "Changes nothing without need. What cannot be changed in place is refused with the way to "
     "migrate (exit 3 when the\n"
     "rest was done). Permissions of users that no contract names are told and left alone.",
     broker_options, COUNT_OF(broker_options), run_apply},
    {"topology verify", "", "fail unless the broker is exactly as the contracts want",
     "A passive declare succeeds whatever arguments, bindings and policies are: this compares "
     "them.",
     broker_options, COUNT_OF(broker_options), run_verify},
};
const size_t topology_command_count = COUNT_OF(topology_commands);
