
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_JSON_H_INCLUDED_
#define _PORTONE_JSON_H_INCLUDED_


#include "portone_json_scan.h"


/*
 * cJSON is lenient: it takes invalid UTF-8, raw control characters in strings,
 * NUL and other control characters as white space, numbers such as "01" and
 * "1.", a byte order mark, and cuts a string at \u0000.  So all texts go
 * through portone_json_parse(); the other functions here are helpers that cJSON
 * lacks.
 */


/*
 * portone_json_parse() returns a tree owned by the caller, or NULL when the
 * text is other than one strict JSON value (RFC 8259) in valid UTF-8 surrounded
 * by white space only, contains \u0000, lone surrogates or numbers longer than
 * 63 characters, or nests deeper than PORTONE_JSON_DEPTH.  text may lack a
 * terminating NUL.  errno is ENOMEM when memory ran out, and only then.  The
 * tree takes up to 50 times the size of the text, which the caller bounds.
 *
 * A tree keeps numbers of up to 15 significant digits exactly.
 */

cJSON *portone_json_parse(const char *text, size_t len);

/*
 * portone_json_member() returns the member of an object by its exact name,
 * which the object owns.  NULL: object is something else, the name is absent,
 * or ambiguous because it stands more than once.
 */
cJSON *portone_json_member(const cJSON *object, const char *name);

/*
 * portone_json_members() does so for n names, 64 at most, in one pass: items[i]
 * is the member of names[i].  Returns the first i whose name stands more than
 * once, else n.
 */
size_t portone_json_members(const cJSON *object, const char *const *names,
    cJSON **items, size_t n);

/*
 * portone_json_duplicate() returns the first name that stands twice in the
 * object itself, or that of the first member after PORTONE_JSON_MEMBERS others,
 * which bounds the work; else NULL.
 */

#define PORTONE_JSON_MEMBERS  256

const char *portone_json_duplicate(const cJSON *object);

/* a string member as portone_str_t; len 0: absent, null or another type */
portone_str_t portone_json_str(const cJSON *object, const char *name);
portone_str_t portone_json_item_str(const cJSON *item);

/*
 * an integer member of less than 2^52, up to which cJSON reads and prints
 * exactly; the default stands for anything else
 */
int64_t portone_json_int(const cJSON *object, const char *name,
    int64_t dflt);
int64_t portone_json_item_int(const cJSON *item, int64_t dflt);

/*
 * portone_json_set() adds a member, or replaces it in its place.  The item is
 * taken in any case.  PORTONE_ERROR: the item is NULL (as cJSON_Create*()
 * returns when memory runs out), memory ran out, or object is something else;
 * the object is unchanged then.
 */
int portone_json_set(cJSON *object, const char *name, cJSON *item);

/* the same for a string of given length, copied; len 0 sets JSON null */
int portone_json_set_str(cJSON *object, const char *name,
    const portone_str_t *value);

/* the same for an integer of less than 2^52; PORTONE_ERROR for larger ones */
int portone_json_set_int(cJSON *object, const char *name, int64_t value);

/*
 * portone_json_add() and the others are for an object that lacks the member:
 * they save the search for it.  name is referred to, and outlives the object.
 */
int portone_json_add(cJSON *object, const char *name, cJSON *item);
int portone_json_add_str(cJSON *object, const char *name,
    const portone_str_t *value);
int portone_json_add_int(cJSON *object, const char *name, int64_t value);

/*
 * portone_json_number() returns a number that prints as text, which has to be
 * that of value, owned by the caller; NULL: out of memory.  To cJSON it is a
 * raw item: as a double its printing takes a microsecond, and more with 1.7.15.
 * Only portone_json_is_number() knows such numbers; all raw items are made
 * here, cJSON_Parse() makes other types.
 */
cJSON *portone_json_number(const char *text, double value);
int portone_json_is_number(const cJSON *item);

/* a new number of the same value, which prints alike; NULL: out of memory */
cJSON *portone_json_number_copy(const cJSON *item);

/*
 * portone_json_print() returns the compact text, to be freed with cJSON_free().
 * NULL: json is NULL, or memory ran out.
 */
char *portone_json_print(const cJSON *json);

/* the same if rc is PORTONE_OK, else NULL; json is freed in any case */
char *portone_json_finish(cJSON *json, int rc);


#endif /* _PORTONE_JSON_H_INCLUDED_ */
