#include "relay/schedule/schedule_json.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>

#include "common/time/format.hpp"

namespace tongke::relay {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxSlots = 5000;
constexpr std::size_t kMaxTitleBytes = 300;

class Reader {
  public:
    explicit Reader(const std::set<std::string, std::less<>>& rooms) : rooms_(rooms) {}

    ScheduleReading read(std::string_view text) {
        boost::system::error_code error;
        const auto root = json::parse({text.data(), text.size()}, error);
        if (error) return {{}, {"文件不是合法的 JSON"}};
        const auto* list = root.is_array() ? root.if_array() : nullptr;
        if (const auto* object = root.if_object(); object != nullptr && object->if_contains("schedule"))
            list = object->at("schedule").if_array();
        if (list == nullptr) return {{}, {"缺少“schedule”数组"}};
        if (list->size() > kMaxSlots) return {{}, {fmt::format("日程超过 {} 项", kMaxSlots)}};
        for (const auto& item : *list) take(item);
        check_overlaps();
        std::stable_sort(out_.slots.begin(), out_.slots.end(),
                         [](const Slot& a, const Slot& b) { return a.begin < b.begin; });
        if (!out_.errors.empty()) out_.slots.clear();
        return std::move(out_);
    }

  private:
    void error(std::string_view what) { out_.errors.push_back(fmt::format("{}：{}", place_, what)); }

    std::string text(const json::object& item, std::string_view key) {
        const auto* value = item.if_contains({key.data(), key.size()});
        if (value == nullptr || !value->is_string()) return {};
        return std::string{value->get_string()};
    }

    WallTime time(const json::object& item, std::string_view key) {
        const auto written = text(item, key);
        const auto parsed = parse_iso8601(written);
        if (!parsed)
            error(fmt::format("{} “{}”不是带时区的时间，例如 2025-04-17T09:00:00+08:00", key, written));
        return parsed.value_or(WallTime{});
    }

    void take(const json::value& value) {
        place_ = fmt::format("第 {} 项", ++number_);
        const auto* item = value.if_object();
        if (item == nullptr) return error("不是对象");
        const auto before = out_.errors.size();
        Slot slot;
        slot.id = text(*item, "id");
        if (slot.id.empty() || slot.id.size() > 64) return error("缺少 id（1 到 64 个字符）");
        place_ = fmt::format("“{}”", slot.id);
        if (!ids_.insert(slot.id).second) error("id 重复");
        const auto kind = slot_kind_from(text(*item, "kind"));
        if (!kind)
            error(fmt::format("kind “{}”应为 lesson、debug、break 或 discussion", text(*item, "kind")));
        slot.kind = kind.value_or(SlotKind::lesson);
        slot.title = text(*item, "title");
        if (slot.title.empty() || slot.title.size() > kMaxTitleBytes) error("缺少 title，或超过 100 个字");
        slot.begin = time(*item, "begin");
        slot.end = time(*item, "end");
        if (out_.errors.size() == before && slot.end <= slot.begin) error("结束时间应晚于开始时间");
        take_rooms(*item, slot);
        if (out_.errors.size() == before) out_.slots.push_back(std::move(slot));
    }

    void take_rooms(const json::object& item, Slot& slot) {
        const auto* value = item.if_contains("rooms");
        if (value == nullptr || value->is_null()) return;
        const auto* list = value->if_array();
        if (list == nullptr) return error("rooms 应为分课堂编号的数组，空数组表示全部");
        for (const auto& entry : *list) {
            if (!entry.is_string()) return error("rooms 里应是分课堂编号");
            std::string room{entry.get_string()};
            if (!rooms_.empty() && rooms_.count(room) == 0) error(fmt::format("没有分课堂“{}”", room));
            slot.rooms.push_back(std::move(room));
        }
    }

    void check_overlaps() {
        for (auto a = out_.slots.begin(); a != out_.slots.end(); ++a) {
            for (auto b = a + 1; b != out_.slots.end(); ++b) {
                if (a->kind != b->kind || a->end <= b->begin || b->end <= a->begin || !share_room(*a, *b))
                    continue;
                place_ = fmt::format("“{}”", b->id);
                error(fmt::format("与“{}”时间重叠", a->id));
            }
        }
    }

    static bool share_room(const Slot& a, const Slot& b) {
        if (a.rooms.empty() || b.rooms.empty()) return true;
        return std::any_of(a.rooms.begin(), a.rooms.end(),
                           [&](const auto& room) { return b.for_room(room); });
    }

    const std::set<std::string, std::less<>>& rooms_;
    ScheduleReading out_;
    std::set<std::string> ids_;
    std::string place_;
    int number_ = 0;
};

}  // namespace

ScheduleReading read_schedule(std::string_view text, const std::set<std::string, std::less<>>& rooms) {
    return Reader{rooms}.read(text);
}

std::string write_schedule(const std::vector<Slot>& slots) {
    json::array list;
    for (const auto& slot : slots) {
        list.push_back(json::object{{"id", slot.id},
                                    {"kind", slot_kind_name(slot.kind)},
                                    {"title", slot.title},
                                    {"begin", to_iso8601(slot.begin)},
                                    {"end", to_iso8601(slot.end)},
                                    {"rooms", json::array(slot.rooms.begin(), slot.rooms.end())}});
    }
    return json::serialize(list);
}

}  // namespace tongke::relay
