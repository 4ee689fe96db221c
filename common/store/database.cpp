#include "common/store/database.hpp"

#include <fcntl.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <unistd.h>

#include <deque>
#include <filesystem>

#include "common/log/log.hpp"
#include "common/metrics/metrics.hpp"

namespace tongke::store {
namespace {

/// One bound or fetched column: SOCI keeps references into it while a statement lives.
struct Cell {
    long long integer = 0;
    double real = 0;
    std::string text;
    soci::indicator is = soci::i_null;
};

Errc from_sqlite(int code) {
    switch (code & 0xff) {
        case SQLITE_FULL: return Errc::disk_full;
        case SQLITE_READONLY: return Errc::read_only;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return Errc::not_a_database;
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return Errc::busy;
        case SQLITE_CANTOPEN:
        case SQLITE_PERM: return Errc::cannot_open;
        case SQLITE_CONSTRAINT: return Errc::constraint;
        default: return Errc::failed;
    }
}

Errc classify(const soci::soci_error& error) {
    if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error))
        return from_sqlite(sqlite->result());
    switch (error.get_error_category()) {
        case soci::soci_error::connection_error: return Errc::cannot_open;
        case soci::soci_error::constraint_violation: return Errc::constraint;
        default: return Errc::failed;
    }
}

std::string_view reason_of(Errc e) {
    switch (e) {
        case Errc::disk_full: return "disk_full";
        case Errc::read_only: return "read_only";
        case Errc::not_a_database: return "damaged";
        case Errc::busy: return "busy";
        case Errc::constraint: return "constraint";
        default: return "failed";
    }
}

/// SQLite makes the file with the process's umask; accounts are in it, so it is made first, mode 0600.
std::string sqlite_path(const std::string& url, const std::string& data_dir, const Options& options) {
    const auto name = url.substr(std::string_view{"sqlite:"}.size());
    const std::filesystem::path path =
        std::filesystem::path{data_dir} / (name.empty() ? options.file_name : name);
    const int fd = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) ::close(fd);
    return path.string();
}

}  // namespace

struct Database::Impl {
    soci::session session;
    bool sqlite = true;
    int depth = 0;  // of nested transactions
    std::string last_failure;
    metrics::Metrics* metrics = nullptr;

    Error fail(const std::exception& error, std::string_view sql) {
        Errc code = Errc::failed;
        last_failure = error.what();
        if (const auto* known = dynamic_cast<const soci::soci_error*>(&error)) {
            code = classify(*known);
            // what() would repeat the bound values, and those may be credentials.
            last_failure = known->get_error_message();
        }
        if (code != Errc::constraint) log::error("store", "{} (in: {:.60})", last_failure, sql);
        if (metrics != nullptr)
            metrics
                ->counter("tongke_store_failures_total", "Database operations that failed.",
                          {{"reason", std::string{reason_of(code)}}})
                .Increment();
        return code;
    }

    void run(std::string_view sql) { session << std::string{sql}; }

    void open_sqlite(const std::string& path, const Options& options) {
        const auto seconds = std::max<std::int64_t>(1, options.busy_timeout.count() / 1000);
        session.open(soci::sqlite3, fmt::format("db=\"{}\" timeout={}", path, seconds));
        run(fmt::format("PRAGMA busy_timeout = {}", options.busy_timeout.count()));
        run("PRAGMA journal_mode = WAL");
        run("PRAGMA synchronous = FULL");
        run("PRAGMA foreign_keys = ON");
    }
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::string& url, const std::string& data_dir,
                                                 const Options& options) {
    auto impl = std::make_unique<Impl>();
    impl->metrics = options.metrics;
    try {
        if (url.starts_with("sqlite:")) {
            impl->open_sqlite(sqlite_path(url, data_dir, options), options);
        } else if (url.starts_with("postgresql://")) {
            impl->sqlite = false;
            impl->session.open("postgresql", url);
        } else {
            return Errc::bad_url;
        }
    } catch (const std::exception& error) {
        return impl->fail(error, "open");
    }
    return std::unique_ptr<Database>{new Database(std::move(impl))};
}

const std::string& Database::last_failure() const { return impl_->last_failure; }
bool Database::is_sqlite() const { return impl_->sqlite; }

namespace {

std::deque<Cell> cells_of(const Values& values) {
    std::deque<Cell> cells(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        auto& cell = cells[i];
        cell.is = values[i].index() == 0 ? soci::i_null : soci::i_ok;
        if (const auto* n = std::get_if<std::int64_t>(&values[i])) cell.integer = *n;
        if (const auto* r = std::get_if<double>(&values[i])) cell.real = *r;
        if (const auto* t = std::get_if<std::string>(&values[i])) cell.text = *t;
    }
    return cells;
}

void bind(soci::statement& statement, const Values& values, std::deque<Cell>& cells) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        auto& cell = cells[i];
        if (std::holds_alternative<std::int64_t>(values[i]))
            statement.exchange(soci::use(cell.integer, cell.is));
        else if (std::holds_alternative<double>(values[i]))
            statement.exchange(soci::use(cell.real, cell.is));
        else
            statement.exchange(soci::use(cell.text, cell.is));
    }
}

}  // namespace

Result<std::int64_t> Database::execute(std::string_view sql, const Values& values) {
    auto cells = cells_of(values);
    try {
        soci::statement statement(impl_->session);
        bind(statement, values, cells);
        statement.alloc();
        statement.prepare(std::string{sql});
        statement.define_and_bind();
        statement.execute(true);
        return statement.get_affected_rows();
    } catch (const std::exception& error) {
        return impl_->fail(error, sql);
    }
}

Result<std::vector<Values>> Database::rows(std::string_view sql, const Values& values,
                                           const std::vector<Kind>& kinds) {
    auto cells = cells_of(values);
    std::deque<Cell> out(kinds.size());
    std::vector<Values> found;
    try {
        soci::statement statement(impl_->session);
        for (std::size_t i = 0; i < kinds.size(); ++i) {
            if (kinds[i] == Kind::integer)
                statement.exchange(soci::into(out[i].integer, out[i].is));
            else if (kinds[i] == Kind::real)
                statement.exchange(soci::into(out[i].real, out[i].is));
            else
                statement.exchange(soci::into(out[i].text, out[i].is));
        }
        bind(statement, values, cells);
        statement.alloc();
        statement.prepare(std::string{sql});
        statement.define_and_bind();
        statement.execute(false);
        while (statement.fetch()) {
            auto& row = found.emplace_back(kinds.size());
            for (std::size_t i = 0; i < kinds.size(); ++i) {
                if (out[i].is != soci::i_ok) continue;
                if (kinds[i] == Kind::integer)
                    row[i] = std::int64_t{out[i].integer};
                else if (kinds[i] == Kind::real)
                    row[i] = out[i].real;
                else
                    row[i] = out[i].text;
            }
        }
    } catch (const std::exception& error) {
        return impl_->fail(error, sql);
    }
    return found;
}

Result<void> Database::transaction(const std::function<Result<void>()>& work) {
    if (impl_->depth > 0) return work();
    // IMMEDIATE: two writers queue at BEGIN instead of failing half-way (SQLite, "BEGIN TRANSACTION").
    if (auto begun = execute(impl_->sqlite ? "BEGIN IMMEDIATE" : "BEGIN"); !begun) return begun.error();
    ++impl_->depth;
    Result<void> outcome = work();
    --impl_->depth;
    if (outcome) {
        if (auto committed = execute("COMMIT"); !committed) outcome = committed.error();
    }
    if (!outcome) {
        try {
            impl_->run("ROLLBACK");
        } catch (const std::exception&) {
            // SQLite has already rolled back by itself after a full disk or an I/O error.
        }
    }
    return outcome;
}

}  // namespace tongke::store
