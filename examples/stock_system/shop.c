/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "schema.h"
#include "shop.h"

#define HORIZON 28 /* days: the longest lead time, the review period, and some more */

void stop(shop *s, const char *what)
{
    fprintf(stderr, "stock_system: %s: %s\n", what, s->error.message[0] ? s->error.message : sqlite3_errmsg(s->db));
    sqlite3_close(s->db);
    exit(1);
}

void must(shop *s, int32_t status, const char *what)
{
    if (status < 0) stop(s, what);
}

void run(shop *s, const char *sql)
{
    if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK) stop(s, sql);
}

sqlite3_stmt *prepare(shop *s, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) != SQLITE_OK) stop(s, sql);
    return statement;
}

void step(shop *s, sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE) stop(s, sqlite3_sql(statement));
    sqlite3_reset(statement);
}

void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

const char *text_of(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

void shop_open(shop *s, const char *path)
{
    if (sqlite3_open(path, &s->db) != SQLITE_OK) stop(s, path);
    sqlite3_busy_timeout(s->db, 10000);
    run(s, "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;" SCHEMA);

    must(s, seqd_context_create(NULL, &s->context, &s->error), "library");
    must(s, seqd_context_set_threads(s->context, 0, &s->error), "library");
    must(s, seqd_options_create(s->context, &s->options, &s->error), "options");
    must(s, seqd_options_set_str(s->options, "freq", "D", &s->error), "options");
    must(s, seqd_options_set_i64(s->options, "horizon", HORIZON, &s->error), "options");
}

int shop_close(shop *s)
{
    seqd_options_release(s->options);
    seqd_context_release(s->context);
    return sqlite3_close(s->db) != SQLITE_OK;
}
