
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_UID_H_INCLUDED_
#define _PORTONE_UID_H_INCLUDED_


#include "portone_str.h"


/* the identifiers of a payment and of its order */

#define PORTONE_IMP_UID_MAX       32    /* characters */
#define PORTONE_MERCHANT_UID_MAX  40


/*
 * portone_uid_valid() tells whether text is an identifier of 1 to max
 * characters: valid UTF-8, all characters printable.
 */
int portone_uid_valid(const portone_str_t *text, size_t max);

/*
 * portone_uid_addressable() tells whether a valid identifier can stand in the
 * path of a URL.  An identifier with "." or ".." between slashes would be
 * resolved on the way to PortOne, even escaped, to the path of another call.
 */
int portone_uid_addressable(const portone_str_t *uid);


#endif /* _PORTONE_UID_H_INCLUDED_ */
