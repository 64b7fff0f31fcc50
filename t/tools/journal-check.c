
/*
 * Replays the journal of a store and compares what comes of it with the
 * payments that are stored:
 *
 *     journal-check directory
 *
 * prints a line for each difference.  Exit status: 0, there is none; 1, there
 * are some; 2, the store cannot be read.  The store may be in use.
 *
 * It shares no code with the module: what may stand in the journal is written
 * down here once more, and everything else in it is a difference, too.
 */


#define _GNU_SOURCE

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <limits.h>
#include <lmdb.h>
#include <search.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>


/* a payment as the journal has it last */

typedef struct {
    MDB_val     key;           /* merchant NUL imp_uid; owned */
    MDB_val     entry;         /* in the map, until the transaction ends */
    uint64_t    sequence;
    int         stored;
} payment_t;


typedef struct {
    MDB_txn    *txn;
    MDB_dbi     journal;
    MDB_dbi     payments;
    void       *replayed;      /* of tsearch() */
    uint64_t    entries;
    uint64_t    stored;
    uint64_t    unjournaled;   /* payments that may have no entry */
    uint64_t    older;         /* those that have none */
    uint64_t    differences;
} check_t;


static int run(check_t *check, const char *path);
static int open_databases(check_t *check, const char **what);
static int replay(check_t *check);
static void take(check_t *check, uint64_t sequence, const MDB_val *value);
static void remember(check_t *check, uint64_t sequence, const cJSON *entry,
    const MDB_val *value);
static void known(check_t *check, uint64_t sequence, const cJSON *object,
    const char *const *names, const char *nested);
static int compare(check_t *check);
static void compare_payment(check_t *check, payment_t *payment,
    const MDB_val *value);
static int compare_members(check_t *check, const payment_t *payment,
    const cJSON *stored, const cJSON *replayed, const char *const *names);
static void compare_history(check_t *check, const payment_t *payment,
    const cJSON *stored, const cJSON *replayed);
static const cJSON *member(const cJSON *object, const char *name);
static int by_key(const void *a, const void *b);
static void not_stored(const void *node, VISIT visit, void *data);
static void difference(check_t *check, const MDB_val *key, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));


static const char *const  entry_members[] = {
    "time", "kind", "merchant", "imp_uid", "merchant_uid", "refund_id",
    "state", "amount", "currency", "code", "cancellation_id", "payment", NULL
};

static const char *const  uid_members[] = { "imp_uid", "merchant_uid", NULL };

static const char *const  payment_members[] = {
    "status", "amount", "cancel_amount", "currency", "pay_method", "channel",
    "pg_provider", "emb_pg_provider", "pg_id", "pg_tid", "sandbox", "escrow",
    "started_at", "paid_at", "failed_at", "cancelled_at", NULL
};

static const char  history_name[] = "cancel_history";

static const char *const  history_members[] = {
    "cancellation_id", "pg_tid", "amount", "cancelled_at", NULL
};


int
main(int argc, char **argv)
{
    int      rc;
    check_t  check;

    if (argc != 2 || argv[1][0] == '\0') {
        fprintf(stderr, "usage: journal-check directory\n");
        return 2;
    }

    memset(&check, 0, sizeof(check_t));

    rc = run(&check, argv[1]);

    if (rc != 0) {
        return 2;
    }

    printf("%llu entries, %llu payments, %llu of them older than the journal: "
           "%llu differences\n",
           (unsigned long long) check.entries,
           (unsigned long long) check.stored,
           (unsigned long long) check.older,
           (unsigned long long) check.differences);

    return check.differences ? 1 : 0;
}


static int
run(check_t *check, const char *path)
{
    int           fd, rc;
    char          name[PATH_MAX];
    MDB_env      *env;
    unsigned      flags;
    const char   *what;

    flags = MDB_RDONLY|MDB_NOTLS;

    /* a copy may have no lock file, and must not get one of another user */

    (void) snprintf(name, sizeof(name), "%s/lock.mdb", path);

    if (access(name, R_OK|W_OK) != 0) {
        flags |= MDB_NOLOCK;
    }

    /* LMDB 0.9.26 to 0.9.31 cannot open while somebody else closes */

    (void) snprintf(name, sizeof(name), "%s/open.lock", path);

    fd = open(name, O_RDONLY|O_CLOEXEC);

    if (fd != -1) {
        (void) flock(fd, LOCK_EX);
    }

    env = NULL;
    check->txn = NULL;

    what = "mdb_env_create()";
    rc = mdb_env_create(&env);

    if (rc == 0) {
        rc = mdb_env_set_maxdbs(env, 16);
    }

    if (rc == 0) {
        what = "mdb_env_open()";
        rc = mdb_env_open(env, path, flags, 0600);
    }

    if (rc == 0) {
        what = "mdb_txn_begin()";
        rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &check->txn);
    }

    if (fd != -1) {
        (void) flock(fd, LOCK_UN);
    }

    if (rc == 0) {
        rc = open_databases(check, &what);
    }

    if (rc == 0) {
        what = "reading the journal";
        rc = replay(check);
    }

    if (rc == 0) {
        what = "reading the payments";
        rc = compare(check);
    }

    if (rc != 0) {
        fprintf(stderr, "journal-check: %s: %s failed: %s\n", path, what,
                mdb_strerror(rc));
    }

    if (fd != -1) {
        (void) flock(fd, LOCK_EX);
    }

    if (check->txn) {
        mdb_txn_abort(check->txn);
    }

    if (env) {
        mdb_env_close(env);
    }

    if (fd != -1) {
        (void) close(fd);
    }

    return rc;
}


static int
open_databases(check_t *check, const char **what)
{
    int       rc;
    char      number[24];
    MDB_dbi   meta;
    MDB_val   key, value;

    *what = "opening the database \"payments\"";
    rc = mdb_dbi_open(check->txn, "payments", 0, &check->payments);

    if (rc != 0) {
        return rc;
    }

    *what = "opening the database \"journal\"";
    rc = mdb_dbi_open(check->txn, "journal", 0, &check->journal);

    if (rc != 0) {
        return rc;
    }

    *what = "opening the database \"meta\"";
    rc = mdb_dbi_open(check->txn, "meta", 0, &meta);

    if (rc != 0) {
        return rc;
    }

    /* what was stored before there was a journal */

    key.mv_data = (void *) "unjournaled";
    key.mv_size = sizeof("unjournaled") - 1;

    rc = mdb_get(check->txn, meta, &key, &value);

    if (rc == 0 && value.mv_size < sizeof(number)) {
        memcpy(number, value.mv_data, value.mv_size);
        number[value.mv_size] = '\0';

        check->unjournaled = strtoull(number, NULL, 10);
    }

    return (rc == MDB_NOTFOUND) ? 0 : rc;
}


static int
replay(check_t *check)
{
    int             rc;
    size_t          i;
    MDB_val         key, value;
    uint64_t        sequence, last;
    MDB_cursor     *cursor;

    rc = mdb_cursor_open(check->txn, check->journal, &cursor);

    if (rc != 0) {
        return rc;
    }

    last = 0;

    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        sequence = 0;

        for (i = 0; i < key.mv_size && i < 8; i++) {
            sequence = sequence << 8 | ((unsigned char *) key.mv_data)[i];
        }

        if (key.mv_size != 8 || sequence != last + 1) {
            difference(check, NULL, "entry %llu is not the one after %llu",
                       (unsigned long long) sequence,
                       (unsigned long long) last);
        }

        last = sequence;

        check->entries++;

        take(check, sequence, &value);
    }

    mdb_cursor_close(cursor);

    return (rc == MDB_NOTFOUND) ? 0 : rc;
}


static void
take(check_t *check, uint64_t sequence, const MDB_val *value)
{
    cJSON        *entry;
    const cJSON  *payment, *item;

    entry = cJSON_ParseWithLength(value->mv_data, value->mv_size);

    if (!cJSON_IsObject(entry)
        || !cJSON_IsString(member(entry, "merchant"))
        || !cJSON_IsString(member(entry, "imp_uid")))
    {
        difference(check, NULL, "entry %llu is malformed",
                   (unsigned long long) sequence);
        cJSON_Delete(entry);
        return;
    }

    known(check, sequence, entry, entry_members, "payment");

    payment = member(entry, "payment");

    if (payment != NULL) {
        known(check, sequence, payment, payment_members, history_name);

        cJSON_ArrayForEach(item, member(payment, history_name)) {
            known(check, sequence, item, history_members, NULL);
        }

        remember(check, sequence, entry, value);
    }

    cJSON_Delete(entry);
}


/* nested: the one member that may be more than a value, or NULL */

static void
known(check_t *check, uint64_t sequence, const cJSON *object,
    const char *const *names, const char *nested)
{
    const cJSON        *item;
    const char *const  *name;

    cJSON_ArrayForEach(item, object) {

        if (nested != NULL && item->string != NULL
            && strcmp(item->string, nested) == 0)
        {
            continue;
        }

        for (name = names; *name != NULL; name++) {

            if (item->string != NULL && strcmp(item->string, *name) == 0) {
                break;
            }
        }

        if (*name == NULL || cJSON_IsObject(item) || cJSON_IsArray(item)) {
            difference(check, NULL, "entry %llu has the member \"%s\"",
                       (unsigned long long) sequence,
                       item->string ? item->string : "");
        }
    }
}


static void
remember(check_t *check, uint64_t sequence, const cJSON *entry,
    const MDB_val *value)
{
    char         *key;
    void         *found;
    size_t        len;
    payment_t    *payment;
    const char   *merchant, *imp_uid;

    merchant = member(entry, "merchant")->valuestring;
    imp_uid = member(entry, "imp_uid")->valuestring;

    len = strlen(merchant) + 1 + strlen(imp_uid);

    payment = calloc(1, sizeof(payment_t));
    key = malloc(len + 1);

    if (payment == NULL || key == NULL) {
        perror("journal-check");
        exit(2);
    }

    memcpy(key, merchant, strlen(merchant) + 1);
    memcpy(key + strlen(merchant) + 1, imp_uid, strlen(imp_uid) + 1);

    payment->key.mv_data = key;
    payment->key.mv_size = len;

    found = tsearch(payment, &check->replayed, by_key);

    if (found == NULL) {
        perror("journal-check");
        exit(2);
    }

    if (*(payment_t **) found != payment) {
        free(payment);
        free(key);

        payment = *(payment_t **) found;
    }

    payment->entry = *value;
    payment->sequence = sequence;
}


static int
compare(check_t *check)
{
    int           rc;
    void         *found;
    MDB_val       value;
    payment_t     payment;
    MDB_cursor   *cursor;

    rc = mdb_cursor_open(check->txn, check->payments, &cursor);

    if (rc != 0) {
        return rc;
    }

    while ((rc = mdb_cursor_get(cursor, &payment.key, &value, MDB_NEXT)) == 0)
    {
        check->stored++;

        found = tfind(&payment, &check->replayed, by_key);

        if (found != NULL) {
            compare_payment(check, *(payment_t **) found, &value);

        } else if (check->older < check->unjournaled) {
            check->older++;

        } else {
            difference(check, &payment.key, "is not in the journal");
        }
    }

    mdb_cursor_close(cursor);

    twalk_r(check->replayed, not_stored, check);

    return (rc == MDB_NOTFOUND) ? 0 : rc;
}


static void
compare_payment(check_t *check, payment_t *payment, const MDB_val *value)
{
    cJSON        *stored, *entry;
    const cJSON  *replayed;

    payment->stored = 1;

    stored = cJSON_ParseWithLength(value->mv_data, value->mv_size);
    entry = cJSON_ParseWithLength(payment->entry.mv_data,
                                  payment->entry.mv_size);

    replayed = member(entry, "payment");

    if (!cJSON_IsObject(stored)) {
        difference(check, &payment->key, "is malformed in the store");

    } else {
        (void) compare_members(check, payment, stored, entry, uid_members);
        (void) compare_members(check, payment, stored, replayed,
                               payment_members);
        compare_history(check, payment, stored, replayed);
    }

    cJSON_Delete(stored);
    cJSON_Delete(entry);
}


static int
compare_members(check_t *check, const payment_t *payment,
    const cJSON *stored, const cJSON *replayed, const char *const *names)
{
    int           same;
    const cJSON  *a, *b;

    same = 1;

    for ( /* void */ ; *names != NULL; names++) {
        a = member(stored, *names);
        b = member(replayed, *names);

        /* only values are in the journal */

        if (cJSON_IsNull(a) || cJSON_IsObject(a) || cJSON_IsArray(a)) {
            a = NULL;
        }

        if ((a == NULL && b == NULL) || cJSON_Compare(a, b, 1)) {
            continue;
        }

        difference(check, &payment->key,
                   "differs in \"%s\" from entry %llu", *names,
                   (unsigned long long) payment->sequence);
        same = 0;
    }

    return same;
}


static void
compare_history(check_t *check, const payment_t *payment,
    const cJSON *stored, const cJSON *replayed)
{
    const cJSON  *a, *b;

    stored = member(stored, history_name);
    replayed = member(replayed, history_name);

    if (!cJSON_IsArray(replayed)
        || cJSON_GetArraySize(stored) != cJSON_GetArraySize(replayed))
    {
        difference(check, &payment->key,
                   "differs in \"%s\" from entry %llu", history_name,
                   (unsigned long long) payment->sequence);
        return;
    }

    b = replayed->child;

    cJSON_ArrayForEach(a, stored) {

        if (!compare_members(check, payment, a, b, history_members)) {
            return;
        }

        b = b->next;
    }
}


/* NULL: there is none, or more than one */

static const cJSON *
member(const cJSON *object, const char *name)
{
    const cJSON  *item, *found;

    found = NULL;

    cJSON_ArrayForEach(item, object) {

        if (item->string == NULL || strcmp(item->string, name) != 0) {
            continue;
        }

        if (found != NULL) {
            return NULL;
        }

        found = item;
    }

    return found;
}


static int
by_key(const void *a, const void *b)
{
    int             order;
    size_t          len;
    const MDB_val  *one, *other;

    one = &((const payment_t *) a)->key;
    other = &((const payment_t *) b)->key;

    len = (one->mv_size < other->mv_size) ? one->mv_size : other->mv_size;

    order = memcmp(one->mv_data, other->mv_data, len);

    if (order != 0) {
        return order;
    }

    return (one->mv_size > other->mv_size) - (one->mv_size < other->mv_size);
}


static void
not_stored(const void *node, VISIT visit, void *data)
{
    const payment_t  *payment;

    payment = *(payment_t *const *) node;

    if ((visit == postorder || visit == leaf) && !payment->stored) {
        difference(data, &payment->key, "is not in the store");
    }
}


/* a merchant and an imp_uid have no control characters, but who knows */

static void
difference(check_t *check, const MDB_val *key, const char *fmt, ...)
{
    size_t      i;
    va_list     args;
    const char *p;

    check->differences++;

    if (key != NULL) {
        p = key->mv_data;

        for (i = 0; i < key->mv_size; i++) {
            putchar(p[i] == '\0' ? ' '
                    : ((unsigned char) p[i] < 0x20 || p[i] == 0x7f) ? '?'
                    : p[i]);
        }

        putchar(' ');
    }

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);

    putchar('\n');
}
