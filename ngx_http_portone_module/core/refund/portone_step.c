
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "portone_task.h"


portone_step_e
portone_step_finish(portone_flow_t *flow, portone_error_e error)
{
    flow->error = error;

    return PORTONE_STEP_FINISH;
}


portone_step_e
portone_step_lookup(portone_flow_t *flow)
{
    portone_ledger_lookup_free(&flow->lookup);

    return PORTONE_STEP_LOOKUP;
}


portone_step_e
portone_step_token(portone_flow_t *flow, portone_step_e resume)
{
    flow->resume = resume;
    flow->refreshed = 0;

    return PORTONE_STEP_TOKEN;
}


portone_step_e
portone_step_refresh(portone_flow_t *flow, portone_step_e resume)
{
    flow->resume = resume;
    flow->refreshed = 1;

    return PORTONE_STEP_REFRESH;
}


portone_str_t
portone_step_text(portone_flow_t *flow, size_t i, char *text)
{
    cJSON_free(flow->texts[i]);

    flow->texts[i] = text;

    return portone_str(text);
}


int
portone_step_payment(portone_flow_t *flow, portone_answer_t *answer)
{
    int  rc;

    portone_step_drop(flow);

    rc = portone_answer_payment(answer, &flow->fetched);

    portone_answer_free(answer);

    if (rc != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    flow->has_fetched = 1;

    return PORTONE_OK;
}


void
portone_step_drop(portone_flow_t *flow)
{
    if (flow->has_fetched) {
        portone_payment_free(&flow->fetched);
        flow->has_fetched = 0;
    }
}


int
portone_step_journal(portone_flow_t *flow, portone_journal_e kind,
    const cJSON *record, int64_t now, portone_str_t *entry)
{
    char                     *text;
    portone_journal_facts_t   facts;

    facts.kind = kind;
    facts.time = now;
    facts.merchant = flow->merchant;
    facts.payment = flow->has_fetched ? &flow->fetched : NULL;
    facts.record = record;

    text = portone_journal_entry(&facts);
    if (text == NULL) {
        return PORTONE_ERROR;
    }

    *entry = portone_step_text(flow, PORTONE_TEXT_JOURNAL, text);

    return PORTONE_OK;
}
