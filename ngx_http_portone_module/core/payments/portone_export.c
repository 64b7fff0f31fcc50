
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <errno.h>
#include <string.h>

#include "portone_export.h"
#include "portone_json.h"


/* the most payments that one call reads, those left out included */
#define PORTONE_EXPORT_LOOK  1024


static int portone_export_matches(portone_txn_t *txn,
    const portone_export_t *export, const portone_key_t *key,
    const portone_str_t *value);


int
portone_export_read(portone_txn_t *txn, void *data)
{
    portone_export_t *export = data;

    int             rc;
    char           *p;
    size_t          n, prefix;
    portone_key_t   key;
    portone_str_t   value;

    export->len = 0;
    export->need = 0;
    export->done = 0;

    prefix = export->merchant.len + 1;

    if (export->last.len == 0) {

        if (prefix > PORTONE_KEY_MAX) {
            return PORTONE_ERROR;
        }

        /* before all keys of the merchant, which have a NUL here, too */

        memcpy(export->last.data, export->merchant.data, prefix - 1);
        export->last.data[prefix - 1] = '\0';
        export->last.len = prefix;
    }

    for (n = 0; n < PORTONE_EXPORT_LOOK; n++) {
        key = export->last;

        rc = portone_key_next(txn, PORTONE_DB_PAYMENTS, &key, &value);

        if (rc == PORTONE_ERROR) {
            return PORTONE_ERROR;
        }

        if (rc == PORTONE_DECLINED
            || key.len < prefix
            || memcmp(key.data, export->last.data, prefix) != 0)
        {
            export->done = 1;
            break;
        }

        if (portone_export_matches(txn, export, &key, &value)) {

            if (value.len + 1 > export->size - export->len) {

                if (export->len == 0) {
                    export->need = value.len + 1;
                }

                break;
            }

            p = export->buf + export->len;

            memcpy(p, value.data, value.len);
            p[value.len] = '\n';

            export->len += value.len + 1;
        }

        export->last = key;
    }

    return PORTONE_OK;
}


static int
portone_export_matches(portone_txn_t *txn, const portone_export_t *export,
    const portone_key_t *key, const portone_str_t *value)
{
    int                 rc;
    const char         *why;
    portone_str_t       str;
    portone_payment_t   payment;

    if (export->n_match_values == 0) {
        return 1;
    }

    if (portone_payment_parse(&payment, value->data, value->len, &why)
        != PORTONE_OK)
    {
        if (errno != ENOMEM) {
            str = portone_key_str(key);
            txn->unreadable(txn, PORTONE_DB_PAYMENTS, &str);
        }

        return 0;
    }

    rc = portone_policy_matches(&payment, export->match_values,
                                export->n_match_values);

    portone_payment_free(&payment);

    return rc;
}
