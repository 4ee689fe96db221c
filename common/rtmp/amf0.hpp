// AMF0 values: decoded from untrusted bytes under caps on depth and count,
// encoded for our own commands. ECMA array counts are advisory; unknown data
// ends a value with an error, never with a guess.
#pragma once
#include <cstdint>
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

    // Defined below Property, which they need complete.
    Value();
    Value(Null n);
    Value(double number);
    Value(bool flag);
    Value(std::string text);
    Value(const char* text);
    Value(Object object);
    Value(EcmaArray array);
    Value(StrictArray array);
    Value(Date date);
    Value(Reference reference);
    Value(XmlDocument document);

    std::optional<double> number() const;
    /// The number without its fraction; null for any other type, for what is not a number, and beyond ±2^53.
    std::optional<std::int64_t> integer() const;
    std::optional<bool> boolean() const;
    /// The text of a string; null for any other type.
    const std::string* text() const;
    /// The property of an object or ECMA array; null when absent or another type.
    const Value* find(std::string_view name) const;
    bool operator==(const Value& other) const;
};

struct Property {
    std::string name;
    Value value;
    bool operator==(const Property&) const = default;
};

inline Value::Value() = default;
inline Value::Value(Null n) : v(n) {}
inline Value::Value(double number) : v(number) {}
inline Value::Value(bool flag) : v(flag) {}
inline Value::Value(std::string text) : v(std::move(text)) {}
inline Value::Value(const char* text) : v(std::string(text)) {}
inline Value::Value(Object object) : v(std::move(object)) {}
inline Value::Value(EcmaArray array) : v(std::move(array)) {}
inline Value::Value(StrictArray array) : v(std::move(array)) {}
inline Value::Value(Date date) : v(date) {}
inline Value::Value(Reference reference) : v(reference) {}
inline Value::Value(XmlDocument document) : v(std::move(document)) {}
inline bool Value::operator==(const Value& other) const { return v == other.v; }

inline constexpr int kMaxDepth = 16;
inline constexpr std::size_t kMaxValues = 4096;  // in one message, nested ones included

/// All values of a payload. On an error nothing is returned.
Result<std::vector<Value>> decode_all(ByteView bytes);
/// The first value; `reader` is left behind it.
Result<Value> decode(ByteReader& reader);

void encode(Bytes& out, const Value& value);
Bytes encode_all(const std::vector<Value>& values);

}  // namespace tongke::rtmp::amf0
