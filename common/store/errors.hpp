// Why the database said no. Every failure is one of these, is logged once with
// the database's own words, and is counted; what is already stored is intact.
#pragma once
#include "common/base/result.hpp"

namespace tongke::store {

enum class Errc {
    bad_url = 1,     // neither sqlite: nor postgresql://
    cannot_open,     // folder missing, no permission
    not_a_database,  // another kind of file, or damaged
    read_only,
    disk_full,
    busy,          // another process held the lock longer than the busy timeout
    constraint,    // unique or foreign key: the caller's data, not the disk
    newer_schema,  // written by a newer version of the program
    failed,        // anything else; the log has the words
};

const boost::system::error_category& category();
inline Error make_error_code(Errc e) { return {static_cast<int>(e), category()}; }

}  // namespace tongke::store

template <>
struct boost::system::is_error_code_enum<tongke::store::Errc> : std::true_type {};
