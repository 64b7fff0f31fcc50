
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_EXPORT_H_INCLUDED_
#define _PORTONE_EXPORT_H_INCLUDED_


#include "portone_ledger.h"
#include "portone_policy.h"


/*
 * All payments of a merchant, one a line, as they are stored.  A transaction
 * gives as many as the buffer takes; a payment that comes or changes in
 * between is in the export as it is when its turn comes.
 */

typedef struct {

    /* set by the caller */

    portone_str_t           merchant;
    const portone_match_t  *match_values;
    size_t                  n_match_values;
    char                   *buf;
    size_t                  size;

    /* where the export has come to; len 0: at the beginning */

    portone_key_t           last;

    /* results */

    size_t                  len;         /* bytes in buf, whole lines */
    size_t                  need;        /* the size that the next line
                                            takes, if buf is too small for
                                            it; else 0 */
    unsigned                done:1;      /* the last payment was reached */
} portone_export_t;


/* portone_export_t: for read transactions, see portone_ledger.h */
int portone_export_read(portone_txn_t *txn, void *data);


#endif /* _PORTONE_EXPORT_H_INCLUDED_ */
