/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stock system on a SQLite database into which the library is linked.
 *
 *   stock_system DB import ARTICLES.csv STOCK.csv SALES.csv[.gz]   fills an empty database
 *   stock_system DB sell ARTICLE QUANTITY DAY                      books a sale
 *   stock_system DB nightly [MAX_STEPS]                            trains when a week has passed, proposes orders
 *   stock_system DB today                                          carries the forecast over the newest sales: drift
 *
 * Every command is one transaction: killed at any moment, the database is as before or as after. The model is a row of
 * it, so that proposals and the model they come from never part.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <seqdemand/seqdemand.h>

#include "schema.h"

#define HORIZON 28
#define REVIEW_PERIOD 7
#define SERVICE_LEVEL 0.95
#define RETRAIN_DAYS 7
#define DRIFT_DAYS 7 /* sales of so many days are compared with what was forecast for them */

typedef struct app {
    sqlite3 *db;
    seqd_context *context;
    seqd_options *options;
    seqd_error error;
} app;

/* Ends the program with what SQLite or the library say; the transaction that was open is rolled back by closing. */
static void stop(app *a, const char *what)
{
    fprintf(stderr, "stock_system: %s: %s\n", what, a->error.message[0] ? a->error.message : sqlite3_errmsg(a->db));
    sqlite3_close(a->db);
    exit(1);
}

static void must(app *a, int32_t status, const char *what)
{
    if (status < 0) stop(a, what);
}

static void run(app *a, const char *sql)
{
    if (sqlite3_exec(a->db, sql, NULL, NULL, NULL) != SQLITE_OK) stop(a, sql);
}

static sqlite3_stmt *prepare(app *a, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(a->db, sql, -1, &statement, NULL) != SQLITE_OK) stop(a, sql);
    return statement;
}

static void step(app *a, sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE) stop(a, sqlite3_sql(statement));
    sqlite3_reset(statement);
}

static int32_t column(app *a, const seqd_table *table, const char *name)
{
    const int32_t at = seqd_table_find_column(table, name);
    if (at < 0) stop(a, name);
    return at;
}

static seqd_table *open_table(app *a, const char *path)
{
    seqd_table *table;
    must(a, seqd_table_read(a->context, path, &table, &a->error), path);
    return table;
}

static void import_articles(app *a, const char *articles_path, const char *stock_path)
{
    seqd_table *articles = open_table(a, articles_path), *stock = open_table(a, stock_path);
    sqlite3_stmt *supplier = prepare(a, "insert or ignore into supplier values (?1, 'supplier ' || ?1, ?1)");
    sqlite3_stmt *article = prepare(a, "insert into article values (?1, '', ?2, ?3, ?4)");
    sqlite3_stmt *level = prepare(a, "insert into stock values (?1, ?2, ?3)");
    sqlite3_stmt *name = prepare(a, "update article set description = ?2 where id = ?1");
    static const char *const names[5] = {"lead_time", "pack_size", "min_order", "on_hand", "on_order"};
    for (int64_t row = 0; row < seqd_table_row_count(stock); row++) {
        double v[5];
        const char *id = seqd_table_text(stock, row, column(a, stock, "unique_id"));
        for (int i = 0; i < 5; i++)
            must(a, seqd_table_number(stock, row, column(a, stock, names[i]), &v[i], &a->error), stock_path);
        sqlite3_bind_double(supplier, 1, v[0]); /* one supplier for each lead time */
        step(a, supplier);
        sqlite3_bind_text(article, 1, id, -1, SQLITE_TRANSIENT);
        for (int i = 0; i < 3; i++) sqlite3_bind_double(article, 2 + i, v[i]);
        step(a, article);
        sqlite3_bind_text(level, 1, id, -1, SQLITE_TRANSIENT);
        sqlite3_bind_double(level, 2, v[3]);
        sqlite3_bind_double(level, 3, v[4]);
        step(a, level);
    }
    for (int64_t row = 0; row < seqd_table_row_count(articles); row++) {
        sqlite3_bind_text(name, 1, seqd_table_text(articles, row, column(a, articles, "unique_id")), -1,
                          SQLITE_TRANSIENT);
        sqlite3_bind_text(name, 2, seqd_table_text(articles, row, column(a, articles, "description")), -1,
                          SQLITE_TRANSIENT);
        step(a, name);
    }
    sqlite3_finalize(supplier), sqlite3_finalize(article), sqlite3_finalize(level), sqlite3_finalize(name);
    seqd_table_release(articles);
    seqd_table_release(stock);
}

static void import_sales(app *a, const char *path)
{
    seqd_table *sales = open_table(a, path);
    sqlite3_stmt *sale = prepare(a, "insert into sale (article, day, quantity, price) values (?1, ?2, ?3, ?4)");
    for (int64_t row = 0; row < seqd_table_row_count(sales); row++) {
        double quantity, price;
        must(a, seqd_table_number(sales, row, column(a, sales, "y"), &quantity, &a->error), path);
        must(a, seqd_table_number(sales, row, column(a, sales, "price"), &price, &a->error), path);
        sqlite3_bind_text(sale, 1, seqd_table_text(sales, row, column(a, sales, "unique_id")), -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(sale, 2, seqd_table_text(sales, row, column(a, sales, "ds")), -1, SQLITE_TRANSIENT);
        sqlite3_bind_double(sale, 3, quantity);
        sqlite3_bind_double(sale, 4, price);
        step(a, sale);
    }
    sqlite3_finalize(sale);
    seqd_table_release(sales);
}

/* All sales as a dataset: rows go from the cursor to the library in blocks. */
static seqd_dataset *load_sales(app *a)
{
    enum { BLOCK = 4096 };
    static char text[BLOCK][2][64];
    static const char *ids[BLOCK], *days[BLOCK];
    static double quantities[BLOCK];
    seqd_dataset *sales;
    sqlite3_stmt *rows = prepare(a, "select article, day, quantity from sale");
    must(a, seqd_dataset_create(a->context, a->options, &sales, &a->error), "sales");
    for (int64_t count = 0, more = 1; more;) {
        more = sqlite3_step(rows) == SQLITE_ROW;
        if (more) {
            for (int i = 0; i < 2; i++)
                snprintf(text[count][i], sizeof text[count][i], "%s", (const char *)sqlite3_column_text(rows, i));
            ids[count] = text[count][0];
            days[count] = text[count][1];
            quantities[count++] = sqlite3_column_double(rows, 2);
        }
        if (count < BLOCK && more) continue;
        must(a, seqd_dataset_append_str(sales, "unique_id", ids, count, &a->error), "article");
        must(a, seqd_dataset_append_str(sales, "ds", days, count, &a->error), "day");
        must(a, seqd_dataset_append_f64(sales, "y", quantities, count, &a->error), "quantity");
        count = 0;
    }
    sqlite3_finalize(rows);
    must(a, seqd_dataset_seal(sales, &a->error), "sales");
    return sales;
}

static void last_day(app *a, const seqd_dataset *sales, char day[24])
{
    must(a, seqd_dataset_date(sales, 0, seqd_dataset_length(sales, 0) - 1, day, 24, &a->error), "last day");
}

/* The model in the database; NULL when there is none, or when it is a week old on `day` (NULL: any age will do). */
static seqd_model *stored_model(app *a, const char *day, char trained_to[24])
{
    seqd_model *model = NULL;
    sqlite3_stmt *row = prepare(a, "select trained_to, bytes from forecast_model "
                                   "where ?1 is null or julianday(?1) - julianday(trained_to) < ?2");
    if (day) sqlite3_bind_text(row, 1, day, -1, SQLITE_STATIC);
    sqlite3_bind_int(row, 2, RETRAIN_DAYS);
    if (sqlite3_step(row) == SQLITE_ROW) {
        snprintf(trained_to, 24, "%s", (const char *)sqlite3_column_text(row, 0));
        must(a, seqd_model_load_memory(a->context, sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1),
                                       &model, &a->error), "stored model");
    }
    sqlite3_finalize(row);
    return model;
}

static seqd_model *train(app *a, seqd_dataset *sales, const char *day)
{
    seqd_model *model;
    seqd_trainer *trainer;
    size_t size = 0;
    must(a, seqd_model_create(a->context, a->options, sales, &model, &a->error), "model");
    must(a, seqd_trainer_create(model, sales, a->options, NULL, &trainer, &a->error), "trainer");
    must(a, seqd_trainer_run(trainer, &a->error), "training");
    seqd_trainer_release(trainer);
    must(a, seqd_model_save_memory(model, NULL, &size, &a->error), "model");
    void *bytes = malloc(size);
    if (!bytes) stop(a, "no memory");
    must(a, seqd_model_save_memory(model, bytes, &size, &a->error), "model");
    sqlite3_stmt *row = prepare(a, "insert or replace into forecast_model values (1, ?1, ?2)");
    sqlite3_bind_text(row, 1, day, -1, SQLITE_STATIC);
    sqlite3_bind_blob64(row, 2, bytes, size, SQLITE_TRANSIENT);
    step(a, row);
    sqlite3_finalize(row);
    free(bytes);
    printf("trained on sales to %s\n", day);
    return model;
}

static void propose(app *a, const seqd_dataset *sales, const seqd_forecast *forecast, const char *day)
{
    int64_t orders = 0, alerts = 0, unknown = 0;
    sqlite3_stmt *rows = prepare(a, "select s.article, s.on_hand, s.on_order, u.lead_time, r.pack_size, r.min_order "
                                    "from stock s join article r on r.id = s.article "
                                    "join supplier u on u.id = r.supplier order by s.article");
    sqlite3_stmt *proposal = prepare(a, "insert into reorder_proposal values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    run(a, "delete from reorder_proposal");
    while (sqlite3_step(rows) == SQLITE_ROW) {
        const char *article = (const char *)sqlite3_column_text(rows, 0);
        const int64_t series = seqd_dataset_find_series(sales, article);
        seqd_reorder answer = {.struct_size = sizeof answer};
        char stockout[24] = "";
        double v[5];
        for (int i = 0; i < 5; i++) v[i] = sqlite3_column_double(rows, i + 1);
        if (series < 0) { /* never sold: nothing to go by, and said so */
            unknown++;
            continue;
        }
        const seqd_stock stock = {.struct_size = sizeof stock, .on_hand = v[0], .on_order = v[1],
                                  .lead_time = (int32_t)v[2], .review_period = REVIEW_PERIOD,
                                  .service_level = SERVICE_LEVEL, .pack_size = v[3], .min_order = v[4]};
        must(a, seqd_reorder_from_forecast(forecast, series, &stock, 0, 1, &answer, &a->error), article);
        if (answer.stockout_step > 0)
            must(a, seqd_dataset_date(sales, series, seqd_dataset_length(sales, series) + answer.stockout_step - 1,
                                      stockout, sizeof stockout, &a->error), article);
        sqlite3_bind_text(proposal, 1, article, -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(proposal, 2, day, -1, SQLITE_STATIC);
        sqlite3_bind_double(proposal, 3, v[0]);
        sqlite3_bind_double(proposal, 4, answer.reorder_point);
        sqlite3_bind_double(proposal, 5, answer.order_up_to);
        sqlite3_bind_double(proposal, 6, answer.order_quantity);
        sqlite3_bind_text(proposal, 7, stockout, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int(proposal, 8, answer.alert);
        step(a, proposal);
        orders += answer.order_quantity > 0.0;
        alerts += answer.alert;
    }
    sqlite3_finalize(rows), sqlite3_finalize(proposal);
    printf("%s: %lld articles to order, %lld run out within their lead time, %lld never sold\n", day, (long long)orders,
           (long long)alerts, (long long)unknown);
}

static void nightly(app *a)
{
    char day[24], trained_to[24];
    seqd_predictor *predictor;
    seqd_forecast *forecast;
    seqd_dataset *sales = load_sales(a);
    last_day(a, sales, day);
    seqd_model *model = stored_model(a, day, trained_to);
    if (!model) model = train(a, sales, day);
    must(a, seqd_predictor_create(model, &predictor, &a->error), "predictor");
    must(a, seqd_predictor_run(predictor, sales, &forecast, &a->error), "forecast");
    propose(a, sales, forecast, day);
    seqd_forecast_release(forecast);
    seqd_predictor_release(predictor);
    seqd_model_release(model);
    seqd_dataset_release(sales);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/*
 * Streams start a week ago; the week's sales are compared with their forecast of then (an article has drifted when they
 * are outside of 99 % of the sample paths' totals) and pushed, so that the forecast stands at today.
 */
static void today(app *a)
{
    enum { PATHS = 800 };
    char trained_to[24], day[24];
    int64_t drifted = 0;
    seqd_stream *stream;
    seqd_forecast *forecast;
    seqd_dataset *before;
    seqd_model *model = stored_model(a, NULL, trained_to);
    if (!model) stop(a, "there is no model yet: run nightly first");
    seqd_dataset *sales = load_sales(a);
    last_day(a, sales, day);
    must(a, seqd_dataset_before(sales, DRIFT_DAYS, &before, &a->error), "a week ago");
    must(a, seqd_stream_create(model, before, &stream, &a->error), "stream");
    must(a, seqd_stream_run(stream, NULL, seqd_stream_series_count(stream), 0, &forecast, &a->error), "forecast");

    double *paths = malloc(PATHS * (size_t)seqd_forecast_horizon(forecast) * sizeof *paths), total[PATHS];
    if (!paths) stop(a, "no memory");
    sqlite3_stmt *alert = prepare(a, "insert or replace into drift_alert values (?1, ?2, ?3, ?4, ?5, ?6)");
    for (int64_t i = 0; i < seqd_stream_series_count(stream); i++) {
        const char *article = seqd_stream_series_id(stream, i);
        const int64_t at = seqd_dataset_find_series(sales, article), length = seqd_dataset_length(sales, at);
        const int32_t horizon = seqd_forecast_horizon(forecast);
        double sold[DRIFT_DAYS], sum = 0.0, expected = 0.0;
        must(a, seqd_dataset_values(sales, at, length - DRIFT_DAYS, DRIFT_DAYS, sold, &a->error), article);
        must(a, seqd_forecast_paths(forecast, i, PATHS, 1, paths, &a->error), article);
        for (int p = 0; p < PATHS; p++) {
            total[p] = 0.0;
            for (int d = 0; d < DRIFT_DAYS; d++) total[p] += paths[p * horizon + d];
            expected += total[p] / PATHS;
        }
        qsort(total, PATHS, sizeof *total, by_value);
        for (int d = 0; d < DRIFT_DAYS; d++) {
            sum += sold[d];
            must(a, seqd_stream_push(stream, i, sold[d], 1, NULL, 0, NULL, 0, &a->error), article);
        }
        if (sum >= total[PATHS / 200] && sum <= total[PATHS - 1 - PATHS / 200]) continue;
        sqlite3_bind_text(alert, 1, article, -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(alert, 2, day, -1, SQLITE_STATIC);
        sqlite3_bind_double(alert, 3, sum);
        sqlite3_bind_double(alert, 4, expected);
        sqlite3_bind_double(alert, 5, total[PATHS / 200]);
        sqlite3_bind_double(alert, 6, total[PATHS - 1 - PATHS / 200]);
        step(a, alert);
        drifted++;
    }
    sqlite3_finalize(alert);
    seqd_forecast_release(forecast);
    must(a, seqd_stream_run(stream, NULL, seqd_stream_series_count(stream), 0, &forecast, &a->error), "forecast");
    propose(a, sales, forecast, day);
    printf("%s: %lld articles sold more or less in %d days than 99 of 100 forecasts\n", day, (long long)drifted,
           DRIFT_DAYS);
    free(paths);
    seqd_forecast_release(forecast);
    seqd_stream_release(stream);
    seqd_dataset_release(before);
    seqd_dataset_release(sales);
    seqd_model_release(model);
}

static void sell(app *a, const char *article, const char *quantity, const char *day)
{
    sqlite3_stmt *sale = prepare(a, "insert into sale (article, day, quantity) values (?1, date(?2), ?3)");
    sqlite3_stmt *stock = prepare(a, "update stock set on_hand = on_hand - ?2 where article = ?1");
    char *end;
    const double sold = strtod(quantity, &end);
    if (*end || end == quantity || !(sold > 0.0)) stop(a, "the quantity is no number above 0");
    sqlite3_bind_text(sale, 1, article, -1, SQLITE_STATIC);
    sqlite3_bind_text(sale, 2, day, -1, SQLITE_STATIC);
    sqlite3_bind_double(sale, 3, sold);
    step(a, sale);
    sqlite3_bind_text(stock, 1, article, -1, SQLITE_STATIC);
    sqlite3_bind_double(stock, 2, sold);
    step(a, stock);
    if (sqlite3_changes(a->db) != 1) stop(a, "there is no such article");
    sqlite3_finalize(sale), sqlite3_finalize(stock);
}

int main(int argc, char **argv)
{
    app a = {.error = SEQD_ERROR_INIT};
    const char *command = argc > 2 ? argv[2] : "";
    if (sqlite3_open(argc > 1 ? argv[1] : ":memory:", &a.db) != SQLITE_OK) stop(&a, "open");
    sqlite3_busy_timeout(a.db, 10000);
    must(&a, seqd_context_create(NULL, &a.context, &a.error), "library");
    must(&a, seqd_context_set_threads(a.context, 0, &a.error), "library");
    must(&a, seqd_options_create(a.context, &a.options, &a.error), "options");
    must(&a, seqd_options_set_str(a.options, "freq", "D", &a.error), "options");
    must(&a, seqd_options_set_i64(a.options, "horizon", HORIZON, &a.error), "options");
    run(&a, "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; begin immediate");
    run(&a, SCHEMA);
    if (strcmp(command, "import") == 0 && argc == 6) {
        import_articles(&a, argv[3], argv[4]);
        import_sales(&a, argv[5]);
    } else if (strcmp(command, "sell") == 0 && argc == 6) {
        sell(&a, argv[3], argv[4], argv[5]);
    } else if (strcmp(command, "nightly") == 0 && argc <= 4) {
        if (argc == 4) must(&a, seqd_options_set_str(a.options, "max_steps", argv[3], &a.error), "options");
        nightly(&a);
    } else if (strcmp(command, "today") == 0 && argc == 3) {
        today(&a);
    } else {
        fputs("usage: stock_system DB import ARTICLES STOCK SALES | sell ARTICLE QUANTITY DAY | nightly [MAX_STEPS] | "
              "today\n", stderr);
        return sqlite3_close(a.db), 2;
    }
    run(&a, "commit");
    seqd_options_release(a.options);
    seqd_context_release(a.context);
    return sqlite3_close(a.db) != SQLITE_OK;
}
