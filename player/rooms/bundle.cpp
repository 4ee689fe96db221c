#include "player/rooms/bundle.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "common/auth/jws.hpp"
#include "common/base/error_category.hpp"
#include "common/time/format.hpp"

namespace tongke::player {
namespace {

namespace json = boost::json;

const char* words(BundleError error) {
    switch (error) {
        case BundleError::not_json: return "the bundle is not a JSON object";
        case BundleError::missing_member: return "the bundle lacks a member";
        case BundleError::wrong_type: return "a member of the bundle has the wrong type";
        case BundleError::unknown_word:
            return "the bundle names a role or a kind of slot this version does not know";
        case BundleError::bad_network: return "a room's network is not an address prefix";
        case BundleError::bad_time:
            return "a time in the bundle is not ISO 8601, or a slot ends before it begins";
        case BundleError::twice: return "one id names two things in the bundle";
        case BundleError::other_node: return "the bundle was made for another node";
        case BundleError::older: return "the bundle is older than the one in force";
    }
    return nullptr;
}

/// Reads members with a sticky first error, so that a parser checks once.
class Reader {
  public:
    explicit Reader(const json::object& object, Error& error) : object_(object), error_(error) {}

    std::string text(const char* name, bool required = true) {
        const auto* value = find(name, required);
        if (!value || value->is_null()) return {};
        if (!value->is_string()) return fail(BundleError::wrong_type), std::string{};
        return std::string{value->get_string()};
    }
    double number(const char* name, double otherwise) {
        const auto* value = find(name, false);
        if (!value) return otherwise;
        if (!value->is_number()) return fail(BundleError::wrong_type), otherwise;
        return value->to_number<double>();
    }
    std::int64_t integer(const char* name) {
        const auto* value = find(name, true);
        if (value && !value->is_int64()) fail(BundleError::wrong_type);
        return value && value->is_int64() ? value->get_int64() : 0;
    }
    WallTime time(const char* name) {
        const auto parsed = parse_iso8601(text(name));
        if (!parsed) fail(BundleError::bad_time);
        return parsed.value_or(WallTime{});
    }
    std::vector<std::string> texts(const char* name) {
        std::vector<std::string> out;
        for (const auto& value : array(name, false)) {
            if (!value.is_string()) return fail(BundleError::wrong_type), out;
            out.emplace_back(value.get_string());
        }
        return out;
    }
    const json::array& array(const char* name, bool required = true) {
        static const json::array kNone;
        const auto* value = find(name, required);
        if (!value) return kNone;
        if (!value->is_array()) return fail(BundleError::wrong_type), kNone;
        return value->get_array();
    }
    const json::object& object(const char* name, bool required = true) {
        static const json::object kNone;
        const auto* value = find(name, required);
        if (!value) return kNone;
        if (!value->is_object()) return fail(BundleError::wrong_type), kNone;
        return value->get_object();
    }
    template <class Body>
    void each_object(const char* name, Body body) {
        for (const auto& value : array(name)) {
            if (!value.is_object()) return fail(BundleError::wrong_type);
            Reader part{value.get_object(), error_};
            body(part);
        }
    }
    void fail(BundleError error) {
        if (!error_) error_ = error;
    }

  private:
    const json::value* find(const char* name, bool required) {
        const auto* value = object_.if_contains(name);
        if (!value && required) fail(BundleError::missing_member);
        return value;
    }

    const json::object& object_;
    Error& error_;
};

Room read_room(Reader& in) {
    Room room;
    room.id = in.text("id");
    room.name = in.text("name");
    room.teacher = in.text("teacher", false);
    room.contact = in.text("contact", false);
    for (const auto& text : in.texts("networks")) {
        const auto prefix = net::IpPrefix::parse(text);
        prefix ? room.networks.push_back(*prefix) : in.fail(BundleError::bad_network);
    }
    return room;
}

Account read_account(Reader& in) {
    Account account;
    account.account = in.text("account");
    account.name = in.text("name");
    account.rooms = in.texts("rooms");
    account.password = in.text("password");
    const auto role = auth::role_from(in.text("role"));
    if (!role) in.fail(BundleError::unknown_word);
    account.role = role.value_or(auth::Role::technician);
    return account;
}

Slot read_slot(Reader& in) {
    constexpr std::pair<std::string_view, SlotKind> kKinds[] = {{"lesson", SlotKind::lesson},
                                                                {"debug", SlotKind::debug},
                                                                {"break", SlotKind::break_},
                                                                {"discussion", SlotKind::discussion}};
    Slot slot;
    slot.id = in.text("id");
    slot.title = in.text("title", false);
    slot.begin = in.time("begin");
    slot.end = in.time("end");
    slot.rooms = in.texts("rooms");
    const auto word = in.text("kind");
    const auto* found =
        std::find_if(std::begin(kKinds), std::end(kKinds), [&](auto& k) { return k.first == word; });
    if (found == std::end(kKinds))
        in.fail(BundleError::unknown_word);
    else
        slot.kind = found->second;
    if (slot.end <= slot.begin) in.fail(BundleError::bad_time);
    return slot;
}

void read_head(Reader& in, Bundle& bundle) {
    bundle.version = in.integer("version");
    bundle.issued = in.time("issued");
    bundle.valid_until = in.time("valid_until");
    bundle.node = in.text("node");
    bundle.help_phone = in.text("help_phone", false);
    bundle.telemetry_window_s = in.number("telemetry_window_s", 5);
}

}  // namespace

const boost::system::error_category& bundle_category() {
    static const ErrorCategory<BundleError> category{"bundle", words};
    return category;
}

std::string_view slot_kind_name(SlotKind kind) {
    switch (kind) {
        case SlotKind::lesson: return "lesson";
        case SlotKind::debug: return "debug";
        case SlotKind::break_: return "break";
        case SlotKind::discussion: return "discussion";
    }
    return "lesson";
}

bool Slot::concerns(std::string_view room) const {
    return rooms.empty() || std::find(rooms.begin(), rooms.end(), room) != rooms.end();
}

const Room* Bundle::room(std::string_view id) const {
    const auto found = rooms.find(id);
    return found == rooms.end() ? nullptr : &found->second;
}

const Account* Bundle::account(std::string_view name) const {
    const auto found = accounts.find(name);
    return found == accounts.end() ? nullptr : &found->second;
}

std::string Bundle::play_token(std::string_view stream) const {
    const auto found = play_tokens.find(stream);
    return found == play_tokens.end() ? std::string{} : found->second;
}

Result<Bundle> parse_bundle(std::string_view text) {
    Error error;
    const auto value = json::parse(text, error);
    if (error || !value.is_object()) return BundleError::not_json;
    Bundle bundle;
    Reader in{value.get_object(), error};
    read_head(in, bundle);
    Reader county{in.object("county"), error};
    bundle.county_code = county.text("code");
    bundle.county_name = county.text("name");
    in.each_object("rooms", [&](Reader& part) {
        auto room = read_room(part);
        if (!bundle.rooms.emplace(room.id, room).second) part.fail(BundleError::twice);
    });
    in.each_object("accounts", [&](Reader& part) {
        auto account = read_account(part);
        if (!bundle.accounts.emplace(account.account, account).second) part.fail(BundleError::twice);
    });
    in.each_object("schedule", [&](Reader& part) { bundle.schedule.push_back(read_slot(part)); });
    Reader streams{in.object("streams"), error};
    bundle.lesson_stream = streams.text("lesson");
    bundle.test_stream = streams.text("test");
    Reader tokens{in.object("play_tokens", false), error};
    for (const auto& [stream, token] : in.object("play_tokens", false))
        bundle.play_tokens.emplace(stream, tokens.text(std::string{stream}.c_str()));
    if (error) return error;
    std::stable_sort(bundle.schedule.begin(), bundle.schedule.end(),
                     [](const Slot& a, const Slot& b) { return a.begin < b.begin; });
    return bundle;
}

Result<Bundle> verify_bundle(std::string_view jws, const auth::VerifyKey& relay_key, std::string_view node,
                             std::int64_t version_in_force) {
    const auto payload = auth::verify_jws(jws, relay_key);
    if (!payload) return payload.error();
    auto bundle = parse_bundle(*payload);
    if (!bundle) return bundle.error();
    if (bundle->node != node) return BundleError::other_node;
    if (bundle->version < version_in_force) return BundleError::older;
    return bundle;
}

}  // namespace tongke::player
