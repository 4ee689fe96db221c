#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "player/livetest/live_test.hpp"

namespace tongke::livetest {

namespace {

enum class Grade { pass, warn, fail, unknown };

// Collects what is not 合格, worst first in the verdict, in QOE.md §5's order in the list.
class Judge {
  public:
    void item(Grade grade, std::string code, std::string text, std::string next) {
        if (grade == Grade::pass) return;
        if (grade == Grade::fail) failed_ = true;
        if (grade == Grade::unknown) unknown_ = true;
        outcome_.reasons.push_back({std::move(code), std::move(text), std::move(next)});
    }
    Outcome done() {
        outcome_.verdict = failed_                    ? Verdict::failed
                           : unknown_                 ? Verdict::incomplete
                           : outcome_.reasons.empty() ? Verdict::passed
                                                      : Verdict::conditional;
        return std::move(outcome_);
    }

  private:
    Outcome outcome_;
    bool failed_ = false, unknown_ = false;
};

Grade at_most(double value, double pass, double warn) {
    return value <= pass ? Grade::pass : value <= warn ? Grade::warn : Grade::fail;
}
Grade at_least(double value, double pass, double warn) {
    return value >= pass ? Grade::pass : value >= warn ? Grade::warn : Grade::fail;
}
Grade below(double value, double pass, double warn) {
    return value < pass ? Grade::pass : value < warn ? Grade::warn : Grade::fail;
}

void judge_observed(Judge& judge, const Measures& m, double minutes, const Thresholds& t) {
    if (m.observed_s >= t.observed_min * minutes * 60) return;
    judge.item(Grade::unknown, "not_watched",
               fmt::format("应测 {:.0f} 秒，实际只看到 {:.0f} 秒的播放。", minutes * 60, m.observed_s),
               "请保持测试页面在最前面，不要关闭或切换，重新测试一次。");
}

void judge_startup(Judge& judge, const Measures& m, const Thresholds& t) {
    if (!m.startup_s)
        return judge.item(Grade::unknown, "startup_unmeasured", "没有测到点击后出画面的时间。",
                          "请在测试页面点击「开始测试」并等待画面出现。");
    judge.item(at_most(*m.startup_s, t.startup_pass_s, t.startup_warn_s), "startup",
               fmt::format("点击后 {:.1f} 秒才出画面。", *m.startup_s),
               "请检查电脑与县节点之间的网络，优先使用有线连接。");
}

void judge_stalls(Judge& judge, const Measures& m, const Thresholds& t) {
    if (m.stalls == 0) return;
    const auto grade = m.stalls == 1 && m.stalled_s <= t.one_stall_warn_s ? Grade::warn : Grade::fail;
    judge.item(grade, "stalls", fmt::format("测试中卡顿 {} 次，共 {:.1f} 秒。", m.stalls, m.stalled_s),
               "请改用有线网络、关闭占用带宽的程序后重新测试；仍卡顿请联系县技术人员。");
}

void judge_buffer(Judge& judge, const Measures& m, const Thresholds& t) {
    if (!m.buffer_min_s)
        return judge.item(Grade::unknown, "buffer_unmeasured", "没有测到缓存。",
                          "请保持测试页面在最前面，重新测试一次。");
    const auto share = m.target_s > 0 ? *m.buffer_min_s / m.target_s : 0;
    judge.item(at_least(share, t.buffer_pass, t.buffer_warn), "buffer",
               fmt::format("缓存最低 {:.1f} 秒，为目标 {:.0f} 秒的 {:.0f}%。", *m.buffer_min_s, m.target_s,
                           std::floor(share * 100)),
               "网络偶有中断，请改用有线网络后重新测试。");
}

const char* name_of(qoe::Hop hop) { return hop == qoe::Hop::node_pc ? "县节点到电脑" : "中心到县节点"; }

void judge_throughput(Judge& judge, const Measures& m, Scope scope, const Thresholds& t) {
    const auto one = [&](qoe::Hop hop, std::optional<double> ratio, int samples) {
        if (!ratio || samples < t.throughput_samples_min)
            return judge.item(Grade::unknown, "throughput_unmeasured",
                              fmt::format("「{}」这一段的速率没有测够（{} 次）。", name_of(hop), samples),
                              "请确认直播信号正常后重新测试一次。");
        const auto next = hop == qoe::Hop::node_pc ? "请检查教室到县节点的网线和交换机，不要使用无线网络。"
                                                   : "请联系县技术人员或运营商，核对县节点的出口带宽。";
        judge.item(at_least(*ratio, t.throughput_pass, t.throughput_warn), "throughput",
                   fmt::format("「{}」的速率只有码率的 {:.2f} 倍，需要 {:.1f} 倍。", name_of(hop), *ratio,
                               t.throughput_pass),
                   next);
    };
    one(qoe::Hop::relay_node, m.throughput_relay_node, m.throughput_samples_relay_node);
    if (scope == Scope::page) one(qoe::Hop::node_pc, m.throughput_node_pc, m.throughput_samples_node_pc);
}

void judge_pc(Judge& judge, const Measures& m, const Thresholds& t) {
    if (!m.dropped_ratio || !m.freezes)
        return judge.item(Grade::unknown, "frames_unmeasured", "没有测到画面的帧数。",
                          "请使用 Chrome 109 或更新的浏览器重新测试。");
    judge.item(below(*m.dropped_ratio, t.dropped_pass, t.dropped_warn), "dropped_frames",
               fmt::format("丢帧 {:.1f}%。", *m.dropped_ratio * 100),
               "请关闭电脑上的其他程序，打开浏览器的硬件加速后重新测试。");
    if (*m.freezes >= t.freezes_fail)
        judge.item(Grade::fail, "decoder_freeze", fmt::format("画面冻结 {} 次，而网络数据充足。", *m.freezes),
                   "问题在电脑：请更新浏览器和显卡驱动，或换一台电脑后重新测试。");
}

// One-sided 95 % upper limit of a Poisson count (Wilson–Hilferty); for none the rule of three.
double upper_limit(std::int64_t stalls) {
    if (stalls == 0) return 3.0;
    const auto k = static_cast<double>(stalls) + 1;
    return k * std::pow(1 - 1 / (9 * k) + 1.645 / (3 * std::sqrt(k)), 3);
}

std::string minutes_text(double minutes) {
    const auto whole = std::round(minutes);
    return std::abs(minutes - whole) < 0.05 ? fmt::format("{:.0f}", whole) : fmt::format("{:.1f}", minutes);
}

}  // namespace

std::optional<double> Measures::throughput_ratio() const {
    if (!throughput_relay_node) return throughput_node_pc;
    if (!throughput_node_pc) return throughput_relay_node;
    return std::min(*throughput_relay_node, *throughput_node_pc);
}

Outcome evaluate(Scope scope, const Measures& m, double minutes, const Thresholds& t) {
    Judge judge;
    judge_observed(judge, m, minutes, t);
    if (scope == Scope::page) judge_startup(judge, m, t);
    judge_stalls(judge, m, t);
    judge_buffer(judge, m, t);
    judge_throughput(judge, m, scope, t);
    if (scope == Scope::page) judge_pc(judge, m, t);
    return judge.done();
}

std::string confidence(double watched_minutes, std::int64_t stalls) {
    if (watched_minutes <= 0) return {};
    const auto per_hour = upper_limit(stalls) / watched_minutes * 60;
    const auto seen = stalls == 0 ? std::string("无卡顿") : fmt::format("内卡顿 {} 次", stalls);
    return fmt::format("{} 分钟{}：每小时卡顿不超过 {:.1f} 次（95%）", minutes_text(watched_minutes), seen,
                       per_hour);
}

void ThroughputMeter::add(std::int64_t bytes, double seconds) {
    if (bytes <= 0 || !std::isfinite(seconds)) return;
    // A segment from memory on the same machine may take less than the clock can tell.
    bps_.push_back(static_cast<double>(bytes) * 8 / std::max(seconds, 1e-4));
}

std::optional<double> ThroughputMeter::p10_bps() const {
    if (bps_.empty()) return {};
    auto sorted = bps_;
    std::sort(sorted.begin(), sorted.end());
    const auto rank = static_cast<std::size_t>(std::ceil(0.1 * static_cast<double>(sorted.size())));
    return sorted[rank - 1];
}

}  // namespace tongke::livetest
