
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_REPLY_H_INCLUDED_
#define _PORTONE_REPLY_H_INCLUDED_


#include "portone_flow.h"


/*
 * The bodies of answers: JSON text that the caller frees with cJSON_free();
 * NULL: no memory.
 */


/* an error of a request without a flow; field: culprit or NULL */
char *portone_reply_error(portone_error_e error, const char *field,
    portone_language_e language);

/* the end of a refund: the payment as it is now, or flow->error */
char *portone_reply_refund(const portone_flow_t *flow);

/* the same for flow->record, once it has ended so: the answer to keep */
char *portone_reply_record(const portone_flow_t *flow, portone_state_e state,
    portone_error_e error);

/* the payment that was read, with its refunds, or flow->error */
char *portone_reply_payment(const portone_flow_t *flow);

/* the answer to a webhook: imp_uid and status, or flow->error */
char *portone_reply_webhook(const portone_flow_t *flow);

/* the sentence that goes with flow->error: PortOne's own for a refusal */
portone_str_t portone_reply_message(const portone_flow_t *flow);


#endif /* _PORTONE_REPLY_H_INCLUDED_ */
