// The category of one module's errors (result.hpp): an enumeration and a
// function that gives each its words, or null for what is none of them.
#pragma once
#include <boost/system/error_category.hpp>
#include <string>

namespace tongke {

template <class Enum>
class ErrorCategory final : public boost::system::error_category {
  public:
    using Words = const char* (*)(Enum);
    /// Both outlive it: literals, and a static of the module.
    constexpr ErrorCategory(const char* name, Words words) : name_(name), words_(words) {}

    const char* name() const noexcept override { return name_; }
    std::string message(int code) const override {
        if (const char* text = words_(static_cast<Enum>(code))) return text;
        return std::string{"unknown error of "} + name_;
    }

  private:
    const char* name_;
    Words words_;
};

}  // namespace tongke
