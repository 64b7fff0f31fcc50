
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdlib.h>
#include <string.h>

#include "portone_json.h"
#include "portone_ledger.h"

#include "fuzz.h"
#include "fuzz_store.h"


/*
 * What is found in the store, whatever it is: every transaction on it.
 *
 *     <time> <allocation that fails, 0: none> <call of the store, likewise>
 *     <imp_uid> <merchant_uid>
 *     <payment to save>
 *     <record to claim and settle>
 *     <entry of the store, see fuzz_store.h>
 *     ...
 *
 * Nothing is written but what was meant to, a refund that is open locks its
 * payment even if nobody can read its record, and what fails changes nothing.
 */


#define FUZZ_KEY     "k1"
#define FUZZ_TTL     1000    /* seconds */
#define FUZZ_ANSWER  "{\"state\":\"succeeded\",\"body\":\"{}\"}"


/* what a database holds under a key and all longer ones with a NUL after it */

typedef struct {
    portone_db_e     db;
    portone_key_t    key;
    int64_t          now;
    size_t           n;
    size_t           malformed;
    size_t           due;
} fuzz_survey_t;


typedef struct {
    memory_store_t   store;
    int64_t          now;
    int              fails;         /* something does on purpose */
    portone_str_t    merchant;
    portone_str_t    imp_uid;
    portone_str_t    merchant_uid;
    portone_str_t    payment;
    portone_str_t    record;
    portone_key_t    key;           /* len 0: it would be too long */
    portone_key_t    idempotency;
    int              claimed;
} fuzz_run_t;


static fuzz_survey_t fuzz_record_survey(fuzz_run_t *run, portone_db_e db,
    const portone_key_t *key);
static int fuzz_record_count(portone_txn_t *txn, void *data);
static const char *fuzz_record_value(fuzz_run_t *run, portone_db_e db,
    const portone_str_t *refund_id);
static void fuzz_record_lookup(fuzz_run_t *run, int by_imp_uid);
static int fuzz_record_kept(fuzz_run_t *run);
static void fuzz_record_refunds(fuzz_run_t *run,
    const portone_lookup_t *lookup);
static void fuzz_record_due(fuzz_run_t *run);
static void fuzz_record_claim(fuzz_run_t *run, int unchanged);
static void fuzz_record_settle(fuzz_run_t *run, int open);
static void fuzz_record_save(fuzz_run_t *run, const portone_payment_t *p);
static void fuzz_record_compare(fuzz_run_t *run, const portone_payment_t *p);
static void fuzz_record_journal(fuzz_run_t *run, const portone_payment_t *p);
static int fuzz_record_same(fuzz_run_t *run, char *dump);


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t             allocation, call;
    const char         *why;
    fuzz_run_t          run;
    portone_str_t       text, line;
    portone_payment_t   payment;

    /* the checks compare C strings, and JSON has no NUL in it */

    if (memchr(data, '\0', size) != NULL) {
        return 0;
    }

    memset(&run, 0, sizeof(fuzz_run_t));

    text.data = (const char *) data;
    text.len = size;

    line = fuzz_line(&text);

    run.now = fuzz_number(&line);
    allocation = fuzz_number(&line);
    call = fuzz_number(&line);

    line = fuzz_line(&text);

    run.merchant = portone_str("shop");
    run.imp_uid = fuzz_store_word(&line);
    run.merchant_uid = fuzz_store_word(&line);
    run.payment = fuzz_line(&text);
    run.record = fuzz_line(&text);

    if (portone_key(&run.key, &run.merchant, &run.imp_uid) != PORTONE_OK) {
        run.key.len = 0;
    }

    line = portone_str(FUZZ_KEY);

    fuzz_check(portone_key(&run.idempotency, &run.merchant, &line)
               == PORTONE_OK);

    fuzz_memory(0);
    memory_init(&run.store);
    fuzz_store_fill(&run.store, &text);

    fuzz_memory(allocation);

    run.fails = (allocation != 0 || call > 0);
    run.store.calls = 0;
    run.store.fail_at = (call > 0) ? (size_t) call : 0;

    fuzz_record_lookup(&run, 1);
    fuzz_record_lookup(&run, 0);
    fuzz_record_due(&run);

    if (run.key.len != 0) {
        fuzz_record_settle(&run, 1);
        fuzz_record_settle(&run, 0);
        fuzz_record_claim(&run, 0);
    }

    if (portone_payment_parse(&payment, run.payment.data, run.payment.len,
                              &why)
        == PORTONE_OK)
    {
        fuzz_record_compare(&run, &payment);
        fuzz_record_journal(&run, &payment);
        fuzz_record_save(&run, &payment);
        portone_payment_free(&payment);
    }

    /* a second refund is not let in before the first is settled */

    if (run.key.len != 0) {
        fuzz_record_claim(&run, 1);
        fuzz_record_settle(&run, 0);
    }

    fuzz_record_lookup(&run, 1);

    memory_free(&run.store);
    fuzz_memory(0);

    return 0;
}


/* of all keys when key is NULL */

static fuzz_survey_t
fuzz_record_survey(fuzz_run_t *run, portone_db_e db, const portone_key_t *key)
{
    int64_t        fail_at;
    fuzz_survey_t  survey;

    memset(&survey, 0, sizeof(fuzz_survey_t));

    survey.db = db;
    survey.now = run->now;

    if (key != NULL) {
        survey.key = *key;
    }

    fuzz_paused = 1;

    fail_at = (int64_t) run->store.fail_at;
    run->store.fail_at = 0;

    fuzz_check(memory_read(&run->store, fuzz_record_count, &survey)
               == PORTONE_OK);

    run->store.fail_at = (size_t) fail_at;

    fuzz_paused = 0;

    return survey;
}


static int
fuzz_record_count(portone_txn_t *txn, void *data)
{
    fuzz_survey_t *survey = data;

    cJSON           *json;
    portone_key_t    last;
    portone_str_t    after, key, value;

    last.len = 0;

    for ( ;; ) {
        after = portone_key_str(&last);

        if (txn->next(txn, survey->db, &after, &key, &value) != PORTONE_OK) {
            return PORTONE_OK;
        }

        fuzz_check(key.len <= PORTONE_KEY_MAX);

        memcpy(last.data, key.data, key.len);
        last.len = key.len;

        if (survey->key.len != 0
            && (key.len <= survey->key.len
                || key.data[survey->key.len] != '\0'
                || memcmp(key.data, survey->key.data, survey->key.len) != 0))
        {
            continue;
        }

        json = portone_json_parse(value.data, value.len);

        survey->n++;
        survey->malformed += (json == NULL);
        survey->due += (json != NULL && portone_record_due(json, survey->now));

        cJSON_Delete(json);
    }
}


/* a copy of what is stored for run->key, to be freed; NULL: nothing */

static const char *
fuzz_record_value(fuzz_run_t *run, portone_db_e db,
    const portone_str_t *refund_id)
{
    char        *imp_uid, *id;
    const char  *value;

    imp_uid = fuzz_copy(&run->imp_uid);
    id = (refund_id != NULL) ? fuzz_copy(refund_id) : NULL;

    value = memory_value(&run->store, db, "shop", imp_uid, id);

    free(imp_uid);
    free(id);

    return value;
}


static void
fuzz_record_lookup(fuzz_run_t *run, int by_imp_uid)
{
    int                rc;
    const char        *stored;
    portone_str_t      str, other;
    portone_open_t     open;
    portone_lookup_t   lookup;

    memset(&lookup, 0, sizeof(portone_lookup_t));

    lookup.merchant = run->merchant;
    lookup.merchant_uid = run->merchant_uid;
    lookup.idempotency = portone_str(FUZZ_KEY);
    lookup.now = run->now;
    lookup.want_refunds = 1;

    if (by_imp_uid) {
        lookup.imp_uid = run->imp_uid;
    }

    rc = memory_read(&run->store, portone_ledger_lookup, &lookup);

    if (rc != PORTONE_OK) {
        fuzz_check(rc == PORTONE_DECLINED || rc == PORTONE_ERROR);
        fuzz_check(lookup.payment == NULL && lookup.intent == NULL
                   && lookup.refunds == NULL);

        if (rc == PORTONE_ERROR && !run->fails) {
            fuzz_check(fuzz_record_survey(run, PORTONE_DB_INTENTS,
                                          NULL).malformed != 0
                       || fuzz_record_survey(run, PORTONE_DB_ATTEMPTS,
                                             NULL).malformed != 0
                       || fuzz_record_survey(run, PORTONE_DB_IDEMPOTENCY,
                                             NULL).malformed != 0);
        }

        portone_ledger_lookup_free(&lookup);
        return;
    }

    if (lookup.saved == NULL) {
        fuzz_check(!fuzz_record_kept(run));

    } else {
        fuzz_check(fuzz_record_kept(run));
    }

    fuzz_check(lookup.payment != NULL);
    fuzz_check(lookup.payment[lookup.payment_len] == '\0');

    if (by_imp_uid && run->imp_uid.len != 0) {
        str = portone_key_str(&lookup.key);
        other = portone_key_str(&run->key);

        fuzz_check(portone_str_eq(&str, &other));

        stored = fuzz_record_value(run, PORTONE_DB_PAYMENTS, NULL);

        fuzz_check(stored != NULL);
        fuzz_check(memcmp(stored, lookup.payment, lookup.payment_len + 1)
                   == 0);

        stored = fuzz_record_value(run, PORTONE_DB_INTENTS, NULL);

        fuzz_check((stored != NULL) == (lookup.intent != NULL));
    }

    if (lookup.intent != NULL) {
        memset(&open, 'x', sizeof(portone_open_t));

        portone_ledger_open_read(&open, lookup.intent);

        fuzz_check(memchr(open.refund_id, '\0', PORTONE_REFUND_ID_LEN + 1)
                   != NULL);
        fuzz_check(open.state <= PORTONE_STATE_MAX);
    }

    fuzz_record_refunds(run, &lookup);

    portone_ledger_lookup_free(&lookup);
}


/* the key is in use: its refund is open, or its answer has not expired */

static int
fuzz_record_kept(fuzz_run_t *run)
{
    int           kept;
    cJSON        *record;
    const cJSON  *answer;
    const char   *value;

    value = memory_value(&run->store, PORTONE_DB_IDEMPOTENCY, "shop",
                         FUZZ_KEY, NULL);

    if (value == NULL) {
        return 0;
    }

    fuzz_paused = 1;

    record = portone_json_parse(value, strlen(value));
    answer = portone_json_member(record, "answer");

    kept = record == NULL
           || !cJSON_IsObject(answer)
           || portone_record_state(answer) == PORTONE_STATE_PENDING
           || portone_json_int(record, "expires_at", 0) > run->now;

    cJSON_Delete(record);

    fuzz_paused = 0;

    return kept;
}


/* all that are there, no more, and of their members those for clients */

static void
fuzz_record_refunds(fuzz_run_t *run, const portone_lookup_t *lookup)
{
    size_t          n;
    cJSON          *refund;
    fuzz_survey_t   survey;

    survey = fuzz_record_survey(run, PORTONE_DB_ATTEMPTS, &lookup->key);

    n = survey.n + (lookup->intent != NULL);

    if (n > PORTONE_REFUNDS_MAX) {
        n = PORTONE_REFUNDS_MAX;
    }

    fuzz_check(lookup->refunds != NULL);
    fuzz_check((size_t) cJSON_GetArraySize(lookup->refunds) == n);

    cJSON_ArrayForEach(refund, lookup->refunds) {
        fuzz_check(cJSON_GetArraySize(refund) == 9);
        fuzz_check(portone_json_member(refund, "state") != NULL);
        fuzz_check(portone_json_member(refund, "account") == NULL);
    }
}


/* each that is due is found once */

static void
fuzz_record_due(fuzz_run_t *run)
{
    size_t               i, n;
    portone_due_list_t   list;

    n = 0;
    memset(&list, 'x', sizeof(portone_due_list_t));

    list.last.len = 0;
    list.now = run->now;
    list.max = PORTONE_DUE_MAX;

    do {
        if (memory_read(&run->store, portone_ledger_due, &list)
            != PORTONE_OK)
        {
            fuzz_check(run->fails);
            return;
        }

        fuzz_check(list.n <= PORTONE_DUE_MAX);
        fuzz_check(list.done || list.n != 0);

        for (i = 0; i < list.n; i++) {
            fuzz_check(memchr(list.due[i].account, '\0',
                              PORTONE_ACCOUNT_LEN + 1)
                       != NULL);
            fuzz_check(memchr(list.due[i].tier, '\0', PORTONE_TIER_LEN + 1)
                       != NULL);
            fuzz_check(list.due[i].key.len != 0);
        }

        n += list.n;

    } while (!list.done);

    if (!run->fails) {
        fuzz_check(n == fuzz_record_survey(run, PORTONE_DB_INTENTS,
                                           NULL).due);
    }
}


/* unchanged: the payment that was looked at is the one that is stored */

static void
fuzz_record_claim(fuzz_run_t *run, int unchanged)
{
    int                     rc, open, kept;
    char                   *dump, *payment, *key_record;
    portone_str_t           str, refund_id;
    portone_claim_t         claim;
    portone_idempotency_t   idempotency;

    memset(&claim, 0, sizeof(portone_claim_t));

    fuzz_paused = 1;

    idempotency.key = portone_str(FUZZ_KEY);
    idempotency.fingerprint = portone_str("f1");
    idempotency.ttl_s = FUZZ_TTL;

    refund_id = portone_str("r1");

    claim.now = run->now;
    claim.expires_at = run->now + FUZZ_TTL;
    claim.idempotency = run->idempotency;

    key_record = portone_idempotency_record(&idempotency, &refund_id,
                                            &run->merchant,
                                            claim.expires_at);
    claim.idempotency_record = portone_str(key_record);

    fuzz_paused = 0;

    kept = fuzz_record_kept(run);

    open = (fuzz_record_value(run, PORTONE_DB_INTENTS, NULL) != NULL);
    str = portone_str(fuzz_record_value(run, PORTONE_DB_PAYMENTS, NULL));

    payment = fuzz_copy(unchanged ? &str : &run->payment);
    dump = memory_dump(&run->store);

    claim.key = run->key;
    claim.payment = portone_str(payment);
    claim.record = run->record;

    rc = memory_apply(&run->store, portone_ledger_claim, &claim);

    if (rc != PORTONE_OK) {
        fuzz_check(run->fails || open
                   || fuzz_record_survey(run, PORTONE_DB_IDEMPOTENCY,
                                         NULL).malformed != 0
                   || fuzz_record_survey(run, PORTONE_DB_IDEMPOTENCY_EXPIRY,
                                         NULL).n != 0);
        fuzz_check(fuzz_record_same(run, dump));

    } else if (claim.verdict == PORTONE_CLAIMED) {
        fuzz_check(!open && !kept);
        fuzz_check(fuzz_record_kept(run));
        fuzz_check(!fuzz_record_same(run, dump));

        run->claimed = 1;
        fuzz_check(fuzz_record_value(run, PORTONE_DB_INTENTS, NULL) != NULL);

        str = portone_str(fuzz_record_value(run, PORTONE_DB_PAYMENTS, NULL));

        fuzz_check(portone_str_eq(&str, &claim.payment));

    } else {
        fuzz_check((claim.verdict == PORTONE_CLAIM_IN_PROGRESS) == open);
        fuzz_check(fuzz_record_same(run, dump));
    }

    free(payment);
    cJSON_free(key_record);
}


static void
fuzz_record_settle(fuzz_run_t *run, int open)
{
    int                    rc;
    char                  *dump;
    cJSON                 *record, *intent;
    size_t                 entries;
    const char            *stored;
    portone_str_t          id;
    portone_settlement_t   settlement;

    fuzz_paused = 1;

    record = portone_json_parse(run->record.data, run->record.len);

    stored = fuzz_record_value(run, PORTONE_DB_INTENTS, NULL);
    intent = (stored != NULL) ? portone_json_parse(stored, strlen(stored))
                              : NULL;

    fuzz_paused = 0;

    memset(&settlement, 0, sizeof(portone_settlement_t));

    settlement.key = run->key;
    settlement.refund_id = portone_json_str(record, "refund_id");
    settlement.record = run->record;
    settlement.journal = portone_str("{}");
    settlement.now = run->now;
    settlement.seen = open ? portone_record_state(intent)
                           : portone_record_state(record);
    settlement.open = (unsigned) open;

    /* of the two that are not left open one forgets the key */

    if (!open) {
        settlement.idempotency = run->idempotency;
        settlement.answer = portone_str(run->claimed ? "" : FUZZ_ANSWER);
    }

    if (open) {
        settlement.payment = run->payment;
    }

    dump = memory_dump(&run->store);
    entries = memory_count(&run->store, PORTONE_DB_JOURNAL);

    rc = memory_apply(&run->store, portone_ledger_settle, &settlement);

    if (rc != PORTONE_OK || settlement.stale) {
        fuzz_check(fuzz_record_same(run, dump));

    } else {
        free(dump);

        id = portone_json_str(intent, "refund_id");

        fuzz_check(stored != NULL);
        fuzz_check(portone_str_eq(&id, &settlement.refund_id));

        stored = fuzz_record_value(run, PORTONE_DB_INTENTS, NULL);

        fuzz_check((stored != NULL) == (open != 0));

        if (!open) {
            stored = fuzz_record_value(run, PORTONE_DB_ATTEMPTS, &id);
        }

        entries = memory_count(&run->store, PORTONE_DB_JOURNAL) - entries;

        fuzz_check(entries == 1 || (open && entries == 0));

        fuzz_check(stored != NULL);
        fuzz_check(strlen(stored) == run->record.len);
        fuzz_check(memcmp(stored, run->record.data, run->record.len) == 0);
    }

    cJSON_Delete(record);
    cJSON_Delete(intent);
}


static void
fuzz_record_save(fuzz_run_t *run, const portone_payment_t *p)
{
    int                 rc;
    char               *before;
    const char         *stored;
    portone_str_t       imp_uid;
    portone_save_t      save;

    memset(&save, 0, sizeof(portone_save_t));

    save.merchant = run->merchant;
    save.payment = p;
    save.text = run->payment;
    save.journal = portone_str("{}");

    /* what is looked at is the payment that is deposited */

    imp_uid = run->imp_uid;
    run->imp_uid = p->imp_uid;

    stored = fuzz_record_value(run, PORTONE_DB_PAYMENTS, NULL);
    before = (stored != NULL) ? strdup(stored) : NULL;

    rc = memory_apply(&run->store, portone_ledger_save, &save);

    stored = fuzz_record_value(run, PORTONE_DB_PAYMENTS, NULL);

    if (before != NULL && before[0] != '\0') {

        /* it was there, and nobody has seen it */

        fuzz_check(stored != NULL && strcmp(stored, before) == 0);

    } else if (rc == PORTONE_OK && save.stored) {
        fuzz_check(stored != NULL);
        fuzz_check(strlen(stored) == run->payment.len);
        fuzz_check(memcmp(stored, run->payment.data, run->payment.len) == 0);

    } else if (rc == PORTONE_OK) {

        /* a refund of it is open */

        fuzz_check(before != NULL && stored != NULL && stored[0] == '\0');
    }

    free(before);

    if (rc == PORTONE_OK && stored != NULL) {

        save.seen = portone_str(before = strdup(stored));
        save.text = portone_str("{}");

        rc = memory_dry_run(&run->store, portone_ledger_save, &save);

        fuzz_check(rc == PORTONE_OK || rc == PORTONE_ERROR);

        free(before);
    }

    run->imp_uid = imp_uid;
}


static void
fuzz_record_compare(fuzz_run_t *run, const portone_payment_t *p)
{
    cJSON                *record, *refund, *before;
    size_t                n, m;
    portone_evidence_t    evidence;

    record = portone_json_parse(run->record.data, run->record.len);

    if (record == NULL) {
        return;
    }

    if (portone_record_compare(record, p, &evidence) == PORTONE_OK) {

        before = portone_json_member(record, "before");

        n = (size_t) cJSON_GetArraySize(portone_json_member(before,
                                                          "cancellations"));
        m = portone_payment_cancellations(p);

        fuzz_check(evidence.appeared <= m && evidence.vanished <= n);
        fuzz_check(m - evidence.appeared == n - evidence.vanished);
        fuzz_check(evidence.ours <= evidence.appeared);
        fuzz_check(evidence.appeared != 0 || evidence.entry.amount == 0);
    }

    refund = portone_record_refund(record);

    fuzz_check(refund != NULL || run->fails);

    if (portone_record_settle(record, PORTONE_STATE_SUCCEEDED, run->now)
        == PORTONE_OK)
    {
        fuzz_check(!portone_record_due(record, INT64_MAX));
    }

    cJSON_Delete(refund);
    cJSON_Delete(record);
}


/* nothing gets into the journal but what is listed */

static void
fuzz_record_journal(fuzz_run_t *run, const portone_payment_t *p)
{
    char                     *text;
    cJSON                    *record, *entry;
    const cJSON              *payment, *item;
    portone_journal_facts_t   facts;

    record = portone_json_parse(run->record.data, run->record.len);

    facts.kind = PORTONE_JOURNAL_SETTLE;
    facts.time = run->now % (INT64_C(1) << 40);
    facts.merchant = run->merchant;
    facts.payment = p;
    facts.record = record;

    text = portone_journal_entry(&facts);

    fuzz_check(text != NULL || run->fails);

    if (text != NULL) {
        fuzz_paused = 1;

        entry = portone_json_parse(text, strlen(text));
        payment = portone_json_member(entry, "payment");

        /* twelve and seventeen names are listed */

        fuzz_check(cJSON_GetArraySize(entry) <= 12);
        fuzz_check(cJSON_GetArraySize(payment) <= 17);
        fuzz_check(cJSON_GetArraySize(portone_json_member(payment,
                                                          "cancel_history"))
                   == (int) portone_payment_cancellations(p));

        cJSON_ArrayForEach(item, entry) {
            fuzz_check(item == payment || item->child == NULL);
        }

        cJSON_ArrayForEach(item, payment) {
            fuzz_check(item->child == NULL || cJSON_IsArray(item));
        }

        cJSON_Delete(entry);

        fuzz_paused = 0;
    }

    cJSON_free(text);
    cJSON_Delete(record);
}


/* frees the dump */

static int
fuzz_record_same(fuzz_run_t *run, char *dump)
{
    int    same;
    char  *now;

    now = memory_dump(&run->store);
    same = (strcmp(now, dump) == 0);

    free(now);
    free(dump);

    return same;
}
