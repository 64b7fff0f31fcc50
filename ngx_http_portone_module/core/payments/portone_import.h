
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_IMPORT_H_INCLUDED_
#define _PORTONE_IMPORT_H_INCLUDED_


#include "portone_register.h"


/*
 * Many payments at once, one JSON object a line.  Each line is registered as
 * portone_register.h says; a line that is refused leaves the others alone.
 */


/* how many refused lines are told one by one */
#define PORTONE_IMPORT_ERRORS  100


typedef struct {
    uint64_t                line;
    portone_error_e         error;
    char                    field[PORTONE_FIELD_LEN];
} portone_import_error_t;


/* the outcome of lines; zeroed by the owner to begin with */

typedef struct {
    uint64_t                stored;      /* also those that were there */
    uint64_t                rejected;
    size_t                  n_errors;
    portone_import_error_t  errors[PORTONE_IMPORT_ERRORS];
} portone_import_result_t;


typedef struct {
    portone_str_t           merchant;
    const portone_match_t  *match_values;
    size_t                  n_match_values;
    int64_t                 now;         /* Unix seconds */

    const char             *pos;         /* text: whole lines, but for the
                                            last, which may lack its LF */
    const char             *last;
    uint64_t                line;        /* number of the first one */
    size_t                  max;         /* lines of one transaction */

    /* results */

    const char             *end;         /* end of the last line that was
                                            done */
    uint64_t                lines;       /* lines that were done, empty ones
                                            too */
    portone_import_result_t result;
} portone_import_t;


/*
 * portone_import_t: at most max lines are registered.  A transaction of the
 * ledger, see portone_ledger.h; PORTONE_ERROR: all of them are undone.
 */
int portone_import_apply(portone_txn_t *txn, void *data);

/* adds up; of the errors, those that there is room for */
void portone_import_add(portone_import_result_t *total,
    const portone_import_result_t *result);

/* counts a line as refused; field: culprit or "" */
void portone_import_reject(portone_import_result_t *result, uint64_t line,
    portone_error_e error, const char *field);

/*
 * portone_import_reply() returns the body of the answer, to be freed with
 * cJSON_free(); NULL: out of memory.  error: why the import broke off at this
 * line; PORTONE_NO_ERROR: it is complete.
 */
char *portone_import_reply(const portone_import_result_t *total,
    portone_error_e error, uint64_t line, portone_language_e language);


#endif /* _PORTONE_IMPORT_H_INCLUDED_ */
