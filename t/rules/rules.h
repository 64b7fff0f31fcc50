
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _RULES_H_INCLUDED_
#define _RULES_H_INCLUDED_


/*
 * What the event loop must not do, enforced: rules.c defines the functions
 * that wait for a disk, for another process, for a name server, or for time,
 * in the executable, where the linker finds them before those of the shared
 * libraries, whoever calls.  Between rules_enter() and rules_leave() such a
 * call of the same thread writes its name and a stack to stderr, and aborts.
 */

void rules_enter(void);
void rules_leave(void);


#endif /* _RULES_H_INCLUDED_ */
