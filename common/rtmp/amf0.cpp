#include "common/rtmp/amf0.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "common/base/byte_writer.hpp"
#include "common/rtmp/error.hpp"

namespace tongke::rtmp::amf0 {
namespace {

// AMF0 specification, section 2.1.
enum Marker : std::uint8_t {
    kNumber = 0,
    kBoolean = 1,
    kString = 2,
    kObject = 3,
    kNull = 5,
    kUndefined = 6,
    kReference = 7,
    kEcmaArray = 8,
    kObjectEnd = 9,
    kStrictArray = 10,
    kDate = 11,
    kLongString = 12,
    kUnsupported = 13,
    kXmlDocument = 15,
    kTypedObject = 16,
};

class Decoder {
  public:
    Decoder(ByteReader& reader, std::size_t& budget) : in_(reader), budget_(budget) {}

    Result<Value> value(int depth) {
        if (depth > kMaxDepth) return Errc::amf_too_deep;
        if (budget_ == 0) return Errc::amf_too_large;
        --budget_;
        const auto marker = in_.u8();
        if (!in_.ok()) return Errc::amf_truncated;
        auto decoded = body(marker, depth);
        if (decoded && !in_.ok()) return Errc::amf_truncated;
        return decoded;
    }

  private:
    Result<Value> body(std::uint8_t marker, int depth) {
        switch (marker) {
            case kNumber: return Value{std::bit_cast<double>(in_.u64())};
            case kBoolean: return Value{in_.u8() != 0};
            case kString: return Value{short_text()};
            case kLongString: return Value{std::string(as_text(in_.take(in_.u32())))};
            case kXmlDocument: return Value{XmlDocument{std::string(as_text(in_.take(in_.u32())))}};
            case kNull: return Value{Null{}};
            case kUndefined:
            case kUnsupported: return Value{};
            case kReference: return Value{Reference{in_.u16()}};
            case kDate: return date();
            case kStrictArray: return strict_array(depth);
            default: return keyed(marker, depth);
        }
    }

    Result<Value> keyed(std::uint8_t marker, int depth) {
        if (marker == kEcmaArray) {
            in_.u32();  // advisory, often 0 or wrong
            EcmaArray array;
            if (const auto error = properties(array.properties, depth)) return error;
            return Value{std::move(array)};
        }
        if (marker != kObject && marker != kTypedObject) return Errc::amf_unsupported_type;
        Object object;
        if (marker == kTypedObject) object.class_name = short_text();
        if (const auto error = properties(object.properties, depth)) return error;
        return Value{std::move(object)};
    }

    Error properties(std::vector<Property>& out, int depth) {
        while (true) {
            auto name = short_text();
            if (!in_.ok()) return Errc::amf_truncated;
            if (name.empty() && ends_here()) return {};
            auto decoded = value(depth + 1);
            if (!decoded) return decoded.error();
            out.push_back({std::move(name), std::move(*decoded)});
        }
    }

    /// An empty name followed by the end marker; anything else is a property named "".
    bool ends_here() {
        ByteReader ahead = in_;
        if (ahead.u8() != kObjectEnd || !ahead.ok()) return false;
        in_ = ahead;
        return true;
    }

    Result<Value> strict_array(int depth) {
        const auto count = in_.u32();
        if (count > budget_) return Errc::amf_too_large;
        StrictArray array;
        for (std::uint32_t i = 0; i < count; ++i) {
            auto item = value(depth + 1);
            if (!item) return item.error();
            array.items.push_back(std::move(*item));
        }
        return Value{std::move(array)};
    }

    Result<Value> date() {
        const auto unix_ms = std::bit_cast<double>(in_.u64());
        return Value{Date{unix_ms, static_cast<std::int16_t>(in_.u16())}};
    }

    std::string short_text() { return std::string(as_text(in_.take(in_.u16()))); }

    ByteReader& in_;
    std::size_t& budget_;
};

class Encoder {
  public:
    explicit Encoder(Bytes& out) : out_(out) {}

    void operator()(Undefined) { out_.u8(kUndefined); }
    void operator()(Null) { out_.u8(kNull); }
    void operator()(double number) {
        out_.u8(kNumber);
        out_.u64(std::bit_cast<std::uint64_t>(number));
    }
    void operator()(bool flag) {
        out_.u8(kBoolean);
        out_.u8(flag ? 1 : 0);
    }
    void operator()(const std::string& text) {
        if (text.size() > 0xFFFF) return long_text(kLongString, text);
        out_.u8(kString);
        short_text(text);
    }
    void operator()(const XmlDocument& document) { long_text(kXmlDocument, document.text); }
    void operator()(const Object& object) {
        out_.u8(object.class_name.empty() ? kObject : kTypedObject);
        if (!object.class_name.empty()) short_text(object.class_name);
        properties(object.properties);
    }
    void operator()(const EcmaArray& array) {
        out_.u8(kEcmaArray);
        out_.u32(static_cast<std::uint32_t>(array.properties.size()));
        properties(array.properties);
    }
    void operator()(const StrictArray& array) {
        out_.u8(kStrictArray);
        out_.u32(static_cast<std::uint32_t>(array.items.size()));
        for (const auto& item : array.items) std::visit(*this, item.v);
    }
    void operator()(Date date) {
        out_.u8(kDate);
        out_.u64(std::bit_cast<std::uint64_t>(date.unix_ms));
        out_.u16(static_cast<std::uint16_t>(date.zone));
    }
    void operator()(Reference reference) {
        out_.u8(kReference);
        out_.u16(reference.index);
    }

  private:
    void properties(const std::vector<Property>& list) {
        for (const auto& property : list) {
            short_text(property.name);
            std::visit(*this, property.value.v);
        }
        out_.u16(0);
        out_.u8(kObjectEnd);
    }
    void short_text(std::string_view text) {
        text = text.substr(0, 0xFFFF);
        out_.u16(static_cast<std::uint16_t>(text.size()));
        out_.text(text);
    }
    void long_text(std::uint8_t marker, std::string_view text) {
        out_.u8(marker);
        out_.u32(static_cast<std::uint32_t>(text.size()));
        out_.text(text);
    }

    ByteWriter out_;
};

const Value* find_in(const std::vector<Property>& properties, std::string_view name) {
    const auto it =
        std::find_if(properties.begin(), properties.end(), [&](const Property& p) { return p.name == name; });
    return it == properties.end() ? nullptr : &it->value;
}

}  // namespace

const Value* Object::find(std::string_view name) const { return find_in(properties, name); }
const Value* EcmaArray::find(std::string_view name) const { return find_in(properties, name); }
bool Object::operator==(const Object& other) const {
    return properties == other.properties && class_name == other.class_name;
}
bool EcmaArray::operator==(const EcmaArray& other) const { return properties == other.properties; }
bool StrictArray::operator==(const StrictArray& other) const { return items == other.items; }

std::optional<double> Value::number() const {
    const auto* number = std::get_if<double>(&v);
    return number ? std::optional{*number} : std::nullopt;
}
std::optional<std::int64_t> Value::integer() const {
    constexpr double kLargestExact = 9007199254740992.0;  // 2^53
    const auto* number = std::get_if<double>(&v);
    if (!number || !(std::abs(*number) <= kLargestExact)) return std::nullopt;
    return static_cast<std::int64_t>(*number);
}
std::optional<bool> Value::boolean() const {
    const auto* flag = std::get_if<bool>(&v);
    return flag ? std::optional{*flag} : std::nullopt;
}
const std::string* Value::text() const { return std::get_if<std::string>(&v); }
const Value* Value::find(std::string_view name) const {
    if (const auto* object = std::get_if<Object>(&v)) return object->find(name);
    if (const auto* array = std::get_if<EcmaArray>(&v)) return array->find(name);
    return nullptr;
}

Result<Value> decode(ByteReader& reader) {
    std::size_t budget = kMaxValues;
    return Decoder(reader, budget).value(0);
}

Result<std::vector<Value>> decode_all(ByteView bytes) {
    ByteReader reader(bytes);
    std::size_t budget = kMaxValues;
    std::vector<Value> values;
    while (reader.left() > 0) {
        auto value = Decoder(reader, budget).value(0);
        if (!value) return value.error();
        values.push_back(std::move(*value));
    }
    return values;
}

void encode(Bytes& out, const Value& value) { std::visit(Encoder(out), value.v); }

Bytes encode_all(const std::vector<Value>& values) {
    Bytes out;
    for (const auto& value : values) encode(out, value);
    return out;
}

}  // namespace tongke::rtmp::amf0
