
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "open_records.h"


cJSON *
open_record(model_t *model, portone_db_e db)
{
    int          paused;
    cJSON       *record;
    const char  *text;

    text = memory_value(&model->store, db, "shop", "imp_1",
                        (db == PORTONE_DB_ATTEMPTS) ? OPEN_ID : NULL);

    if (text == NULL || strstr(text, OPEN_ID) == NULL) {
        return NULL;
    }

    paused = unit_paused;
    unit_paused = 1;

    record = cJSON_Parse(text);
    assert_non_null(record);

    unit_paused = paused;

    return record;
}


void
open_check(model_t *model, portone_db_e db, const char *state)
{
    char          *word;
    cJSON         *record;
    portone_db_e   other;

    other = (db == PORTONE_DB_INTENTS) ? PORTONE_DB_ATTEMPTS
                                       : PORTONE_DB_INTENTS;

    record = open_record(model, db);

    assert_non_null(record);
    assert_null(open_record(model, other));

    word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record,
                                                                 "state"));

    assert_non_null(word);
    assert_string_equal(word, state);

    cJSON_Delete(record);
}
