/* SPDX-License-Identifier: Apache-2.0 */
/* Reorder proposals: what to order of each article, from its forecast, its stock and its supplier. */
#include <stdio.h>

#include "shop.h"

#define REVIEW_PERIOD 7 /* days between two orders */
#define SERVICE_LEVEL 0.95

/* Where an article is; NULL when it has never been sold. */
static const outlook *find(const outlook *outlooks, int count, const char *article, int64_t *series)
{
    for (int i = 0; i < count; i++) {
        *series = seqd_dataset_find_series(outlooks[i].sales, article);
        if (*series >= 0) return &outlooks[i];
    }
    return NULL;
}

void propose(shop *s, const outlook *outlooks, int count, const char *day)
{
    int64_t orders = 0, alerts = 0, unknown = 0;
    sqlite3_stmt *rows = prepare(s, "select s.article, s.on_hand, s.on_order, u.lead_time, r.pack_size, r.min_order "
                                    "from stock s join article r on r.id = s.article "
                                    "join supplier u on u.id = r.supplier order by s.article");
    sqlite3_stmt *proposal = prepare(s, "insert into reorder_proposal values (?1, ?2, ?3, ?4, ?5, ?6, "
                                        "case when ?7 > 0 then date(?2, '+' || ?7 || ' days') else '' end, ?8)");
    run(s, "delete from reorder_proposal");
    while (sqlite3_step(rows) == SQLITE_ROW) {
        const char *article = text_of(rows, 0);
        seqd_reorder answer = {.struct_size = sizeof answer};
        double v[5];
        int64_t series;
        for (int i = 0; i < 5; i++) v[i] = sqlite3_column_double(rows, i + 1);
        const outlook *known = find(outlooks, count, article, &series);
        if (!known) { /* nothing to go by, and said so */
            unknown++;
            continue;
        }
        const seqd_stock stock = {.struct_size = sizeof stock, .on_hand = v[0], .on_order = v[1],
                                  .lead_time = (int32_t)v[2], .review_period = REVIEW_PERIOD,
                                  .service_level = SERVICE_LEVEL, .pack_size = v[3], .min_order = v[4]};
        must(s, seqd_reorder_from_forecast(known->forecast, series, &stock, 0, 1, &answer, &s->error), article);
        bind_text(proposal, 1, article);
        bind_text(proposal, 2, day);
        sqlite3_bind_double(proposal, 3, v[0]);
        sqlite3_bind_double(proposal, 4, answer.reorder_point);
        sqlite3_bind_double(proposal, 5, answer.order_up_to);
        sqlite3_bind_double(proposal, 6, answer.order_quantity);
        sqlite3_bind_int(proposal, 7, answer.stockout_step);
        sqlite3_bind_int(proposal, 8, answer.alert);
        step(s, proposal);
        orders += answer.order_quantity > 0.0;
        alerts += answer.alert;
    }
    sqlite3_finalize(rows), sqlite3_finalize(proposal);
    printf("%s: %lld articles to order, %lld run out within their lead time, %lld never sold\n", day, (long long)orders,
           (long long)alerts, (long long)unknown);
}
