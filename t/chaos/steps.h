#ifndef _STEPS_H_INCLUDED_
#define _STEPS_H_INCLUDED_


/*
 * What steps.c and matrix.pl share, in a file that both map: 32-bit numbers
 * of this machine.
 */


#include <stdint.h>


#define STEPS_MAX  1000


typedef enum {
    STEPS_NOTHING = 0,

    /* any step */
    STEPS_KILL,                 /* the process dies before the call */
    STEPS_PAUSE,                /* SIGSTOP before the call */

    /* those that send to PortOne */
    STEPS_PAUSE_SEND,           /* SIGSTOP before sending to PortOne */

    /* those of sockets */
    STEPS_RESET,                /* ECONNRESET, nothing is done */
    STEPS_RESET_AFTER,          /* the call is made, then ECONNRESET */
    STEPS_TIMEOUT,              /* ETIMEDOUT, nothing is done */

    /* those of files */
    STEPS_ENOSPC,
    STEPS_EIO
} steps_action_e;


typedef enum {
    STEPS_OTHER = 0,
    STEPS_CLIENT,               /* a socket of a client */
    STEPS_PORTONE,              /* a socket to PortOne */
    STEPS_STORE,                /* a file of LMDB */
    STEPS_LOG                   /* another file */
} steps_class_e;


typedef struct {
    uint32_t  armed;            /* counts, from the next connection on */
    uint32_t  counting;
    uint32_t  count;            /* steps, of them */
    uint32_t  sockets;          /*     those that a network can break */
    uint32_t  sends;            /*     pieces that are sent to PortOne */
    uint32_t  files;            /*     those that a disk can break */
    uint32_t  target;           /* which one of its kind, from 1 on */
    uint32_t  action;
    uint32_t  hit;              /* the step that was broken, or 0 */
    uint32_t  port;             /* clients connect to it */
    uint32_t  steps[STEPS_MAX]; /* class * 256 + call */
} steps_t;


#endif /* _STEPS_H_INCLUDED_ */
