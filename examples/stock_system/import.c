/* SPDX-License-Identifier: Apache-2.0 */
/* Fills an empty database from CSV files, which the library reads too. */
#include "shop.h"

static int32_t column(shop *s, const seqd_table *table, const char *name)
{
    const int32_t at = seqd_table_find_column(table, name);
    if (at < 0) stop(s, name);
    return at;
}

static seqd_table *open_table(shop *s, const char *path)
{
    seqd_table *table;
    must(s, seqd_table_read(s->context, path, &table, &s->error), path);
    return table;
}

static void import_articles(shop *s, const char *articles_path, const char *stock_path)
{
    seqd_table *articles = open_table(s, articles_path), *stock = open_table(s, stock_path);
    sqlite3_stmt *supplier = prepare(s, "insert or ignore into supplier values (?1, 'supplier ' || ?1, ?1)");
    sqlite3_stmt *article = prepare(s, "insert into article values (?1, '', ?2, ?3, ?4)");
    sqlite3_stmt *level = prepare(s, "insert into stock values (?1, ?2, ?3)");
    sqlite3_stmt *name = prepare(s, "update article set description = ?2 where id = ?1");
    static const char *const names[5] = {"lead_time", "pack_size", "min_order", "on_hand", "on_order"};
    for (int64_t row = 0; row < seqd_table_row_count(stock); row++) {
        double v[5];
        const char *id = seqd_table_text(stock, row, column(s, stock, "unique_id"));
        for (int i = 0; i < 5; i++)
            must(s, seqd_table_number(stock, row, column(s, stock, names[i]), &v[i], &s->error), stock_path);
        sqlite3_bind_double(supplier, 1, v[0]); /* one supplier for each lead time */
        step(s, supplier);
        bind_text(article, 1, id);
        for (int i = 0; i < 3; i++) sqlite3_bind_double(article, 2 + i, v[i]);
        step(s, article);
        bind_text(level, 1, id);
        sqlite3_bind_double(level, 2, v[3]);
        sqlite3_bind_double(level, 3, v[4]);
        step(s, level);
    }
    for (int64_t row = 0; row < seqd_table_row_count(articles); row++) {
        bind_text(name, 1, seqd_table_text(articles, row, column(s, articles, "unique_id")));
        bind_text(name, 2, seqd_table_text(articles, row, column(s, articles, "description")));
        step(s, name);
    }
    sqlite3_finalize(supplier), sqlite3_finalize(article), sqlite3_finalize(level), sqlite3_finalize(name);
    seqd_table_release(articles);
    seqd_table_release(stock);
}

static void import_sales(shop *s, const char *path)
{
    seqd_table *sales = open_table(s, path);
    sqlite3_stmt *sale = prepare(s, "insert into sale (article, day, quantity, price) values (?1, ?2, ?3, ?4)");
    for (int64_t row = 0; row < seqd_table_row_count(sales); row++) {
        double quantity, price;
        must(s, seqd_table_number(sales, row, column(s, sales, "y"), &quantity, &s->error), path);
        must(s, seqd_table_number(sales, row, column(s, sales, "price"), &price, &s->error), path);
        bind_text(sale, 1, seqd_table_text(sales, row, column(s, sales, "unique_id")));
        bind_text(sale, 2, seqd_table_text(sales, row, column(s, sales, "ds")));
        sqlite3_bind_double(sale, 3, quantity);
        sqlite3_bind_double(sale, 4, price);
        step(s, sale);
    }
    sqlite3_finalize(sale);
    seqd_table_release(sales);
}

void import_tables(shop *s, const char *articles, const char *stock, const char *sales)
{
    run(s, "begin immediate");
    import_articles(s, articles, stock);
    import_sales(s, sales);
    run(s, "commit");
}
