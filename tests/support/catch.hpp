// The one place that includes Catch2, so that moving from 2.13 to 3 is a
// one-line change. A Result<T> is shown as its error, or as "a value".
#pragma once
#include <boost/system/result.hpp>

#include <catch2/catch.hpp>

namespace Catch {
template <class T, class E>
struct StringMaker<boost::system::result<T, E>, void> {
    static std::string convert(const boost::system::result<T, E>& r) {
        return r.has_error() ? r.error().message() : std::string("a value");
    }
};
}  // namespace Catch
