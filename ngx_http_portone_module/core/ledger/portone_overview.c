
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <errno.h>
#include <string.h>

#include "portone_overview.h"
#include "portone_json.h"


static portone_state_e portone_overview_state(const cJSON *intent);
static int portone_overview_needs(const portone_overview_t *overview,
    portone_state_e state, int64_t requested_at);
static void portone_overview_count(portone_overview_t *overview,
    portone_state_e state, int64_t requested_at);
static portone_refund_line_t *portone_overview_place(
    portone_overview_t *overview, int64_t requested_at);
static void portone_overview_key(portone_refund_line_t *line,
    const portone_key_t *key);
static void portone_overview_refund(portone_refund_line_t *line,
    const cJSON *record);
static void portone_overview_copy(char *dst, size_t size,
    const portone_str_t *src);


int
portone_overview(portone_txn_t *txn, void *data)
{
    portone_overview_t *overview = data;

    int                     rc;
    cJSON                  *intent;
    size_t                  i;
    int64_t                 requested_at;
    portone_str_t           value;
    portone_state_e         state;
    portone_refund_line_t  *line;

    for (i = 0; i < PORTONE_OVERVIEW_LOOK; i++) {
        rc = portone_key_next(txn, PORTONE_DB_INTENTS, &overview->last, &value);

        if (rc == PORTONE_ERROR) {
            return PORTONE_ERROR;
        }

        if (rc == PORTONE_DECLINED) {
            overview->done = 1;
            return PORTONE_OK;
        }

        errno = 0;
        intent = portone_json_parse(value.data, value.len);

        if (intent == NULL && errno == ENOMEM) {
            return PORTONE_ERROR;
        }

        state = portone_overview_state(intent);
        requested_at = portone_json_int(intent, "requested_at", 0);

        portone_overview_count(overview, state, requested_at);

        if (portone_overview_needs(overview, state, requested_at)) {
            overview->need++;

            line = portone_overview_place(overview, requested_at);

            if (line != NULL) {
                line->state = state;
                line->time = requested_at;

                portone_overview_key(line, &overview->last);
                portone_overview_refund(line, intent);
            }
        }

        cJSON_Delete(intent);
    }

    return PORTONE_OK;
}


/* an intent is in one of these states, or damaged */

static portone_state_e
portone_overview_state(const cJSON *intent)
{
    portone_state_e  state;

    state = portone_record_state(intent);

    switch (state) {

    case PORTONE_STATE_SENDING:
    case PORTONE_STATE_PENDING:
    case PORTONE_STATE_UNKNOWN:
    case PORTONE_STATE_MANUAL_REVIEW:
        return state;

    default:
        return PORTONE_STATE_MAX;
    }
}


/* whether the refund needs a person */

static int
portone_overview_needs(const portone_overview_t *overview,
    portone_state_e state, int64_t requested_at)
{
    switch (state) {

    case PORTONE_STATE_MANUAL_REVIEW:
    case PORTONE_STATE_MAX:
        return 1;

    case PORTONE_STATE_PENDING:
        return requested_at > 0 && requested_at < overview->late;

    default:
        return 0;
    }
}


static void
portone_overview_count(portone_overview_t *overview, portone_state_e state,
    int64_t requested_at)
{
    overview->open[state]++;

    if (requested_at > 0
        && (overview->oldest[state] == 0
            || requested_at < overview->oldest[state]))
    {
        overview->oldest[state] = requested_at;
    }
}


/* keeps the order of age; NULL: older ones have taken all the places */

static portone_refund_line_t *
portone_overview_place(portone_overview_t *overview, int64_t requested_at)
{
    size_t  i;

    i = overview->n;

    if (i == PORTONE_OVERVIEW_REVIEWS) {

        if (overview->reviews[i - 1].time <= requested_at) {
            return NULL;
        }

        i--;

    } else {
        overview->n++;
    }

    while (i > 0 && overview->reviews[i - 1].time > requested_at) {
        overview->reviews[i] = overview->reviews[i - 1];
        i--;
    }

    return &overview->reviews[i];
}


/* the key is there even if the record is unreadable */

static void
portone_overview_key(portone_refund_line_t *line, const portone_key_t *key)
{
    portone_str_t  merchant, imp_uid;

    if (portone_key_split(key, &merchant, &imp_uid) != PORTONE_OK) {
        imp_uid = merchant;
        merchant.len = 0;
    }

    portone_overview_copy(line->merchant, sizeof(line->merchant),
                        &merchant);
    portone_overview_copy(line->imp_uid, sizeof(line->imp_uid), &imp_uid);
}


static void
portone_overview_refund(portone_refund_line_t *line, const cJSON *record)
{
    const cJSON       *amount;
    portone_str_t      str;
    portone_decimal_t  decimal;

    str = portone_json_str(record, "merchant_uid");
    portone_overview_copy(line->merchant_uid, sizeof(line->merchant_uid),
                        &str);

    str = portone_json_str(record, "refund_id");
    portone_overview_copy(line->refund_id, sizeof(line->refund_id), &str);

    str = portone_json_str(record, "currency");
    portone_overview_copy(line->currency, sizeof(line->currency), &str);

    amount = portone_json_member(record, "amount");

    if (portone_json_is_number(amount)
        && portone_money_decimal(&decimal, amount->valuedouble) == PORTONE_OK
        && decimal.coefficient >= 0)
    {
        (void) portone_money_print(line->amount, decimal.coefficient,
                                   decimal.scale);

    } else {
        line->amount[0] = '\0';
    }
}


/* text that is too long is damaged, and cut */

static void
portone_overview_copy(char *dst, size_t size, const portone_str_t *src)
{
    size_t  len;

    len = src->len;

    if (len >= size) {
        len = portone_str_utf8_cut(src->data, src->len, size - 1);
    }

    if (len != 0) {
        memcpy(dst, src->data, len);
    }

    dst[len] = '\0';
}


int
portone_overview_recent(portone_txn_t *txn, void *data)
{
    portone_recent_t *recent = data;

    int                     rc;
    cJSON                  *entry;
    size_t                  i;
    portone_key_t           key;
    portone_str_t           value, str;
    portone_refund_line_t  *refund;

    recent->n = 0;

    portone_key_number(&key, UINT64_MAX);

    for (i = 0;
         i < PORTONE_RECENT_LOOK && recent->n < PORTONE_RECENT_MAX;
         i++)
    {
        rc = portone_key_prev(txn, PORTONE_DB_JOURNAL, &key, &value);

        if (rc == PORTONE_DECLINED) {
            break;
        }

        if (rc == PORTONE_ERROR) {
            return PORTONE_ERROR;
        }

        entry = portone_json_parse(value.data, value.len);

        /*
         * entries of payments that were read, and damaged ones, lack a refund
         */

        str = portone_json_str(entry, "refund_id");

        if (str.len != 0) {
            refund = &recent->refunds[recent->n++];

            refund->state = portone_record_state(entry);
            refund->time = portone_json_int(entry, "time", 0);

            str = portone_json_str(entry, "merchant");
            portone_overview_copy(refund->merchant, sizeof(refund->merchant),
                                &str);

            str = portone_json_str(entry, "imp_uid");
            portone_overview_copy(refund->imp_uid, sizeof(refund->imp_uid),
                                &str);

            portone_overview_refund(refund, entry);
        }

        cJSON_Delete(entry);
    }

    return PORTONE_OK;
}
