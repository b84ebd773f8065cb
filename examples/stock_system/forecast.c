/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nightly job. Sales are read in one statement, training holds no lock (the desk goes on selling), and the model
 * and the proposals that come from it are written in one transaction: they never part, whenever the job is killed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shop.h"

#define RETRAIN_DAYS 7

/* All sales as a dataset: rows go from the cursor to the library in blocks. */
seqd_dataset *load_sales(shop *s)
{
    enum { BLOCK = 4096 };
    static char text[BLOCK][2][64];
    static const char *ids[BLOCK], *days[BLOCK];
    static double quantities[BLOCK];
    seqd_dataset *sales;
    sqlite3_stmt *rows = prepare(s, "select article, day, quantity from sale");
    must(s, seqd_dataset_create(s->context, s->options, &sales, &s->error), "sales");
    for (int64_t count = 0, more = 1; more;) {
        more = sqlite3_step(rows) == SQLITE_ROW;
        if (more) {
            for (int i = 0; i < 2; i++) snprintf(text[count][i], sizeof text[count][i], "%s", text_of(rows, i));
            ids[count] = text[count][0];
            days[count] = text[count][1];
            quantities[count++] = sqlite3_column_double(rows, 2);
        }
        if (count < BLOCK && more) continue;
        must(s, seqd_dataset_append_str(sales, "unique_id", ids, count, &s->error), "article");
        must(s, seqd_dataset_append_str(sales, "ds", days, count, &s->error), "day");
        must(s, seqd_dataset_append_f64(sales, "y", quantities, count, &s->error), "quantity");
        count = 0;
    }
    sqlite3_finalize(rows);
    must(s, seqd_dataset_seal(sales, &s->error), "sales");
    return sales;
}

void last_day(shop *s, const seqd_dataset *sales, char day[24])
{
    must(s, seqd_dataset_date(sales, 0, seqd_dataset_length(sales, 0) - 1, day, 24, &s->error), "last day");
}

seqd_model *stored_model(shop *s, const char *day)
{
    seqd_model *model = NULL;
    sqlite3_stmt *row = prepare(s, "select bytes from forecast_model "
                                   "where ?1 is null or julianday(?1) - julianday(trained_to) < ?2");
    if (day) bind_text(row, 1, day);
    sqlite3_bind_int(row, 2, RETRAIN_DAYS);
    if (sqlite3_step(row) == SQLITE_ROW) {
        const void *bytes = sqlite3_column_blob(row, 0);
        must(s, seqd_model_load_memory(s->context, bytes, (size_t)sqlite3_column_bytes(row, 0), &model, &s->error),
             "stored model");
    }
    sqlite3_finalize(row);
    return model;
}

static seqd_model *train(shop *s, seqd_dataset *sales)
{
    seqd_model *model;
    seqd_trainer *trainer;
    must(s, seqd_model_create(s->context, s->options, sales, &model, &s->error), "model");
    must(s, seqd_trainer_create(model, sales, s->options, NULL, &trainer, &s->error), "trainer");
    must(s, seqd_trainer_run(trainer, &s->error), "training");
    seqd_trainer_release(trainer);
    return model;
}

static void store_model(shop *s, const seqd_model *model, const char *day)
{
    size_t size = 0;
    must(s, seqd_model_save_memory(model, NULL, &size, &s->error), "model");
    void *bytes = malloc(size);
    if (!bytes) stop(s, "no memory");
    must(s, seqd_model_save_memory(model, bytes, &size, &s->error), "model");
    sqlite3_stmt *row = prepare(s, "insert or replace into forecast_model values (1, ?1, ?2)");
    bind_text(row, 1, day);
    sqlite3_bind_blob64(row, 2, bytes, size, free);
    step(s, row);
    sqlite3_finalize(row);
    printf("trained on sales to %s\n", day);
}

seqd_forecast *predict(shop *s, seqd_model *model, seqd_dataset *sales)
{
    seqd_predictor *predictor;
    seqd_forecast *forecast;
    must(s, seqd_predictor_create(model, &predictor, &s->error), "predictor");
    must(s, seqd_predictor_run(predictor, sales, &forecast, &s->error), "forecast");
    seqd_predictor_release(predictor);
    return forecast;
}

void nightly(shop *s)
{
    char day[24];
    seqd_dataset *sales = load_sales(s);
    last_day(s, sales, day);
    seqd_model *model = stored_model(s, day);
    const int is_new = !model;
    if (is_new) model = train(s, sales);
    seqd_forecast *forecast = predict(s, model, sales);

    run(s, "begin immediate");
    if (is_new) store_model(s, model, day);
    propose(s, &(outlook){sales, forecast}, 1, day);
    run(s, "commit");

    seqd_forecast_release(forecast);
    seqd_model_release(model);
    seqd_dataset_release(sales);
}
