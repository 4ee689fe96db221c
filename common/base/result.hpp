// Errors from peers, files and data are values: Result<T> holds a T or an
// error code of the module's own category, whose message is distinct,
// lower-case and says what to do. Exceptions are for start-up and bugs.
#pragma once
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace tongke {

using Error = boost::system::error_code;
template <class T>
using Result = boost::system::result<T>;

}  // namespace tongke
