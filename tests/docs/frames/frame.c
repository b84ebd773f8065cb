/* SPDX-License-Identifier: Apache-2.0 */
/* What C blocks of the pages are put into: the variables that a page takes for granted. See tests/docs/blocks.py. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seqdemand/seqdemand.h>

{{top}}

static int tell(const seqd_error *error)
{
    if (error->status != SEQD_OK) printf("%s: %s\n", seqd_status_name(error->status), error->message);
    return error->status != SEQD_OK;
}

int main(void)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    seqd_dataset *sales = NULL;
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    seqd_stream *stream = NULL;
    seqd_reorder reorder = { .struct_size = sizeof reorder };
    const int64_t article = 3;
    const seqd_stock stock = { .struct_size = sizeof stock, .lead_time = 7, .review_period = 7, .on_hand = 40,
                               .service_level = 0.95, .pack_size = 12 };
    const double sold_today = 5;
    const double levels[3] = { 0.1, 0.5, 0.9 };
    double mean[28], quantiles[3 * 28];

    seqd_context_create(NULL, &context, &error);
    seqd_options_create(context, &options, &error);
    seqd_options_set_str(options, "freq", "D", &error);
    seqd_options_set_i64(options, "horizon", 28, &error);
    seqd_options_set_i64(options, "max_steps", 4, &error); /* so that a block takes no longer than a page says */
    if (tell(&error)) return 1;
/* {{begin}} */
    {
{{block}}
    if (tell(&error)) return 1;
/* {{end}} */
    seqd_stream_release(stream);
    seqd_forecast_release(forecast);
    seqd_predictor_release(predictor);
    seqd_trainer_release(trainer);
    seqd_model_release(model);
    seqd_dataset_release(sales);
    seqd_options_release(options);
    seqd_context_release(context);
    return 0;
}
