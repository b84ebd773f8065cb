/* SPDX-License-Identifier: Apache-2.0 */
/* What people at the desk do: book a sale, look at what should be ordered. */
#include <stdio.h>
#include <stdlib.h>

#include "shop.h"

void sell(shop *s, const char *article, const char *quantity, const char *day)
{
    char *end;
    const double sold = strtod(quantity, &end);
    if (*end || end == quantity || !(sold > 0.0)) stop(s, "the quantity is no number above 0");

    run(s, "begin immediate");
    sqlite3_stmt *sale = prepare(s, "insert into sale (article, day, quantity) values (?1, date(?2), ?3)");
    sqlite3_stmt *stock = prepare(s, "update stock set on_hand = on_hand - ?2 where article = ?1");
    bind_text(sale, 1, article);
    bind_text(sale, 2, day);
    sqlite3_bind_double(sale, 3, sold);
    step(s, sale);
    bind_text(stock, 1, article);
    sqlite3_bind_double(stock, 2, sold);
    step(s, stock);
    if (sqlite3_changes(s->db) != 1) stop(s, "there is no such article");
    sqlite3_finalize(sale), sqlite3_finalize(stock);
    run(s, "commit");
}

/* The articles to order, those first that run out first; then alerts of the newest day. */
void list(shop *s)
{
    sqlite3_stmt *order = prepare(s, "select p.article, p.quantity, p.on_hand, p.stockout_day, u.name, r.description "
                                     "from reorder_proposal p join article r on r.id = p.article "
                                     "join supplier u on u.id = r.supplier where p.quantity > 0 "
                                     "order by p.stockout_day = '', p.stockout_day, p.article");
    sqlite3_stmt *drift = prepare(s, "select article, sold, expected, times_usual from drift_alert "
                                     "where day = (select max(day) from sale) order by article");
    printf("%-10s %8s %9s  %-10s  %-12s  %s\n", "article", "order", "in stock", "runs out", "supplier", "description");
    while (sqlite3_step(order) == SQLITE_ROW)
        printf("%-10s %8.0f %9.0f  %-10s  %-12s  %s\n", text_of(order, 0), sqlite3_column_double(order, 1),
               sqlite3_column_double(order, 2), text_of(order, 3), text_of(order, 4), text_of(order, 5));
    while (sqlite3_step(drift) == SQLITE_ROW)
        printf("look at %s: %.0f sold in a week, %.0f expected, %.1f times as far off as in any week before\n",
               text_of(drift, 0), sqlite3_column_double(drift, 1), sqlite3_column_double(drift, 2),
               sqlite3_column_double(drift, 3));
    sqlite3_finalize(order), sqlite3_finalize(drift);
}
