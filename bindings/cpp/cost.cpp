/* SPDX-License-Identifier: Apache-2.0 */
/* The same call as C writes it and by the classes. test.py compares the instructions of each pair. */
#include <seqdemand.hpp>

extern "C" {

bool mean_c(const seqd_forecast *const *forecast, std::int64_t series, double *out, seqd_error *e)
{
    return seqd_forecast_mean(*forecast, series, out, e) == SEQD_OK;
}
bool mean_cpp(const seqdemand::forecast &forecast, std::int64_t series, double *out, seqdemand::failure &e)
{
    return forecast.mean(series, out, &e);
}

bool run_into_c(seqd_predictor *const *predictor, seqd_dataset *const *data, seqd_forecast *const *forecast,
                seqd_error *e)
{
    return seqd_predictor_run_into(*predictor, *data, *forecast, e) == SEQD_OK;
}
bool run_into_cpp(seqdemand::predictor &predictor, const seqdemand::dataset &data, seqdemand::forecast &forecast,
                  seqdemand::failure &e)
{
    return predictor.run_into(data, forecast, &e);
}

bool push_c(seqd_stream *const *stream, std::int64_t series, double y, seqd_error *e)
{
    return seqd_stream_push(*stream, series, y, 1, NULL, 0, NULL, 0, e) == SEQD_OK;
}
bool push_cpp(seqdemand::stream &stream, std::int64_t series, double y, seqdemand::failure &e)
{
    return stream.push(series, y, true, {}, {}, &e);
}

/* A failure that is thrown: the way of success, up to the return, has as many instructions. */
void thrown_c(const seqd_forecast *const *forecast, std::int64_t series, double *out)
{
    seqd_error e;
    e.struct_size = sizeof e;
    e.status = 0;
    e.line = e.column = 0;
    e.message[0] = 0;
    if (seqd_forecast_mean(*forecast, series, out, &e) < 0) seqdemand::detail::raise(e);
}
void thrown_cpp(const seqdemand::forecast &forecast, std::int64_t series, double *out) { forecast.mean(series, out); }

/* A pair that is not the same: the comparison must tell. */
std::int64_t control_c(const seqd_forecast *const *forecast) { return seqd_forecast_series_count(*forecast); }
std::int64_t control_cpp(const seqdemand::forecast &forecast) { return forecast.series_count() + forecast.horizon(); }
}
