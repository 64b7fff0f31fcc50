
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_PAGE_WORDS_H_INCLUDED_
#define _NGX_HTTP_PORTONE_PAGE_WORDS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "portone_record.h"


/*
 * The words of the page of portone_status, in HTML, UTF-8.  Members with a %
 * are formats of ngx_sprintf(); a format takes the same types of arguments in
 * all languages.
 */

typedef struct {
    const char  *lang;
    const char  *title;
    const char  *skip;
    const char  *refresh;

    /* the state of health, and the reasons for it */

    const char  *level[3];
    const char  *level_short[3];
    const char  *no_store;
    const char  *store_down;
    const char  *store_full;
    const char  *store_filling;        /* percent, %uA */
    const char  *store_failed;         /* age, %s */
    const char  *api_failed;           /* age, %s */
    const char  *keys_refused;
    const char  *unreadable;           /* %uA */
    const char  *reviews;              /* %uA */
    const char  *unsettled;            /* %uA, age %s */
    const char  *late;                 /* age, %s */

    const char  *seconds;              /* %uA */
    const char  *minutes;
    const char  *hours;
    const char  *days;
    const char  *ago;                  /* %s */
    const char  *never;

    const char  *now;
    const char  *in_flight;
    const char  *unknown;
    const char  *pending;
    const char  *sending;
    const char  *review;
    const char  *oldest;               /* %s */

    /* the orders that need a person */

    const char  *person;
    const char  *person_none;
    const char  *person_do[3];
    const char  *person_locked;
    const char  *person_dont;
    const char  *person_more;          /* %uA */
    const char  *damaged;
    const char  *waiting;

    const char  *order;
    const char  *payment;
    const char  *refund;
    const char  *amount;
    const char  *since;
    const char  *ended;
    const char  *result;
    const char  *count;
    const char  *shop;

    const char  *recent;
    const char  *recent_none;
    const char  *states[PORTONE_STATE_MAX];

    const char  *portone;
    const char  *call;
    const char  *calls[5];
    const char  *ok;
    const char  *refused;
    const char  *failed;
    const char  *half;
    const char  *most;
    const char  *last_answer;
    const char  *last_failure;
    const char  *commit;
    const char  *drift;                /* compared, differed, %uA */

    const char  *results;              /* since, %s */
    const char  *succeeded;
    const char  *replayed;
    const char  *none;

    const char  *store;
    const char  *used;
    const char  *payments;
    const char  *attempts;
    const char  *journal;
    const char  *readers;              /* %uA of %uA */
    const char  *workers;              /* %uA */
    const char  *unavailable;
} ngx_http_portone_page_words_t;


/* by portone_language_e */
extern const ngx_http_portone_page_words_t  ngx_http_portone_page_words[2];

#endif /* _NGX_HTTP_PORTONE_PAGE_WORDS_H_INCLUDED_ */
