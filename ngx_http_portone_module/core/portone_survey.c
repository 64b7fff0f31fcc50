
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <errno.h>
#include <string.h>

#include "portone_survey.h"
#include "portone_json.h"


static portone_state_e portone_survey_state(const cJSON *intent);
static void portone_survey_count(portone_survey_t *survey,
    portone_state_e state, int64_t requested_at);
static portone_review_t *portone_survey_place(portone_survey_t *survey,
    int64_t requested_at);
static void portone_survey_review(portone_review_t *review,
    const portone_key_t *key, const cJSON *intent);
static void portone_survey_copy(char *dst, size_t size,
    const portone_str_t *src);


int
portone_survey(portone_txn_t *txn, void *data)
{
    portone_survey_t *survey = data;

    int                rc;
    cJSON             *intent;
    size_t             i;
    int64_t            requested_at;
    portone_str_t      after, key, value;
    portone_state_e    state;
    portone_review_t  *review;

    for (i = 0; i < PORTONE_SURVEY_LOOK; i++) {
        after = portone_key_str(&survey->last);

        rc = txn->next(txn, PORTONE_DB_INTENTS, &after, &key, &value);

        if (rc == PORTONE_ERROR) {
            return PORTONE_ERROR;
        }

        if (rc == PORTONE_DECLINED) {
            survey->done = 1;
            return PORTONE_OK;
        }

        if (key.len > PORTONE_KEY_MAX) {
            return PORTONE_ERROR;
        }

        memcpy(survey->last.data, key.data, key.len);
        survey->last.len = key.len;

        errno = 0;
        intent = portone_json_parse(value.data, value.len);

        if (intent == NULL && errno == ENOMEM) {
            return PORTONE_ERROR;
        }

        state = portone_survey_state(intent);
        requested_at = portone_json_int(intent, "requested_at", 0);

        portone_survey_count(survey, state, requested_at);

        if (state == PORTONE_STATE_MANUAL_REVIEW
            || state == PORTONE_STATE_MAX)
        {
            review = portone_survey_place(survey, requested_at);

            if (review != NULL) {
                review->state = state;
                review->requested_at = requested_at;

                portone_survey_review(review, &survey->last, intent);
            }
        }

        cJSON_Delete(intent);
    }

    return PORTONE_OK;
}


/* no intent is in any other state than these */

static portone_state_e
portone_survey_state(const cJSON *intent)
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


static void
portone_survey_count(portone_survey_t *survey, portone_state_e state,
    int64_t requested_at)
{
    survey->open[state]++;

    if (requested_at > 0
        && (survey->oldest[state] == 0
            || requested_at < survey->oldest[state]))
    {
        survey->oldest[state] = requested_at;
    }
}


/* keeps the order of age; NULL: older ones have taken all the places */

static portone_review_t *
portone_survey_place(portone_survey_t *survey, int64_t requested_at)
{
    size_t  i;

    i = survey->n;

    if (i == PORTONE_SURVEY_REVIEWS) {

        if (survey->reviews[i - 1].requested_at <= requested_at) {
            return NULL;
        }

        i--;

    } else {
        survey->n++;
    }

    while (i > 0 && survey->reviews[i - 1].requested_at > requested_at) {
        survey->reviews[i] = survey->reviews[i - 1];
        i--;
    }

    return &survey->reviews[i];
}


static void
portone_survey_review(portone_review_t *review, const portone_key_t *key,
    const cJSON *intent)
{
    size_t             len;
    const cJSON       *amount;
    portone_str_t      str;
    portone_decimal_t  decimal;

    /* the key is there even if the record cannot be read */

    str.data = key->data;
    str.len = key->len;

    len = strnlen(key->data, key->len);

    if (len < key->len) {
        str.len = len;
        portone_survey_copy(review->merchant, sizeof(review->merchant), &str);

        str.data = key->data + len + 1;
        str.len = key->len - len - 1;
        portone_survey_copy(review->imp_uid, sizeof(review->imp_uid), &str);

    } else {
        review->merchant[0] = '\0';
        portone_survey_copy(review->imp_uid, sizeof(review->imp_uid), &str);
    }

    str = portone_json_str(intent, "merchant_uid");
    portone_survey_copy(review->merchant_uid, sizeof(review->merchant_uid),
                        &str);

    str = portone_json_str(intent, "refund_id");
    portone_survey_copy(review->refund_id, sizeof(review->refund_id), &str);

    str = portone_json_str(intent, "currency");
    portone_survey_copy(review->currency, sizeof(review->currency), &str);

    amount = portone_json_member(intent, "amount");

    if (cJSON_IsNumber(amount)
        && portone_decimal_parse(&decimal, amount->valuedouble) == PORTONE_OK
        && decimal.coefficient >= 0)
    {
        (void) portone_money_print(review->amount, decimal.coefficient,
                                   decimal.scale);

    } else {
        review->amount[0] = '\0';
    }
}


/* what is too long is damaged, and cut */

static void
portone_survey_copy(char *dst, size_t size, const portone_str_t *src)
{
    size_t  len;

    len = src->len;

    if (len >= size) {
        len = portone_utf8_cut(src->data, src->len, size - 1);
    }

    if (len != 0) {
        memcpy(dst, src->data, len);
    }

    dst[len] = '\0';
}
