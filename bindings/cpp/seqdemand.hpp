/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_HPP
#define SEQDEMAND_HPP

/*
 * libseqdemand for C++11 and later, in one header over <seqdemand/seqdemand.h>.
 *
 * Each class owns one handle, moves, and releases it once; `get()` is the handle, for whatever is not wrapped here.
 * Results are written to the caller's memory where there is a pointer or a span, as in C; nothing is copied on the way
 * and no call does more than its C function, so the classes cost what a handle costs. Spans are made of vectors, arrays
 * and std::span; those that take results are checked for their size, pointers are not.
 *
 * Errors: what can fail has a last parameter `failure *`. Left out, a failure is thrown as seqdemand::error; given, it
 * is written there and nothing is thrown: a handle is then empty, a vector too, a bool false. attempt<T>(...) makes a
 * T, or says why not, as a result<T> in the way of std::expected; capture(f) does so for what f(failure *) returns:
 *
 *   auto sales = seqdemand::attempt<seqdemand::dataset>(context, options, "sales.csv");
 *   if (!sales) std::puts(sales.error().message);
 *
 * A run that a callback stopped is no failure: it returns false, or an empty handle. The header works with
 * -fno-exceptions: a failure that nobody asked for then ends in std::abort.
 *
 * Thread rules and lifetimes are those of the C functions: children keep their parents alive.
 */

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <seqdemand/seqdemand.h>

namespace seqdemand {

/* Where values lie and how many: of vectors, arrays and, from C++20 on, std::span. The same type in every standard. */
template <class T> class span {
public:
    span() noexcept : data_(nullptr), size_(0) {}
    span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t N> span(T (&array)[N]) noexcept : data_(array), size_(N) {}
    template <class C, class = typename std::enable_if<
                           std::is_convertible<decltype(std::declval<C &>().data()), T *>::value>::type>
    span(C &&container) noexcept : data_(container.data()), size_(container.size())
    {
    }
    T *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    T *begin() const noexcept { return data_; }
    T *end() const noexcept { return data_ + size_; }
    T &operator[](std::size_t i) const noexcept { return data_[i]; }

private:
    T *data_;
    std::size_t size_;
};

/* Where a failure is told: struct seqd_error, ready for use. It is written on failure only. */
struct failure : seqd_error {
    failure() noexcept
    {
        struct_size = static_cast<std::uint32_t>(sizeof(seqd_error));
        status = SEQD_OK;
        line = column = 0;
        message[0] = '\0';
    }
    /* Has something failed? */
    explicit operator bool() const noexcept { return status != SEQD_OK; }
};

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

/* For what is called often, and for what is all that others do. */
#if defined(__GNUC__)
#define SEQDEMAND_HPP_INLINE __attribute__((always_inline)) inline
#define SEQDEMAND_HPP_RARE __attribute__((noinline, cold))
#else
#define SEQDEMAND_HPP_INLINE inline
#define SEQDEMAND_HPP_RARE
#endif

namespace detail {

[[noreturn]] SEQDEMAND_HPP_RARE inline void raise(const seqd_error &e)
{
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
    throw error(e);
#else
    (void)e;
    std::abort();
#endif
}

/* Calls f(args..., e), or throws what it answers with. */
template <class F, class... Args> SEQDEMAND_HPP_INLINE std::int32_t call(failure *e, F f, Args... args)
{
    if (e) return f(args..., e);
    failure own;
    const std::int32_t status = f(args..., &own);
    if (status < 0) raise(own);
    return status;
}

/* A complaint of this header. */
inline bool refuse(failure *e, const char *message)
{
    failure own;
    failure &to = e ? *e : own;
    to.status = SEQD_E_ARG;
    std::size_t i = 0;
    for (; message[i] && i + 1 < sizeof to.message; i++) to.message[i] = message[i];
    to.message[i] = '\0';
    if (!e) raise(own);
    return false;
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
    ~handle()
    {
        if (p_) Release(p_);
    }

    T *get() const noexcept { return p_; }
    /* The handle is the caller's from here on. */
    T *release() noexcept
    {
        T *p = p_;
        p_ = nullptr;
        return p;
    }
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

/* A result struct that f fills in; all zero on failure. */
template <class S, class F, class... Args> S filled(failure *e, F f, Args... args)
{
    S s = sized<S>();
    call(e, f, args..., &s);
    return s;
}

template <class N> std::size_t count(N n) { return n > 0 ? static_cast<std::size_t>(n) : 0; }
inline std::int64_t i64(std::size_t n) { return static_cast<std::int64_t>(n); }
inline std::int32_t i32(std::size_t n) { return static_cast<std::int32_t>(n); }

/* A vector of n values that f fills in; empty on failure. */
template <class V, class F> std::vector<V> values(std::size_t n, failure *e, F fill)
{
    std::vector<V> out(n);
    if (fill(out.data()) < 0 && e) out.clear();
    return out;
}

} // namespace detail

/* A value, or why there is none. */
template <class T> class result {
public:
    struct construct {};
    struct call {};
    template <class... Args>
    explicit result(construct, Args &&...args) : error_(), value_(std::forward<Args>(args)..., &error_)
    {
    }
    template <class F> result(call, F &&f) : error_(), value_(f(&error_)) {}

    bool has_value() const noexcept { return error_.status == SEQD_OK; }
    explicit operator bool() const noexcept { return has_value(); }
    const failure &error() const noexcept { return error_; }
    T &operator*() noexcept { return value_; }
    const T &operator*() const noexcept { return value_; }
    T *operator->() noexcept { return &value_; }
    const T *operator->() const noexcept { return &value_; }
    /* Throws the failure where there is no value. */
    T &value()
    {
        if (!has_value()) detail::raise(error_);
        return value_;
    }

private:
    failure error_;
    T value_;
};

/* A T of these arguments, or why not. */
template <class T, class... Args> result<T> attempt(Args &&...args)
{
    return result<T>(typename result<T>::construct(), std::forward<Args>(args)...);
}

/* What f(failure *) returns, or why not. */
template <class F>
auto capture(F &&f) -> result<typename std::decay<decltype(f(static_cast<failure *>(nullptr)))>::type>
{
    using made = result<typename std::decay<decltype(f(static_cast<failure *>(nullptr)))>::type>;
    return made(typename made::call(), std::forward<F>(f));
}

inline std::uint32_t version_number() noexcept { return seqd_version_number(); }
inline std::string version() { return seqd_version_string(); }
inline std::string build_info() { return seqd_build_info(); }
inline const char *status_name(std::int32_t status) noexcept { return seqd_status_name(status); }
inline const char *status_text(std::int32_t status) noexcept { return seqd_status_text(status); }

class context : public detail::handle<seqd_context, seqd_context_release> {
public:
    /* One thread; `threads` 0 takes all that the process may use. */
    explicit context(std::int32_t threads = 1, const seqd_allocator *allocator = nullptr, failure *e = nullptr)
    {
        if (detail::call(e, seqd_context_create, allocator, &p_) < 0 || threads == 1) return;
        if (detail::call(e, seqd_context_set_threads, p_, threads) < 0) {
            seqd_context_release(p_);
            p_ = nullptr;
        }
    }
    context(std::int32_t threads, failure *e) : context(threads, nullptr, e) {}

    bool set_threads(std::int32_t threads, failure *e = nullptr)
    {
        return detail::call(e, seqd_context_set_threads, p_, threads) == SEQD_OK;
    }
    std::int32_t threads() const noexcept { return seqd_context_get_threads(p_); }
    bool set_kernels(const char *level, failure *e = nullptr)
    {
        return detail::call(e, seqd_context_set_kernels, p_, level) == SEQD_OK;
    }
    const char *kernels() const noexcept { return seqd_context_get_kernels(p_); }
    bool set_limit(const char *name, std::int64_t value, failure *e = nullptr)
    {
        return detail::call(e, seqd_context_set_limit, p_, name, value) == SEQD_OK;
    }
    bool set_log(seqd_log_fn log, void *user, std::int32_t most, failure *e = nullptr)
    {
        return detail::call(e, seqd_context_set_log, p_, log, user, most) == SEQD_OK;
    }
    /* The callback must not throw. */
    bool set_progress(seqd_progress_fn progress, void *user, failure *e = nullptr)
    {
        return detail::call(e, seqd_context_set_progress, p_, progress, user) == SEQD_OK;
    }
    /* callback(const seqd_progress &) answers true to stop. It must not throw, and outlive its use. */
    template <class F> bool watch(F &callback, failure *e = nullptr)
    {
        return set_progress([](void *user, const seqd_progress *progress) -> std::int32_t {
            return (*static_cast<F *>(user))(*progress) ? 1 : 0;
        }, const_cast<void *>(static_cast<const void *>(&callback)), e);
    }
    std::int64_t memory_in_use() const noexcept { return seqd_context_memory_in_use(p_); }
};

class options : public detail::handle<seqd_options, seqd_options_release> {
public:
    options() noexcept = default;
    explicit options(seqd_options *taken) noexcept : handle(taken) {}
    explicit options(const context &c, failure *e = nullptr) { detail::call(e, seqd_options_create, c.get(), &p_); }
    options copy(failure *e = nullptr) const
    {
        options made;
        detail::call(e, seqd_options_copy, p_, &made.p_);
        return made;
    }

    options &set(const char *name, const char *value, failure *e = nullptr)
    {
        detail::call(e, seqd_options_set_str, p_, name, value);
        return *this;
    }
    options &set(const char *name, const std::string &value, failure *e = nullptr)
    {
        return set(name, value.c_str(), e);
    }
    options &set(const char *name, double value, failure *e = nullptr)
    {
        detail::call(e, seqd_options_set_f64, p_, name, value);
        return *this;
    }
    options &set(const char *name, std::int64_t value, failure *e = nullptr)
    {
        detail::call(e, seqd_options_set_i64, p_, name, value);
        return *this;
    }
    options &set(const char *name, int value, failure *e = nullptr)
    {
        return set(name, static_cast<std::int64_t>(value), e);
    }
    options &load(const std::string &path, failure *e = nullptr)
    {
        detail::call(e, seqd_options_load, p_, path.c_str());
        return *this;
    }
    bool save(const std::string &path, failure *e = nullptr) const
    {
        return detail::call(e, seqd_options_save, p_, path.c_str()) == SEQD_OK;
    }
    std::string text(const char *name, failure *e = nullptr) const
    {
        const char *value = "";
        detail::call(e, seqd_options_get_str, p_, name, &value);
        return value;
    }
    std::int64_t integer(const char *name, failure *e = nullptr) const
    {
        std::int64_t value = 0;
        detail::call(e, seqd_options_get_i64, p_, name, &value);
        return value;
    }
    double number(const char *name, failure *e = nullptr) const
    {
        double value = 0.0;
        detail::call(e, seqd_options_get_f64, p_, name, &value);
        return value;
    }

    /* The table of all options. */
    static std::int32_t count() noexcept { return seqd_options_count(); }
    static seqd_option_info describe(std::int32_t index, failure *e = nullptr)
    {
        return detail::filled<seqd_option_info>(e, seqd_options_describe, index);
    }
};

/* A CSV file as it is. */
class table : public detail::handle<seqd_table, seqd_table_release> {
public:
    table() noexcept = default;
    table(const context &c, const std::string &path, failure *e = nullptr)
    {
        detail::call(e, seqd_table_read, c.get(), path.c_str(), &p_);
    }
    std::int64_t row_count() const noexcept { return seqd_table_row_count(p_); }
    std::int32_t column_count() const noexcept { return seqd_table_column_count(p_); }
    const char *column_name(std::int32_t column) const noexcept { return seqd_table_column_name(p_, column); }
    std::int32_t find(const char *column) const noexcept { return seqd_table_find_column(p_, column); }
    const char *text(std::int64_t row, std::int32_t column) const noexcept { return seqd_table_text(p_, row, column); }
    double number(std::int64_t row, std::int32_t column, failure *e = nullptr) const
    {
        double value = 0.0;
        detail::call(e, seqd_table_number, p_, row, column, &value);
        return value;
    }
};

class dataset : public detail::handle<seqd_dataset, seqd_dataset_release> {
public:
    dataset() noexcept = default;
    explicit dataset(seqd_dataset *taken) noexcept : handle(taken) {}
    /* Reads a CSV or gzip CSV file. */
    dataset(const context &c, const options &o, const std::string &path, failure *e = nullptr)
    {
        detail::call(e, seqd_dataset_read, c.get(), o.get(), path.c_str(), &p_);
    }
    /* Empty: append columns, then seal. */
    dataset(const context &c, const options &o, failure *e = nullptr)
    {
        detail::call(e, seqd_dataset_create, c.get(), o.get(), &p_);
    }
    /* CSV text in memory. */
    static dataset parse(const context &c, const options &o, span<const char> text, failure *e = nullptr)
    {
        dataset made;
        detail::call(e, seqd_dataset_parse, c.get(), o.get(), text.data(), text.size(), &made.p_);
        return made;
    }
    /* The stream is read and released, whatever the answer. */
    static dataset from_arrow(const context &c, const options &o, ArrowArrayStream *stream, failure *e = nullptr)
    {
        dataset made;
        detail::call(e, seqd_dataset_from_arrow, c.get(), o.get(), stream, &made.p_);
        return made;
    }

    dataset &append(const char *column, span<const char *const> values, failure *e = nullptr)
    {
        detail::call(e, seqd_dataset_append_str, p_, column, values.data(), detail::i64(values.size()));
        return *this;
    }
    dataset &append(const char *column, span<const std::int64_t> values, failure *e = nullptr)
    {
        detail::call(e, seqd_dataset_append_i64, p_, column, values.data(), detail::i64(values.size()));
        return *this;
    }
    dataset &append(const char *column, span<const double> values, failure *e = nullptr)
    {
        detail::call(e, seqd_dataset_append_f64, p_, column, values.data(), detail::i64(values.size()));
        return *this;
    }
    dataset &seal(failure *e = nullptr)
    {
        detail::call(e, seqd_dataset_seal, p_);
        return *this;
    }
    /* A view in which the last `steps` steps have not happened yet. */
    dataset before(std::int64_t steps, failure *e = nullptr) const
    {
        dataset made;
        detail::call(e, seqd_dataset_before, p_, steps, &made.p_);
        return made;
    }
    /* Two parts of a dataset of events: the first, and the rest. */
    std::pair<dataset, dataset> split(const char *by, double fraction, std::uint64_t seed, failure *e = nullptr) const
    {
        std::pair<dataset, dataset> made;
        detail::call(e, seqd_dataset_split, p_, by, fraction, seed, &made.first.p_, &made.second.p_);
        return made;
    }
    /* The rest, and the fold that is held back. */
    std::pair<dataset, dataset> fold(std::int32_t folds, std::int32_t fold, std::uint64_t seed,
                                     failure *e = nullptr) const
    {
        std::pair<dataset, dataset> made;
        detail::call(e, seqd_dataset_fold, p_, folds, fold, seed, &made.first.p_, &made.second.p_);
        return made;
    }

    std::int32_t class_count() const noexcept { return seqd_dataset_class_count(p_); }
    const char *class_name(std::int32_t index) const noexcept { return seqd_dataset_class_name(p_, index); }
    std::int64_t series_count() const noexcept { return seqd_dataset_series_count(p_); }
    const char *series_id(std::int64_t series) const noexcept { return seqd_dataset_series_id(p_, series); }
    std::int64_t find(const char *unique_id) const noexcept { return seqd_dataset_find_series(p_, unique_id); }
    std::int64_t find(const std::string &unique_id) const noexcept { return find(unique_id.c_str()); }
    std::int64_t length(std::int64_t series) const noexcept { return seqd_dataset_length(p_, series); }
    const char *frequency() const noexcept { return seqd_dataset_frequency(p_); }
    std::int32_t season() const noexcept { return seqd_dataset_season(p_); }
    bool values(std::int64_t series, std::int64_t first, span<double> out, failure *e = nullptr) const
    {
        return detail::call(e, seqd_dataset_values, p_, series, first, detail::i64(out.size()), out.data()) == SEQD_OK;
    }
    std::vector<double> values(std::int64_t series, failure *e = nullptr) const
    {
        const std::int64_t all = length(series);
        return detail::values<double>(detail::count(all), e, [&](double *out) {
            return detail::call(e, seqd_dataset_values, p_, series, std::int64_t(0), all, out);
        });
    }
    std::string date(std::int64_t series, std::int64_t step, failure *e = nullptr) const
    {
        char text[24];
        text[0] = '\0';
        detail::call(e, seqd_dataset_date, p_, series, step, text, sizeof text);
        return text;
    }
    seqd_dataset_summary summary(failure *e = nullptr) const
    {
        return detail::filled<seqd_dataset_summary>(e, seqd_dataset_summarize, p_);
    }
};

class model : public detail::handle<seqd_model, seqd_model_release> {
public:
    model() noexcept = default;
    explicit model(seqd_model *taken) noexcept : handle(taken) {}
    /* Not trained yet. */
    model(const context &c, const options &o, const dataset &d, failure *e = nullptr)
    {
        detail::call(e, seqd_model_create, c.get(), o.get(), d.get(), &p_);
    }
    static model load(const context &c, const std::string &path, failure *e = nullptr)
    {
        model made;
        detail::call(e, seqd_model_load, c.get(), path.c_str(), &made.p_);
        return made;
    }
    static model load(const context &c, span<const unsigned char> bytes, failure *e = nullptr)
    {
        model made;
        detail::call(e, seqd_model_load_memory, c.get(), static_cast<const void *>(bytes.data()), bytes.size(),
                     &made.p_);
        return made;
    }
    bool save(const std::string &path, failure *e = nullptr) const
    {
        return detail::call(e, seqd_model_save, p_, path.c_str()) == SEQD_OK;
    }
    std::vector<unsigned char> bytes(failure *e = nullptr) const
    {
        std::size_t size = 0;
        if (detail::call(e, seqd_model_save_memory, p_, static_cast<void *>(nullptr), &size) < 0) return {};
        return detail::values<unsigned char>(size, e, [&](unsigned char *out) {
            return detail::call(e, seqd_model_save_memory, p_, static_cast<void *>(out), &size);
        });
    }
    /* The settings to read the data with that are to be forecast. */
    options settings(failure *e = nullptr) const
    {
        seqd_options *o = nullptr;
        detail::call(e, seqd_model_get_options, p_, &o);
        return options(o);
    }
    /* A new model for other data or settings that starts from these weights. */
    model adapt(const dataset &d, const options &o = options(), failure *e = nullptr) const
    {
        model made;
        detail::call(e, seqd_model_adapt, p_, o.get(), d.get(), &made.p_);
        return made;
    }
    /* One model of several, by "mean" or "median". */
    static model combine(span<const model> members, const char *how = "mean", failure *e = nullptr)
    {
        std::vector<seqd_model *> handles;
        for (const model &member : members) handles.push_back(member.get());
        model made;
        detail::call(e, seqd_model_combine, handles.data(), detail::i32(handles.size()), how, &made.p_);
        return made;
    }
    std::int32_t member_count() const noexcept { return seqd_model_member_count(p_); }
    model member(std::int32_t index, failure *e = nullptr) const
    {
        model made;
        detail::call(e, seqd_model_member, p_, index, &made.p_);
        return made;
    }

    std::int32_t horizon() const noexcept { return seqd_model_horizon(p_); }
    /* Sizes of the maps of attention. */
    struct attention_shape {
        std::int32_t heads, horizon, context_length;
    };
    attention_shape attention(failure *e = nullptr) const
    {
        attention_shape s = { 0, 0, 0 };
        detail::call(e, seqd_model_attention_shape, p_, &s.heads, &s.horizon, &s.context_length);
        return s;
    }
    std::int32_t card_count() const noexcept { return seqd_model_card_count(p_); }
    std::pair<const char *, const char *> card(std::int32_t index, failure *e = nullptr) const
    {
        std::pair<const char *, const char *> line("", "");
        detail::call(e, seqd_model_card, p_, index, &line.first, &line.second);
        return line;
    }
    std::int32_t parameter_count() const noexcept { return seqd_model_parameter_count(p_); }
    seqd_parameter_info parameter_info(std::int32_t index, failure *e = nullptr) const
    {
        return detail::filled<seqd_parameter_info>(e, seqd_model_parameter_info, p_, index);
    }
    bool parameter(const char *name, span<float> out, failure *e = nullptr) const
    {
        return detail::call(e, seqd_model_get_parameter, p_, name, out.data(), detail::i64(out.size())) == SEQD_OK;
    }
    bool set_parameter(const char *name, span<const float> values, failure *e = nullptr)
    {
        return detail::call(e, seqd_model_set_parameter, p_, name, values.data(), detail::i64(values.size())) ==
               SEQD_OK;
    }
};

class optimizer : public detail::handle<seqd_optimizer, seqd_optimizer_release> {
public:
    optimizer() noexcept = default;
    optimizer(const model &m, const options &o, failure *e = nullptr)
    {
        detail::call(e, seqd_optimizer_create, m.get(), o.get(), &p_);
    }
    std::int64_t steps() const noexcept { return seqd_optimizer_steps(p_); }
};

class trainer : public detail::handle<seqd_trainer, seqd_trainer_release> {
public:
    trainer() noexcept = default;
    trainer(const model &m, const dataset &d, const options &o, failure *e = nullptr)
    {
        detail::call(e, seqd_trainer_create, m.get(), d.get(), o.get(), static_cast<seqd_optimizer *>(nullptr), &p_);
    }
    trainer(const model &m, const dataset &d, const options &o, const optimizer &own, failure *e = nullptr)
    {
        detail::call(e, seqd_trainer_create, m.get(), d.get(), o.get(), own.get(), &p_);
    }
    /* Of a checkpoint: the trainer that goes on, and its model. */
    static std::pair<trainer, model> resume(const context &c, const std::string &path, const dataset &d,
                                            failure *e = nullptr)
    {
        std::pair<trainer, model> made;
        seqd_model *m = nullptr;
        detail::call(e, seqd_trainer_resume, c.get(), path.c_str(), d.get(), &made.first.p_, &m);
        made.second = model(m);
        return made;
    }
    /* Of a checkpoint, for newer rows; empty options: those of the checkpoint. */
    static std::pair<trainer, model> update(const context &c, const std::string &path, const dataset &d,
                                            const options &o = options(), failure *e = nullptr)
    {
        std::pair<trainer, model> made;
        seqd_model *m = nullptr;
        detail::call(e, seqd_trainer_update, c.get(), path.c_str(), d.get(), o.get(), &made.first.p_, &m);
        made.second = model(m);
        return made;
    }
    /* false when the progress callback stopped it. */
    bool run(failure *e = nullptr) { return detail::call(e, seqd_trainer_run, p_) == SEQD_OK; }
    /* Mean loss of `steps` optimizer steps. */
    double step(std::int64_t steps, failure *e = nullptr)
    {
        double loss = 0.0;
        detail::call(e, seqd_trainer_step, p_, steps, &loss);
        return loss;
    }
    bool save(const std::string &path, failure *e = nullptr) const
    {
        return detail::call(e, seqd_trainer_save, p_, path.c_str()) == SEQD_OK;
    }
    seqd_training_summary summary(failure *e = nullptr) const
    {
        return detail::filled<seqd_training_summary>(e, seqd_trainer_summarize, p_);
    }
};

/* Makes and trains what the options ask for, an ensemble too. Stopped: what was trained so far, or empty. */
inline model train(const context &c, const options &o, const dataset &d, failure *e = nullptr,
                   seqd_training_summary *summary = nullptr)
{
    seqd_model *made = nullptr;
    detail::call(e, seqd_ensemble_train, c.get(), o.get(), d.get(), &made, summary);
    return model(made);
}

/* What is on the shelf and how it is ordered; quantities in units, times in steps. */
struct stock : seqd_stock {
    stock() : seqd_stock(detail::sized<seqd_stock>())
    {
        lead_time = review_period = 1;
        service_level = 0.95;
    }
};

class forecast : public detail::handle<seqd_forecast, seqd_forecast_release> {
public:
    using stock = seqdemand::stock;

    forecast() noexcept = default;
    explicit forecast(seqd_forecast *taken) noexcept : handle(taken) {}
    /* A yardstick: "naive", "seasonal_naive", "croston", ... */
    static forecast baseline(const dataset &d, const options &o, const char *method, failure *e = nullptr)
    {
        forecast made;
        detail::call(e, seqd_baseline_forecast, d.get(), o.get(), method, &made.p_);
        return made;
    }

    std::int64_t series_count() const noexcept { return seqd_forecast_series_count(p_); }
    std::int32_t horizon() const noexcept { return seqd_forecast_horizon(p_); }
    const char *series_id(std::int64_t series) const noexcept { return seqd_forecast_series_id(p_, series); }
    std::int64_t find(const char *unique_id) const noexcept { return seqd_forecast_find_series(p_, unique_id); }
    std::int32_t status(std::int64_t series) const noexcept { return seqd_forecast_series_status(p_, series); }

    /* `out` takes horizon() numbers; the last forms make a vector of them. */
    SEQDEMAND_HPP_INLINE bool mean(std::int64_t series, double *out, failure *e = nullptr) const
    {
        return detail::call(e, seqd_forecast_mean, p_, series, out) == SEQD_OK;
    }
    SEQDEMAND_HPP_INLINE bool quantile(std::int64_t series, double level, double *out, failure *e = nullptr) const
    {
        return detail::call(e, seqd_forecast_quantile, p_, series, level, out) == SEQD_OK;
    }
    bool mean(std::int64_t series, span<double> out, failure *e = nullptr) const
    {
        return fits(out.size(), 1, e) && mean(series, out.data(), e);
    }
    bool quantile(std::int64_t series, double level, span<double> out, failure *e = nullptr) const
    {
        return fits(out.size(), 1, e) && quantile(series, level, out.data(), e);
    }
    std::vector<double> mean(std::int64_t series, failure *e = nullptr) const
    {
        return detail::values<double>(detail::count(horizon()), e, [&](double *out) {
            return detail::call(e, seqd_forecast_mean, p_, series, out);
        });
    }
    std::vector<double> quantile(std::int64_t series, double level, failure *e = nullptr) const
    {
        return detail::values<double>(detail::count(horizon()), e, [&](double *out) {
            return detail::call(e, seqd_forecast_quantile, p_, series, level, out);
        });
    }
    /* Path-major: out[path * horizon() + step]. */
    bool paths(std::int64_t series, std::int32_t count, std::uint64_t seed, span<double> out,
               failure *e = nullptr) const
    {
        return fits(out.size(), detail::count(count), e) &&
               detail::call(e, seqd_forecast_paths, p_, series, count, seed, out.data()) == SEQD_OK;
    }
    std::vector<double> paths(std::int64_t series, std::int32_t count, std::uint64_t seed, failure *e = nullptr) const
    {
        return detail::values<double>(detail::count(count) * detail::count(horizon()), e, [&](double *out) {
            return detail::call(e, seqd_forecast_paths, p_, series, count, seed, out);
        });
    }
    seqd_reorder reorder(std::int64_t series, const seqd_stock &s, std::int32_t count = 0, std::uint64_t seed = 1,
                         failure *e = nullptr) const
    {
        return detail::filled<seqd_reorder>(e, seqd_reorder_from_forecast, p_, series, &s, count, seed);
    }
    /* The caller releases the stream. `d`, which the forecast was made for, knows the dates. */
    bool to_arrow(const dataset &d, span<const double> levels, ArrowArrayStream *out, failure *e = nullptr) const
    {
        return detail::call(e, seqd_forecast_to_arrow, p_, d.get(), levels.data(), detail::i32(levels.size()), out) ==
               SEQD_OK;
    }

private:
    bool fits(std::size_t room, std::size_t rows, failure *e) const
    {
        return room >= rows * detail::count(horizon()) || detail::refuse(e, "the span is shorter than the horizon");
    }
};

/* From sample paths of the caller's own, path-major. */
inline seqd_reorder reorder_from_paths(const context &c, span<const double> values, std::int32_t horizon,
                                       const seqd_stock &s, failure *e = nullptr)
{
    const std::int32_t paths = horizon > 0 ? detail::i32(values.size() / static_cast<std::size_t>(horizon)) : 0;
    return detail::filled<seqd_reorder>(e, seqd_reorder_from_paths, c.get(), values.data(), paths, horizon, &s);
}

/* Answers to sequences of events. */
class prediction : public detail::handle<seqd_prediction, seqd_prediction_release> {
public:
    prediction() noexcept = default;
    explicit prediction(seqd_prediction *taken) noexcept : handle(taken) {}
    static prediction baseline(const dataset &learned, const dataset &d, std::int32_t which, failure *e = nullptr)
    {
        prediction made;
        detail::call(e, seqd_baseline_answer, learned.get(), d.get(), which, &made.p_);
        return made;
    }
    std::int64_t row_count() const noexcept { return seqd_prediction_row_count(p_); }
    std::int32_t answer_count() const noexcept { return seqd_prediction_answer_count(p_); }
    std::int32_t class_count() const noexcept { return seqd_prediction_class_count(p_); }
    const char *class_name(std::int32_t index) const noexcept { return seqd_prediction_class_name(p_, index); }
    const char *id(std::int64_t row) const noexcept { return seqd_prediction_id(p_, row); }
    std::int64_t event(std::int64_t row) const noexcept { return seqd_prediction_event(p_, row); }
    double threshold() const noexcept { return seqd_prediction_threshold(p_); }
    /* Probabilities [answers][classes], or numbers [answers]. */
    std::vector<double> scores(std::int64_t row, failure *e = nullptr) const
    {
        const std::size_t classes = class_count() > 0 ? detail::count(class_count()) : 1;
        return detail::values<double>(detail::count(answer_count()) * classes, e, [&](double *out) {
            return detail::call(e, seqd_prediction_scores, p_, row, out);
        });
    }
    std::vector<std::int32_t> classes(std::int64_t row, failure *e = nullptr) const
    {
        return detail::values<std::int32_t>(detail::count(answer_count()), e, [&](std::int32_t *out) {
            return detail::call(e, seqd_prediction_classes, p_, row, out);
        });
    }
    std::vector<double> labels(std::int64_t row, failure *e = nullptr) const
    {
        return detail::values<double>(detail::count(answer_count()), e, [&](double *out) {
            return detail::call(e, seqd_prediction_labels, p_, row, out);
        });
    }
    seqd_answer_metrics evaluate(failure *e = nullptr) const
    {
        return detail::filled<seqd_answer_metrics>(e, seqd_prediction_evaluate, p_);
    }
    seqd_class_metrics evaluate_class(std::int32_t index, failure *e = nullptr) const
    {
        return detail::filled<seqd_class_metrics>(e, seqd_prediction_evaluate_class, p_, index);
    }
    /* [label][told] */
    std::vector<std::int64_t> confusion(failure *e = nullptr) const
    {
        return detail::values<std::int64_t>(detail::count(class_count()) * detail::count(class_count()), e,
                                            [&](std::int64_t *out) {
            return detail::call(e, seqd_prediction_confusion, p_, out);
        });
    }
    bool to_arrow(ArrowArrayStream *out, failure *e = nullptr) const
    {
        return detail::call(e, seqd_prediction_to_arrow, p_, out) == SEQD_OK;
    }
};

class predictor : public detail::handle<seqd_predictor, seqd_predictor_release> {
public:
    predictor() noexcept = default;
    explicit predictor(const model &m, failure *e = nullptr) { detail::call(e, seqd_predictor_create, m.get(), &p_); }
    /* `if (!answer)`: the callback asked to stop. */
    forecast run(const dataset &d, failure *e = nullptr)
    {
        seqd_forecast *out = nullptr;
        detail::call(e, seqd_predictor_run, p_, d.get(), &out);
        return forecast(out);
    }
    /* Writes over a forecast of the same context; false when stopped, and the forecast is then as it was. */
    SEQDEMAND_HPP_INLINE bool run_into(const dataset &d, forecast &out, failure *e = nullptr)
    {
        return detail::call(e, seqd_predictor_run_into, p_, d.get(), out.get()) == SEQD_OK;
    }
    /* `which` events are asked: SEQD_ANSWER_END, SEQD_ANSWER_LABELLED, SEQD_ANSWER_EVERY. Empty: stopped. */
    prediction answer(const dataset &d, std::int32_t which = SEQD_ANSWER_END, failure *e = nullptr)
    {
        seqd_prediction *out = nullptr;
        detail::call(e, seqd_predictor_answer, p_, d.get(), which, &out);
        return prediction(out);
    }
    /* weights[heads][horizon][context_length] */
    bool attention(const dataset &d, std::int64_t series, span<float> weights, failure *e = nullptr)
    {
        return detail::call(e, seqd_predictor_attention, p_, d.get(), series, weights.data(),
                            detail::i64(weights.size())) == SEQD_OK;
    }
};

class stream : public detail::handle<seqd_stream, seqd_stream_release> {
public:
    stream() noexcept = default;
    stream(const model &m, const dataset &d, failure *e = nullptr)
    {
        detail::call(e, seqd_stream_create, m.get(), d.get(), &p_);
    }
    std::int64_t series_count() const noexcept { return seqd_stream_series_count(p_); }
    const char *series_id(std::int64_t series) const noexcept { return seqd_stream_series_id(p_, series); }
    std::int64_t length(std::int64_t series) const noexcept { return seqd_stream_length(p_, series); }
    std::int32_t horizon() const noexcept { return seqd_stream_horizon(p_); }
    std::int32_t known_count() const noexcept { return seqd_stream_known_count(p_); }
    const char *known_name(std::int32_t column) const noexcept { return seqd_stream_known_name(p_, column); }
    std::int32_t past_count() const noexcept { return seqd_stream_past_count(p_); }
    const char *past_name(std::int32_t column) const noexcept { return seqd_stream_past_name(p_, column); }
    /* The next step of a series; NaN when nothing was observed. */
    SEQDEMAND_HPP_INLINE bool push(std::int64_t series, double y, bool in_stock = true,
                                   span<const double> known = span<const double>(),
                                   span<const double> past = span<const double>(), failure *e = nullptr)
    {
        return detail::call(e, seqd_stream_push, p_, series, y, static_cast<std::int32_t>(in_stock), known.data(),
                            detail::i32(known.size()), past.data(), detail::i32(past.size())) == SEQD_OK;
    }
    /* The next step of every series: covariates series by series, in_stock empty for all. */
    bool push(span<const double> y, span<const std::int32_t> in_stock = span<const std::int32_t>(),
              span<const double> known = span<const double>(), span<const double> past = span<const double>(),
              failure *e = nullptr)
    {
        if (!in_stock.empty() && in_stock.size() != y.size()) return detail::refuse(e, "in_stock is not as long as y");
        const std::size_t n = y.empty() ? 1 : y.size();
        return detail::call(e, seqd_stream_push_many, p_, y.data(), in_stock.empty() ? nullptr : in_stock.data(),
                            detail::i64(y.size()), known.data(), detail::i32(known.size() / n), past.data(),
                            detail::i32(past.size() / n)) == SEQD_OK;
    }
    /* As seqd_stream_forecast. */
    SEQDEMAND_HPP_INLINE bool forecast(std::int64_t series, const double *known, std::int32_t known_columns,
                                       double *mean, const double *levels, std::int32_t level_count,
                                       double *quantiles, failure *e = nullptr)
    {
        return detail::call(e, seqd_stream_forecast, p_, series, known, known_columns, mean, levels, level_count,
                            quantiles) == SEQD_OK;
    }
    /* All series; known[series][horizon][column]. */
    seqdemand::forecast run(span<const double> known = span<const double>(), failure *e = nullptr)
    {
        seqd_forecast *out = nullptr;
        detail::call(e, seqd_stream_run, p_, known.data(), series_count(), known.empty() ? 0 : known_count(), &out);
        return seqdemand::forecast(out);
    }
    bool run_into(seqdemand::forecast &out, span<const double> known = span<const double>(), failure *e = nullptr)
    {
        return detail::call(e, seqd_stream_run_into, p_, known.data(), series_count(),
                            known.empty() ? 0 : known_count(), out.get()) == SEQD_OK;
    }
};

/* Permutation importance. */
class importance : public detail::handle<seqd_importance, seqd_importance_release> {
public:
    importance() noexcept = default;
    importance(const model &m, const dataset &d, std::int32_t repeats, std::uint64_t seed, failure *e = nullptr)
    {
        detail::call(e, seqd_importance_create, m.get(), d.get(), repeats, seed, &p_);
    }
    double loss() const noexcept { return seqd_importance_loss(p_); }
    std::int64_t windows() const noexcept { return seqd_importance_windows(p_); }
    std::int32_t count() const noexcept { return seqd_importance_count(p_); }
    seqd_importance_row row(std::int32_t index, failure *e = nullptr) const
    {
        return detail::filled<seqd_importance_row>(e, seqd_importance_get_row, p_, index);
    }
};

/* Integrated gradients. */
class attribution : public detail::handle<seqd_attribution, seqd_attribution_release> {
public:
    attribution() noexcept = default;
    attribution(const model &m, const dataset &d, std::int64_t series, std::int32_t output = -1,
                std::int32_t points = 0, failure *e = nullptr)
    {
        detail::call(e, seqd_attribution_create, m.get(), d.get(), series, output, points, &p_);
    }
    seqd_attribution_summary summary(failure *e = nullptr) const
    {
        return detail::filled<seqd_attribution_summary>(e, seqd_attribution_summarize, p_);
    }
    std::int32_t step_count() const noexcept { return seqd_attribution_step_count(p_); }
    std::int64_t first_step() const noexcept { return seqd_attribution_first_step(p_); }
    std::int32_t feature_count() const noexcept { return seqd_attribution_feature_count(p_); }
    const char *feature_name(std::int32_t feature) const noexcept { return seqd_attribution_feature_name(p_, feature); }
    std::vector<double> values(std::int32_t feature, failure *e = nullptr) const
    {
        return detail::values<double>(detail::count(step_count()), e, [&](double *out) {
            return detail::call(e, seqd_attribution_values, p_, feature, out);
        });
    }
};

class evaluation : public detail::handle<seqd_evaluation, seqd_evaluation_release> {
public:
    evaluation() noexcept = default;
    evaluation(const context &c, std::int32_t season, span<const double> levels = span<const double>(),
               failure *e = nullptr)
        : levels_(levels.size())
    {
        detail::call(e, seqd_evaluation_create, c.get(), season, levels.data(), detail::i32(levels.size()), &p_);
    }
    /* One series; quantiles level by level, or none. */
    bool add(span<const double> history, span<const double> actual, span<const double> mean, span<const double> median,
             span<const double> quantiles = span<const double>(), failure *e = nullptr)
    {
        if (mean.size() != actual.size() || median.size() != actual.size() ||
            (!quantiles.empty() && quantiles.size() != levels_ * actual.size()))
            return detail::refuse(e, "actual, mean, median and quantiles do not fit together");
        return detail::call(e, seqd_evaluation_add, p_, history.data(), detail::i64(history.size()), actual.data(),
                            mean.data(), median.data(), quantiles.empty() ? nullptr : quantiles.data(),
                            detail::i32(actual.size())) == SEQD_OK;
    }
    seqd_metrics result(failure *e = nullptr) const
    {
        return detail::filled<seqd_metrics>(e, seqd_evaluation_result, p_);
    }

private:
    std::size_t levels_ = 0;
};

/* Rolling origins over models and simple methods, by names with commas between. Empty: stopped. */
class backtest : public detail::handle<seqd_backtest, seqd_backtest_release> {
public:
    backtest() noexcept = default;
    backtest(const dataset &d, const options &o, const char *models, failure *e = nullptr)
    {
        detail::call(e, seqd_backtest_run, d.get(), o.get(), models, &p_);
    }
    std::int32_t row_count() const noexcept { return seqd_backtest_row_count(p_); }
    seqd_backtest_row row(std::int32_t index, failure *e = nullptr) const
    {
        return detail::filled<seqd_backtest_row>(e, seqd_backtest_get_row, p_, index);
    }
    seqd_metrics metrics(std::int32_t index, failure *e = nullptr) const
    {
        return detail::filled<seqd_metrics>(e, seqd_backtest_get_metrics, p_, index);
    }
};

/* Of events. Empty: stopped. */
class cross_validation : public detail::handle<seqd_cross_validation, seqd_cross_validation_release> {
public:
    cross_validation() noexcept = default;
    cross_validation(const dataset &d, const options &o, failure *e = nullptr)
    {
        detail::call(e, seqd_cross_validation_run, d.get(), o.get(), &p_);
    }
    std::int32_t fold_count() const noexcept { return seqd_cross_validation_fold_count(p_); }
    seqd_answer_metrics fold(std::int32_t index, failure *e = nullptr) const
    {
        return detail::filled<seqd_answer_metrics>(e, seqd_cross_validation_get_fold, p_, index);
    }
};

/* A search for good settings. */
class tuner : public detail::handle<seqd_tuner, seqd_tuner_release> {
public:
    tuner() noexcept = default;
    explicit tuner(const options &o, failure *e = nullptr) { detail::call(e, seqd_tuner_create, o.get(), &p_); }
    tuner &add_range(const char *option, const char *range, failure *e = nullptr)
    {
        detail::call(e, seqd_tuner_add_range, p_, option, range);
        return *this;
    }
    bool open_state(const dataset &d, const std::string &path, failure *e = nullptr)
    {
        return detail::call(e, seqd_tuner_open_state, p_, d.get(), path.c_str()) == SEQD_OK;
    }
    /* The number of the trial that was judged; -1 at the end of the search, or when stopped. */
    std::int32_t step(const dataset &d, failure *e = nullptr)
    {
        std::int32_t trial = -1;
        return detail::call(e, seqd_tuner_step, p_, d.get(), &trial) == SEQD_OK ? trial : -1;
    }
    bool run(const dataset &d, failure *e = nullptr) { return detail::call(e, seqd_tuner_run, p_, d.get()) == SEQD_OK; }
    std::int32_t total() const noexcept { return seqd_tuner_total(p_); }
    std::int32_t done() const noexcept { return seqd_tuner_done(p_); }
    std::int32_t trial_count() const noexcept { return seqd_tuner_trial_count(p_); }
    /* From the best (0) to the worst. */
    seqd_trial trial(std::int32_t place, failure *e = nullptr) const
    {
        return detail::filled<seqd_trial>(e, seqd_tuner_get_trial, p_, place);
    }
    std::int32_t range_count() const noexcept { return seqd_tuner_range_count(p_); }
    const char *range_name(std::int32_t range) const noexcept { return seqd_tuner_range_name(p_, range); }
    const char *value(std::int32_t trial, std::int32_t range) const noexcept
    {
        return seqd_tuner_value(p_, trial, range);
    }
    std::int32_t metric_count() const noexcept { return seqd_tuner_metric_count(p_); }
    const char *metric_name(std::int32_t metric) const noexcept { return seqd_tuner_metric_name(p_, metric); }
    std::int32_t deciding_metric() const noexcept { return seqd_tuner_deciding_metric(p_); }
    double metric(std::int32_t trial, std::int32_t metric, failure *e = nullptr) const
    {
        double value = 0.0;
        detail::call(e, seqd_tuner_metric, p_, trial, metric, &value);
        return value;
    }
    options settings(std::int32_t trial, failure *e = nullptr) const
    {
        seqd_options *o = nullptr;
        detail::call(e, seqd_tuner_get_options, p_, trial, &o);
        return options(o);
    }
};

} // namespace seqdemand

#undef SEQDEMAND_HPP_INLINE
#undef SEQDEMAND_HPP_RARE

#endif
