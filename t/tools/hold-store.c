
/*
 * Holds the writer's lock of a store, for tests:
 *
 *     hold-store path pidfile
 *
 * returns as soon as the lock is held; the process that holds it writes its
 * pid and stays until SIGTERM.
 */


#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>


static void hold(const char *path, int ready);


int
main(int argc, char **argv)
{
    int     fds[2];
    char    c;
    FILE   *file;
    pid_t   pid;

    if (argc != 3 || pipe(fds) != 0) {
        fprintf(stderr, "usage: hold-store path pidfile\n");
        return 2;
    }

    pid = fork();

    if (pid == -1) {
        perror("fork");
        return 1;
    }

    if (pid == 0) {
        (void) close(fds[0]);
        hold(argv[1], fds[1]);
    }

    (void) close(fds[1]);

    if (read(fds[0], &c, 1) != 1) {
        return 1;
    }

    file = fopen(argv[2], "w");

    if (file == NULL || fprintf(file, "%d\n", (int) pid) < 0
        || fclose(file) != 0)
    {
        perror(argv[2]);
        return 1;
    }

    return 0;
}


static void
hold(const char *path, int ready)
{
    int       rc, sig;
    MDB_env  *env;
    MDB_txn  *txn;
    sigset_t  set;

    /* whoever reads the output of the parent must not wait for this one */

    if (freopen("/dev/null", "w", stdout) == NULL) {
        exit(1);
    }

    rc = mdb_env_create(&env);

    if (rc == 0) {
        rc = mdb_env_open(env, path, 0, 0600);
    }

    if (rc == 0) {
        rc = mdb_txn_begin(env, NULL, 0, &txn);
    }

    if (rc != 0) {
        fprintf(stderr, "hold-store: %s: %s\n", path, mdb_strerror(rc));
        exit(1);
    }

    if (freopen("/dev/null", "w", stderr) == NULL) {
        exit(1);
    }

    (void) sigemptyset(&set);
    (void) sigaddset(&set, SIGTERM);
    (void) sigprocmask(SIG_BLOCK, &set, NULL);

    if (write(ready, "", 1) != 1) {
        exit(1);
    }

    (void) sigwait(&set, &sig);

    mdb_txn_abort(txn);
    mdb_env_close(env);

    exit(0);
}
