#include "common/log/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace tongke::log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::debug: return spdlog::level::debug;
        case Level::info: return spdlog::level::info;
        case Level::warn: return spdlog::level::warn;
        case Level::error: return spdlog::level::err;
    }
    return spdlog::level::info;
}

spdlog::sink_ptr make_sink(const std::string& file) {
    spdlog::sink_ptr sink;
    if (file.empty())
        sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    else
        sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%L%$ %v");
    return sink;
}

// One logger for the life of the process: replacing spdlog's default logger
// while other threads write through it is a race; changing its sink is not.
struct Output {
    std::shared_ptr<spdlog::sinks::dist_sink_mt> sinks = std::make_shared<spdlog::sinks::dist_sink_mt>();
    spdlog::logger logger{"tongke", sinks};

    Output() {
        sinks->add_sink(make_sink({}));
        logger.flush_on(spdlog::level::info);
    }
};

Output& output() {
    static Output instance;
    return instance;
}

}  // namespace

void configure(Level level, const std::string& file) {
    output().sinks->set_sinks({make_sink(file)});
    output().logger.set_level(to_spdlog(level));
}

void reconfigure(Level level, const std::string& file) {
    try {
        configure(level, file);
    } catch (const std::exception& fault) {
        error("log", "the log file cannot be opened, the old one stays: {}", fault.what());
    }
}

bool enabled(Level level) { return output().logger.should_log(to_spdlog(level)); }

void write(Level level, std::string_view component, std::string_view message) {
    output().logger.log(to_spdlog(level), "[{}] {}", component, message);
}

}  // namespace tongke::log
