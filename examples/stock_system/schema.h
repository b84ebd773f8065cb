/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXAMPLES_STOCK_SCHEMA_H
#define EXAMPLES_STOCK_SCHEMA_H

/* A stock system as there are many: the first four tables were there before any forecast. */
#define SCHEMA                                                                                                         \
    "create table if not exists supplier (id integer primary key, name text not null, lead_time integer not null);"    \
    "create table if not exists article (id text primary key, description text, supplier integer not null "            \
    "  references supplier, pack_size real not null default 1, min_order real not null default 0);"                   \
    "create table if not exists stock (article text primary key references article, on_hand real not null, "          \
    "  on_order real not null);"                                                                                      \
    "create table if not exists sale (id integer primary key, article text not null references article, "             \
    "  day text not null, quantity real not null, price real);"                                                       \
    "create index if not exists sale_by_article on sale (article, day);"                                              \
    /* what the forecast adds */                                                                                      \
    "create table if not exists forecast_model (id integer primary key check (id = 1), trained_to text not null, "    \
    "  bytes blob not null);"                                                                                         \
    "create table if not exists reorder_proposal (article text primary key references article, day text not null, "   \
    "  on_hand real, reorder_point real, order_up_to real, quantity real not null, stockout_day text, alert integer);" \
    "create table if not exists drift_alert (article text not null, day text not null, sold real, expected real, "    \
    "  times_usual real, primary key (article, day));"

#endif
