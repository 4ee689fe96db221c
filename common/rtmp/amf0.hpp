// AMF0 values: decoded from untrusted bytes under caps on depth and count,
// encoded for our own commands. ECMA array counts are advisory; unknown data
// ends a value with an error, never with a guess.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/byte_reader.hpp"
#include "common/base/bytes.hpp"
#include "common/base/result.hpp"

namespace tongke::rtmp::amf0 {

struct Value;
struct Property;

struct Undefined {
    bool operator==(const Undefined&) const = default;
};
struct Null {
    bool operator==(const Null&) const = default;
};
/// Milliseconds since 1970, UTC; the zone is kept as sent.
struct Date {
    double unix_ms = 0;
    std::int16_t zone = 0;
    bool operator==(const Date&) const = default;
};
/// Back-reference to an earlier object; kept as its index, never followed.
struct Reference {
    std::uint16_t index = 0;
    bool operator==(const Reference&) const = default;
};
struct Object {
    std::vector<Property> properties;
    std::string class_name;  // typed objects only
    const Value* find(std::string_view name) const;
    bool operator==(const Object&) const;
};
/// Associative array: an object in all but its marker and advisory count.
struct EcmaArray {
    std::vector<Property> properties;
    const Value* find(std::string_view name) const;
    bool operator==(const EcmaArray&) const;
};
struct StrictArray {
    std::vector<Value> items;
    bool operator==(const StrictArray&) const;
};
struct XmlDocument {
    std::string text;
    bool operator==(const XmlDocument&) const = default;
};

struct Value {
    std::variant<Undefined, Null, double, bool, std::string, Object, EcmaArray, StrictArray, Date, Reference,
                 XmlDocument>
        v;

    Value() = default;
    Value(Null n) : v(n) {}
    Value(double number) : v(number) {}
    Value(bool flag) : v(flag) {}
    Value(std::string text) : v(std::move(text)) {}
    Value(const char* text) : v(std::string(text)) {}
    Value(Object object) : v(std::move(object)) {}
    Value(EcmaArray array) : v(std::move(array)) {}
    Value(StrictArray array) : v(std::move(array)) {}
    Value(Date date) : v(date) {}
    Value(Reference reference) : v(reference) {}
    Value(XmlDocument document) : v(std::move(document)) {}

    std::optional<double> number() const;
    std::optional<bool> boolean() const;
    /// The text of a string; null for any other type.
    const std::string* text() const;
    /// The property of an object or ECMA array; null when absent or another type.
    const Value* find(std::string_view name) const;
    bool operator==(const Value& other) const { return v == other.v; }
};

struct Property {
    std::string name;
    Value value;
    bool operator==(const Property&) const = default;
};

inline constexpr int kMaxDepth = 16;
inline constexpr std::size_t kMaxValues = 4096;  // in one message, nested ones included

/// All values of a payload. On an error nothing is returned.
Result<std::vector<Value>> decode_all(ByteView bytes);
/// The first value; `reader` is left behind it.
Result<Value> decode(ByteReader& reader);

void encode(Bytes& out, const Value& value);
Bytes encode_all(const std::vector<Value>& values);

}  // namespace tongke::rtmp::amf0
