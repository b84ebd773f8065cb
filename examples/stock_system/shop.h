/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXAMPLES_STOCK_SHOP_H
#define EXAMPLES_STOCK_SHOP_H

#include <sqlite3.h>

#include <seqdemand/seqdemand.h>

/* An open database, and what the library needs: one context and one set of options for all of the program. */
typedef struct shop {
    sqlite3 *db;
    seqd_context *context;
    seqd_options *options;
    seqd_error error; /* of the library's last call that failed */
} shop;

/* shop.c: the database. Whatever fails ends the program, and takes an open transaction back. */
void shop_open(shop *s, const char *path);
int shop_close(shop *s);
void stop(shop *s, const char *what);
void must(shop *s, int32_t status, const char *what); /* a call of the library, and what it was for */
void run(shop *s, const char *sql);
sqlite3_stmt *prepare(shop *s, const char *sql);
void step(shop *s, sqlite3_stmt *statement); /* runs a statement without rows, and makes it ready for the next time */
void bind_text(sqlite3_stmt *statement, int at, const char *text);
const char *text_of(sqlite3_stmt *statement, int column); /* valid until the next step */

/* import.c, desk.c: the stock system as it was before any forecast. */
void import_tables(shop *s, const char *articles, const char *stock, const char *sales);
void sell(shop *s, const char *article, const char *quantity, const char *day);
void list(shop *s);

/* forecast.c, proposals.c, drift.c: what the library adds. */
void nightly(shop *s);
void today(shop *s);
seqd_dataset *load_sales(shop *s);
void last_day(shop *s, const seqd_dataset *sales, char day[24]);
/* NULL: there is none, or it is too old on that day. With day NULL any age will do. */
seqd_model *stored_model(shop *s, const char *day);
seqd_forecast *predict(shop *s, seqd_model *model, seqd_dataset *sales);

/* A forecast whose series are those of `sales`, in its order. */
typedef struct outlook {
    const seqd_dataset *sales;
    const seqd_forecast *forecast;
} outlook;

/* Replaces the proposals, inside the caller's transaction. An article is looked up in one outlook after the other. */
void propose(shop *s, const outlook *outlooks, int count, const char *day);

#endif
