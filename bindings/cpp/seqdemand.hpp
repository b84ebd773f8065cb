/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_HPP
#define SEQDEMAND_HPP

/*
 * libseqdemand for C++11 and later, in one header over <seqdemand/seqdemand.h>.
 *
 * Each class owns one handle, moves, and releases it once; `get()` is the handle, for whatever is not wrapped here.
 * Failures are thrown as seqdemand::error, which carries what seqd_error does; a run that a callback stopped returns
 * false. Results are written to the caller's memory where there is a pointer, as in C; nothing is copied on the way and
 * no call does more than its C function, so the classes cost what a handle costs.
 *
 * Thread rules and lifetimes are those of the C functions: children keep their parents alive.
 */

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <seqdemand/seqdemand.h>

namespace seqdemand {

/* A failed call: the library's message, its status, and the place in a text input (0 where there is none). */
class error : public std::runtime_error {
public:
    explicit error(const seqd_error &e)
        : std::runtime_error(e.message), status_(e.status), line_(e.line), column_(e.column)
    {
    }
    std::int32_t status() const noexcept { return status_; }
    std::int64_t line() const noexcept { return line_; }
    std::int64_t column() const noexcept { return column_; }

private:
    std::int32_t status_;
    std::int64_t line_, column_;
};

namespace detail {

/* Calls f(args..., &error) and throws what it answers with. */
template <class F, class... Args> std::int32_t call(F f, Args... args)
{
    seqd_error e = SEQD_ERROR_INIT;
    const std::int32_t status = f(args..., &e);
    if (status < 0) throw error(e);
    return status;
}

template <class T, void (*Release)(T *)> class handle {
public:
    handle() noexcept : p_(nullptr) {}
    explicit handle(T *p) noexcept : p_(p) {}
    handle(handle &&other) noexcept : p_(other.p_) { other.p_ = nullptr; }
    handle &operator=(handle &&other) noexcept
    {
        std::swap(p_, other.p_);
        return *this;
    }
    handle(const handle &) = delete;
    handle &operator=(const handle &) = delete;
    ~handle() { Release(p_); }

    T *get() const noexcept { return p_; }
    explicit operator bool() const noexcept { return p_ != nullptr; }

protected:
    T *p_;
};

template <class S> S sized()
{
    S s = S();
    s.struct_size = static_cast<std::uint32_t>(sizeof(S));
    return s;
}

} // namespace detail

inline std::string version() { return seqd_version_string(); }

class context : public detail::handle<seqd_context, seqd_context_release> {
public:
    /* One thread; `threads` 0 takes all that the process may use. */
    explicit context(std::int32_t threads = 1, const seqd_allocator *allocator = nullptr)
    {
        detail::call(seqd_context_create, allocator, &p_);
        if (threads != 1) set_threads(threads);
    }
    void set_threads(std::int32_t threads) { detail::call(seqd_context_set_threads, p_, threads); }
    void set_kernels(const char *level) { detail::call(seqd_context_set_kernels, p_, level); }
    void set_limit(const char *name, std::int64_t value) { detail::call(seqd_context_set_limit, p_, name, value); }
    void set_log(seqd_log_fn log, void *user, std::int32_t most)
    {
        detail::call(seqd_context_set_log, p_, log, user, most);
    }
    /* The callback must not throw. */
    void set_progress(seqd_progress_fn progress, void *user)
    {
        detail::call(seqd_context_set_progress, p_, progress, user);
    }
};

class options : public detail::handle<seqd_options, seqd_options_release> {
public:
    explicit options(const context &c) { detail::call(seqd_options_create, c.get(), &p_); }
    explicit options(seqd_options *taken) noexcept : handle(taken) {}

    options &set(const char *name, const char *value)
    {
        detail::call(seqd_options_set_str, p_, name, value);
        return *this;
    }
    options &set(const char *name, const std::string &value) { return set(name, value.c_str()); }
    options &set(const char *name, double value)
    {
        detail::call(seqd_options_set_f64, p_, name, value);
        return *this;
    }
    options &set(const char *name, std::int64_t value)
    {
        detail::call(seqd_options_set_i64, p_, name, value);
        return *this;
    }
    options &set(const char *name, int value) { return set(name, static_cast<std::int64_t>(value)); }
    options &load(const std::string &path)
    {
        detail::call(seqd_options_load, p_, path.c_str());
        return *this;
    }
    std::string text(const char *name) const
    {
        const char *value = nullptr;
        detail::call(seqd_options_get_str, p_, name, &value);
        return value;
    }
};

class dataset : public detail::handle<seqd_dataset, seqd_dataset_release> {
public:
    /* Reads a CSV or gzip CSV file. */
    dataset(const context &c, const options &o, const std::string &path)
    {
        detail::call(seqd_dataset_read, c.get(), o.get(), path.c_str(), &p_);
    }
    /* Empty: append columns, then seal. */
    dataset(const context &c, const options &o) { detail::call(seqd_dataset_create, c.get(), o.get(), &p_); }

    dataset &append(const char *column, const std::vector<const char *> &values)
    {
        detail::call(seqd_dataset_append_str, p_, column, values.data(), static_cast<std::int64_t>(values.size()));
        return *this;
    }
    dataset &append(const char *column, const std::int64_t *values, std::int64_t count)
    {
        detail::call(seqd_dataset_append_i64, p_, column, values, count);
        return *this;
    }
    dataset &append(const char *column, const double *values, std::int64_t count)
    {
        detail::call(seqd_dataset_append_f64, p_, column, values, count);
        return *this;
    }
    dataset &seal()
    {
        detail::call(seqd_dataset_seal, p_);
        return *this;
    }
    /* A view in which the last `steps` steps have not happened yet. */
    dataset before(std::int64_t steps) const
    {
        seqd_dataset *view = nullptr;
        detail::call(seqd_dataset_before, p_, steps, &view);
        return dataset(view);
    }

    std::int64_t series_count() const noexcept { return seqd_dataset_series_count(p_); }
    const char *series_id(std::int64_t series) const noexcept { return seqd_dataset_series_id(p_, series); }
    std::int64_t find(const char *unique_id) const noexcept { return seqd_dataset_find_series(p_, unique_id); }
    std::int64_t length(std::int64_t series) const noexcept { return seqd_dataset_length(p_, series); }
    void values(std::int64_t series, std::int64_t first, std::int64_t count, double *out) const
    {
        detail::call(seqd_dataset_values, p_, series, first, count, out);
    }
    std::string date(std::int64_t series, std::int64_t step) const
    {
        char text[24];
        detail::call(seqd_dataset_date, p_, series, step, text, sizeof text);
        return text;
    }
    seqd_dataset_summary summary() const
    {
        seqd_dataset_summary s = detail::sized<seqd_dataset_summary>();
        detail::call(seqd_dataset_summarize, p_, &s);
        return s;
    }

private:
    explicit dataset(seqd_dataset *taken) noexcept : handle(taken) {}
};

class model : public detail::handle<seqd_model, seqd_model_release> {
public:
    model(const context &c, const options &o, const dataset &d)
    {
        detail::call(seqd_model_create, c.get(), o.get(), d.get(), &p_);
    }
    static model load(const context &c, const std::string &path)
    {
        seqd_model *p = nullptr;
        detail::call(seqd_model_load, c.get(), path.c_str(), &p);
        return model(p);
    }
    static model load(const context &c, const void *bytes, std::size_t size)
    {
        seqd_model *p = nullptr;
        detail::call(seqd_model_load_memory, c.get(), bytes, size, &p);
        return model(p);
    }
    void save(const std::string &path) const { detail::call(seqd_model_save, p_, path.c_str()); }
    std::vector<unsigned char> bytes() const
    {
        std::size_t size = 0;
        detail::call(seqd_model_save_memory, p_, static_cast<void *>(nullptr), &size);
        std::vector<unsigned char> out(size);
        detail::call(seqd_model_save_memory, p_, static_cast<void *>(out.data()), &size);
        return out;
    }
    /* The settings to read the data with that are to be forecast. */
    options settings() const
    {
        seqd_options *o = nullptr;
        detail::call(seqd_model_get_options, p_, &o);
        return options(o);
    }
    std::int32_t horizon() const noexcept { return seqd_model_horizon(p_); }

private:
    explicit model(seqd_model *taken) noexcept : handle(taken) {}
};

class trainer : public detail::handle<seqd_trainer, seqd_trainer_release> {
public:
    trainer(const model &m, const dataset &d, const options &o)
    {
        detail::call(seqd_trainer_create, m.get(), d.get(), o.get(), static_cast<seqd_optimizer *>(nullptr), &p_);
    }
    /* false when the progress callback stopped it. */
    bool run() { return detail::call(seqd_trainer_run, p_) == SEQD_OK; }
    /* Mean loss of `steps` optimizer steps. */
    double step(std::int64_t steps)
    {
        double loss = 0.0;
        detail::call(seqd_trainer_step, p_, steps, &loss);
        return loss;
    }
    seqd_training_summary summary() const
    {
        seqd_training_summary s = detail::sized<seqd_training_summary>();
        detail::call(seqd_trainer_summarize, p_, &s);
        return s;
    }
};

class forecast : public detail::handle<seqd_forecast, seqd_forecast_release> {
public:
    explicit forecast(seqd_forecast *taken) noexcept : handle(taken) {}

    std::int64_t series_count() const noexcept { return seqd_forecast_series_count(p_); }
    std::int32_t horizon() const noexcept { return seqd_forecast_horizon(p_); }
    const char *series_id(std::int64_t series) const noexcept { return seqd_forecast_series_id(p_, series); }
    std::int32_t status(std::int64_t series) const noexcept { return seqd_forecast_series_status(p_, series); }

    /* `out` takes horizon() numbers; the second forms make a vector of them. */
    void mean(std::int64_t series, double *out) const { detail::call(seqd_forecast_mean, p_, series, out); }
    void quantile(std::int64_t series, double level, double *out) const
    {
        detail::call(seqd_forecast_quantile, p_, series, level, out);
    }
    std::vector<double> mean(std::int64_t series) const
    {
        std::vector<double> out(static_cast<std::size_t>(horizon()));
        mean(series, out.data());
        return out;
    }
    std::vector<double> quantile(std::int64_t series, double level) const
    {
        std::vector<double> out(static_cast<std::size_t>(horizon()));
        quantile(series, level, out.data());
        return out;
    }
    /* Path-major: out[path * horizon() + step]. */
    std::vector<double> paths(std::int64_t series, std::int32_t count, std::uint64_t seed) const
    {
        std::vector<double> out(static_cast<std::size_t>(count) * static_cast<std::size_t>(horizon()));
        detail::call(seqd_forecast_paths, p_, series, count, seed, out.data());
        return out;
    }

    /* What is on the shelf and how it is ordered; quantities in units, times in steps. */
    struct stock : seqd_stock {
        stock() : seqd_stock(detail::sized<seqd_stock>())
        {
            lead_time = review_period = 1;
            service_level = 0.95;
        }
    };
    seqd_reorder reorder(std::int64_t series, const seqd_stock &s, std::int32_t count = 0, std::uint64_t seed = 1) const
    {
        seqd_reorder out = detail::sized<seqd_reorder>();
        detail::call(seqd_reorder_from_forecast, p_, series, &s, count, seed, &out);
        return out;
    }
};

class predictor : public detail::handle<seqd_predictor, seqd_predictor_release> {
public:
    explicit predictor(const model &m) { detail::call(seqd_predictor_create, m.get(), &p_); }
    forecast run(const dataset &d)
    {
        seqd_forecast *out = nullptr;
        if (detail::call(seqd_predictor_run, p_, d.get(), &out) == SEQD_STOPPED)
            return forecast(nullptr); /* `if (!answer)`: the callback asked to stop */
        return forecast(out);
    }
    /* Writes over a forecast of the same context; false when stopped, and the forecast is then as it was. */
    bool run_into(const dataset &d, forecast &out)
    {
        return detail::call(seqd_predictor_run_into, p_, d.get(), out.get()) == SEQD_OK;
    }
};

class stream : public detail::handle<seqd_stream, seqd_stream_release> {
public:
    stream(const model &m, const dataset &d) { detail::call(seqd_stream_create, m.get(), d.get(), &p_); }
    std::int32_t horizon() const noexcept { return seqd_stream_horizon(p_); }
    /* The next step of a series; NaN when nothing was observed. */
    void push(std::int64_t series, double y, bool in_stock = true, const double *known = nullptr,
              std::int32_t known_count = 0, const double *past = nullptr, std::int32_t past_count = 0)
    {
        detail::call(seqd_stream_push, p_, series, y, static_cast<std::int32_t>(in_stock), known, known_count, past,
                     past_count);
    }
    /* As seqd_stream_forecast. */
    void forecast(std::int64_t series, const double *known, std::int32_t known_count, double *mean,
                  const double *levels, std::int32_t level_count, double *quantiles)
    {
        detail::call(seqd_stream_forecast, p_, series, known, known_count, mean, levels, level_count, quantiles);
    }
};

} // namespace seqdemand

#endif
