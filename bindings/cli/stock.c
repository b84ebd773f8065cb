/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Columns of the stock file; a flag gives the value of articles whose cell is empty or whose column is not there. */
enum { ON_HAND, ON_ORDER, LEAD_TIME, REVIEW_PERIOD, SERVICE_LEVEL, PACK_SIZE, MIN_ORDER, LEAD_TIME_STD, VALUE_COUNT };
static const char *const value_names[VALUE_COUNT] = {
    "on_hand", "on_order", "lead_time", "review_period", "service_level", "pack_size", "min_order", "lead_time_std",
};

typedef struct stock_file {
    seqd_table *table;
    const char *path;
    int32_t id_columns[16]; /* joined by '/', as the ids of a dataset are */
    int32_t id_count;
    int32_t columns[VALUE_COUNT]; /* -1: not there */
    double defaults[VALUE_COUNT];
    int32_t service;
    int32_t paths;
    uint64_t seed;
} stock_file;

static int find_id_columns(cli *c, const seqd_options *options, stock_file *f)
{
    static const char *const usual[] = { "unique_id", "item_id", "series_id", "sku", "id" };
    const char *given = "";
    int32_t count = 0;
    if (seqd_options_get_str(options, "id_column", &given, &c->error) != SEQD_OK) return cli_failed(c);
    char **names = cli_split(given, &count);
    f->id_count = 0;
    if (count <= (int32_t)(sizeof f->id_columns / sizeof f->id_columns[0]))
        for (int32_t i = 0; i < count; i++) {
            int32_t column = seqd_table_find_column(f->table, names[i]);
            if (column >= 0) f->id_columns[f->id_count++] = column;
        }
    free(names);
    if (count > 0 && f->id_count == count) return CLI_OK;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        f->id_columns[0] = seqd_table_find_column(f->table, usual[i]);
        f->id_count = 1;
        if (f->id_columns[0] >= 0) return CLI_OK;
    }
    return cli_fail(c, "%s:1: no column names the articles: unique_id is expected%s%s", f->path,
                    count > 0 ? ", or " : "", given);
}

static int read_defaults(cli *c, const seqd_options *options, stock_file *f)
{
    int64_t lead_time = -1, review = 1, paths = 0, seed = 1;
    f->defaults[ON_HAND] = (double)NAN;
    f->defaults[ON_ORDER] = f->defaults[PACK_SIZE] = f->defaults[MIN_ORDER] = f->defaults[LEAD_TIME_STD] = 0;
    f->defaults[SERVICE_LEVEL] = 0.95;
    int status = cli_flag_whole(c, CLI_FLAG_LEAD_TIME, 0, 4096, &lead_time);
    if (status == CLI_OK) status = cli_flag_whole(c, CLI_FLAG_REVIEW, 0, 4096, &review);
    if (status == CLI_OK) status = cli_flag_whole(c, CLI_FLAG_PATHS, 1, 1000000, &paths);
    if (status == CLI_OK) status = cli_flag_real(c, CLI_FLAG_SERVICE_LEVEL, &f->defaults[SERVICE_LEVEL]);
    if (status == CLI_OK) status = cli_flag_real(c, CLI_FLAG_PACK_SIZE, &f->defaults[PACK_SIZE]);
    if (status == CLI_OK) status = cli_flag_real(c, CLI_FLAG_MIN_ORDER, &f->defaults[MIN_ORDER]);
    if (status == CLI_OK) status = cli_flag_real(c, CLI_FLAG_LEAD_TIME_STD, &f->defaults[LEAD_TIME_STD]);
    const char *service = c->flags[CLI_FLAG_SERVICE];
    f->service = service != NULL && strcmp(service, "fill-rate") == 0 ? SEQD_SERVICE_FILL_RATE : SEQD_SERVICE_CYCLE;
    if (status == CLI_OK && service != NULL && f->service == SEQD_SERVICE_CYCLE && strcmp(service, "cycle") != 0)
        status = cli_wrong(c, "--service takes cycle or fill-rate, not '%s'", service);
    if (status == CLI_OK && (f->defaults[SERVICE_LEVEL] <= 0 || f->defaults[SERVICE_LEVEL] >= 1))
        status = cli_wrong(c, "--service-level takes a share between 0 and 1, not '%s'",
                           c->flags[CLI_FLAG_SERVICE_LEVEL]);
    if (status == CLI_OK && lead_time < 0 && f->columns[LEAD_TIME] < 0)
        status = cli_wrong(c, "--lead-time N is needed, or a column lead_time in %s", f->path);
    if (status == CLI_OK && seqd_options_get_i64(options, "seed", &seed, &c->error) != SEQD_OK) status = cli_failed(c);
    f->defaults[LEAD_TIME] = lead_time < 0 ? (double)NAN : (double)lead_time;
    f->defaults[REVIEW_PERIOD] = (double)review;
    f->paths = (int32_t)paths;
    f->seed = (uint64_t)seed;
    return status;
}

static int open_stock(cli *c, const seqd_options *options, stock_file *f)
{
    memset(f, 0, sizeof *f);
    f->path = c->flags[CLI_FLAG_STOCK];
    if (seqd_table_read(c->context, f->path, &f->table, &c->error) != SEQD_OK) return cli_failed(c);
    int status = find_id_columns(c, options, f);
    for (int32_t i = 0; i < VALUE_COUNT; i++) f->columns[i] = seqd_table_find_column(f->table, value_names[i]);
    if (status == CLI_OK && f->columns[ON_HAND] < 0) status = cli_fail(c, "%s:1: no column on_hand", f->path);
    if (status == CLI_OK) status = read_defaults(c, options, f);
    if (status != CLI_OK) seqd_table_release(f->table);
    return status;
}

static char *row_id(const stock_file *f, int64_t row)
{
    char *id = cli_copy(seqd_table_text(f->table, row, f->id_columns[0]));
    for (int32_t i = 1; i < f->id_count; i++) {
        char *longer = cli_join(id, "/", seqd_table_text(f->table, row, f->id_columns[i]), NULL);
        free(id);
        id = longer;
    }
    return id;
}

static int read_values(cli *c, const stock_file *f, int64_t row, const char *id, double *values)
{
    for (int32_t i = 0; i < VALUE_COUNT; i++) {
        double value = (double)NAN;
        if (f->columns[i] >= 0
            && seqd_table_number(f->table, row, f->columns[i], &value, &c->error) != SEQD_OK)
            return cli_failed(c);
        values[i] = value == value ? value : f->defaults[i];
        if (values[i] != values[i]) return cli_fail(c, "%s: article '%s' has no %s", f->path, id, value_names[i]);
        bool steps = i == LEAD_TIME || i == REVIEW_PERIOD;
        if (steps && !(values[i] >= 0 && values[i] <= 4096 && values[i] == (double)(int32_t)values[i]))
            return cli_fail(c, "%s: article '%s': %s is a whole number of steps from 0 to 4096, not %g", f->path, id,
                            value_names[i], values[i]);
    }
    return CLI_OK;
}

static int answer(cli *c, const cli_prediction *p, const stock_file *f, const double *values, cli_article *a)
{
    a->id = seqd_dataset_series_id(p->dataset, a->series);
    a->on_hand = values[ON_HAND];
    a->on_order = values[ON_ORDER];
    a->lead_time = (int32_t)values[LEAD_TIME];
    a->reorder.struct_size = (uint32_t)sizeof a->reorder;
    const seqd_stock stock = { .struct_size = (uint32_t)sizeof stock, .lead_time = a->lead_time,
                               .review_period = (int32_t)values[REVIEW_PERIOD], .service = f->service,
                               .on_hand = a->on_hand, .on_order = a->on_order, .service_level = values[SERVICE_LEVEL],
                               .pack_size = values[PACK_SIZE], .min_order = values[MIN_ORDER],
                               .lead_time_std = values[LEAD_TIME_STD] };
    if (seqd_reorder_from_forecast(p->forecast, a->series, &stock, f->paths, f->seed, &a->reorder, &c->error) != SEQD_OK)
        return cli_fail(c, "article '%s': %s", a->id, c->error.message);
    a->stockout[0] = '\0';
    int64_t step = seqd_dataset_length(p->dataset, a->series) + a->reorder.stockout_step - 1;
    if (a->reorder.stockout_step > 0
        && seqd_dataset_date(p->dataset, a->series, step, a->stockout, sizeof a->stockout, &c->error) != SEQD_OK)
        return cli_failed(c);
    return CLI_OK;
}

static int by_urgency(const void *left, const void *right)
{
    const cli_article *a = left, *b = right;
    if (a->reorder.alert != b->reorder.alert) return b->reorder.alert - a->reorder.alert;
    /* 0 means later than the forecast reaches: turned around, it sorts last. */
    uint32_t x = (uint32_t)a->reorder.stockout_step - 1, y = (uint32_t)b->reorder.stockout_step - 1;
    if (x != y) return x < y ? -1 : 1;
    if (a->reorder.order_quantity != b->reorder.order_quantity)
        return a->reorder.order_quantity > b->reorder.order_quantity ? -1 : 1;
    return strcmp(a->id, b->id);
}

static void tell(const cli *c, const cli_reorder_list *list, const char *unknown_id, const char *missing_id)
{
    if (list->unknown > 0)
        cli_note(c, "%s: %s articles are not in the demand data and were left out (such as '%s')",
                 c->flags[CLI_FLAG_STOCK], cli_count(list->unknown), unknown_id);
    if (list->without_stock > 0)
        cli_note(c, "%s: %s articles of the demand data have no stock level and were left out (such as '%s')",
                 c->flags[CLI_FLAG_STOCK], cli_count(list->without_stock), missing_id);
    cli_note(c, "%s articles: %s run out within their lead time, %s should be ordered", cli_count(list->count),
             cli_count(list->alerts), cli_count(list->orders));
}

static int fill_list(cli *c, const cli_prediction *p, const stock_file *f, cli_reorder_list *list)
{
    int64_t series_count = seqd_dataset_series_count(p->dataset), rows = seqd_table_row_count(f->table);
    bool *seen = cli_alloc((size_t)series_count, sizeof *seen);
    char *unknown = cli_copy("");
    int status = CLI_OK;
    list->articles = cli_alloc((size_t)rows, sizeof *list->articles);
    for (int64_t row = 0; row < rows && status == CLI_OK; row++) {
        double values[VALUE_COUNT] = { 0 };
        char *id = row_id(f, row);
        int64_t series = seqd_dataset_find_series(p->dataset, id);
        if (series < 0) {
            if (list->unknown++ == 0) {
                free(unknown);
                unknown = cli_copy(id);
            }
        } else if (seen[series]) {
            status = cli_fail(c, "%s: article '%s' is there twice", f->path, id);
        } else {
            cli_article *a = &list->articles[list->count++];
            seen[series] = true;
            a->series = series;
            status = read_values(c, f, row, id, values);
            if (status == CLI_OK) status = answer(c, p, f, values, a);
            if (status == CLI_OK) {
                list->alerts += a->reorder.alert != 0;
                list->orders += a->reorder.order_quantity > 0;
            }
        }
        free(id);
    }
    const char *missing = "";
    for (int64_t s = series_count - 1; s >= 0; s--) {
        if (seen[s]) continue;
        list->without_stock++;
        missing = seqd_dataset_series_id(p->dataset, s);
    }
    if (status == CLI_OK && list->count == 0)
        status = cli_fail(c, "%s: none of its %s articles is in the demand data (such as '%s')", f->path,
                          cli_count(rows), unknown);
    if (status == CLI_OK) tell(c, list, unknown, missing);
    free(unknown);
    free(seen);
    return status;
}

int cli_reorder(cli *c, const cli_prediction *prediction, cli_reorder_list *out)
{
    stock_file f;
    cli_reorder_list list;
    memset(&list, 0, sizeof list);
    int status = open_stock(c, prediction->options, &f);
    if (status != CLI_OK) return status;
    list.service_level = f.defaults[SERVICE_LEVEL];
    list.service = f.service;
    status = fill_list(c, prediction, &f, &list);
    seqd_table_release(f.table);
    if (status != CLI_OK) {
        cli_reorder_release(&list);
        return status;
    }
    qsort(list.articles, (size_t)list.count, sizeof *list.articles, by_urgency);
    *out = list;
    return CLI_OK;
}

void cli_reorder_release(cli_reorder_list *list)
{
    free(list->articles);
    list->articles = NULL;
}

void cli_reorder_sheet(const cli_reorder_list *list, cli_sheet *sheet)
{
    static const cli_column columns[] = {
        { "unique_id", "article", CLI_TEXT },
        { "on_hand", "on hand [units]", 0 },
        { "on_order", "on order", 0 },
        { "lead_time_demand", "lead-time demand", 1 },
        { "safety_stock", "safety stock", 1 },
        { "reorder_point", "reorder point", 1 },
        { "order_up_to", "order up to", 1 },
        { "order_quantity", "ORDER [units]", 1 },
        { "stockout_date", "stock-out [date]", CLI_TEXT },
        { "alert", "alert", 0 },
        { "stockout_probability", "P(stock-out)", 3 },
        { "fill_rate", "fill rate", 3 },
    };
    cli_sheet_create(sheet, columns, (int32_t)(sizeof columns / sizeof columns[0]));
    for (int64_t i = 0; i < list->count; i++) {
        const cli_article *a = &list->articles[i];
        const seqd_reorder *r = &a->reorder;
        cli_sheet_text(sheet, a->id);
        const double before[] = { a->on_hand, a->on_order, r->lead_time_demand_mean, r->safety_stock, r->reorder_point,
                                  r->order_up_to, r->order_quantity };
        for (size_t j = 0; j < sizeof before / sizeof before[0]; j++) cli_sheet_number(sheet, before[j]);
        cli_sheet_text(sheet, a->stockout);
        cli_sheet_number(sheet, r->alert);
        cli_sheet_number(sheet, r->stockout_probability);
        cli_sheet_number(sheet, r->fill_rate);
    }
}
