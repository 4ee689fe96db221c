// One connection to the program's database: SQLite by default, PostgreSQL when
// outgrown, one code path through SOCI (DESIGN.md §7). Owned and used by one
// thread; calls block. SQL stays portable: BIGINT, DOUBLE PRECISION, TEXT,
// `:name` parameters, each used once and bound in their order.
// A write that returned success is on disk (WAL, synchronous=FULL); one that
// failed changed nothing.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/result.hpp"
#include "common/store/errors.hpp"
#include "common/time/clock.hpp"

namespace tongke::metrics {
class Metrics;
}

namespace tongke::store {

using Value = std::variant<std::monostate, std::int64_t, double, std::string>;
using Values = std::vector<Value>;

template <class T>
Value nullable(const std::optional<T>& value) {
    return value ? Value{*value} : Value{};
}

struct Options {
    Milliseconds busy_timeout{5000};
    std::string file_name = "tongke.sqlite";  // of `sqlite:` without a path, in the data folder
    metrics::Metrics* metrics = nullptr;      // counts tongke_store_failures_total{reason}
};

class Database {
  public:
    /// `url`: "sqlite:" (the data folder's own file), "sqlite:PATH" or "postgresql://…".
    static Result<std::unique_ptr<Database>> open(const std::string& url, const std::string& data_dir,
                                                  const Options& options = {});
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs one statement that returns no rows; answers how many it changed.
    Result<std::int64_t> execute(std::string_view sql, const Values& values = {});

    /// Rows as tuples of int64_t, double, std::string or std::optional of these
    /// (NULL in a plain column reads as 0 or "").
    template <class... Columns>
    Result<std::vector<std::tuple<Columns...>>> query(std::string_view sql, const Values& values = {});

    /// Runs `work` inside BEGIN … COMMIT; an error from it, or from COMMIT, undoes everything.
    /// Inside another transaction it joins that one.
    Result<void> transaction(const std::function<Result<void>()>& work);

    /// The database's own words about the last failure, for the log and the operator.
    const std::string& last_failure() const;
    bool is_sqlite() const;

  private:
    enum class Kind : std::uint8_t { integer, real, text };
    struct Impl;
    explicit Database(std::unique_ptr<Impl> impl);
    Result<std::vector<Values>> rows(std::string_view sql, const Values& values,
                                     const std::vector<Kind>& kinds);

    template <class T>
    struct Column;

    std::unique_ptr<Impl> impl_;
};

template <>
struct Database::Column<std::int64_t> {
    static constexpr Kind kKind = Kind::integer;
    static std::int64_t read(Value& v) { return v.index() == 0 ? 0 : std::get<std::int64_t>(v); }
};
template <>
struct Database::Column<double> {
    static constexpr Kind kKind = Kind::real;
    static double read(Value& v) { return v.index() == 0 ? 0 : std::get<double>(v); }
};
template <>
struct Database::Column<std::string> {
    static constexpr Kind kKind = Kind::text;
    static std::string read(Value& v) {
        return v.index() == 0 ? std::string{} : std::move(std::get<std::string>(v));
    }
};
template <class T>
struct Database::Column<std::optional<T>> {
    static constexpr Kind kKind = Column<T>::kKind;
    static std::optional<T> read(Value& v) {
        if (v.index() == 0) return std::nullopt;
        return Column<T>::read(v);
    }
};

template <class... Columns>
Result<std::vector<std::tuple<Columns...>>> Database::query(std::string_view sql, const Values& values) {
    auto found = rows(sql, values, {Column<Columns>::kKind...});
    if (!found) return found.error();
    std::vector<std::tuple<Columns...>> out;
    out.reserve(found->size());
    for (auto& row : *found) {
        out.push_back([&]<std::size_t... I>(std::index_sequence<I...>) {
            return std::tuple<Columns...>{Column<Columns>::read(row[I])...};
        }(std::index_sequence_for<Columns...>{}));
    }
    return out;
}

}  // namespace tongke::store
