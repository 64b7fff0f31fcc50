
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_STR_H_INCLUDED_
#define _PORTONE_STR_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>


/*
 * The core is plain C with cJSON, free of nginx, LMDB and libcurl: it is linked
 * alone into the unit tests.  Memory comes from malloc() through cJSON and is
 * freed by the *_free() function of the type that owns it.
 */


#define PORTONE_OK         0
#define PORTONE_ERROR     -1
#define PORTONE_DECLINED  -5


/* bytes with a length, owned by somebody else; len 0 means absent */

typedef struct {
    size_t       len;
    const char  *data;
} portone_str_t;


typedef unsigned char  portone_byte_t;


#define portone_string(text)  { sizeof(text) - 1, text }
#define portone_null_string   { 0, NULL }


/* 1: the same bytes, or both absent; else 0 */
int portone_str_eq(const portone_str_t *a, const portone_str_t *b);

/* a NUL-terminated string, or NULL, as portone_str_t that points into it */
portone_str_t portone_str(const char *text);

/* the same text with a NUL at its end, to be freed by cJSON_free(), or NULL */
char *portone_str_copy(const portone_str_t *str);

/*
 * portone_str_utf8_char() returns the number of bytes of the character at p,
 * which is before last; 0: the bytes are ill-formed (Unicode, table 3-7).
 */
size_t portone_str_utf8_char(const portone_byte_t *p,
    const portone_byte_t *last);

/* number of code points of valid UTF-8; SIZE_MAX: the text is invalid */
size_t portone_str_utf8_length(const char *text, size_t len);

/*
 * portone_str_utf8_cut() returns the length of the longest beginning of valid
 * UTF-8 text that has at most max bytes and ends between two characters.
 */
size_t portone_str_utf8_cut(const char *text, size_t len, size_t max);

/*
 * portone_str_print_int() writes an integer, NUL-terminated, and returns its
 * length.
 */

#define PORTONE_INT_LEN  24

size_t portone_str_print_int(char buf[PORTONE_INT_LEN], int64_t value);

/* a C0 or C1 control character or DEL in valid UTF-8 text: 1, else 0 */
int portone_str_has_control(const portone_str_t *text);


#endif /* _PORTONE_STR_H_INCLUDED_ */
