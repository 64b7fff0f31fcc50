
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * A driver that gives the flow another event than that of the step which the
 * flow has returned dies.
 */


#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow_model.h"
#include "flow_payments.h"


static size_t  deaths;


/* FINISH has no event: the flow is started again */

static void
give(portone_flow_t *flow, portone_step_e event)
{
    portone_answer_t  answer;

    memset(&answer, 0, sizeof(portone_answer_t));

    switch (event) {

    case PORTONE_STEP_LOOKUP:
        (void) portone_flow_looked_up(flow, PORTONE_DECLINED, MODEL_NOW);
        break;

    case PORTONE_STEP_TOKEN:
    case PORTONE_STEP_REFRESH:
        (void) portone_flow_token(flow, PORTONE_TOKEN_GRANTED, 0, MODEL_NOW);
        break;

    case PORTONE_STEP_FETCH:
        (void) portone_flow_fetched(flow, PORTONE_CALL_NOT_SENT, &answer,
                                    MODEL_NOW);
        break;

    case PORTONE_STEP_SAVE:
        (void) portone_flow_saved(flow, PORTONE_OK);
        break;

    case PORTONE_STEP_CLAIM:
        (void) portone_flow_claimed(flow, PORTONE_OK, MODEL_NOW);
        break;

    case PORTONE_STEP_CANCEL:
        (void) portone_flow_cancelled(flow, PORTONE_CALL_NOT_SENT, &answer,
                                      MODEL_NOW);
        break;

    case PORTONE_STEP_REREAD:
        (void) portone_flow_reread(flow, PORTONE_CALL_NOT_SENT, &answer,
                                   MODEL_NOW);
        break;

    case PORTONE_STEP_SETTLE:
        (void) portone_flow_settled(flow, PORTONE_OK);
        break;

    case PORTONE_STEP_FINISH:
        (void) portone_flow_start(flow);
        break;
    }
}


static void
dies(portone_flow_t *flow, portone_step_e event)
{
    int            status;
    pid_t          pid;
    struct rlimit  none = { 0, 0 };

    pid = fork();
    assert_int_not_equal(pid, -1);

    if (pid == 0) {
        (void) setrlimit(RLIMIT_CORE, &none);
        (void) signal(SIGABRT, SIG_DFL);
        (void) close(STDERR_FILENO);

        give(flow, event);

        _exit(0);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);

    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT) {
        fail_msg("step %d takes event %d", flow->step, event);
    }

    deaths++;
}


static void
give_others(model_t *model, portone_step_e step)
{
    portone_step_e  event;

    for (event = PORTONE_STEP_LOOKUP; event <= PORTONE_STEP_FINISH; event++) {

        if (event == step
            || (event == PORTONE_STEP_REFRESH && step == PORTONE_STEP_TOKEN))
        {
            continue;
        }

        dies(&model->flow, event);
    }
}


static void
a_wrong_event_is_fatal(void **state)
{
    model_t         model;
    model_script_t  script = { OF(NULL, FRESH, SOME),
                               .cancel = { MODEL_REFUSED },
                               .meddle = give_others };

    deaths = 0;

    model_init(&model, &script);
    model_run(&model);

    assert_string_equal(model.steps, "LTFDLTCXYS");
    assert_int_equal(deaths, 8 * 9 + 2 * 8);

    model_free(&model);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_wrong_event_is_fatal)
    };

    unit_hooks();

    return cmocka_run_group_tests_name("flow_step", tests, NULL, NULL);
}
