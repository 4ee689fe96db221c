// Reading JSON claims of tokens: what is absent or of another type is a
// failure remembered until the end. Used inside this folder only.
#pragma once
#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "common/time/clock.hpp"

namespace tongke::auth {

class Claims {
  public:
    explicit Claims(std::string_view json) {
        boost::system::error_code error;
        boost::json::parse_options options;
        options.max_depth = 8;
        auto value = boost::json::parse({json.data(), json.size()}, error, {}, options);
        if (error || !value.is_object())
            ok_ = false;
        else
            object_ = std::move(value.get_object());
    }

    bool ok() const { return ok_; }

    std::string text(std::string_view name) {
        const auto* value = find(name);
        if (value == nullptr || !value->is_string()) return ok_ = false, std::string{};
        return {value->get_string().data(), value->get_string().size()};
    }
    /// NumericDate (RFC 7519 §2) in whole seconds, years 1970 to 9999.
    WallTime time(std::string_view name) {
        constexpr std::int64_t kYear10000 = 253'402'300'800;
        const auto* value = find(name);
        if (value == nullptr || !value->is_int64() || value->get_int64() < 0 ||
            value->get_int64() >= kYear10000)
            return ok_ = false, WallTime{};
        return WallTime{std::chrono::seconds{value->get_int64()}};
    }

  private:
    const boost::json::value* find(std::string_view name) const {
        return ok_ ? object_.if_contains({name.data(), name.size()}) : nullptr;
    }

    boost::json::object object_;
    bool ok_ = true;
};

inline std::int64_t numeric_date(WallTime t) {
    return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}

}  // namespace tongke::auth
