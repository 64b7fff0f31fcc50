
/*
 * LMDB alone: commits of claims and settlements, and the reading before.
 */


#define _GNU_SOURCE

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor.h"


#define FLOOR_MAP      ((size_t) 16 << 30)
#define FLOOR_JOURNAL  8     /* bytes of a key, big-endian */

/* before it is measured */
#define FLOOR_COMMITS  10


typedef struct {
    MDB_env   *env;
    MDB_txn   *read;
    MDB_dbi    payments;
    MDB_dbi    orders;
    MDB_dbi    intents;
    MDB_dbi    attempts;
    MDB_dbi    journal;

    /* what is put */
    MDB_val    payment;
    MDB_val    intent;
    MDB_val    attempt;
    MDB_val    entry;

    uint64_t   operations;
    uint64_t   claimed;
    uint64_t   settled;
    uint64_t   sequence;    /* of the journal */
    uint64_t   looked_up;

    double     read_cpu;
    double     commit_cpu;
    double     commit_time;
} floor_store_t;


static void floor_open(floor_store_t *st, const char *directory);
static uint64_t floor_last(floor_store_t *st);
static void floor_commit(floor_store_t *st, uint64_t operations);
static void floor_look_up(floor_store_t *st, uint64_t order);
static void floor_claim(floor_store_t *st, MDB_txn *txn);
static void floor_settle(floor_store_t *st, MDB_txn *txn);
static MDB_val floor_key(char *key, size_t size, uint64_t order);
static MDB_val floor_value(const char *directory, const char *name);


int
floor_store(char **argv)
{
    double          refunds, start, seconds;
    MDB_txn        *txn;
    MDB_stat        stat;
    uint64_t        i, operations, commits;
    const char     *samples;
    floor_store_t   st;

    samples = argv[0];
    operations = (uint64_t) floor_number(argv[2]);
    seconds = floor_number(argv[3]);

    memset(&st, 0, sizeof(floor_store_t));

    st.payment = floor_value(samples, "answer");
    st.intent = floor_value(samples, "intent");
    st.attempt = floor_value(samples, "attempt");
    st.entry = floor_value(samples, "journal");

    floor_open(&st, argv[1]);
    st.sequence = floor_last(&st);

    /*
     * claims of the first commit, so that in those that follow each settles
     * what the one before has claimed
     */

    floor_check("begin", mdb_txn_begin(st.env, NULL, 0, &txn), argv[1]);

    floor_check("stat", mdb_stat(txn, st.payments, &stat), argv[1]);

    for (i = 0; i < operations / 2; i++) {
        floor_claim(&st, txn);
    }

    floor_check("commit", mdb_txn_commit(txn), argv[1]);

    for (i = 0; i < FLOOR_COMMITS; i++) {
        floor_commit(&st, operations);
    }

    st.looked_up = 0;
    st.read_cpu = 0;
    st.commit_cpu = 0;
    st.commit_time = 0;

    commits = 0;
    start = floor_now();

    /* a payment is not refunded twice: that would cost less */

    while (floor_now() - start < seconds
           && st.claimed + operations <= stat.ms_entries)
    {
        floor_commit(&st, operations);
        commits++;
    }

    if (commits == 0 || st.looked_up == 0) {
        floor_fail(argv[1], "has too few payments");
    }

    refunds = (double) commits * (double) operations / 2;

    printf("{\"commits\":%.1f,\"ms\":%.4f,\"rate\":%.1f,\"cpu\":%.3f,"
           "\"read\":%.3f}\n", (double) commits / st.commit_time,
           st.commit_time * 1e3 / (double) commits, refunds / st.commit_time,
           st.commit_cpu * 1e6 / refunds,
           st.read_cpu * 1e6 / (double) st.looked_up);

    mdb_txn_abort(st.read);
    mdb_env_close(st.env);

    free(st.payment.mv_data);
    free(st.intent.mv_data);
    free(st.attempt.mv_data);
    free(st.entry.mv_data);

    return 0;
}


/* as durable as the module's: no flag that trades durability for speed */

static void
floor_open(floor_store_t *st, const char *directory)
{
    size_t    i;
    MDB_txn  *txn;

    const struct {
        const char  *name;
        MDB_dbi     *dbi;
    } databases[] = {
        { "payments", &st->payments },
        { "merchant_uids", &st->orders },
        { "intents", &st->intents },
        { "attempts", &st->attempts },
        { "journal", &st->journal }
    };

    floor_check("create", mdb_env_create(&st->env), directory);
    floor_check("size", mdb_env_set_mapsize(st->env, FLOOR_MAP), directory);
    floor_check("databases", mdb_env_set_maxdbs(st->env, 16), directory);
    floor_check("open", mdb_env_open(st->env, directory, MDB_NOTLS, 0600),
                directory);
    floor_check("begin", mdb_txn_begin(st->env, NULL, 0, &txn), directory);

    for (i = 0; i < floor_n(databases); i++) {
        floor_check(databases[i].name,
                    mdb_dbi_open(txn, databases[i].name, 0, databases[i].dbi),
                    directory);
    }

    floor_check("commit", mdb_txn_commit(txn), directory);
    floor_check("read", mdb_txn_begin(st->env, NULL, MDB_RDONLY, &st->read),
                directory);

    mdb_txn_reset(st->read);
}


/* the key of the last entry of the journal */

static uint64_t
floor_last(floor_store_t *st)
{
    size_t        i;
    MDB_val       key, value;
    uint64_t      sequence;
    MDB_cursor   *cursor;

    floor_check("read", mdb_txn_renew(st->read), "renew");
    floor_check("read", mdb_cursor_open(st->read, st->journal, &cursor),
                "cursor");

    sequence = 0;

    if (mdb_cursor_get(cursor, &key, &value, MDB_LAST) == 0) {
        for (i = 0; i < FLOOR_JOURNAL && i < key.mv_size; i++) {
            sequence = sequence << 8 | ((unsigned char *) key.mv_data)[i];
        }
    }

    mdb_cursor_close(cursor);
    mdb_txn_reset(st->read);

    return sequence;
}


/* each second operation is a claim, whose order is looked up before */

static void
floor_commit(floor_store_t *st, uint64_t operations)
{
    double     cpu, start;
    MDB_txn   *txn;
    uint64_t   i, claims;

    claims = (operations + (st->operations + 1) % 2) / 2;

    cpu = floor_cpu();

    for (i = 0; i < claims; i++) {
        floor_look_up(st, st->claimed + i);
    }

    start = floor_now();

    st->looked_up += claims;
    st->read_cpu += floor_cpu() - cpu;

    cpu = floor_cpu();

    floor_check("begin", mdb_txn_begin(st->env, NULL, 0, &txn), "write");

    for (i = 0; i < operations; i++) {

        if (st->operations++ % 2 == 0) {
            floor_claim(st, txn);

        } else {
            floor_settle(st, txn);
        }
    }

    floor_check("commit", mdb_txn_commit(txn), "write");

    st->commit_cpu += floor_cpu() - cpu;
    st->commit_time += floor_now() - start;
}


/* what the event loop reads: the payment of an order, and that none is open */

static void
floor_look_up(floor_store_t *st, uint64_t order)
{
    char     index[] = "default\0ORD000000000000";
    char     payment[] = "default\0imp_000000000000";
    char     text[FLOOR_TEXT];
    MDB_val  key, value;

    floor_check("read", mdb_txn_renew(st->read), "renew");

    key = floor_key(index, sizeof(index), order);

    floor_check("read", mdb_get(st->read, st->orders, &key, &value),
                "merchant_uids");

    key = floor_key(payment, sizeof(payment), order);

    floor_check("read", mdb_get(st->read, st->payments, &key, &value),
                "payments");

    if (value.mv_size > FLOOR_TEXT) {
        floor_fail("payments", "too long");
    }

    /* it is needed when the transaction is over */

    memcpy(text, value.mv_data, value.mv_size);

    if (mdb_get(st->read, st->intents, &key, &value) != MDB_NOTFOUND) {
        floor_fail("intents", "there is one");
    }

    mdb_txn_reset(st->read);
}


static void
floor_claim(floor_store_t *st, MDB_txn *txn)
{
    char     payment[] = "default\0imp_000000000000";
    MDB_val  key, value;

    key = floor_key(payment, sizeof(payment), st->claimed++);

    if (mdb_get(txn, st->intents, &key, &value) != MDB_NOTFOUND) {
        floor_fail("intents", "there is one");
    }

    floor_check("claim", mdb_get(txn, st->payments, &key, &value),
                "payments");

    value = st->intent;

    floor_check("claim", mdb_put(txn, st->intents, &key, &value, 0),
                "intents");
}


static void
floor_settle(floor_store_t *st, MDB_txn *txn)
{
    char     payment[] = "default\0imp_000000000000";
    char     attempt[] = "default\0imp_000000000000\0"
                         "01a22d3e-2983-735c-81a0-a8be76ace675";
    char     number[FLOOR_JOURNAL];
    size_t   i;
    MDB_val  key, value;

    key = floor_key(payment, sizeof(payment), st->settled);

    floor_check("settle", mdb_get(txn, st->intents, &key, &value), "intents");

    value = st->payment;

    floor_check("settle", mdb_put(txn, st->payments, &key, &value, 0),
                "payments");

    floor_check("settle", mdb_del(txn, st->intents, &key, NULL), "intents");

    key = floor_key(attempt, sizeof(payment), st->settled);
    key.mv_size = sizeof(attempt) - 1;

    value = st->attempt;

    floor_check("settle", mdb_put(txn, st->attempts, &key, &value, 0),
                "attempts");

    st->sequence++;

    for (i = 0; i < FLOOR_JOURNAL; i++) {
        number[i] = (char) (st->sequence >> 8 * (FLOOR_JOURNAL - 1 - i));
    }

    key.mv_data = number;
    key.mv_size = FLOOR_JOURNAL;

    value = st->entry;

    floor_check("settle", mdb_put(txn, st->journal, &key, &value, MDB_APPEND),
                "journal");

    st->settled++;
}


/* size is that of a text that ends with the digits and a NUL */

static MDB_val
floor_key(char *key, size_t size, uint64_t order)
{
    MDB_val  val;

    floor_digits(key + size - 1 - FLOOR_DIGITS, order);

    val.mv_data = key;
    val.mv_size = size - 1;

    return val;
}


/* a sample as it is stored: of an answer, the payment within */

static MDB_val
floor_value(const char *directory, const char *name)
{
    char        *text, *payment;
    MDB_val      val;

    static const char  member[] = "\"response\":";

    text = floor_sample(directory, name);
    payment = strstr(text, member);

    if (payment != NULL) {
        payment += sizeof(member) - 1;
        memmove(text, payment, strlen(payment) + 1);
        text[strlen(text) - 1] = '\0';
    }

    val.mv_data = text;
    val.mv_size = strlen(text);

    return val;
}
