#include "common/store/errors.hpp"

#include "common/base/error_category.hpp"

namespace tongke::store {
namespace {

const char* words(Errc error) {
    switch (error) {
        case Errc::bad_url: return "database url must begin with sqlite: or postgresql://";
        case Errc::cannot_open: return "database cannot be opened: check the folder and its owner";
        case Errc::not_a_database:
            return "database file is damaged or not a database: restore it from a backup";
        case Errc::read_only: return "database is read-only: check the file's owner and the mount";
        case Errc::disk_full: return "disk is full: nothing was written, free some space";
        case Errc::busy: return "database is held by another process: try again";
        case Errc::constraint: return "record contradicts one that is stored";
        case Errc::newer_schema: return "database was written by a newer version of this program";
        case Errc::failed: return "database refused the operation: see the log";
    }
    return nullptr;
}

}  // namespace

const boost::system::error_category& category() {
    static const ErrorCategory<Errc> instance{"tongke.store", words};
    return instance;
}

}  // namespace tongke::store
