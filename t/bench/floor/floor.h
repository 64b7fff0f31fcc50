
#ifndef _FLOOR_H_INCLUDED_
#define _FLOOR_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


#define FLOOR_DIGITS    12      /* of a number of an order */
#define FLOOR_TEXT      4096    /* bytes, more than each text */

#define floor_n(array)  (sizeof(array) / sizeof(array[0]))


/* the subcommands: they print a line, or end the process */

int floor_exchange(char **argv);
int floor_json(char **argv);
int floor_store(char **argv);


/* writes the FLOOR_DIGITS of number */
void floor_digits(char *p, uint64_t number);

/* a file of one line, which comes without its end; to be freed by free() */
char *floor_sample(const char *directory, const char *name);

/* an argument that is to be greater than 0 */
double floor_number(const char *text);

/* seconds that the process has had, user and system */
double floor_cpu(void);

/* seconds, monotonic */
double floor_now(void);

/* ends the process unless rc, of libcurl, LMDB or the system, is 0 */
void floor_check(const char *what, int rc, const char *why);

void floor_fail(const char *what, const char *why)
    __attribute__((noreturn));


#endif /* _FLOOR_H_INCLUDED_ */
