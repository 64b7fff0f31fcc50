
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <string.h>

#include "portone_import.h"
#include "portone_json.h"


static int portone_import_line(portone_import_t *import, portone_txn_t *txn,
    const char *text, size_t len);
static int portone_import_is_blank(const char *text, size_t len);
static int portone_import_errors(cJSON *json,
    const portone_import_result_t *total);


int
portone_import_apply(portone_txn_t *txn, void *data)
{
    portone_import_t *import = data;

    const char  *p, *lf, *next;

    assert(import->max > 0 && import->pos <= import->last);

    import->lines = 0;
    memset(&import->result, 0, offsetof(portone_import_result_t, errors));

    for (p = import->pos; p < import->last; p = next) {

        if (import->lines == import->max) {
            break;
        }

        lf = memchr(p, '\n', import->last - p);

        if (lf == NULL) {
            lf = import->last;
            next = lf;

        } else {
            next = lf + 1;
        }

        if (portone_import_line(import, txn, p, lf - p) != PORTONE_OK) {
            return PORTONE_ERROR;
        }

        import->lines++;
    }

    import->end = p;

    return PORTONE_OK;
}


static int
portone_import_line(portone_import_t *import, portone_txn_t *txn,
    const char *text, size_t len)
{
    int                       rc;
    uint64_t                  line;
    portone_error_e           error;
    portone_register_t        reg;
    portone_import_result_t  *result;

    if (portone_import_is_blank(text, len)) {
        return PORTONE_OK;
    }

    memset(&reg, 0, sizeof(portone_register_t));

    reg.merchant = import->merchant;
    reg.match_values = import->match_values;
    reg.n_match_values = import->n_match_values;
    reg.now = import->now;

    result = &import->result;
    line = import->line + import->lines;

    error = portone_register_parse(&reg, text, len);

    if (error == PORTONE_OVERLOADED) {
        portone_register_free(&reg);
        return PORTONE_ERROR;
    }

    if (error != PORTONE_NO_ERROR) {
        portone_import_reject(result, line, error, reg.field);
        portone_register_free(&reg);
        return PORTONE_OK;
    }

    rc = portone_register_apply(txn, &reg);

    if (rc == PORTONE_OK) {

        if (reg.verdict == PORTONE_REGISTER_REFUSED) {
            portone_import_reject(result, line, reg.error, reg.field);

        } else {
            result->stored++;
        }
    }

    portone_register_free(&reg);

    return rc;
}


static int
portone_import_is_blank(const char *text, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {

        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r') {
            return 0;
        }
    }

    return 1;
}


void
portone_import_reject(portone_import_result_t *result, uint64_t line,
    portone_error_e error, const char *field)
{
    portone_import_error_t  *e;

    result->rejected++;

    if (result->n_errors == PORTONE_IMPORT_ERRORS) {
        return;
    }

    e = &result->errors[result->n_errors++];

    e->line = line;
    e->error = error;

    memset(e->field, 0, PORTONE_FIELD_LEN);
    memcpy(e->field, field, strnlen(field, PORTONE_FIELD_LEN - 1));
}


void
portone_import_add(portone_import_result_t *total,
    const portone_import_result_t *result)
{
    size_t  i;

    total->stored += result->stored;
    total->rejected += result->rejected;

    for (i = 0; i < result->n_errors; i++) {

        if (total->n_errors == PORTONE_IMPORT_ERRORS) {
            break;
        }

        total->errors[total->n_errors++] = result->errors[i];
    }
}


char *
portone_import_reply(const portone_import_result_t *total,
    portone_error_e error, uint64_t line, portone_language_e language)
{
    int                    rc;
    cJSON                 *json;
    portone_error_body_t   body;

    if (error == PORTONE_NO_ERROR) {
        rc = PORTONE_OK;
        json = cJSON_CreateObject();

    } else {
        memset(&body, 0, sizeof(portone_error_body_t));

        body.error = error;
        body.message = portone_str(portone_error_message(error, language));

        json = portone_error_body(&body);
        rc = portone_json_set_int(json, "line", (int64_t) line);
    }

    rc |= portone_json_set_int(json, "stored", (int64_t) total->stored);
    rc |= portone_json_set_int(json, "rejected", (int64_t) total->rejected);
    rc |= portone_import_errors(json, total);

    return portone_json_finish(json, rc);
}


static int
portone_import_errors(cJSON *json, const portone_import_result_t *total)
{
    int                            rc;
    cJSON                         *errors, *entry;
    size_t                         i;
    portone_str_t                  str;
    const portone_import_error_t  *e;

    errors = cJSON_CreateArray();

    if (portone_json_set(json, "errors", errors) != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    for (i = 0; i < total->n_errors; i++) {
        e = &total->errors[i];

        entry = cJSON_CreateObject();

        str = portone_str(portone_error_word(e->error));

        rc = portone_json_set_int(entry, "line", (int64_t) e->line);
        rc |= portone_json_set_str(entry, "error", &str);

        if (e->field[0] != '\0') {
            str = portone_str(e->field);
            rc |= portone_json_set_str(entry, "field", &str);
        }

        if (rc != PORTONE_OK) {
            cJSON_Delete(entry);
            return PORTONE_ERROR;
        }

        (void) cJSON_AddItemToArray(errors, entry);
    }

    return PORTONE_OK;
}
